// Every vector, judged by the core: without a cache, with one of a few
// kilobytes and with a large one, each token twice.

#include <jansson.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "idt_token/credentials.h"
#include "idt_token/validator.h"
#include "unit/support.h"
#include "unit/tenant.h"

using namespace id_token;

namespace {

// Ids of cases of level "policy" that we answer otherwise -> why. Without the
// list (another folder of vectors) either answer to such a case will do.
struct Differences {
    bool known = false;
    std::map<std::string, std::string> why;
};

struct Counts {
    unsigned right = 0;
    unsigned differing = 0;
    unsigned wrong = 0;
};

Differences load_differences() {
    Differences differences;
    if (!std::filesystem::exists(unit::vectors_dir() + "/policy.json")) {
        return differences;
    }
    differences.known = true;
    mint::Json file = unit::load_vectors("policy");
    const char *id;
    json_t *why;
    json_object_foreach(file.get(), id, why) {
        differences.why[id] = json_string_value(why);
    }
    return differences;
}

// The strings of an array that a case may have.
std::vector<std::string> names(const json_t *test, const char *member) {
    std::vector<std::string> all;
    const json_t *array = json_object_get(test, member);
    for (std::size_t i = 0; i < json_array_size(array); i++) {
        all.emplace_back(json_string_value(json_array_get(array, i)));
    }
    return all;
}

Policy policy_of(const json_t *test) {
    static std::uint64_t next_id = 1;
    Policy policy;
    policy.id = next_id++;
    policy.issuer = unit::member(test, "issuer");
    policy.client_id = unit::member(test, "client_id");
    policy.trusted_audiences = names(test, "trusted_audience");
    policy.authorized_parties = names(test, "authorized_party");
    if (policy.trusted_audiences == std::vector<std::string>{"any"}) {
        policy.trusted_audiences.clear();
        policy.trust_any_audience = true;
    }
    const json_t *allowed = json_object_get(test, "alg_allow");
    if (!json_is_array(allowed)) {
        policy.algorithms.add(*find_algorithm("RS256"));
    }
    for (std::size_t i = 0; i < json_array_size(allowed); i++) {
        const char *name = json_string_value(json_array_get(allowed, i));
        if (const Algorithm *a = find_algorithm(name)) {
            policy.algorithms.add(*a);
        }
    }
    return policy;
}

// Slots for the values that a case expects.
std::vector<ClaimPath> slots_of(const json_t *expected) {
    std::vector<ClaimPath> slots;
    const char *name;
    json_t *value;
    json_object_foreach(const_cast<json_t *>(expected), name, value) {
        slots.push_back({name});
    }
    return slots;
}

// What a case expects of a claim: a string as it is, all else as JSON; null
// stands for none.
std::string shown(json_t *expected) {
    std::string text;
    if (!json_is_null(expected)) {
        JsonView(expected).append_text(text);
    }
    return text;
}

bool has_claims(const VerifiedToken &token, const json_t *expected) {
    std::size_t n = 0;
    const char *name;
    json_t *value;
    json_object_foreach(const_cast<json_t *>(expected), name, value) {
        if (token.slot(n++).text() != shown(value)) {
            return false;
        }
    }
    return true;
}

std::string fill_in(std::string text, const json_t *test) {
    const std::pair<const char *, std::string> marks[] = {
        {"{token}", unit::member(test, "token")},
        {"{token2}", unit::member(test, "token2")},
        {"{cookie}", "id_token"},
        {"{COOKIE}", "ID_TOKEN"}};
    for (const auto &[mark, value] : marks) {
        for (std::size_t at; (at = text.find(mark)) != std::string::npos;) {
            text.replace(at, std::string_view(mark).size(), value);
        }
    }
    return text;
}

// Tokens in the headers of a request, for its location's source; "" stands
// for credentials that are malformed.
std::vector<std::string> tokens_of_request(const json_t *test) {
    std::vector<std::string> tokens;
    const json_t *request = json_object_get(test, "request");
    const bool cookie = unit::member(request, "path") == "cookie";
    const json_t *headers = json_object_get(request, "headers");
    for (std::size_t i = 0; i < json_array_size(headers); i++) {
        const json_t *header = json_array_get(headers, i);
        std::string name = json_string_value(json_array_get(header, 0));
        std::string value =
            fill_in(json_string_value(json_array_get(header, 1)), test);
        while (value.ends_with(' ')) {
            value.pop_back();  // as nginx does
        }
        if (!cookie && name == "Authorization") {
            auto token = parse_bearer(value);
            if (!token || token->has_value()) {
                tokens.emplace_back(token ? **token : "");
            }
        }
        std::string_view rest = value;
        while (cookie && name == "Cookie") {
            auto pair = next_cookie(rest);
            if (!pair) {
                break;
            }
            if (pair->name == "id_token") {
                tokens.emplace_back(pair->value);
            }
        }
    }
    return tokens;
}

std::string token_of(const json_t *test) {
    if (unit::member(test, "layer") != "http") {
        return unit::member(test, "token");
    }
    std::vector<std::string> tokens = tokens_of_request(test);
    const bool one =
        !tokens.empty() && std::all_of(tokens.begin(), tokens.end(),
                                       [&](auto &t) { return t == tokens[0]; });
    return one ? tokens[0] : "";
}

// What a case's `now` says, the clock where it is null.
std::int64_t now_of(const json_t *test) {
    const json_t *now = json_object_get(test, "now");
    return json_is_number(now)
               ? static_cast<std::int64_t>(std::floor(json_number_value(now)))
               : std::time(nullptr);
}

// Whether the signature was proven and something about the claims was wrong.
bool only_claims_are_wrong(Error error) {
    return error >= Error::payload_json && error <= Error::nonce;
}

struct Judged {
    bool accepted;
    std::string reason;
};

Judged judge(const json_t *test, const json_t *key_sets,
             std::size_t cache_bytes) {
    auto keys =
        KeySet::parse(unit::document(json_object_get(
                          key_sets, unit::member(test, "jwks").c_str())),
                      1);
    if (!keys) {
        return {false, std::string(jwks_error_text(keys.error()))};
    }
    const json_t *expected = json_object_get(test, "claims");
    const std::string token = token_of(test);
    const std::int64_t now = now_of(test);
    const Policy policy = policy_of(test);
    Validator validator(slots_of(expected), cache_bytes);
    Error errors[2];
    for (Error &error : errors) {
        Diagnosis diagnosis;
        Verdict verdict =
            validator.validate(policy, **keys, token, now, &diagnosis);
        error = verdict.error;
        assert_int_equal(error == Error::ok, bool(verdict.token));
        if (verdict.token && !has_claims(*verdict.token.get(), expected)) {
            return {false, "other claims"};
        }
        // What is wrong before the keys is told without them, too.
        Error early = validator.check_before_keys(policy, token);
        assert_true(error < Error::key_unknown ? early == error
                                               : early == Error::ok);
    }
    assert_reason(errors[1], errors[0]);
    const bool fits = cache_bytes > 2 * token.size() + 1024;
    assert_true(validator.cache().count() <= (errors[0] == Error::ok));
    assert_true(validator.cache().count() == 1 || !fits ||
                errors[0] != Error::ok);

    // Of a JWS that is no ID token, the signature alone is judged.
    const bool jws = unit::member(test, "layer") == "jws";
    return {errors[0] == Error::ok || (jws && only_claims_are_wrong(errors[0])),
            std::string(unit::name_of(errors[0]))};
}

void count_case(const json_t *test, const json_t *key_sets,
                std::size_t cache_bytes, const Differences &differences,
                Counts &counts) {
    const std::string id = unit::member(test, "id");
    const std::string expect = unit::member(test, "expect");
    Judged judged = judge(test, key_sets, cache_bytes);
    const bool same = judged.accepted == (expect == "accept");
    const bool listed = differences.why.contains(id);
    const bool allowed = unit::member(test, "level") == "policy" && !same &&
                         (listed || !differences.known);
    if (same && !listed) {
        counts.right++;
    } else if (allowed) {
        counts.differing++;
    } else {
        counts.wrong++;
        std::printf("%s (%s, expects %s %s): %s%s\n", id.c_str(),
                    unit::member(test, "level").c_str(), expect.c_str(),
                    unit::member(test, "reason").c_str(), judged.reason.c_str(),
                    listed ? ", and is listed as a difference" : "");
    }
}

void run(std::size_t cache_bytes) {
    const Differences differences = load_differences();
    Counts counts;
    for (const auto &entry :
         std::filesystem::directory_iterator(unit::vectors_dir())) {
        if (entry.path().extension() != ".json") {
            continue;
        }
        mint::Json file = unit::load_vectors(entry.path().stem().string());
        const json_t *cases = json_object_get(file.get(), "cases");
        for (std::size_t i = 0; i < json_array_size(cases); i++) {
            count_case(json_array_get(cases, i),
                       json_object_get(file.get(), "jwks_sets"), cache_bytes,
                       differences, counts);
        }
    }
    std::printf(
        "cache of %zu bytes: %u as expected, %u differ by policy, "
        "%u wrong\n",
        cache_bytes, counts.right, counts.differing, counts.wrong);
    assert_int_equal(counts.wrong, 0);
    if (differences.known) {
        assert_int_equal(counts.differing, differences.why.size());
    }
    assert_true(counts.right > 0);
}

Judged judge_text(const std::string &text) {
    const mint::Json test = mint::parse_json(text, "case");
    const mint::Json sets = mint::parse_json(
        "{\"s\":" + unit::jwks({"rsa1", "ec1"}) + "}", "key sets");
    return judge(test.get(), sets.get(), 0);
}

std::string case_of(const std::string &token, const std::string &more) {
    return R"({"jwks":"s","issuer":"https://op.example/","client_id":"web",)"
           R"("alg_allow":["ES256"],"token":")" +
           token + "\"," + more + "}";
}

// What the cases of the corpus have no need of so far.
void the_format_is_followed(void **) {
    const std::string token =
        unit::tenant_token({{"n", "1.50"}, {"a", R"([1, "x"])"}});
    const std::string now = R"("now":)" + std::to_string(unit::kNow);
    const std::string late = R"("now":)" + std::to_string(unit::kNow + 9999);
    assert_true(judge_text(case_of(token, now)).accepted);
    assert_text(judge_text(case_of(token, late)).reason, "expired");
    const std::string old =
        unit::tenant_token({{"iat", "1000000000"}, {"exp", "1000000100"}});
    assert_true(judge_text(case_of(old, R"("now":1000000050.5)")).accepted);
    assert_text(judge_text(case_of(old, R"("now":null)")).reason, "expired");

    const auto exposes = [&](const std::string &claims) {
        return judge_text(case_of(token, now + ",\"claims\":" + claims))
            .accepted;
    };
    assert_true(exposes(R"({"sub":"alice","n":1.5,"a":[1,"x"],"none":null})"));
    assert_false(exposes(R"({"n":1})"));
    assert_false(exposes(R"({"a":[1]})"));
    assert_false(exposes(R"({"sub":null})"));
}

void of_a_jws_the_signature_is_judged(void **) {
    const std::string jws = R"("layer":"jws","now":null)";
    const std::string header = unit::header("ES256", unit::key("ec1").kid);
    const std::string token = unit::tenant_token("ES256", header, "no JSON");
    assert_true(judge_text(case_of(token, jws)).accepted);
    assert_false(judge_text(case_of(token, R"("now":null)")).accepted);
    assert_false(judge_text(case_of(token + "AAAA", jws)).accepted);

    for (const Error error :
         {Error::payload_json, Error::issuer, Error::nonce}) {
        assert_true(only_claims_are_wrong(error));
    }
    for (const Error error :
         {Error::ok, Error::alg_not_allowed, Error::key_unknown,
          Error::signature, Error::keys_unavailable, Error::keys_wait_full,
          Error::out_of_memory, Error::internal}) {
        assert_false(only_claims_are_wrong(error));
    }
}

void vectors_without_a_cache(void **) {
    run(0);
}
void vectors_with_a_tiny_cache(void **) {
    run(3 * 1024);
}
void vectors_with_a_cache(void **) {
    run(1 << 20);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_format_is_followed),
        cmocka_unit_test(of_a_jws_the_signature_is_judged),
        cmocka_unit_test(vectors_without_a_cache),
        cmocka_unit_test(vectors_with_a_tiny_cache),
        cmocka_unit_test(vectors_with_a_cache),
    };
    return cmocka_run_group_tests_name("vectors", tests, nullptr, nullptr);
}
