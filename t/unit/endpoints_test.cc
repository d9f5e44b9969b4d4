#include "idt_login/endpoints.h"

#include "unit/support.h"

using namespace id_token;

namespace {

constexpr std::string_view kIssuer = "https://op.example.com";

Endpoints endpoints_of(std::string_view document,
                       std::string_view issuer = kIssuer) {
    const auto endpoints = parse_endpoints(document, issuer);
    assert_true(bool(endpoints));
    return *endpoints;
}

void they_are_found(void **) {
    const Endpoints e = endpoints_of(
        R"({"authorization_endpoint":"https://op.example.com/a?p=1",)"
        R"("token_endpoint":"https://tokens.example.com/t",)"
        R"("end_session_endpoint":"https://op.example.com/e",)"
        R"("response_types_supported":["code","id_token"],)"
        R"("authorization_response_iss_parameter_supported":true})");
    assert_text(e.authorization, "https://op.example.com/a?p=1");
    assert_text(e.token, "https://tokens.example.com/t");
    assert_text(e.end_session, "https://op.example.com/e");
    assert_true(e.issuer_in_answer);
    assert_true(e.supports(Flow::code) && e.supports(Flow::id_token));
}

void what_is_absent_is_empty(void **) {
    for (std::string_view document :
         {"{}",
          R"({"authorization_endpoint":null,"response_types_supported":null,)"
          R"("authorization_response_iss_parameter_supported":null})",
          R"({"authorization_endpoint":1,"response_types_supported":"code",)"
          R"("authorization_response_iss_parameter_supported":"true"})"}) {
        const Endpoints e = endpoints_of(document);
        assert_true(e.authorization.empty() && e.token.empty() &&
                    e.end_session.empty());
        assert_false(e.issuer_in_answer);
        assert_true(e.supports(Flow::code) && e.supports(Flow::id_token));
    }
}

void types_not_named_are_not_supported(void **) {
    Endpoints e = endpoints_of(R"({"response_types_supported":["code",1]})");
    assert_true(e.supports(Flow::code));
    assert_false(e.supports(Flow::id_token));
    e = endpoints_of(R"({"response_types_supported":["code id_token",)"
                     R"("id_token"]})");
    assert_false(e.supports(Flow::code));
    assert_true(e.supports(Flow::id_token));
}

void https_never_leads_to_http(void **) {
    const std::string http =
        R"({"authorization_endpoint":"http://op.example.com/a"})";
    assert_true(endpoints_of(http).authorization.empty());
    assert_text(endpoints_of(http, "http://127.0.0.1:80").authorization,
                "http://op.example.com/a");
    assert_text(endpoints_of(R"({"token_endpoint":"https://op.example.com/t"})",
                             "http://127.0.0.1:80")
                    .token,
                "https://op.example.com/t");
    // An issuer that is no URL.
    assert_true(endpoints_of(http, "tenant").authorization.empty());
}

void what_is_no_url_is_none(void **) {
    for (std::string_view url :
         {"", "/a", "ftp://op.example.com/", "javascript:alert(1)", "https://",
          "https://u:p@op.example.com/", "https://op.example.com/#f",
          "https://op.example.com/ a"}) {
        assert_false(is_usable_endpoint(url, kIssuer));
    }
    assert_true(is_usable_endpoint("https://op.example.com/a", kIssuer));
}

void what_is_no_document_is_refused(void **) {
    assert_true(parse_endpoints("[]", kIssuer).error() ==
                DiscoveryError::not_an_object);
    assert_true(parse_endpoints("{", kIssuer).error() ==
                DiscoveryError::syntax);
}

void what_is_packed_is_unpacked(void **) {
    Endpoints e;
    e.authorization = "https://op.example.com/a";
    e.end_session = "https://op.example.com/e";
    e.issuer_in_answer = true;
    e.code = false;
    const std::string packed = pack_endpoints(e);
    const auto back = unpack_endpoints(packed);
    assert_true(back.has_value());
    assert_text(back->authorization, e.authorization);
    assert_text(back->token, "");
    assert_text(back->end_session, e.end_session);
    assert_true(back->issuer_in_answer && back->id_token && !back->code);

    assert_false(unpack_endpoints("").has_value());
    assert_false(unpack_endpoints(packed + "0:").has_value());
    assert_false(
        unpack_endpoints(packed.substr(0, packed.size() - 1)).has_value());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(they_are_found),
        cmocka_unit_test(what_is_absent_is_empty),
        cmocka_unit_test(types_not_named_are_not_supported),
        cmocka_unit_test(https_never_leads_to_http),
        cmocka_unit_test(what_is_no_url_is_none),
        cmocka_unit_test(what_is_no_document_is_refused),
        cmocka_unit_test(what_is_packed_is_unpacked),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
