#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
extern "C" {
#include <cmocka.h>
}

#include "idt_keys/discovery.h"

using namespace id_token;

namespace {

void leads_to(std::string_view issuer, std::string_view url) {
    const auto found = discovery_url(issuer);
    assert_true(found.has_value());
    assert_string_equal(found->c_str(), std::string(url).c_str());
}

void the_well_known_path_is_appended(void **) {
    leads_to("https://op.example.com",
             "https://op.example.com/.well-known/openid-configuration");
    leads_to("https://op.example.com/",
             "https://op.example.com/.well-known/openid-configuration");
    leads_to("https://op.example.com/t/1",
             "https://op.example.com/t/1/.well-known/openid-configuration");
    leads_to("https://op.example.com/t/1/",
             "https://op.example.com/t/1/.well-known/openid-configuration");
    leads_to("HTTPS://op.example.com:8443",
             "HTTPS://op.example.com:8443/.well-known/openid-configuration");
    leads_to("http://127.0.0.1:8080",
             "http://127.0.0.1:8080/.well-known/openid-configuration");
}

void an_issuer_that_is_no_url_leads_nowhere(void **) {
    for (const char *issuer :
         {"", "tenant", "accounts.google.com", "ftp://op.example.com",
          "https:", "https://", "https:///", "https://op.example.com//",
          "https://op.example.com?a=b", "https://op.example.com/#f"}) {
        assert_false(discovery_url(issuer).has_value());
    }
}

constexpr std::string_view kIssuer = "https://op.example.com";

void refuse(std::string_view document, DiscoveryError error,
            std::string_view issuer = kIssuer) {
    const auto found = parse_discovery(document, issuer);
    assert_false(bool(found));
    assert_int_equal(static_cast<int>(found.error()), static_cast<int>(error));
    assert_false(discovery_error_text(error).empty());
}

void accept(std::string_view document, std::string_view url,
            std::string_view issuer = kIssuer) {
    const auto found = parse_discovery(document, issuer);
    assert_true(bool(found));
    assert_string_equal((*found).c_str(), std::string(url).c_str());
}

void the_key_url_is_found(void **) {
    accept(R"({"issuer":"https://op.example.com","jwks_uri":"https://x/k"})",
           "https://x/k");
    accept(R"({"jwks_uri":"HTTPS:\/\/x\/k","issuer":"https://op.example.com",)"
           R"("extra":[1,{"issuer":"z"}]})",
           "HTTPS://x/k");
}

void the_issuer_is_compared_byte_for_byte(void **) {
    for (const char *issuer :
         {"https://op.example.com//", "https://op.example.co",
          "https://OP.example.com", "https://op.example.com:443", ""}) {
        refuse(R"({"jwks_uri":"https://x/k","issuer":")" + std::string(issuer) +
                   "\"}",
               DiscoveryError::issuer_differs);
    }
}

void a_trailing_slash_is_told_apart(void **) {
    refuse(R"({"issuer":"https://op.example.com/","jwks_uri":"https://x/k"})",
           DiscoveryError::issuer_slash);
    refuse(R"({"issuer":"https://op.example.com","jwks_uri":"https://x/k"})",
           DiscoveryError::issuer_slash, "https://op.example.com/");
}

void the_other_issuer_is_told(void **) {
    for (const char *issuer : {"https://op.example.com/", "https://other"}) {
        std::string other;
        assert_false(bool(parse_discovery(
            R"({"issuer":")" + std::string(issuer) + "\"}", kIssuer, &other)));
        assert_string_equal(other.c_str(), issuer);
    }
    std::string other;
    assert_true(bool(parse_discovery(
        R"({"issuer":"https://op.example.com","jwks_uri":"https://x/k"})",
        kIssuer, &other)));
    assert_true(other.empty());
}

void members_of_another_type_are_missing(void **) {
    refuse(R"({"jwks_uri":"https://x/k"})", DiscoveryError::issuer_missing);
    refuse(R"({"issuer":1,"jwks_uri":"https://x/k"})",
           DiscoveryError::issuer_missing);
    refuse(R"({"issuer":["https://op.example.com"],"jwks_uri":"https://x/k"})",
           DiscoveryError::issuer_missing);
    refuse(R"({"issuer":"https://op.example.com"})",
           DiscoveryError::jwks_uri_missing);
    refuse(R"({"issuer":"https://op.example.com","jwks_uri":null})",
           DiscoveryError::jwks_uri_missing);
    refuse(R"({"issuer":"https://op.example.com","jwks_uri":""})",
           DiscoveryError::jwks_uri_missing);
}

void what_is_no_object_is_refused(void **) {
    refuse("", DiscoveryError::syntax);
    refuse("<html>", DiscoveryError::syntax);
    refuse("{\"issuer\":\"https://op.example.com\"", DiscoveryError::syntax);
    refuse(R"({"issuer":"a","issuer":"b"})", DiscoveryError::duplicate);
    refuse("[]", DiscoveryError::not_an_object);
    const std::string deep =
        R"({"a":)" + std::string(200, '[') + std::string(200, ']') + "}";
    refuse(deep, DiscoveryError::depth);
}

void what_nobody_reads_decides_nothing(void **) {
    for (const char *value :
         {"1e400", "18446744073709551616", R"("Ann \ud83d")", R"("a\u0000b")",
          R"({"\u0000":[1e999]})", "null"}) {
        accept(std::string(R"({"x":)") + value +
                   R"(,"issuer":"https://op.example.com",)"
                   R"("jwks_uri":"https:\/\/x\u002fk"})",
               "https://x/k");
    }
    refuse(R"({"x":01,"issuer":"https://op.example.com",)"
           R"("jwks_uri":"https://x/k"})",
           DiscoveryError::syntax);
    refuse(R"({"x":[{"a":1,"a":1}],"issuer":"https://op.example.com",)"
           R"("jwks_uri":"https://x/k"})",
           DiscoveryError::duplicate);
}

void what_is_read_has_to_be_whole(void **) {
    const std::string head =
        R"({"issuer":"https://op.example.com","jwks_uri":)";
    accept(head + R"("https://x/\ud83d\ude00"})", "https://x/\xf0\x9f\x98\x80");
    refuse(head + R"("https://x/\ud83d"})", DiscoveryError::jwks_uri_missing);
    refuse(head + "1e400}", DiscoveryError::jwks_uri_missing);
    refuse(R"({"issuer":null,"jwks_uri":"https://x/k"})",
           DiscoveryError::issuer_missing);
}

void an_https_issuer_never_leads_to_http(void **) {
    for (const char *url : {"http://op.example.com/k", "http://127.0.0.1/k",
                            "file:///etc/passwd", "//x/k", "/k", "https:/x"}) {
        refuse(R"({"issuer":"https://op.example.com","jwks_uri":")" +
                   std::string(url) + "\"}",
               DiscoveryError::jwks_uri_transport);
    }
    accept(R"({"issuer":"http://127.0.0.1","jwks_uri":"http://127.0.0.1/k"})",
           "http://127.0.0.1/k", "http://127.0.0.1");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_well_known_path_is_appended),
        cmocka_unit_test(an_issuer_that_is_no_url_leads_nowhere),
        cmocka_unit_test(the_key_url_is_found),
        cmocka_unit_test(the_issuer_is_compared_byte_for_byte),
        cmocka_unit_test(a_trailing_slash_is_told_apart),
        cmocka_unit_test(the_other_issuer_is_told),
        cmocka_unit_test(members_of_another_type_are_missing),
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(what_nobody_reads_decides_nothing),
        cmocka_unit_test(what_is_read_has_to_be_whole),
        cmocka_unit_test(an_https_issuer_never_leads_to_http),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
