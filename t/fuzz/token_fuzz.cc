// A token through the whole validator.
//
// Input: a byte of options, the token.

#include "idt_base/base64url.h"
#include "idt_jose/jws.h"
#include "idt_lib/openssl.h"
#include "idt_token/validator.h"
#include "fuzz/fuzz_token.h"

using namespace id_token;

namespace {

const std::vector<ClaimPath> kSlots{
    {"sub"}, {"email"}, {"roles"}, {"a", "b", "0"}, {"exp"}};

std::unique_ptr<KeySet> parse_keys(bool kids, std::uint64_t id) {
    auto keys = KeySet::parse(fuzz::key_set(kids), id);
    REQUIRE(bool(keys));
    return std::move(*keys);
}

KeySet &lasting_keys(bool kids) {
    static const std::unique_ptr<KeySet> with = parse_keys(true, 1);
    static const std::unique_ptr<KeySet> without = parse_keys(false, 2);
    return kids ? *with : *without;
}

void check_spelling(std::string_view segment) {
    const auto bytes = base64url_decode(segment);
    REQUIRE(bytes && base64url_encode(*bytes) == segment);
}

// Whom an accepted token was issued to, and no sign of another kind.
void check_kind_fence(const Policy &policy, const Claims &claims) {
    const auto present = [&](const char *name) {
        const JsonView value = claims.find(name);
        return value && !value.is(JsonKind::null);
    };
    for (const char *name : {"azp", "appid", "cid", "client_id"}) {
        REQUIRE(!present(name) ||
                claims.find(name).string() == policy.client_id);
    }
    for (const char *name : {"events", "idtyp", "appidacr", "azpacr"}) {
        REQUIRE(!present(name));
    }
    REQUIRE((!present("scope") && !present("scp")) ||
            claims.find("nonce").string());
}

// What is said of an accepted token is what stands in it.
void check_accepted(const Policy &policy, std::string_view token,
                    const VerifiedToken &verified, std::int64_t now) {
    const auto segments = parse_segments(token);
    REQUIRE(bool(segments));
    check_spelling(segments->header);
    check_spelling(segments->payload);
    check_spelling(segments->signature);
    REQUIRE(verified.token() == token);
    REQUIRE(policy.algorithms.has(verified.algorithm()));

    const auto header = Json::parse(*base64url_decode(segments->header));
    REQUIRE(header->view().find("alg").string() == verified.algorithm().name);
    REQUIRE(!header->view().find("crit"));
    REQUIRE(!verified.has_kid() ||
            header->view().find("kid").string() == verified.kid());

    const auto claims = Claims::parse(*base64url_decode(segments->payload));
    REQUIRE(bool(claims));
    REQUIRE(claims->find("iss").string() == policy.issuer);
    check_kind_fence(policy, *claims);
    REQUIRE(claims->find("exp").number() == verified.times().exp);
    REQUIRE(verified.times().exp > static_cast<double>(now - policy.leeway));
    REQUIRE(verified.times().iat <= static_cast<double>(now + policy.leeway));

    for (std::size_t i = 0; i < kSlots.size(); i++) {
        std::string text;
        const JsonView value = find_claim(claims->root(), kSlots[i]);
        if (value && !value.is(JsonKind::null)) {
            value.append_text(text);
        }
        const ClaimValue slot = verified.slot(i);
        REQUIRE(slot.text() == text);
        REQUIRE(!slot.printable() || !fuzz::has_control_byte(slot.text()));
    }
}

// A signature that differs by one bit is no signature.
void check_bit(const Policy &policy, KeySet &keys, std::string_view token,
               Validator &validator) {
    const auto segments = parse_segments(token);
    std::string bytes = *base64url_decode(segments->signature);
    const std::size_t at = token.size() * 31 % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << token.size() % 8));
    const std::string other =
        std::string(segments->signing_input) + "." + base64url_encode(bytes);
    REQUIRE(validator.validate(policy, keys, other, fuzz::kNow).error ==
            Error::signature);
}

// With a cache, now, again and at another time: the same.
void check_cached(const Policy &policy, KeySet &keys, std::string_view token,
                  Error expected, Validator &plain) {
    constexpr std::int64_t kLater[] = {31, -31, 3600, 90000};
    const std::size_t bytes = token.size() % 2 == 0 ? 3000 : 65536;
    Validator caching(kSlots, bytes);
    for (int i = 0; i < 2; i++) {
        REQUIRE(caching.validate(policy, keys, token, fuzz::kNow).error ==
                expected);
        REQUIRE(caching.cache().bytes() <= bytes);
    }
    if (expected == Error::ok) {
        const std::int64_t now = fuzz::kNow + kLater[token.size() / 2 % 4];
        REQUIRE(caching.validate(policy, keys, token, now).error ==
                plain.validate(policy, keys, token, now).error);
    }
}

void check_refused(const Verdict &verdict, const Diagnosis &diagnosis) {
    REQUIRE(!verdict.token);
    REQUIRE(diagnosis.kid.size() <= kMaxDiagnosis);
    REQUIRE(diagnosis.issuer.size() <= kMaxDiagnosis);
    REQUIRE(diagnosis.audience.size() <= kMaxDiagnosis);
    REQUIRE(verdict.refetch == Refetch::none ||
            verdict.error == Error::key_unknown ||
            verdict.error == Error::signature ||
            verdict.error == Error::signature_length);
    REQUIRE(error_row(verdict.error).answer == Answer::invalid);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string_view token = fuzz::text_of(data, size);
    const unsigned options = fuzz::take_byte(token);
    const Policy policy = fuzz::policy(options);
    KeySet &keys = lasting_keys((options & fuzz::kNoKids) == 0);
    static Validator plain(kSlots, 0);

    ERR_clear_error();
    Diagnosis diagnosis;
    const Verdict verdict =
        plain.validate(policy, keys, token, fuzz::kNow, &diagnosis);
    REQUIRE(ERR_peek_error() == 0);
    REQUIRE((verdict.error == Error::ok) == bool(verdict.token));

    // What is wrong before the keys is told without them, too.
    const Error early = plain.check_before_keys(policy, token);
    REQUIRE(early ==
            (verdict.error < Error::key_unknown ? verdict.error : Error::ok));

    check_cached(policy, keys, token, verdict.error, plain);

    if (verdict.error != Error::ok) {
        check_refused(verdict, diagnosis);
        return 0;
    }
    check_accepted(policy, token, *verdict.token.get(), fuzz::kNow);
    check_bit(policy, keys, token, plain);
    if (token.size() % 8 != 0) {
        return 0;
    }
    // And with a key set that has seen nothing yet.
    const auto fresh = parse_keys((options & fuzz::kNoKids) == 0, 3);
    REQUIRE(plain.validate(policy, *fresh, token, fuzz::kNow).error ==
            Error::ok);
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    return fuzz::mutate_token(data, size, max, seed);
}
