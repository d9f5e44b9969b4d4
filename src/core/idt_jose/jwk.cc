#include "idt_jose/jwk.h"

#include <algorithm>
#include <iterator>
#include <new>

#include "idt_base/base64url.h"

namespace id_token {

namespace {

constexpr JwkErrorRow kRows[] = {
#define X(name, text, warn) {#name, text, warn},
    ID_TOKEN_JWK_ERRORS(X)
#undef X
};

constexpr std::size_t kMinRsaBits = 2048;
constexpr std::size_t kMaxRsaBits = 16384;

struct Curve {
    std::string_view name;
    const char *group;  // OpenSSL's name
    KeyKind kind;
    std::size_t coordinate_size;  // bytes
    std::size_t signature_size;
};

constexpr Curve kCurves[] = {
    {"P-256", "P-256", KeyKind::p256, 32, 64},
    {"P-384", "P-384", KeyKind::p384, 48, 96},
    {"P-521", "P-521", KeyKind::p521, 66, 132},
};

constexpr std::size_t kEd25519KeySize = 32;
constexpr std::size_t kEd25519SignatureSize = 64;

// A handle that could not be had counts as a lack of memory, which it is but
// where OpenSSL was built or configured without the algorithm: no key of it is
// bad, then.
template <class Handle>
Handle owned(Handle handle) {
    if (handle == nullptr) {
        throw std::bad_alloc();
    }
    return handle;
}

template <class T>
const unsigned char *bytes_of(const T &text) noexcept {
    return reinterpret_cast<const unsigned char *>(text.data());
}

constexpr std::size_t kProbeBytes = std::size_t{64} * 1024;

// A key from OpenSSL, or nothing if it refuses it. It answers the same to a bad
// key and to a lack of memory, even by the errors that it raises; ours must
// not, or a good key would be missing until the next fetch. So there must be
// memory left, and a second refusal.
template <class Make>
EvpPkey make_key(Make make) {
    EvpPkey pkey = make();
    if (pkey == nullptr) {
        void *probe = OPENSSL_malloc(kProbeBytes);
        if (probe == nullptr) {
            throw std::bad_alloc();
        }
        OPENSSL_free(probe);
        pkey = make();
    }
    return pkey;
}

// A member that some providers send as null when they mean nothing.
JsonView optional_member(JsonView jwk, std::string_view name) noexcept {
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
                           return static_cast<bool>(jwk.find(name));
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
    if (const JsonView use = optional_member(jwk, "use");
        use && use.string() != "sig") {
        return JwkError::use;
    }
    if (!allows_verify(optional_member(jwk, "key_ops"))) {
        return JwkError::key_ops;
    }
    return std::nullopt;
}

// Builds the key that the parameters describe.
EvpPkey build(const char *type, const Params &params) {
    const EvpPkeyCtx ctx =
        owned(EvpPkeyCtx(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)));
    EVP_PKEY *pkey = nullptr;
    if (EVP_PKEY_fromdata_init(ctx.get()) != 1) {
        throw std::bad_alloc();
    }
    if (EVP_PKEY_fromdata(ctx.get(), &pkey, EVP_PKEY_PUBLIC_KEY,
                          params.get()) != 1) {
        return {};
    }
    return EvpPkey(pkey);
}

// Leading zero bytes are forbidden by RFC 7518 6.3.1.1 but sent by some.
std::optional<Bignum> number_member(JsonView jwk, std::string_view name) {
    const auto text = bytes_member(jwk, name);
    if (!text) {
        return std::nullopt;
    }
    std::string_view bytes = *text;
    bytes.remove_prefix(std::min(bytes.find_first_not_of('\0'), bytes.size()));
    if (bytes.empty()) {
        return std::nullopt;
    }
    // More than any size that is looked at: not worth a number.
    if (bytes.size() > kMaxRsaBits / 8 + 1) {
        bytes = bytes.substr(0, kMaxRsaBits / 8 + 1);
    }
    return owned(Bignum(
        BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr)));
}

std::optional<JwkError> parse_rsa(JsonView jwk, Jwk &key) {
    const auto n = number_member(jwk, "n");
    const auto e = number_member(jwk, "e");
    if (!n || !e) {
        return JwkError::member_invalid;
    }

    const auto bits = static_cast<std::size_t>(BN_num_bits(n->get()));
    if (bits < kMinRsaBits || bits > kMaxRsaBits) {
        return JwkError::rsa_size;
    }
    if (!BN_is_odd(n->get())) {
        return JwkError::rsa_modulus;
    }
    if (!BN_is_odd(e->get()) || BN_is_one(e->get())) {
        return JwkError::rsa_exponent;
    }
    if (BN_cmp(e->get(), n->get()) >= 0) {
        return JwkError::member_invalid;
    }

    const ParamBuilder builder = owned(ParamBuilder(OSSL_PARAM_BLD_new()));
    if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N,
                               n->get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E,
                               e->get()) != 1) {
        throw std::bad_alloc();
    }
    key.kind = KeyKind::rsa;
    key.signature_size = (bits + 7) / 8;
    const Params params = owned(Params(OSSL_PARAM_BLD_to_param(builder.get())));
    key.pkey = make_key([&] { return build("RSA", params); });
    if (key.pkey == nullptr) {
        return JwkError::crypto;
    }
    return std::nullopt;
}

std::optional<JwkError> parse_ec(JsonView jwk, Jwk &key) {
    const auto name = jwk.find("crv").string();
    if (!name) {
        return JwkError::member_invalid;
    }
    const auto curve =
        std::find_if(std::begin(kCurves), std::end(kCurves),
                     [&](const Curve &c) { return c.name == *name; });
    if (curve == std::end(kCurves)) {
        return JwkError::crv_unknown;
    }
    const auto x = bytes_member(jwk, "x");
    const auto y = bytes_member(jwk, "y");
    if (!x || !y || x->size() != curve->coordinate_size ||
        y->size() != curve->coordinate_size) {
        return JwkError::member_invalid;
    }

    // An uncompressed point; reading it checks that it is on the curve, and
    // these curves have no small subgroups.
    const std::string point = '\x04' + *x + *y;
    const ParamBuilder builder = owned(ParamBuilder(OSSL_PARAM_BLD_new()));
    if (OSSL_PARAM_BLD_push_utf8_string(
            builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                         point.data(), point.size()) != 1) {
        throw std::bad_alloc();
    }
    key.kind = curve->kind;
    key.signature_size = curve->signature_size;
    const Params params = owned(Params(OSSL_PARAM_BLD_to_param(builder.get())));
    key.pkey = make_key([&] { return build("EC", params); });
    if (key.pkey == nullptr) {
        return JwkError::point;
    }
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

std::optional<JwkError> parse_okp(JsonView jwk, Jwk &key) {
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
    key.pkey = make_key([&] {
        return EvpPkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                                   bytes_of(*x), x->size()));
    });
    if (key.pkey == nullptr) {
        return JwkError::crypto;
    }
    return std::nullopt;
}

using Parser = std::optional<JwkError> (*)(JsonView jwk, Jwk &key);

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

Result<Jwk, JwkError> parse_jwk(JsonView value) {
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
    if (const JsonView kid = optional_member(value, "kid")) {
        const auto text = kid.string();
        if (!text) {
            return JwkError::kid_type;
        }
        key.kid = *text;
    }

    const ErrorQueueScope scope;
    if (const auto error = parse(value, key)) {
        return *error;
    }
    if (!set_algorithm(optional_member(value, "alg"), key)) {
        return JwkError::alg;
    }
    return key;
}

}  // namespace id_token
