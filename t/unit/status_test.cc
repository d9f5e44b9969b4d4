#include "idt_metrics/status.h"

#include <cstdarg>
#include <csetjmp>

#include "idt_jose/jwks.h"
#include "idt_lib/json.h"
extern "C" {
#include <cmocka.h>
}
#include "unit/support.h"

using namespace id_token;

namespace {

Status a_status() {
    Status status;
    status.version = "1.2.3";
    status.since = 1700000000;
    status.provider_unknown = 2;
    status.parked = 3;
    status.cache_tokens = 4;
    status.cache_bytes = 5000;

    ProviderCounters counters{};
    counters.request(Error::ok);
    counters.request(Error::ok);
    counters.request(Error::expired);
    counters.login(LoginError::none);
    counters.login(LoginError::loop);
    counters.count(Count::cache_hits, 7);
    counters.count(Count::logouts);
    ProviderStatus provider;
    provider.name = "tenant";
    provider.issuer = "https://tenant.example.com/";
    provider.client_id = "app";
    provider.read(counters);
    status.providers.push_back(provider);

    SourceStatus source;
    source.source = "https://tenant.example.com/jwks";
    source.providers = {"tenant"};
    source.state = KeysState::stale;
    source.keys.push_back({"k1", "RSA", "RS256", "thumb"});
    source.keys.push_back({"", "EC", "", "other"});
    source.age = 60;
    source.next_fetch = 5;
    source.fetches_good = 8;
    source.fetches_failed = 1;
    source.last_error = "connection refused";
    source.last_error_age = 9;
    source.address = "192.0.2.1";
    status.sources.push_back(source);
    return status;
}

Json parse(const std::string &text) {
    auto json = Json::parse(std::string_view(text).substr(0, text.size() - 1));
    assert_true(static_cast<bool>(json));
    return std::move(*json);
}

void json_tells_all(void **) {
    const std::string text = status_json(a_status());
    assert_int_equal(text.back(), '\n');
    assert_text(text.substr(0, text.size() - 1),
                R"({"version":"1.2.3","since":1700000000,"providers":[)"
                R"({"name":"tenant","issuer":"https://tenant.example.com/",)"
                R"("client_id":"app","requests":{"ok":2,"expired":1},)"
                R"("signatures_verified":0,"cache_hits":7,)"
                R"("requests_parked":0,"logins_begun":0,"logouts":1,)"
                R"("logins":{"ok":1,"loop":1}}],"sources":[)"
                R"({"source":"https://tenant.example.com/jwks",)"
                R"("providers":["tenant"],"state":"stale","keys":[)"
                R"({"kid":"k1","kind":"RSA","alg":"RS256",)"
                R"("thumbprint":"thumb"},{"kid":null,"kind":"EC",)"
                R"("alg":null,"thumbprint":"other"}],"age":60,)"
                R"("next_fetch":5,"fetches_good":8,"fetches_failed":1,)"
                R"("last_error":"connection refused","last_error_age":9,)"
                R"("address":"192.0.2.1"}],"provider_unknown":2,"parked":3,)"
                R"("cache_tokens":4,"cache_bytes":5000})");
}

void json_of_nothing_is_json(void **) {
    const Json json = parse(status_json(Status{}));
    assert_int_equal(json.view().find("providers").size(), 0);
    assert_false(static_cast<bool>(json.view().find("revocations")));
}

void json_holds_whatever_a_name_has(void **) {
    Status status = a_status();
    status.providers[0].name = "a\"b\\c\n";
    const Json json = parse(status_json(status));
    assert_text(*json.view().find("providers").at(0).find("name").string(),
                "a\"b\\c\n");
}

void a_file_is_not_fetched(void **) {
    Status status = a_status();
    status.sources[0].is_file = true;
    assert_int_equal(status_json(status).find("fetches"), std::string::npos);
    assert_int_equal(status_prometheus(status).find("{source=\"https://tenant."
                                                    "example.com/jwks\","
                                                    "result"),
                     std::string::npos);
}

void revocations_are_told_where_there_are_any(void **) {
    Status status = a_status();
    assert_int_equal(status_prometheus(status).find("revocations"),
                     std::string::npos);
    status.revocations = RevocationsStatus{};
    status.revocations->held = 12;
    assert_int_not_equal(
        status_prometheus(status).find("\nid_token_revocations 12\n"),
        std::string::npos);
    assert_int_equal(status_prometheus(status).find("in_step"),
                     std::string::npos);
    status.revocations->has_engine = true;
    assert_int_not_equal(
        status_prometheus(status).find("\nid_token_revocations_in_step 0\n"),
        std::string::npos);
    status.revocations->in_step_for = 0;
    assert_int_not_equal(
        status_prometheus(status).find("\nid_token_revocations_in_step 1\n"),
        std::string::npos);
    assert_int_not_equal(status_json(status).find(R"("in_step_for":0)"),
                         std::string::npos);
}

void has(const std::string &text, const std::string &line) {
    const bool found =
        ("\n" + text).find("\n" + line + "\n") != std::string::npos;
    assert_text(found ? "" : text + "lacks " + line, "");
}

void prometheus_tells_all_but_kids(void **) {
    const std::string text = status_prometheus(a_status());
    has(text, R"(id_token_build_info{version="1.2.3"} 1)");
    has(text, "id_token_start_time_seconds 1700000000");
    has(text, "# TYPE id_token_requests_total counter");
    has(text, R"(id_token_requests_total{provider="tenant",reason="ok"} 2)");
    has(text,
        R"(id_token_requests_total{provider="tenant",reason="expired"} 1)");
    has(text, R"(id_token_logins_total{provider="tenant",result="ok"} 1)");
    has(text, R"(id_token_logins_total{provider="tenant",result="loop"} 1)");
    has(text, R"(id_token_cache_hits_total{provider="tenant"} 7)");
    has(text, "id_token_requests_waiting 3");
    has(text, "id_token_cache_bytes 5000");
    has(text, R"(id_token_keys{source="https://tenant.example.com/jwks"} 2)");
    has(text,
        R"(id_token_keys_stale{source="https://tenant.example.com/jwks"} 1)");
    has(text,
        R"(id_token_keys_usable{source="https://tenant.example.com/jwks"} 1)");
    has(text,
        R"(id_token_keys_age_seconds{source="https://tenant.example.com/jwks"} 60)");
    assert_int_equal(text.find("k1"), std::string::npos);
    assert_int_equal(text.find("thumb"), std::string::npos);
    assert_int_equal(text.find("not_yet_valid"), std::string::npos);
}

void labels_are_escaped(void **) {
    Status status = a_status();
    status.providers[0].name = "a\"b\\c\nd\x01";
    has(status_prometheus(status),
        R"(id_token_cache_hits_total{provider="a\"b\\c\nd?"} 7)");
}

void counters_begin_anew(void **) {
    ProviderCounters counters{};
    counters.request(Error::expired);
    counters.login(LoginError::loop);
    counters.count(Count::cache_hits);
    counters.clear();
    ProviderStatus provider;
    provider.read(counters);
    for (const auto n : provider.requests) {
        assert_int_equal(n, 0);
    }
    for (const auto n : provider.logins) {
        assert_int_equal(n, 0);
    }
    for (const auto n : provider.counts) {
        assert_int_equal(n, 0);
    }
}

// RFC 7638 3.1, RFC 8037 A.3; the EC key is RFC 7517's A.1, its print that of
// another library.
void thumbprints_are_those_of_the_standards(void **) {
    const auto set = KeySet::parse(
        R"({"keys":[{"kty":"RSA","n":")"
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1R"
        "K7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9"
        "yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZg"
        "nYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6We"
        "Zu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDK"
        R"(gw","e":"AQAB"},{"kty":"OKP","crv":"Ed25519","x":")"
        R"(11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},{"kty":"EC",)"
        R"("crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
        R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]})",
        1);
    assert_true(static_cast<bool>(set));
    const auto &keys = (*set)->keys();
    assert_int_equal(keys.size(), 3);
    for (int i = 0; i < 2; i++) {  // before the first use, and after
        assert_text(keys[0]->key.thumbprint(),
                    "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_text(keys[1]->key.thumbprint(),
                    "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_text(keys[2]->key.thumbprint(),
                    "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s");
        assert_non_null(keys[2]->key.get());
        assert_non_null(keys[0]->key.get());
        assert_non_null(keys[1]->key.get());
    }
    assert_text(PublicKey().thumbprint(), "");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(json_tells_all),
        cmocka_unit_test(json_of_nothing_is_json),
        cmocka_unit_test(json_holds_whatever_a_name_has),
        cmocka_unit_test(a_file_is_not_fetched),
        cmocka_unit_test(revocations_are_told_where_there_are_any),
        cmocka_unit_test(prometheus_tells_all_but_kids),
        cmocka_unit_test(labels_are_escaped),
        cmocka_unit_test(counters_begin_anew),
        cmocka_unit_test(thumbprints_are_those_of_the_standards),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
