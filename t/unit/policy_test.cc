// The rules on claims, each with its twin one byte or one second away:
// OIDC Core 2 and 3.1.3.7.

#include "idt_token/policy.h"

#include <string>

#include "unit/support.h"
#include "unit/tenant.h"

using namespace id_token;
using unit::Changes;
using unit::claims;
using unit::kNow;

namespace {

std::string text(std::int64_t n) {
    return std::to_string(n);
}

std::string quoted(std::string_view s) {
    return '"' + std::string(s) + '"';
}

Error issuer(const std::string &json) {
    return check_issuer(claims({{"iss", json}}), unit::policy());
}

void the_issuer_is_compared_byte_for_byte(void **) {
    assert_reason(issuer(R"("https://op.example/")"), Error::ok);
    assert_reason(issuer(R"("https:\/\/op.example\u002f")"), Error::ok);
    assert_reason(issuer(R"("https://op.exampl/")"), Error::issuer);
    assert_reason(issuer(R"("https://Op.example/")"), Error::issuer);
    assert_reason(issuer(R"("https://op.example/x")"), Error::issuer);
    assert_reason(issuer(R"("https://op.example/\u200b")"), Error::issuer);
    assert_reason(issuer(R"("")"), Error::issuer);
    assert_reason(issuer(R"(["https://op.example/"])"), Error::issuer);
    assert_reason(issuer("null"), Error::issuer);
    assert_reason(issuer("1"), Error::issuer);
    assert_reason(issuer(""), Error::issuer);
}

void one_trailing_slash_is_a_reason_of_its_own(void **) {
    assert_reason(issuer(R"("https://op.example")"), Error::issuer_slash);
    assert_reason(issuer(R"("https://op.example//")"), Error::issuer_slash);
    assert_reason(issuer(R"("https://op.example///")"), Error::issuer);
    assert_reason(issuer(R"("/https://op.example/")"), Error::issuer);
}

Error audience(const std::string &json, std::vector<std::string> trusted = {}) {
    Policy p = unit::policy();
    p.trusted_audiences = std::move(trusted);
    return check_audience(claims({{"aud", json}}), p);
}

void the_audience_holds_our_client_id(void **) {
    assert_reason(audience(R"("web")"), Error::ok);
    assert_reason(audience(R"(["web"])"), Error::ok);
    assert_reason(audience(R"(["web","web"])"), Error::ok);
    assert_reason(audience(R"("we")"), Error::audience);
    assert_reason(audience(R"("web2")"), Error::audience);
    assert_reason(audience(R"("Web")"), Error::audience);
    assert_reason(audience(R"("web other")"), Error::audience);
    assert_reason(audience(R"(["we"])"), Error::audience);
    assert_reason(audience("[]"), Error::audience);
    assert_reason(audience(""), Error::audience);
}

void the_audience_is_a_string_or_strings(void **) {
    assert_reason(audience("null"), Error::audience);
    assert_reason(audience("1"), Error::audience);
    assert_reason(audience(R"({"web":1})"), Error::audience);
    assert_reason(audience(R"([["web"]])"), Error::audience);
    assert_reason(audience(R"(["web",1])"), Error::audience);
    assert_reason(audience(R"(["web",null])"), Error::audience);
    assert_reason(audience(R"(["web",["web"]])"), Error::audience);
}

void every_further_audience_is_trusted(void **) {
    assert_reason(audience(R"(["web","api"])", {"api"}), Error::ok);
    assert_reason(audience(R"(["api","web","x"])", {"x", "api"}), Error::ok);
    assert_reason(audience(R"(["web","api"])"), Error::audience_untrusted);
    assert_reason(audience(R"(["web","apj"])", {"api"}),
                  Error::audience_untrusted);
    assert_reason(audience(R"(["web","api",""])", {"api"}),
                  Error::audience_untrusted);
    assert_reason(audience(R"(["api"])", {"api"}), Error::audience);
    assert_reason(audience(R"("api")", {"api"}), Error::audience);
}

Error azp(const std::string &aud, const std::string &json) {
    return check_azp(claims({{"aud", aud}, {"azp", json}}), unit::policy());
}

void an_authorized_party_is_us(void **) {
    assert_reason(azp(R"("web")", ""), Error::ok);
    assert_reason(azp(R"("web")", R"("web")"), Error::ok);
    assert_reason(azp(R"("web")", R"("wee")"), Error::azp);
    assert_reason(azp(R"("web")", R"("")"), Error::azp);
    assert_reason(azp(R"("web")", R"(["web"])"), Error::azp);
    assert_reason(azp(R"("web")", "null"), Error::azp);
}

void several_audiences_need_an_authorized_party(void **) {
    assert_reason(azp(R"(["web","api"])", R"("web")"), Error::ok);
    assert_reason(azp(R"(["web","api"])", R"("api")"), Error::azp);
    assert_reason(azp(R"(["web","api"])", ""), Error::azp_missing);
    assert_reason(azp(R"(["web","web"])", ""), Error::ok);
    assert_reason(azp(R"(["web"])", ""), Error::ok);
}

Error subject(const std::string &json) {
    return check_subject(claims({{"sub", json}}));
}

void the_subject_has_1_to_255_bytes(void **) {
    assert_reason(subject(R"("a")"), Error::ok);
    assert_reason(subject(R"("\u00e9")"), Error::ok);
    assert_reason(subject(quoted(std::string(255, 'x'))), Error::ok);
    assert_reason(subject(quoted(std::string(256, 'x'))), Error::subject);
    assert_reason(subject(R"("")"), Error::subject);
    assert_reason(subject("12"), Error::subject);
    assert_reason(subject("null"), Error::subject);
    assert_reason(subject(R"(["a"])"), Error::subject);
    assert_reason(subject(""), Error::subject);
}

Error kind(const Changes &changes) {
    return check_kind(claims(changes));
}

void tokens_of_other_kinds_are_told(void **) {
    assert_reason(kind({}), Error::ok);
    assert_reason(kind({{"events", "{}"}}), Error::kind_events);
    assert_reason(kind({{"events", "null"}}), Error::kind_events);
    assert_reason(kind({{"event", "{}"}}), Error::ok);
    assert_reason(kind({{"token_use", R"("id")"}}), Error::ok);
    assert_reason(kind({{"token_use", R"("ID")"}}), Error::kind_token_use);
    assert_reason(kind({{"token_use", R"("access")"}}), Error::kind_token_use);
    assert_reason(kind({{"token_use", R"(["id"])"}}), Error::kind_token_use);
    assert_reason(kind({{"token_use", "null"}}), Error::kind_token_use);
    assert_reason(kind({{"typ", R"("ID")"}}), Error::ok);
    assert_reason(kind({{"typ", R"("JWT")"}}), Error::ok);
    assert_reason(kind({{"typ", R"("jwt")"}}), Error::ok);
    assert_reason(kind({{"typ", R"("Bearer")"}}), Error::kind_typ);
    assert_reason(kind({{"typ", R"("IDX")"}}), Error::kind_typ);
    assert_reason(kind({{"typ", R"("")"}}), Error::kind_typ);
    assert_reason(kind({{"typ", R"(["ID"])"}}), Error::kind_typ);
}

void an_access_token_is_told_by_its_shape(void **) {
    assert_reason(kind({{"scope", R"("a")"}}), Error::ok);
    assert_reason(kind({{"client_id", R"("web")"}}), Error::ok);
    assert_reason(kind({{"scope", R"("a")"}, {"client_id", R"("web")"}}),
                  Error::kind_access_token);
    assert_reason(kind({{"scp", R"(["a"])"}, {"client_id", R"("web")"}}),
                  Error::kind_access_token);
    assert_reason(kind({{"scope", R"("a")"},
                        {"client_id", R"("web")"},
                        {"nonce", R"("n")"}}),
                  Error::ok);
    for (const char *none : {"null", "1", "true", R"(["n"])", "{}"}) {
        assert_reason(kind({{"scope", R"("a")"},
                            {"client_id", R"("web")"},
                            {"nonce", none}}),
                      Error::kind_access_token);
    }
}

Error times(const Changes &changes, const Policy &p = unit::policy()) {
    Result<Times> result = parse_times(claims(changes));
    return result ? check_times(*result, p, kNow) : result.error();
}

void a_time_is_a_number(void **) {
    assert_reason(times({}), Error::ok);
    for (const char *bad :
         {"", "null", "true", R"("1800000100")", "[]", "{}"}) {
        assert_reason(times({{"exp", bad}}), Error::exp);
        assert_reason(times({{"iat", bad}}), Error::iat);
        assert_reason(times({{"nbf", bad}}),
                      *bad == '\0' ? Error::ok : Error::nbf);
    }
    assert_reason(times({{"exp", "1.9e9"}, {"iat", "1.7e9"}, {"nbf", "1.7e9"}}),
                  Error::ok);
}

void a_token_ends_at_its_expiry(void **) {
    assert_reason(times({{"exp", text(kNow - 9)}}), Error::ok);
    assert_reason(times({{"exp", text(kNow - 10)}}), Error::expired);
    assert_reason(times({{"exp", text(kNow - 11) + ".5"}}), Error::expired);
    assert_reason(times({{"exp", text(kNow - 10) + ".0"}}), Error::expired);
    assert_reason(times({{"exp", text(kNow - 9) + ".5"}}), Error::ok);
    Policy strict = unit::policy();
    strict.leeway = 0;
    assert_reason(times({{"exp", text(kNow + 1)}}, strict), Error::ok);
    assert_reason(times({{"exp", text(kNow) + ".25"}}, strict), Error::ok);
    assert_reason(times({{"exp", text(kNow)}}, strict), Error::expired);
}

void no_number_wraps_around(void **) {
    assert_reason(times({{"exp", "9223372036854775807"}}), Error::ok);
    assert_reason(times({{"exp", "1e300"}}), Error::ok);
    assert_reason(times({{"exp", "-1e300"}}), Error::expired);
    assert_reason(times({{"exp", "0"}}), Error::expired);
    assert_reason(times({{"iat", "1e300"}}), Error::iat_future);
    assert_reason(times({{"iat", "9223372036854775807"}}), Error::iat_future);
    assert_reason(times({{"iat", "-9223372036854775808"}}), Error::ok);
    assert_reason(times({{"nbf", "1e300"}}), Error::not_yet_valid);
    // 2^32 + a past time, 2^64 + a future time: exact, whatever their size
    assert_reason(times({{"iat", "6094967296"}}), Error::iat_future);
}

void a_token_was_issued_before_now(void **) {
    assert_reason(times({{"iat", text(kNow + 10)}}), Error::ok);
    assert_reason(times({{"iat", text(kNow + 11)}}), Error::iat_future);
    assert_reason(times({{"iat", text(kNow + 10) + ".1"}}), Error::iat_future);
}

void max_age_counts_from_the_issue(void **) {
    Policy p = unit::policy();
    p.max_age = 100;
    assert_reason(times({{"iat", text(kNow - 110)}}, p), Error::ok);
    assert_reason(times({{"iat", text(kNow - 111)}}, p), Error::too_old);
    assert_reason(times({{"iat", text(kNow - 111)}}), Error::ok);
    p.max_age = 0;
    assert_reason(times({{"iat", text(kNow - 10)}}, p), Error::ok);
    assert_reason(times({{"iat", text(kNow - 11)}}, p), Error::too_old);
}

void not_before_is_not_before(void **) {
    assert_reason(times({{"nbf", text(kNow + 10)}}), Error::ok);
    assert_reason(times({{"nbf", text(kNow + 11)}}), Error::not_yet_valid);
}

void auth_time_matters_only_if_asked_for(void **) {
    assert_reason(times({{"auth_time", R"("x")"}}), Error::ok);
    assert_reason(times({{"auth_time", text(kNow + 999)}}), Error::ok);
    Policy p = unit::policy();
    p.max_auth_age = 100;
    assert_reason(times({}, p), Error::auth_time);
    assert_reason(times({{"auth_time", "null"}}, p), Error::auth_time);
    assert_reason(times({{"auth_time", R"("1800000000")"}}, p),
                  Error::auth_time);
    assert_reason(times({{"auth_time", text(kNow - 110)}}, p), Error::ok);
    assert_reason(times({{"auth_time", text(kNow - 111)}}, p),
                  Error::auth_too_old);
    assert_reason(times({{"auth_time", text(kNow + 10)}}, p), Error::ok);
    assert_reason(times({{"auth_time", text(kNow + 11)}}, p), Error::auth_time);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_issuer_is_compared_byte_for_byte),
        cmocka_unit_test(one_trailing_slash_is_a_reason_of_its_own),
        cmocka_unit_test(the_audience_holds_our_client_id),
        cmocka_unit_test(the_audience_is_a_string_or_strings),
        cmocka_unit_test(every_further_audience_is_trusted),
        cmocka_unit_test(an_authorized_party_is_us),
        cmocka_unit_test(several_audiences_need_an_authorized_party),
        cmocka_unit_test(the_subject_has_1_to_255_bytes),
        cmocka_unit_test(tokens_of_other_kinds_are_told),
        cmocka_unit_test(an_access_token_is_told_by_its_shape),
        cmocka_unit_test(a_time_is_a_number),
        cmocka_unit_test(a_token_ends_at_its_expiry),
        cmocka_unit_test(no_number_wraps_around),
        cmocka_unit_test(a_token_was_issued_before_now),
        cmocka_unit_test(max_age_counts_from_the_issue),
        cmocka_unit_test(not_before_is_not_before),
        cmocka_unit_test(auth_time_matters_only_if_asked_for),
    };
    return cmocka_run_group_tests_name("policy", tests, nullptr, nullptr);
}
