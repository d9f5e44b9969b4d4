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

void any_audience_may_be_trusted(void **) {
    Policy p = unit::policy();
    const auto judge = [&](const char *aud, const char *azp) {
        const Claims c = claims({{"aud", aud}, {"azp", azp}});
        const Error error = check_audience(c, p);
        return error == Error::ok ? check_azp(c, p) : error;
    };
    const char *several = R"(["web","api","project"])";
    assert_reason(judge(several, R"("web")"), Error::audience_untrusted);
    p.trust_any_audience = true;
    assert_reason(judge(several, R"("web")"), Error::ok);
    assert_reason(judge(R"("web")", R"("web")"), Error::ok);
    // then the authorized party alone tells whose token it is
    assert_reason(judge(several, ""), Error::azp_missing);
    assert_reason(judge(several, "null"), Error::azp_missing);
    assert_reason(judge(R"("web")", ""), Error::azp_missing);
    assert_reason(judge(several, R"("api")"), Error::azp);
    assert_reason(judge(R"(["api","project"])", R"("web")"), Error::audience);
    assert_reason(judge(R"(["web",1])", R"("web")"), Error::audience);
    p.authorized_parties = {"phone"};
    assert_reason(judge(several, R"("phone")"), Error::ok);
    assert_reason(judge(several, R"("api")"), Error::azp);
}

Error azp(const std::string &json, std::vector<std::string> parties = {}) {
    Policy p = unit::policy();
    p.authorized_parties = std::move(parties);
    return check_azp(claims({{"azp", json}}), p);
}

void an_authorized_party_is_us_or_configured(void **) {
    assert_reason(azp(""), Error::ok);
    assert_reason(azp("null"), Error::ok);
    assert_reason(azp(R"("web")"), Error::ok);
    assert_reason(azp(R"("wee")"), Error::azp);
    assert_reason(azp(R"("Web")"), Error::azp);
    assert_reason(azp(R"("")"), Error::azp);
    assert_reason(azp(R"(["web"])"), Error::azp);
    assert_reason(azp("1"), Error::azp);
    assert_reason(azp(R"("phone")"), Error::azp);
    assert_reason(azp(R"("phone")", {"tv", "phone"}), Error::ok);
    assert_reason(azp(R"("web")", {"phone"}), Error::ok);
    assert_reason(azp("", {"phone"}), Error::ok);
    assert_reason(azp(R"("phon")", {"phone"}), Error::azp);
    assert_reason(azp(R"(["phone"])", {"phone"}), Error::azp);
    assert_reason(azp(R"("\ud800")"), Error::azp);
}

void trusted_audiences_need_no_authorized_party(void **) {
    Policy p = unit::policy();
    p.trusted_audiences = {"api"};
    const auto judge = [&](const char *azp) {
        const Claims c = claims({{"aud", R"(["web","api"])"}, {"azp", azp}});
        assert_reason(check_audience(c, p), Error::ok);
        return check_azp(c, p);
    };
    assert_reason(judge(""), Error::ok);
    assert_reason(judge(R"("web")"), Error::ok);
    assert_reason(judge(R"("api")"), Error::azp);
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

void the_subject_has_no_control_characters(void **) {
    assert_reason(subject(R"("a b~")"), Error::ok);
    for (const char *bad :
         {R"("\u0001")", R"("a\r\nb")", R"("a\t")", R"("a\u001f")",
          R"("\u007fa")", R"("a\u0080")", R"("a\u0085b")", R"("\u009f")"}) {
        assert_reason(subject(bad), Error::subject);
    }
    // the next character after C1, and C2 and 85 in other characters
    assert_reason(subject(R"("\u00a0")"), Error::ok);
    assert_reason(subject(R"("\u00c2\u0145")"), Error::ok);
    assert_reason(subject(R"("a\u20ac")"), Error::ok);
}

Error kind(const Changes &changes) {
    return check_kind(claims(changes), unit::policy());
}

void another_kind_may_say_so_in_a_claim(void **) {
    assert_reason(kind({}), Error::ok);
    struct Case {
        const char *claim;
        Error reason;
        std::vector<const char *> good;
        std::vector<const char *> bad;
    };
    const Case cases[] = {
        {"appid", Error::kind_client, {"web"}, {"we", "Web", "", "other"}},
        {"cid", Error::kind_client, {"web"}, {"we", "Web", "", "other"}},
        {"client_id", Error::kind_client, {"web"}, {"we", "Web", "", "other"}},
        {"events", Error::kind_events, {}, {"", "x"}},
        {"token_use", Error::kind_token_use, {"id"}, {"ID", "i", "access", ""}},
        {"typ",
         Error::kind_typ,
         {"ID", "id", "Id", "JWT", "jwt"},
         {"Bearer", "IDX", "at+jwt", "I", "id_token", ""}},
        {"tokenName",
         Error::kind_token_name,
         {"id_token"},
         {"access_token", "ID_TOKEN", "id", ""}},
        {"token_name",
         Error::kind_token_name,
         {"id_token"},
         {"access_token", "Id_token", "id", ""}},
        {"token_type",
         Error::kind_token_name,
         {"ID", "id_token"},
         {"Bearer", "id", "Id", "ID_TOKEN", "access_token", ""}},
        {"idtyp", Error::kind_access_token, {}, {"app", "user", "id", ""}},
        {"appidacr", Error::kind_access_token, {}, {"0", "1", "2", ""}},
        {"azpacr", Error::kind_access_token, {}, {"0", "1", "2", ""}}};
    for (const Case &c : cases) {
        for (const char *word : c.good) {
            assert_reason(kind({{c.claim, quoted(word)}}), Error::ok);
        }
        for (const char *word : c.bad) {
            assert_reason(kind({{c.claim, quoted(word)}}), c.reason);
        }
        const std::string ours = c.good.empty() ? "x" : c.good[0];
        for (const std::string &json :
             {"[\"" + ours + "\"]", std::string("{}"), std::string("0"),
              std::string("1e400"), std::string("false")}) {
            assert_reason(kind({{c.claim, json}}), c.reason);
        }
        // null is absence, and another name another claim
        assert_reason(kind({{c.claim, "null"}}), Error::ok);
        assert_reason(kind({{std::string(c.claim) + "s", R"("x")"}}),
                      Error::ok);
        // a nonce is no excuse
        if (!c.bad.empty()) {
            assert_reason(
                kind({{c.claim, quoted(c.bad[0])}, {"nonce", R"("n")"}}),
                c.reason);
        }
    }
}

void a_scope_needs_a_nonce(void **) {
    for (const char *claim : {"scope", "scp"}) {
        for (const char *value :
             {R"("a")", R"("")", R"(["a"])", "[]", "1", "false"}) {
            assert_reason(kind({{claim, value}}), Error::kind_scope);
            assert_reason(kind({{claim, value}, {"nonce", R"("n")"}}),
                          Error::ok);
        }
        assert_reason(kind({{claim, "null"}}), Error::ok);
        assert_reason(kind({{claim, R"("a")"}, {"client_id", R"("web")"}}),
                      Error::kind_scope);
        for (const char *none : {"null", "1", "true", R"(["n"])", "{}"}) {
            assert_reason(kind({{claim, R"("a")"}, {"nonce", none}}),
                          Error::kind_scope);
        }
    }
    assert_reason(kind({{"scopes", R"("a")"}}), Error::ok);
}

Error times(const Changes &changes, const Policy &p = unit::policy()) {
    Result<Times> result = parse_times(claims(changes));
    return result ? check_times(*result, p, kNow) : result.error();
}

void a_time_is_a_number(void **) {
    assert_reason(times({}), Error::ok);
    for (const char *bad :
         {"", "null", "true", R"("1800000100")", "[]", "{}", "-1e400"}) {
        const std::string_view text = bad;
        assert_reason(times({{"exp", bad}}), Error::exp);
        assert_reason(times({{"iat", bad}}), Error::iat);
        assert_reason(times({{"nbf", bad}}),
                      text.empty() || text == "null" ? Error::ok : Error::nbf);
    }
    // No truncation makes a large one small (RFC 7519 2).
    for (const char *future :
         {"9223372036854775808", "18446744073709551616", "1e30", "1.7e308"}) {
        assert_reason(times({{"exp", future}}), Error::ok);
        assert_reason(times({{"iat", future}}), Error::iat_future);
        assert_reason(times({{"nbf", future}}), Error::not_yet_valid);
    }
    assert_reason(times({{"exp", "1.8e308"}}), Error::exp);
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

// What a log line says of a time that was refused.
void seconds_tell_how_far_a_time_is_off(void **) {
    Times times;
    times.exp = 1000;
    times.iat = 900;
    times.nbf = 950;
    times.auth_time = 800;
    assert_int_equal(*seconds_of(Error::expired, times, 1061), 61);
    assert_int_equal(*seconds_of(Error::iat_future, times, 840), 60);
    assert_int_equal(*seconds_of(Error::too_old, times, 5900), 5000);
    assert_int_equal(*seconds_of(Error::not_yet_valid, times, 910), 40);
    assert_int_equal(*seconds_of(Error::auth_too_old, times, 1000), 200);
    assert_false(seconds_of(Error::audience, times, 1000).has_value());
    assert_false(seconds_of(Error::ok, times, 1000).has_value());

    times.nbf.reset();
    times.auth_time.reset();
    times.exp = -1e30;
    assert_false(seconds_of(Error::expired, times, 1000).has_value());
    assert_false(seconds_of(Error::not_yet_valid, times, 1000).has_value());
    assert_false(seconds_of(Error::auth_too_old, times, 1000).has_value());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(seconds_tell_how_far_a_time_is_off),
        cmocka_unit_test(the_issuer_is_compared_byte_for_byte),
        cmocka_unit_test(one_trailing_slash_is_a_reason_of_its_own),
        cmocka_unit_test(the_audience_holds_our_client_id),
        cmocka_unit_test(the_audience_is_a_string_or_strings),
        cmocka_unit_test(every_further_audience_is_trusted),
        cmocka_unit_test(any_audience_may_be_trusted),
        cmocka_unit_test(an_authorized_party_is_us_or_configured),
        cmocka_unit_test(trusted_audiences_need_no_authorized_party),
        cmocka_unit_test(the_subject_has_1_to_255_bytes),
        cmocka_unit_test(the_subject_has_no_control_characters),
        cmocka_unit_test(another_kind_may_say_so_in_a_claim),
        cmocka_unit_test(a_scope_needs_a_nonce),
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
