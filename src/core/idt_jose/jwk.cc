#include "idt_jose/jwk.h"

#include <algorithm>
#include <bit>
#include <iterator>

#include "idt_base/base64url.h"

namespace id_token {

namespace {

constexpr JwkErrorRow kRows[] = {
#define X(name, text, warn) {#name, text, warn},
    ID_TOKEN_JWK_ERRORS(X)
#undef X
};

constexpr std::size_t kMinRsaBits = 2048;
constexpr std::size_t kMaxRsaBits = 8192;

// A verification takes a multiplication or two for each bit of the exponent,
// each by the square of the modulus' length.
constexpr std::size_t kMaxExponentBits = 64;
constexpr std::size_t kLongRsaBits = 4096;
constexpr std::size_t kMaxExponentBitsOfLong = 32;

constexpr std::size_t kEd25519KeySize = 32;
constexpr std::size_t kEd25519SignatureSize = 64;

// A member that is null means nothing, so some providers send it.
JsonView member(JsonView jwk, std::string_view name) noexcept {
    const JsonView value = jwk.find(name);
    return value.is(JsonKind::null) ? JsonView() : value;
}

// The bytes of a base64url member; nothing if it is missing or malformed.
std::optional<std::string> bytes_member(JsonView jwk, std::string_view name) {
    const auto text = jwk.find(name).string();
    if (!text) {
        return std::nullopt;
    }
    return base64url_decode(*text);
}

bool has_private_members(JsonView jwk) noexcept {
    constexpr std::string_view kNames[] = {"d",  "p",  "q",   "dp",
                                           "dq", "qi", "oth", "k"};
    return std::any_of(std::begin(kNames), std::end(kNames),
                       [&](std::string_view name) {
                           return static_cast<bool>(member(jwk, name));
                       });
}

bool allows_verify(JsonView key_ops) noexcept {
    if (!key_ops) {
        return true;
    }
    for (std::size_t i = 0; i < key_ops.size(); i++) {
        if (key_ops.at(i).string() == "verify") {
            return true;
        }
    }
    return false;
}

std::optional<JwkError> check_purpose(JsonView jwk) noexcept {
    if (has_private_members(jwk)) {
        return JwkError::private_members;
    }
    if (const JsonView use = member(jwk, "use"); use && use.string() != "sig") {
        return JwkError::use;
    }
    if (!allows_verify(member(jwk, "key_ops"))) {
        return JwkError::key_ops;
    }
    return std::nullopt;
}

// Leading zero bytes are forbidden by RFC 7518 6.3.1.1 but sent by some.
std::optional<std::string> number_member(JsonView jwk, std::string_view name) {
    auto bytes = bytes_member(jwk, name);
    if (bytes) {
        bytes->erase(0,
                     std::min(bytes->find_first_not_of('\0'), bytes->size()));
    }
    return bytes && !bytes->empty() ? bytes : std::nullopt;
}

// Of numbers that begin with a byte other than zero.
std::size_t bits_of(std::string_view number) noexcept {
    const auto first = static_cast<unsigned char>(number.front());
    return (number.size() - 1) * 8 +
           static_cast<std::size_t>(std::bit_width(first));
}

bool is_odd(std::string_view number) noexcept {
    return (static_cast<unsigned char>(number.back()) & 1) != 0;
}

std::optional<JwkError> parse_rsa(JsonView jwk, Jwk &key, CurveCheck &) {
    const auto n = number_member(jwk, "n");
    const auto e = number_member(jwk, "e");
    if (!n || !e) {
        return JwkError::member_invalid;
    }

    const std::size_t bits = bits_of(*n);
    if (bits < kMinRsaBits || bits > kMaxRsaBits) {
        return JwkError::rsa_size;
    }
    if (!is_odd(*n)) {
        return JwkError::rsa_modulus;
    }
    if (!is_odd(*e) || *e == "\x01") {
        return JwkError::rsa_exponent;
    }
    if (bits_of(*e) >
        (bits > kLongRsaBits ? kMaxExponentBitsOfLong : kMaxExponentBits)) {
        return JwkError::rsa_exponent_size;
    }

    key.kind = KeyKind::rsa;
    key.signature_size = n->size();
    key.key = PublicKey::rsa(*n, *e);
    return std::nullopt;
}

std::optional<JwkError> parse_ec(JsonView jwk, Jwk &key, CurveCheck &curves) {
    const auto name = jwk.find("crv").string();
    if (!name) {
        return JwkError::member_invalid;
    }
    const Curve *curve = find_curve(*name);
    if (curve == nullptr) {
        return JwkError::crv_unknown;
    }
    const auto x = bytes_member(jwk, "x");
    const auto y = bytes_member(jwk, "y");
    if (!x || !y || x->size() != curve->coordinate_size ||
        y->size() != curve->coordinate_size) {
        return JwkError::member_invalid;
    }

    const std::string point = '\x04' + *x + *y;
    if (!curves.holds(*curve, point)) {
        return JwkError::point;
    }
    key.kind = curve->kind;
    key.signature_size = curve->signature_size;
    key.key = PublicKey::ec(*curve, point);
    return std::nullopt;
}

// The y coordinates, little endian, of the points whose order divides 8, with
// their spellings that are not reduced; the sign bit is cleared.
bool has_small_order(std::string_view point) noexcept {
    using namespace std::string_view_literals;
    constexpr std::string_view kOrder8[] = {
        "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
        "\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05"sv,
        "\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
        "\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"sv};

    const std::string_view head = point.substr(0, point.size() - 1);
    const auto first = static_cast<unsigned char>(point.front());
    const unsigned last = static_cast<unsigned char>(point.back()) & 0x7f;
    const std::string_view middle = head.substr(1);

    // 0 and 1
    if (last == 0 && first <= 1 &&
        middle.find_first_not_of('\0') == std::string_view::npos) {
        return true;
    }
    // p - 1, p and p + 1; p = 2^255 - 19 is ed ff ... ff 7f
    if (last == 0x7f && first >= 0xec && first <= 0xee &&
        middle.find_first_not_of('\xff') == std::string_view::npos) {
        return true;
    }
    for (const std::string_view y : kOrder8) {
        if (head == y.substr(0, head.size()) &&
            last == static_cast<unsigned char>(y.back())) {
            return true;
        }
    }
    return false;
}

std::optional<JwkError> parse_okp(JsonView jwk, Jwk &key, CurveCheck &) {
    const auto curve = jwk.find("crv").string();
    if (!curve) {
        return JwkError::member_invalid;
    }
    if (*curve != "Ed25519") {
        return JwkError::crv_unknown;
    }
    const auto x = bytes_member(jwk, "x");
    if (!x || x->size() != kEd25519KeySize) {
        return JwkError::member_invalid;
    }
    if (has_small_order(*x)) {
        return JwkError::small_order;
    }

    key.kind = KeyKind::ed25519;
    key.signature_size = kEd25519SignatureSize;
    key.key = PublicKey::ed25519(*x);
    return std::nullopt;
}

using Parser = std::optional<JwkError> (*)(JsonView jwk, Jwk &key,
                                           CurveCheck &curves);

Parser find_parser(std::string_view kty) noexcept {
    if (kty == "RSA") {
        return parse_rsa;
    }
    if (kty == "EC") {
        return parse_ec;
    }
    return kty == "OKP" ? parse_okp : nullptr;
}

// After the key itself: what its `alg` may be depends on its kind.
bool set_algorithm(JsonView alg, Jwk &key) noexcept {
    if (!alg) {
        return true;
    }
    const auto name = alg.string();
    key.algorithm = name ? find_algorithm(*name) : nullptr;
    return key.algorithm != nullptr && key.algorithm->key == key.kind;
}

}  // namespace

const JwkErrorRow &jwk_error_row(JwkError error) noexcept {
    return kRows[static_cast<std::size_t>(error)];
}

Result<Jwk, JwkError> parse_jwk(JsonView value, CurveCheck &curves) {
    if (!value.is(JsonKind::object)) {
        return JwkError::not_an_object;
    }
    const auto kty = value.find("kty").string();
    if (!kty) {
        return JwkError::kty_missing;
    }
    if (*kty == "oct") {
        return JwkError::symmetric;
    }
    const Parser parse = find_parser(*kty);
    if (parse == nullptr) {
        return JwkError::kty_unknown;
    }
    if (const auto error = check_purpose(value)) {
        return *error;
    }

    Jwk key;
    if (const JsonView kid = member(value, "kid")) {
        const auto text = kid.string();
        if (!text) {
            return JwkError::kid_type;
        }
        key.kid = *text;
    }

    if (const auto error = parse(value, key, curves)) {
        return *error;
    }
    if (!set_algorithm(member(value, "alg"), key)) {
        return JwkError::alg;
    }
    return key;
}

}  // namespace id_token
