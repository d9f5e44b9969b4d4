#include "idt_login/identity.h"

#include "idt_base/base64url.h"
#include "unit/support.h"

using namespace id_token;

namespace {

std::string identity(std::string_view claims,
                     const std::vector<std::string> &names = {}) {
    const auto parsed = Claims::parse(claims);
    assert_true(bool(parsed));
    return identity_json(*parsed, names);
}

constexpr std::string_view kClaims =
    R"({"iss":"https://op","sub":"ann","aud":"app","exp":2,"iat":1,)"
    R"("nonce":"n","sid":"s","name":"Ann \"A\" \u00e9","groups":["a","b"],)"
    R"("email":null})";

void all_but_the_protocols_are_shown(void **) {
    assert_text(identity(kClaims),
                R"({"iss":"https://op","sub":"ann","name":"Ann \"A\" é",)"
                R"("groups":["a","b"]})");
    for (std::string_view name :
         {"aud", "azp", "exp", "iat", "nbf", "jti", "nonce", "at_hash",
          "c_hash", "sid", "events"}) {
        assert_true(is_protocol_claim(name));
    }
    assert_false(is_protocol_claim("sub"));
    assert_false(is_protocol_claim("groups"));
}

void or_those_that_are_named(void **) {
    assert_text(identity(kClaims, {"groups", "exp", "email", "other"}),
                R"({"groups":["a","b"],"exp":2})");
    assert_text(identity(kClaims, {"other"}), "{}");
    assert_text(identity("{}"), "{}");
}

void claims_come_out_of_a_token(void **) {
    const std::string head = base64url_encode(R"({"alg":"RS256"})") + ".";
    const auto claims =
        claims_of_proven(head + base64url_encode(R"({"sub":"x"})") + ".c2ln");
    assert_true(claims.has_value());
    assert_true(claims->find("sub").string() == "x");
    assert_false(claims_of_proven("").has_value());
    assert_false(claims_of_proven("a.b").has_value());
    assert_false(
        claims_of_proven(head + base64url_encode("[]") + ".c2ln").has_value());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(all_but_the_protocols_are_shown),
        cmocka_unit_test(or_those_that_are_named),
        cmocka_unit_test(claims_come_out_of_a_token),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
