// A signed identity out of any claim set: what goes in is what comes out.
//
// Input: the claim set.

#include "idt_mint/assertion.h"
#include "idt_base/base64url.h"
#include "idt_jose/jwks.h"
#include "idt_lib/openssl.h"
#include "idt_jose/signature.h"
#include "fuzz/fuzz.h"
#include "unit/support.h"

using namespace id_token;

namespace {

constexpr std::int64_t kNow = 1'800'000'000;
constexpr const char *kNames[] = {"sub", "email", "roles", "n", "exp", "a"};
constexpr const char *kValues[] = {"1800000000",
                                   "1800000001",
                                   "1800000030.5",
                                   "1800000060",
                                   "1e300",
                                   "12345678901234567890.0",
                                   "-0.0",
                                   "5e-324",
                                   "9223372036854775807",
                                   R"("alice")",
                                   R"("\u0001\u007f\"\\")",
                                   R"("e\u0301\ud83d\ude00")",
                                   R"(["admin",null,[1.5,{}]])",
                                   R"({"b":{"c":[true,false]}})",
                                   "null",
                                   "\"\""};
constexpr fuzz::Words kWords{kNames, kValues};

const AssertionKey &signing_key() {
    static const auto key =
        AssertionKey::parse(Secret(mint::to_pem(unit::key("ec1"), true)));
    REQUIRE(bool(key));
    return *key;
}

bool is_signed(const Segments &segments) {
    static const auto keys = KeySet::parse(signing_key().jwks(), 1);
    static SignatureVerifier verifier;
    REQUIRE(bool(keys));
    const auto &algorithm = signing_key().algorithm();
    const auto signature = base64url_decode(segments.signature);
    REQUIRE(signature.has_value());
    const auto found =
        (*keys)->find(algorithm, &signing_key().kid(), signature->size());
    return found.count == 1 &&
           verifier.verify(
               algorithm, *found.keys[0], segments.signing_input,
               {reinterpret_cast<const unsigned char *>(signature->data()),
                signature->size()}) == Error::ok;
}

std::string shown(JsonView value) {
    std::string text;
    if (value && !value.is(JsonKind::null)) {
        value.append_json(text);
    }
    return text == "-0" ? "0" : text;
}

void check_payload(const Claims &made, const AssertionPolicy &policy,
                   const Claims &claims, const Assertion &assertion) {
    REQUIRE(made.find("iss").string() == policy.issuer);
    REQUIRE(made.find("aud").string() == policy.audience);
    REQUIRE(made.find("iat").number() == kNow);
    REQUIRE(made.find("exp").number() == assertion.expires);
    std::size_t members = 4;
    for (const std::string &name : policy.claims) {
        const JsonView value = claims.find(name);
        members += value && !value.is(JsonKind::null);
        if (!value.is(JsonKind::array) && !value.is(JsonKind::object)) {
            REQUIRE(shown(made.find(name)) == shown(value));
        } else {
            REQUIRE(made.find(name).kind() == value.kind());
            REQUIRE(made.find(name).size() == value.size());
        }
    }
    REQUIRE(made.root().size() == members);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    static const AssertionPolicy policy{
        "https://gate.example", "api", {"sub", "email", "roles", "n", "a"}, 60};
    const auto claims = Claims::parse(fuzz::text_of(data, size));
    if (!claims) {
        return 0;
    }
    const double exp =
        claims->find("exp").number().value_or(static_cast<double>(kNow + 3600));

    ERR_clear_error();
    const auto assertion =
        mint_assertion(signing_key(), policy, *claims, exp, kNow);
    REQUIRE(ERR_peek_error() == 0);
    if (!assertion) {
        REQUIRE(assertion.error() == Error::expired);
        REQUIRE(exp < static_cast<double>(kNow + 1));
        return 0;
    }
    REQUIRE(assertion->expires > kNow && assertion->expires <= kNow + 60);
    REQUIRE(static_cast<double>(assertion->expires) <= exp);
    REQUIRE(assertion->renew > kNow && assertion->renew <= assertion->expires);

    const auto segments = parse_segments(assertion->token);
    REQUIRE(segments && is_signed(*segments));
    const auto header = Json::parse(*base64url_decode(segments->header));
    REQUIRE(header->view().find("typ").string() == kAssertionType);
    const auto made = Claims::parse(*base64url_decode(segments->payload));
    REQUIRE(bool(made));
    check_payload(*made, policy, *claims, *assertion);
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    fuzz::Random random(seed);
    const std::string claims(fuzz::text_of(data, size));
    if (random() % 6 == 0) {
        return LLVMFuzzerMutate(data, size, max);
    }
    return fuzz::give_back(fuzz::mutate_json(claims, kWords, max, random), data,
                           size, max);
}
