// The order of work, what is remembered, and that nothing is accepted when
// memory runs out.

#include "idt_token/validator.h"

#include "idt_base/base64url.h"
#include "unit/allocation.h"
#include "unit/support.h"
#include "unit/tenant.h"

using namespace id_token;
using unit::Changes;
using unit::kNow;

namespace {

constexpr std::size_t kCache = 1 << 20;

struct Bench {
    explicit Bench(std::size_t cache = kCache,
                   std::vector<ClaimPath> slots = {{"sub"}, {"email"}})
        : validator(std::move(slots), cache) {}

    Error judge(std::string_view token, std::int64_t now = kNow) {
        diagnosis = Diagnosis();
        Verdict verdict =
            validator.validate(policy, *keys, token, now, &diagnosis);
        assert_int_equal(verdict.error == Error::ok, bool(verdict.token));
        return verdict.error;
    }

    Policy policy = unit::policy();
    std::unique_ptr<KeySet> keys = unit::tenant_keys();
    Validator validator;
    Diagnosis diagnosis;
};

std::string text(std::int64_t n) {
    return std::to_string(n);
}

// Still base64url, but another signature.
std::string forge(std::string token) {
    char &c = token[token.size() - 20];
    c = c == 'A' ? 'B' : 'A';
    return token;
}

void a_good_token_is_accepted_with_its_claims(void **) {
    Bench b;
    for (const char *alg : {"RS256", "ES256"}) {
        std::string token =
            unit::tenant_token({{"email", R"("a@example.org")"}}, alg);
        for (int i = 0; i < 2; i++) {
            Verdict v = b.validator.validate(b.policy, *b.keys, token, kNow);
            assert_reason(v.error, Error::ok);
            assert_text(v.token->token(), token);
            assert_text(v.token->slot(0).text(), "alice");
            assert_text(v.token->slot(1).text(), "a@example.org");
            assert_text(v.token->algorithm().name, alg);
            assert_true(v.token->has_kid());
            assert_true(v.token->times().exp == kNow + 3600);
        }
    }
    assert_int_equal(b.validator.verifications(), 2);
}

void each_claim_has_its_reason(void **) {
    const std::pair<Changes, Error> cases[] = {
        {{{"iss", R"("x")"}}, Error::issuer},
        {{{"iss", R"("https://op.example")"}}, Error::issuer_slash},
        {{{"aud", R"("x")"}}, Error::audience},
        {{{"aud", R"(["web","x"])"}}, Error::audience_untrusted},
        {{{"azp", R"("x")"}}, Error::azp},
        {{{"sub", ""}}, Error::subject},
        {{{"exp", ""}}, Error::exp},
        {{{"exp", text(kNow - 10)}}, Error::expired},
        {{{"iat", ""}}, Error::iat},
        {{{"iat", text(kNow + 11)}}, Error::iat_future},
        {{{"nbf", R"("x")"}}, Error::nbf},
        {{{"nbf", text(kNow + 11)}}, Error::not_yet_valid},
        {{{"events", "{}"}}, Error::kind_events},
        {{{"token_use", R"("access")"}}, Error::kind_token_use},
        {{{"typ", R"("Logout")"}}, Error::kind_typ},
        {{{"appid", R"("x")"}}, Error::kind_client},
        {{{"tokenName", R"("access_token")"}}, Error::kind_token_name},
        {{{"idtyp", R"("app")"}}, Error::kind_access_token},
        {{{"scp", R"("a")"}}, Error::kind_scope},
    };
    Bench b;
    b.policy.trusted_audiences = {"api"};
    for (const auto &[changes, reason] : cases) {
        std::string token = unit::tenant_token(changes);
        assert_reason(b.judge(token), reason);
        assert_reason(b.judge(token), reason);
        assert_text(b.diagnosis.kid, unit::key("ec1").kid);
        assert_false(b.diagnosis.issuer.empty());
    }
    b.policy.trust_any_audience = true;
    assert_reason(b.judge(unit::tenant_token()), Error::azp_missing);
    b.policy.trust_any_audience = false;
    assert_int_equal(b.validator.cache().count(), 0);
    assert_reason(b.judge(unit::tenant_token()), Error::ok);
}

// Of several faults, the first in the order of the reasons.
void the_first_reason_is_told(void **) {
    Changes changes = {{"iss", R"("x")"},
                       {"aud", R"("x")"},
                       {"azp", R"("x")"},
                       {"sub", ""},
                       {"iat", text(kNow + 11)},
                       {"nbf", text(kNow + 11)},
                       {"exp", text(kNow - 10)},
                       {"events", "{}"},
                       {"token_use", R"("access")"},
                       {"typ", R"("Logout")"},
                       {"scp", R"("a")"},
                       {"tokenName", R"("access_token")"},
                       {"idtyp", R"("app")"},
                       {"client_id", R"("x")"}};
    const std::pair<const char *, Error> expected[] = {
        {"iss", Error::issuer},
        {"aud", Error::audience},
        {"azp", Error::azp},
        {"sub", Error::subject},
        {"exp", Error::expired},
        {"iat", Error::iat_future},
        {"nbf", Error::not_yet_valid},
        {"client_id", Error::kind_client},
        {"events", Error::kind_events},
        {"token_use", Error::kind_token_use},
        {"typ", Error::kind_typ},
        {"tokenName", Error::kind_token_name},
        {"idtyp", Error::kind_access_token},
        {"scp", Error::kind_scope}};
    Bench b;
    Error before = Error::ok;
    for (const auto &[name, reason] : expected) {
        assert_reason(b.judge(unit::tenant_token(changes)), reason);
        assert_true(reason > before);
        before = reason;
        std::erase_if(
            changes, [&name = name](const auto &c) { return c.first == name; });
    }
    assert_reason(b.judge(unit::tenant_token(changes)), Error::ok);
}

void times_are_judged_on_every_request(void **) {
    Bench b;
    b.policy.max_age = 500;
    b.policy.max_auth_age = 300;
    std::string token = unit::tenant_token({{"exp", text(kNow + 100)},
                                            {"nbf", text(kNow)},
                                            {"auth_time", text(kNow)}});
    assert_reason(b.judge(token, kNow), Error::ok);
    assert_reason(b.judge(token, kNow + 109), Error::ok);
    assert_reason(b.judge(token, kNow + 110), Error::expired);
    assert_text(b.diagnosis.kid, unit::key("ec1").kid);
    assert_text(b.diagnosis.issuer, b.policy.issuer);
    assert_reason(b.judge(token, kNow - 10), Error::ok);
    assert_reason(b.judge(token, kNow - 11), Error::not_yet_valid);
    assert_reason(b.judge(token, kNow - 71), Error::iat_future);

    std::string longer = unit::tenant_token({{"auth_time", text(kNow)}});
    assert_reason(b.judge(longer, kNow), Error::ok);
    assert_reason(b.judge(longer, kNow + 310), Error::ok);
    assert_reason(b.judge(longer, kNow + 311), Error::auth_too_old);
    assert_reason(b.judge(longer, kNow + 451), Error::too_old);
    assert_int_equal(b.validator.verifications(), 2);
}

void a_signature_is_verified_once(void **) {
    std::string token = unit::tenant_token();
    Bench with;
    Bench without(0);
    for (int i = 0; i < 3; i++) {
        assert_reason(with.judge(token), Error::ok);
        assert_reason(without.judge(token), Error::ok);
    }
    assert_int_equal(with.validator.verifications(), 1);
    assert_int_equal(without.validator.verifications(), 3);
}

void another_key_set_proves_anew(void **) {
    Bench b;
    std::string token = unit::tenant_token({}, "RS256");
    assert_reason(b.judge(token), Error::ok);
    b.keys = unit::tenant_keys(2);
    assert_reason(b.judge(token), Error::ok);
    assert_int_equal(b.validator.verifications(), 2);
    // the key was withdrawn
    b.keys = unit::parse_keys(unit::jwks({"ec1"}), 3);
    assert_reason(b.judge(token), Error::key_unknown);
}

void another_policy_proves_anew(void **) {
    Bench b;
    std::string token = unit::tenant_token({}, "RS256");
    assert_reason(b.judge(token), Error::ok);
    b.policy.id = 2;
    b.policy.client_id = "other";
    assert_reason(b.judge(token), Error::audience);
    b.policy.id = 3;
    b.policy.algorithms = {};
    b.policy.algorithms.add(*find_algorithm("ES256"));
    assert_reason(b.judge(token), Error::alg_not_allowed);
    assert_text(b.diagnosis.kid, unit::key("rsa1").kid);
    b.policy = unit::policy();
    assert_reason(b.judge(token), Error::ok);
}

void a_changed_byte_is_refused(void **) {
    Bench b;
    std::string token = unit::tenant_token();
    assert_reason(b.judge(token), Error::ok);
    for (std::size_t i = 0; i < token.size(); i++) {
        std::string other = token;
        other[i] = other[i] == 'A' ? 'B' : 'A';
        assert_true(b.judge(other) != Error::ok);
    }
    assert_int_equal(b.validator.cache().count(), 1);
}

void cheap_checks_come_first(void **) {
    Bench b;
    auto unknown_kid = [](const char *alg) {
        return unit::tenant_token(alg, unit::header(alg, "nobody"), "{");
    };
    std::string good = unit::tenant_token();
    assert_reason(b.judge(""), Error::token_format);
    assert_reason(b.judge(good + "."), Error::token_format);
    assert_reason(b.judge(good + ".a.b"), Error::token_encrypted);
    // shape before algorithm, algorithm before key, key before signature
    assert_reason(b.judge("eyJhbGciOiJub25lIn0.e30.A"), Error::base64url);
    assert_reason(b.judge("eyJhbGciOiJub25lIn0.A.AA"), Error::base64url);
    assert_reason(b.judge("eyJhbGciOiJub25lIn0.e30.AA"),
                  Error::alg_not_allowed);
    b.policy.algorithms = {};
    assert_reason(b.judge(unit::tenant_token(
                      "ES256", R"({"alg":"ES256","crit":[]})", "{")),
                  Error::alg_not_allowed);
    assert_reason(b.judge(unknown_kid("ES256")), Error::alg_not_allowed);
    assert_text(b.diagnosis.kid, "nobody");
    b.policy = unit::policy();
    assert_reason(b.judge(unknown_kid("ES256")), Error::key_unknown);
    assert_text(b.diagnosis.kid, "nobody");
    assert_reason(b.judge(good + "AAAA"), Error::signature_length);
    assert_int_equal(b.validator.verifications(), 0);
    // signature before payload
    std::string header = unit::header("ES256", unit::key("ec1").kid);
    const std::string broken = unit::tenant_token("ES256", header, "{");
    assert_reason(b.judge(broken), Error::payload_json);
    assert_reason(b.judge(forge(broken)), Error::signature);
    assert_int_equal(b.validator.cache().count(), 0);
}

// RFC 7519 4: what a member holds that nobody reads decides nothing.
void a_spoiled_claim_matters_where_it_is_read(void **) {
    for (const char *value : {R"("Ann \ud83d")", R"("\u0000")", "1e400"}) {
        Bench b;
        assert_reason(b.judge(unit::tenant_token({{"name", value}})),
                      Error::ok);
        assert_reason(b.judge(unit::tenant_token({{"sub", value}})),
                      Error::subject);
        assert_reason(b.judge(unit::tenant_token({{"iss", value}})),
                      Error::issuer);
        assert_reason(b.judge(unit::tenant_token({{"exp", value}})),
                      Error::exp);
        assert_reason(b.judge(unit::tenant_token({{"aud", value}})),
                      Error::audience);
        assert_reason(b.judge(unit::tenant_token({{"azp", value}})),
                      Error::azp);
        assert_reason(b.judge(unit::tenant_token({{"typ", value}})),
                      Error::kind_typ);
    }
}

void a_kid_that_fits_no_algorithm_is_an_unknown_key(void **) {
    Bench b;
    std::string token = unit::tenant_token(
        "ES256", unit::header("ES256", unit::key("rsa1").kid), "{}");
    assert_reason(b.judge(token), Error::key_unknown);
    assert_text(b.diagnosis.kid, unit::key("rsa1").kid);
    assert_true(b.keys->has_kid(b.diagnosis.kid));
}

void what_a_newer_key_set_may_mend(void **) {
    Bench b;
    const auto judge = [&b](const std::string &token) {
        return b.validator.validate(b.policy, *b.keys, token, unit::kNow);
    };
    const auto refetch = [&judge](const std::string &header) {
        return judge(unit::tenant_token("ES256", header, "{}")).refetch;
    };
    assert_true(refetch(unit::header("ES256", "nobody")) ==
                Refetch::unknown_kid);
    assert_true(refetch(unit::header("ES256", unit::key("rsa1").kid)) ==
                Refetch::replaced_key);
    const std::string known = unit::header("ES256", unit::key("ec1").kid);
    assert_true(refetch(known) == Refetch::none);
    const std::string good = unit::tenant_token("ES256", known, "{}");
    assert_true(judge(forge(good)).refetch == Refetch::replaced_key);
    assert_true(judge(good + "AAAA").refetch == Refetch::replaced_key);
    assert_true(judge("eyJhbGciOiJub25lIn0.e30.AA").refetch == Refetch::none);
    b.keys = unit::parse_keys(unit::jwks({"ec2"}), 8);
    assert_true(refetch(R"({"alg":"ES256"})") == Refetch::replaced_key);
    b.keys = unit::parse_keys(unit::jwks({"rsa1"}), 7);
    assert_true(refetch(R"({"alg":"ES256"})") == Refetch::unknown_kid);
}

void the_kid_that_is_looked_for_is_whole(void **) {
    Bench b;
    const auto kid = [&b](const std::string &header) {
        return b.validator
            .validate(b.policy, *b.keys,
                      unit::tenant_token("ES256", header, "{}"), unit::kNow)
            .kid;
    };
    const std::string longest(1000, 'k');
    assert_true(kid(unit::header("ES256", longest)) == longest);
    assert_true(kid(unit::header("ES256", "")) == "");
    b.keys = unit::parse_keys(unit::jwks({"rsa1"}), 7);
    assert_false(kid(R"({"alg":"ES256"})").has_value());
}

// A caller that has several tokens to judge bounds them together.
void verifications_are_bounded(void **) {
    Bench b;
    b.keys = unit::parse_keys("{\"keys\":[" + unit::jwk("ec2", {.kid = false}) +
                              "," + unit::jwk("ec2", {.kid = false}) + "," +
                              unit::jwk("ec1", {.kid = false}) + "]}");
    const std::string token =
        unit::tenant_token("ES256", R"({"alg":"ES256"})", unit::claims_text());
    const auto judge = [&](const std::string &t, std::size_t *left) {
        return b.validator.validate(b.policy, *b.keys, t, kNow, nullptr, left)
            .error;
    };
    std::size_t left = 2;
    assert_reason(judge(token, &left), Error::signature);
    assert_int_equal(left, 0);
    assert_reason(judge(token, &left), Error::signature);
    assert_int_equal(b.validator.verifications(), 2);

    left = 4;
    assert_reason(judge(token, &left), Error::ok);
    assert_int_equal(left, 1);
    // It is known now.
    assert_reason(judge(token, &left), Error::ok);
    assert_int_equal(left, 1);
    assert_reason(judge(forge(token), &left), Error::signature);
    assert_int_equal(left, 0);
    assert_reason(judge(forge(token), nullptr), Error::signature);
    assert_int_equal(b.validator.verifications(), 2 + 3 + 1 + 3);
}

void without_a_kid_fitting_keys_are_tried(void **) {
    Bench b;
    std::string token =
        unit::tenant_token("ES256", R"({"alg":"ES256"})", unit::claims_text());
    b.keys = unit::parse_keys(unit::jwks({"ec2", "ec1"}), 5);
    assert_reason(b.judge(token), Error::ok);
    assert_int_equal(b.validator.verifications(), 2);
    b.keys = unit::parse_keys(unit::jwks({"ec2"}), 6);
    assert_reason(b.judge(token), Error::signature);
    b.keys = unit::parse_keys(unit::jwks({"rsa1"}), 7);
    assert_reason(b.judge(token), Error::key_unknown);
    assert_true(b.diagnosis.kid.empty());
}

void a_diagnosis_is_short(void **) {
    Bench b;
    const std::string kid(1000, 'k');
    (void)b.judge(
        unit::tenant_token("ES256", unit::header("ES256", kid), "{}"));
    assert_text(b.diagnosis.kid, kid.substr(0, kMaxDiagnosis));
    (void)b.judge(unit::tenant_token(
        {{"iss", '"' + kid + '"'}, {"aud", R"([")" + kid + R"("])"}}));
    assert_text(b.diagnosis.issuer, kid.substr(0, kMaxDiagnosis));
    assert_int_equal(b.diagnosis.audience.size(), kMaxDiagnosis);
    (void)b.judge(unit::tenant_token({{"iss", ""}, {"aud", ""}}));
    assert_true(b.diagnosis.issuer.empty());
    assert_true(b.diagnosis.audience.empty());
}

void what_needs_no_key_is_told_without_one(void **) {
    Bench b;
    auto early = [&](std::string_view token) {
        b.diagnosis = Diagnosis();
        return b.validator.check_before_keys(b.policy, token, &b.diagnosis);
    };
    assert_reason(early(unit::tenant_token()), Error::ok);
    assert_true(b.diagnosis.kid.empty());
    assert_reason(early("a.b"), Error::token_format);
    assert_reason(early("e30.e30.AA"), Error::alg_missing);
    assert_reason(early("eyJhbGciOiJub25lIn0.e30.AA"), Error::alg_not_allowed);
    b.policy.algorithms = {};
    assert_reason(early(unit::tenant_token()), Error::alg_not_allowed);
    assert_text(b.diagnosis.kid, unit::key("ec1").kid);
}

// -- memory runs out ----------------------------------------------------------

struct Attempt {
    bool accepted = false;
    Error error = Error::ok;
};

void starve(const std::string &token, Error verdict, bool warm,
            unit::Failing how) {
    Bench b;
    if (warm) {
        assert_reason(b.judge(unit::tenant_token({}, "RS256")), Error::ok);
        assert_reason(b.judge(unit::tenant_token()), Error::ok);
    }
    auto work = [&] {
        Attempt attempt;
        try {
            Diagnosis diagnosis;
            Verdict v = b.validator.validate(b.policy, *b.keys, token, kNow,
                                             &diagnosis);
            attempt.accepted = bool(v.token);
            attempt.error = v.error;
        } catch (const std::bad_alloc &) {
            attempt.error = Error::out_of_memory;
        }
        return attempt;
    };
    auto judge = [&](Attempt attempt, bool hit) {
        // OpenSSL does not always say that memory was what it lacked
        if (attempt.error != Error::out_of_memory &&
            !(hit && attempt.error == Error::signature)) {
            assert_reason(attempt.error, verdict);
        }
        assert_int_equal(attempt.accepted, attempt.error == Error::ok);
        b.validator.cache().clear();
    };
    assert_true(unit::with_each_allocation_failing(how, work, judge) > 0);
    assert_reason(b.judge(token), verdict);
}

void nothing_is_accepted_without_memory(void **) {
    const std::pair<std::string, Error> cases[] = {
        {unit::tenant_token({{"email", R"(["a","b"])"}}, "RS256"), Error::ok},
        {unit::tenant_token({{"jti", R"("1")"}}), Error::ok},
        {unit::tenant_token({{"aud", R"("other")"}}), Error::audience},
        {unit::tenant_token({{"exp", "1"}}), Error::expired},
        {unit::tenant_token("ES256", unit::header("ES256", "x"), "{}"),
         Error::key_unknown},
        {forge(unit::tenant_token()), Error::signature},
    };
    for (const auto &[token, verdict] : cases) {
        for (bool warm : {false, true}) {
            starve(token, verdict, warm, unit::Failing::one);
            starve(token, verdict, warm, unit::Failing::all_from);
        }
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_good_token_is_accepted_with_its_claims),
        cmocka_unit_test(each_claim_has_its_reason),
        cmocka_unit_test(the_first_reason_is_told),
        cmocka_unit_test(times_are_judged_on_every_request),
        cmocka_unit_test(a_signature_is_verified_once),
        cmocka_unit_test(another_key_set_proves_anew),
        cmocka_unit_test(another_policy_proves_anew),
        cmocka_unit_test(a_changed_byte_is_refused),
        cmocka_unit_test(cheap_checks_come_first),
        cmocka_unit_test(a_spoiled_claim_matters_where_it_is_read),
        cmocka_unit_test(a_kid_that_fits_no_algorithm_is_an_unknown_key),
        cmocka_unit_test(what_a_newer_key_set_may_mend),
        cmocka_unit_test(the_kid_that_is_looked_for_is_whole),
        cmocka_unit_test(verifications_are_bounded),
        cmocka_unit_test(without_a_kid_fitting_keys_are_tried),
        cmocka_unit_test(a_diagnosis_is_short),
        cmocka_unit_test(what_needs_no_key_is_told_without_one),
        cmocka_unit_test(nothing_is_accepted_without_memory),
    };
    return cmocka_run_group_tests_name("validator", tests, nullptr, nullptr);
}
