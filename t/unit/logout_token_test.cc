// OIDC Back-Channel Logout 1.0 2.4 to 2.6, rule by rule, each beside its twin
// that is accepted.

#include "idt_logout/logout_token.h"

#include "unit/allocation.h"
#include "unit/support.h"
#include "unit/tenant.h"

using namespace id_token;
using unit::Changes;
using unit::kNow;

namespace {

const std::string kEvents =
    R"({"http://schemas.openid.net/event/backchannel-logout":{}})";

std::string text(std::int64_t n) {
    return std::to_string(n);
}

std::string text(double n) {
    return std::to_string(n);
}

// A good one: a subject and a session, issued a second ago, for two minutes.
std::string payload(const Changes &changes = {}) {
    Changes all = {{"iat", text(kNow - 1)},
                   {"exp", text(kNow + 120)},
                   {"jti", R"("j1")"},
                   {"events", kEvents},
                   {"sid", R"("s1")"}};
    for (const auto &change : changes) {
        all.push_back(change);
    }
    return unit::claims_text(all);
}

std::string header(const std::string &typ = R"("logout+jwt")") {
    return R"({"alg":"ES256","kid":")" + unit::key("ec1").kid + "\"" +
           (typ.empty() ? "" : ",\"typ\":" + typ) + "}";
}

std::string logout_token(const Changes &changes = {},
                         const std::string &typ = R"("logout+jwt")") {
    return unit::tenant_token("ES256", header(typ), payload(changes));
}

struct Bench {
    LogoutVerdict judge(std::string_view token, std::int64_t now = kNow) {
        diagnosis = Diagnosis();
        return judge_logout_token(validator, policy, keys.get(), token, now,
                                  &diagnosis);
    }

    Policy policy = unit::policy();
    std::unique_ptr<KeySet> keys = unit::tenant_keys();
    Validator validator{{{"sub"}}, 1 << 20};
    Diagnosis diagnosis;
};

LogoutVerdict judge(const Changes &changes, std::int64_t now = kNow) {
    Bench b;
    return b.judge(logout_token(changes), now);
}

#define assert_logout(verdict, expected)                                       \
    assert_text(logout_error_row((verdict).refusal.error).name,                \
                logout_error_row(LogoutError::expected).name)

#define assert_refused(verdict, expected)                                      \
    do {                                                                       \
        const LogoutVerdict refused_ = (verdict);                              \
        assert_logout(refused_, logout_token);                                 \
        assert_reason(refused_.refusal.reason, Error::expected);               \
        assert_false(refused_.claims.has_value());                             \
    } while (0)

void what_it_asks_for_is_read(void **) {
    const LogoutVerdict v = judge({});
    assert_logout(v, none);
    assert_text(*v.claims->subject, "alice");
    assert_text(*v.claims->session, "s1");
    assert_text(v.claims->id, "j1");
    assert_int_equal(v.claims->issued_at, kNow - 1);
    assert_int_equal(v.claims->expires, kNow + 130);
}

// 2.4: "SHOULD", so that it may be missing or say no more than JWT.
void the_type_is_that_of_a_logout_token(void **) {
    Bench b;
    for (const char *typ :
         {R"("logout+jwt")", R"("Logout+JWT")", R"("application/logout+jwt")",
          R"("JWT")", R"("jwt")", ""}) {
        assert_logout(b.judge(logout_token({}, typ)), none);
    }
    for (const char *typ :
         {R"("at+jwt")", R"("secevent+jwt")", R"("logout")", R"("JOSE")",
          R"("logout+jwt ")", R"("application/secevent+jwt")", "null", "1"}) {
        assert_refused(b.judge(logout_token({}, typ)), typ);
    }
}

// 2.6 item 2, and what goes before it.
void the_signature_is_the_tenants(void **) {
    Bench b;
    std::string token = logout_token();
    assert_logout(b.judge(token), none);
    char &c = token[token.size() - 20];
    c = c == 'A' ? 'B' : 'A';
    LogoutVerdict v = b.judge(token);
    assert_refused(v, signature);
    assert_true(v.refetch == Refetch::replaced_key);
    assert_text(b.diagnosis.kid, unit::key("ec1").kid);

    v = b.judge(unit::tenant_token(
        "ES256", R"({"alg":"ES256","kid":"another"})", payload()));
    assert_refused(v, key_unknown);
    assert_true(v.refetch == Refetch::unknown_kid);
    assert_text(*v.kid, "another");

    // 2.6: "none" is never allowed, nor what the policy does not name.
    assert_refused(b.judge(mint::base64url(R"({"alg":"none"})") + "." +
                           mint::base64url(payload()) + ".AA"),
                   alg_not_allowed);
    b.policy.algorithms = AlgorithmSet();
    b.policy.algorithms.add(*find_algorithm("RS256"));
    assert_refused(b.judge(logout_token()), alg_not_allowed);
    assert_refused(b.judge("a.b.c.d.e"), token_encrypted);
    assert_refused(b.judge("a.b"), token_format);
}

void without_keys_nothing_is_waited_for_in_vain(void **) {
    Bench b;
    b.keys.reset();
    assert_refused(b.judge(logout_token()), keys_unavailable);
    assert_refused(b.judge(logout_token({}, R"("at+jwt")")), typ);
    assert_refused(b.judge("a.b"), token_format);
}

// 2.6 item 3.
void names_are_judged_as_in_an_id_token(void **) {
    assert_refused(judge({{"iss", R"("https://other.example/")"}}), issuer);
    assert_refused(judge({{"iss", R"("https://op.example")"}}), issuer_slash);
    assert_refused(judge({{"iss", ""}}), issuer);
    assert_refused(judge({{"aud", R"("web2")"}}), audience);
    assert_refused(judge({{"aud", ""}}), audience);
    assert_refused(judge({{"aud", R"(["web","x"])"}}), audience_untrusted);
    assert_logout(judge({{"aud", R"(["web"])"}}), none);
    assert_refused(judge({{"azp", R"("x")"}}), azp);
    assert_logout(judge({{"azp", R"("web")"}}), none);
    assert_logout(judge({{"azp", "null"}}), none);
    Bench b;
    b.policy.trusted_audiences = {"x"};
    assert_logout(b.judge(logout_token({{"aud", R"(["web","x"])"}})), none);
    b.judge(logout_token({{"iss", R"("x")"}}));
    assert_text(b.diagnosis.issuer, "x");
    assert_text(b.diagnosis.audience, "web");
}

void it_is_over_when_it_says(void **) {
    assert_logout(judge({{"exp", text(kNow - 9)}}), none);
    assert_refused(judge({{"exp", text(kNow - 10)}}), expired);
    assert_refused(judge({{"exp", R"("soon")"}}), exp);
    assert_logout(judge({{"iat", text(kNow + 10)}}), none);
    assert_refused(judge({{"iat", text(kNow + 11)}}), iat_future);
    assert_refused(judge({{"iat", ""}}), iat);
    assert_refused(judge({{"iat", R"("1")"}}), iat);
    assert_logout(judge({{"nbf", text(kNow + 10)}}), none);
    assert_refused(judge({{"nbf", text(kNow + 11)}}), not_yet_valid);
    assert_refused(judge({{"nbf", "true"}}), nbf);
    assert_logout(judge({{"nbf", "null"}}), none);
    // How old it is does not count while it says that it is good.
    assert_logout(judge({{"iat", text(kNow - 86400)}}), none);
}

// Keycloak before 2023.
void without_an_expiry_it_has_to_be_fresh(void **) {
    const LogoutVerdict v =
        judge({{"exp", ""}, {"iat", text(kNow - kMaxLogoutAge)}});
    assert_logout(v, none);
    assert_int_equal(v.claims->expires, kNow + 1);
    assert_logout(judge({{"exp", "null"}, {"iat", text(kNow)}}), none);
    assert_logout(judge({{"exp", ""}, {"iat", text(kNow - kMaxLogoutAge - 1)}}),
                  logout_too_old);
    assert_logout(
        judge({{"exp", text(kNow)}, {"iat", text(kNow - kMaxLogoutAge - 1)}}),
        none);
}

// The tenant's clock decides what the logout ends, whatever ours says.
void a_tenants_clock_may_be_off(void **) {
    for (const std::int64_t off : {-20, 20}) {
        Bench b;
        b.policy.leeway = 20;
        const LogoutVerdict v = b.judge(logout_token(
            {{"iat", text(kNow + off)}, {"exp", text(kNow + off + 1)}}));
        assert_logout(v, none);
        assert_int_equal(v.claims->issued_at, kNow + off);
        b.policy.leeway = 19;
        assert_true(b.judge(logout_token({{"iat", text(kNow + off)},
                                          {"exp", text(kNow + off + 1)}}))
                        .refusal.reason ==
                    (off > 0 ? Error::iat_future : Error::expired));
    }
}

void parts_of_a_second_are_rounded_up(void **) {
    assert_int_equal(judge({{"iat", text(kNow - 1.5)}}).claims->issued_at,
                     kNow - 1);
    assert_int_equal(judge({{"iat", text(kNow - 2.0)}}).claims->issued_at,
                     kNow - 2);
    // What no clock shows is a time all the same.
    const LogoutVerdict v = judge({{"iat", "-1e300"}, {"exp", "1e300"}});
    assert_logout(v, none);
    assert_int_equal(v.claims->issued_at, 0);
    assert_int_equal(v.claims->expires, std::int64_t{1} << 53);
}

void it_has_an_id(void **) {
    assert_logout(judge({{"jti", R"("x")"}}), none);
    for (const char *jti : {"", R"("")", "1", "null", "[]", R"("\ud800")"}) {
        assert_logout(judge({{"jti", jti}}), logout_jti);
    }
}

// 2.4: the member's value "MUST be a JSON object and SHOULD be empty".
void the_event_is_a_logout(void **) {
    const std::string name =
        R"({"http://schemas.openid.net/event/backchannel-logout":)";
    assert_logout(judge({{"events", name + "{}}"}}), none);
    assert_logout(judge({{"events", name + R"({"a":1}})"}}), none);
    assert_logout(judge({{"events", name + R"({},"urn:other":{}})"}}), none);
    for (const std::string &events :
         {std::string(), std::string("{}"), std::string("null"),
          std::string(R"("http://schemas.openid.net/event/)"
                      R"(backchannel-logout")"),
          name + "null}", name + "true}", name + "[]}", name + R"("{}"})",
          std::string(R"({"http://schemas.openid.net/event/)"
                      R"(backchannel-logout/":{}})"),
          std::string(R"({"http://schemas.openid.net/secevent/risc/)"
                      R"(event-type/sessions-revoked":{}})"),
          "[" + name + "{}}]"}) {
        assert_logout(judge({{"events", events}}), logout_events);
    }
}

// 2.6 item 4.
void somebody_is_named(void **) {
    LogoutVerdict v = judge({{"sub", ""}});
    assert_logout(v, none);
    assert_false(v.claims->subject.has_value());
    assert_text(*v.claims->session, "s1");
    v = judge({{"sid", ""}});
    assert_logout(v, none);
    assert_text(*v.claims->subject, "alice");
    assert_false(v.claims->session.has_value());
    assert_logout(judge({{"sub", ""}, {"sid", ""}}), logout_nobody);
    assert_logout(judge({{"sub", "null"}, {"sid", "null"}}), logout_nobody);
}

void who_is_named_is_named_well(void **) {
    for (const char *sub : {R"("")", "7", R"("a\nb")", R"("\ud800")", "{}"}) {
        assert_refused(judge({{"sub", sub}}), subject);
    }
    for (const char *sid : {R"("")", "7", "[]", R"("\ud800")"}) {
        assert_logout(judge({{"sid", sid}}), logout_sid);
    }
    const std::string longest(kMaxSessionIdBytes, 's');
    assert_logout(judge({{"sid", "\"" + longest + "\""}}), none);
    assert_logout(judge({{"sid", "\"" + longest + "s\""}}), logout_sid);
}

// 2.6 item 6.
void there_is_no_nonce(void **) {
    assert_logout(judge({{"nonce", R"("n")"}}), logout_nonce);
    assert_logout(judge({{"nonce", R"("")"}}), logout_nonce);
    assert_logout(judge({{"nonce", "1"}}), logout_nonce);
    assert_logout(judge({{"nonce", "null"}}), none);
}

// What would give an access token away in an ID token says nothing here:
// Keycloak writes its payload `typ`.
void the_fence_of_kinds_is_off(void **) {
    for (const Changes &changes :
         {Changes{{"typ", R"("Logout")"}}, Changes{{"scope", R"("openid")"}},
          Changes{{"token_use", R"("logout")"}},
          Changes{{"client_id", R"("other")"}}}) {
        assert_logout(judge(changes), none);
    }
}

// And the reverse: in the same worker, before and after.
void a_logout_token_is_no_id_token(void **) {
    Bench b;
    for (const char *typ : {R"("logout+jwt")", R"("JWT")"}) {
        const std::string token =
            logout_token({{"exp", text(kNow + 3600)}}, typ);
        for (int i = 0; i < 2; i++) {
            const bool says = std::string_view(typ) != R"("JWT")";
            assert_reason(
                b.validator.validate(b.policy, *b.keys, token, kNow).error,
                says ? Error::typ : Error::kind_events);
            assert_logout(b.judge(token), none);
        }
    }
    assert_int_equal(b.validator.cache().count(), 0);

    const std::string id_token =
        unit::tenant_token({{"sid", R"("s1")"}, {"jti", R"("j1")"}});
    assert_logout(b.judge(id_token), logout_events);
    assert_reason(b.validator.validate(b.policy, *b.keys, id_token, kNow).error,
                  Error::ok);
    assert_logout(b.judge(id_token), logout_events);
}

void a_payload_is_json(void **) {
    Bench b;
    assert_refused(b.judge(unit::tenant_token("ES256", header(), "[]")),
                   payload_json);
    assert_refused(
        b.judge(unit::tenant_token("ES256", header(), payload() + "x")),
        payload_json);
}

// A flood of bad ones costs a signature each, and nothing is kept.
void a_bad_one_costs_one_signature(void **) {
    Bench b;
    std::string token = logout_token();
    token[token.size() - 20] = token[token.size() - 20] == 'A' ? 'B' : 'A';
    for (int i = 0; i < 3; i++) {
        assert_refused(b.judge(token), signature);
    }
    assert_int_equal(b.validator.verifications(), 3);
    assert_int_equal(b.validator.cache().count(), 0);
}

void without_memory_nothing_is_accepted(void **) {
    Bench b;
    const std::string token = logout_token();
    const long failed = unit::with_each_allocation_failing(
        unit::Failing::all_from,
        [&] {
            try {
                return judge_logout_token(b.validator, b.policy, b.keys.get(),
                                          token, kNow);
            } catch (const std::bad_alloc &) {
                return LogoutVerdict{Error::out_of_memory, {}, {}, {}};
            }
        },
        [](LogoutVerdict v, bool hit) {
            assert_int_equal(v.claims.has_value(), !hit);
            assert_true(hit == (v.refusal.error != LogoutError::none));
        });
    assert_true(failed > 5);
}

void each_reason_has_its_row(void **) {
    assert_text(logout_error_row(LogoutError::none).name, "none");
    assert_text(logout_error_row(LogoutError::logout_nonce).name,
                "logout_nonce");
    assert_text(logout_error_row(LogoutError::logout_memory).name,
                "logout_memory");
    assert_true(logout_error_row(LogoutError::logout_state).answer ==
                LogoutAnswer::unavailable);
    for (int i = 0; i <= static_cast<int>(LogoutError::logout_memory); i++) {
        // It goes into JSON as it is.
        assert_true(logout_error_row(static_cast<LogoutError>(i))
                        .text.find_first_of("\"\\") == std::string_view::npos);
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_it_asks_for_is_read),
        cmocka_unit_test(the_type_is_that_of_a_logout_token),
        cmocka_unit_test(the_signature_is_the_tenants),
        cmocka_unit_test(without_keys_nothing_is_waited_for_in_vain),
        cmocka_unit_test(names_are_judged_as_in_an_id_token),
        cmocka_unit_test(it_is_over_when_it_says),
        cmocka_unit_test(without_an_expiry_it_has_to_be_fresh),
        cmocka_unit_test(a_tenants_clock_may_be_off),
        cmocka_unit_test(parts_of_a_second_are_rounded_up),
        cmocka_unit_test(it_has_an_id),
        cmocka_unit_test(the_event_is_a_logout),
        cmocka_unit_test(somebody_is_named),
        cmocka_unit_test(who_is_named_is_named_well),
        cmocka_unit_test(there_is_no_nonce),
        cmocka_unit_test(the_fence_of_kinds_is_off),
        cmocka_unit_test(a_logout_token_is_no_id_token),
        cmocka_unit_test(a_payload_is_json),
        cmocka_unit_test(a_bad_one_costs_one_signature),
        cmocka_unit_test(without_memory_nothing_is_accepted),
        cmocka_unit_test(each_reason_has_its_row),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
