// What asks for a logout: the claims of a logout token, an operator's JSON, the
// fields of a form or a query.
//
// Input: a byte of options, the text, which is taken for each of them.

#include "fuzz/fuzz_token.h"
#include "idt_logout/logout_request.h"

using namespace id_token;

namespace {

constexpr std::string_view kEvent =
    "http://schemas.openid.net/event/backchannel-logout";

constexpr const char *kNames[] = {
    "iss",    "aud",   "azp",
    "sub",    "sid",   "jti",
    "exp",    "iat",   "nbf",
    "events", "nonce", "provider",
    "all",    "typ",   "http://schemas.openid.net/event/backchannel-logout"};
constexpr const char *kValues[] = {
    R"("https://issuer.example.org/realms/demo")",
    R"("demo-web-client")",
    R"(["demo-web-client","urn:trusted"])",
    R"({"http://schemas.openid.net/event/backchannel-logout":{}})",
    "1800000000",
    "1799999700",
    "1799999699",
    "1799999970",
    "1799999971",
    "1800000030",
    "1800000031",
    "1e300",
    "-1e300",
    "0.5",
    R"("s1")",
    R"("")",
    R"("\ud800")",
    "null",
    "true",
    "false",
    "{}",
    "[]",
    "1"};
constexpr fuzz::Words kWords{kNames, kValues};

bool absent(const Claims &claims, const char *name) {
    const JsonView value = claims.find(name);
    return !value || value.is(JsonKind::null);
}

// 2.4: what an accepted one is.
void check_accepted(const Claims &claims, const LogoutClaims &logout,
                    const Policy &policy) {
    REQUIRE(claims.find("iss").string() == policy.issuer);
    REQUIRE(check_audience(claims, policy) == Error::ok);
    REQUIRE(claims.find("jti").string() == logout.id && !logout.id.empty());
    REQUIRE(claims.find("events").find(kEvent).is(JsonKind::object));
    REQUIRE(absent(claims, "nonce"));
    REQUIRE(logout.subject || logout.session);
    REQUIRE(absent(claims, "sub") != logout.subject.has_value());
    REQUIRE(absent(claims, "sid") != logout.session.has_value());
    // No ID token is one, and the reverse.
    REQUIRE(check_kind(claims, policy) != Error::ok);

    const auto iat = claims.find("iat").number();
    const auto now = static_cast<double>(fuzz::kNow);
    const auto leeway = static_cast<double>(policy.leeway);
    REQUIRE(iat && *iat <= now + leeway);
    REQUIRE(static_cast<double>(logout.issued_at) >= *iat);
    REQUIRE(logout.issued_at == 0 ||
            static_cast<double>(logout.issued_at) < *iat + 1);
    REQUIRE(logout.expires > fuzz::kNow);
    if (absent(claims, "exp")) {
        REQUIRE(now - *iat <= static_cast<double>(kMaxLogoutAge));
    }

    const LogoutScope scope{provider_digest(policy.issuer, policy.client_id),
                            3600, policy.leeway};
    const auto entries = revocations_of(logout, scope);
    REQUIRE(entries.size() ==
            1U + (logout.subject ? 1 : 0) + (logout.session ? 1 : 0));
    REQUIRE(entries.back().kind == RevokedKind::seen);
    for (const Revocation &entry : entries) {
        REQUIRE(entry.kind == RevokedKind::seen ||
                entry.cut == logout.issued_at);
        REQUIRE(entry.until <= logout.issued_at + 3600 + policy.leeway + 1);
    }
}

void judge_claims(std::string_view text, unsigned options) {
    const Policy policy = fuzz::policy(options);
    const auto claims = Claims::parse(text);
    if (!claims) {
        return;
    }
    const auto logout = judge_logout_claims(*claims, policy, fuzz::kNow);
    if (!logout) {
        REQUIRE(logout.error().error != LogoutError::none);
        REQUIRE((logout.error().error == LogoutError::logout_token) ==
                (logout.error().reason != Error::ok));
        REQUIRE(bool(Json::parse(logout_error_json(logout.error()))));
        return;
    }
    check_accepted(*claims, *logout, policy);
}

void read_operator(std::string_view text) {
    const auto read = read_operator_logout(text);
    if (!read) {
        REQUIRE(read.error() != LogoutError::none);
        return;
    }
    REQUIRE(!read->provider.empty() && text.size() <= kMaxOperatorBytes);
    REQUIRE((read->kind == RevokedKind::all) == read->value.empty());
    // The same by another reader.
    const auto json = Json::parse(text);
    REQUIRE(json && json->view().size() == 2);
    REQUIRE(json->view().find("provider").string() == read->provider);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string_view text = fuzz::text_of(data, size);
    const unsigned options = fuzz::take_byte(text);
    judge_claims(text, options);
    read_operator(text);
    const auto token = read_logout_form(text);
    REQUIRE(!token || !token->empty());
    const auto sid = read_logout_query(text, fuzz::kIssuer);
    REQUIRE(!sid || is_session_id(*sid));
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    fuzz::Random random(seed);
    if (size == 0 || random() % 4 == 0) {
        return LLVMFuzzerMutate(data, size, max);
    }
    std::string_view rest = fuzz::text_of(data, size);
    const auto options = static_cast<char>(fuzz::take_byte(rest));
    return fuzz::give_back(
        std::string(1, options) +
            fuzz::mutate_json(std::string(rest), kWords, max - 1, random),
        data, size, max);
}
