#include "idt_login/token_request.h"

#include "idt_base/base64url.h"
#include "idt_jose/jws.h"
#include "idt_lib/json.h"
#include "unit/support.h"

using namespace id_token;

namespace {

TokenRequest request(ClientAuth auth, std::string_view credential = {}) {
    return {"co de",   "https://app.test/cb", "verifier", "client:1/ü", auth,
            credential};
}

constexpr std::string_view kBody =
    "grant_type=authorization_code&code=co%20de"
    "&redirect_uri=https%3A%2F%2Fapp.test%2Fcb&code_verifier=verifier";
constexpr std::string_view kClient = "&client_id=client%3A1%2F%C3%BC";

void a_public_client_names_itself(void **) {
    const TokenRequest r = request(ClientAuth::none);
    assert_text(token_request_body(r),
                std::string(kBody) + std::string(kClient));
    assert_text(token_request_authorization(r), "");
}

// RFC 6749 2.3.1: both halves are escaped, then joined, then base64.
void basic_is_escaped_first(void **) {
    const TokenRequest r = request(ClientAuth::secret_basic, "p:w %");
    assert_text(token_request_body(r), kBody);
    assert_text(token_request_authorization(r),
                "Basic Y2xpZW50JTNBMSUyRiVDMyVCQzpwJTNBdyUyMCUyNQ==");
}

void a_secret_goes_into_the_body(void **) {
    const TokenRequest r = request(ClientAuth::secret_post, "p&w");
    assert_text(
        token_request_body(r),
        std::string(kBody) + std::string(kClient) + "&client_secret=p%26w");
    assert_text(token_request_authorization(r), "");
}

void an_assertion_goes_into_the_body(void **) {
    const TokenRequest r = request(ClientAuth::private_key_jwt, "a.b.c");
    assert_text(token_request_body(r),
                std::string(kBody) + std::string(kClient) +
                    "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A"
                    "client-assertion-type%3Ajwt-bearer"
                    "&client_assertion=a.b.c");
}

Json part(const std::string &token, bool header) {
    const auto segments = parse_segments(token);
    assert_true(bool(segments));
    auto json = Json::parse(
        *base64url_decode(header ? segments->header : segments->payload));
    assert_true(bool(json));
    return std::move(*json);
}

// RFC 7523 3, OIDC Core 9.
void an_assertion_is_ours_for_a_minute(void **) {
    for (const char *name : {"rsa1", "ec1"}) {
        const auto key =
            AssertionKey::parse(Secret(mint::to_pem(unit::key(name), true)));
        assert_true(bool(key));
        const auto token = client_assertion(*key, "app \"1\"", "https://op/",
                                            "once", 1'800'000'000);
        assert_true(bool(token));
        const Json claims = part(*token, false);
        assert_int_equal(claims.view().size(), 6);
        assert_true(claims.view().find("iss").string() == "app \"1\"");
        assert_true(claims.view().find("sub").string() == "app \"1\"");
        assert_true(claims.view().find("aud").string() == "https://op/");
        assert_true(claims.view().find("jti").string() == "once");
        assert_true(claims.view().find("iat").number() == 1'800'000'000);
        assert_true(claims.view().find("exp").number() == 1'800'000'060);
        const Json header = part(*token, true);
        assert_true(header.view().find("typ").string() == "JWT");
        assert_true(header.view().find("kid").string() == key->kid());
        assert_true(header.view().find("alg").string() ==
                    key->algorithm().name);
    }
}

void a_secret_is_one_line(void **) {
    assert_text(parse_client_secret("s3 cret"), "s3 cret");
    assert_text(parse_client_secret("s3cret\n"), "s3cret");
    assert_text(parse_client_secret("s3cret\r\n"), "s3cret");
    for (std::string_view file :
         {"", "\n", "a\nb", "a\n\n", "a\tb", "\xc3\xbc", "a\x7f"}) {
        assert_text(parse_client_secret(file), "");
    }
}

void the_token_is_found(void **) {
    const TokenAnswer answer = parse_token_answer(
        R"({"access_token":"x","id_token":"a.b.c","expires_in":99999999999999999999})");
    assert_text(answer.token, "a.b.c");
    assert_text(answer.error, "");
}

void an_answer_without_one_is_refused(void **) {
    const auto error_of = [](std::string_view body) {
        const TokenAnswer answer = parse_token_answer(body);
        assert_text(answer.token, "");
        return answer.error;
    };
    assert_text(error_of(R"({"error":"invalid_grant"})"), "invalid_grant");
    assert_text(error_of(R"({"error":"invalid_grant","id_token":"a.b.c"})"),
                "invalid_grant");
    assert_text(error_of(R"({"error":"<b>"})"), "unknown_error");
    assert_text(error_of(R"({"access_token":"x"})"), "unknown_error");
    assert_text(error_of(R"({"id_token":1})"), "unknown_error");
    assert_text(error_of("{}"), "unknown_error");
    assert_text(error_of("<html>"), "");
    assert_text(error_of(""), "");
    assert_text(error_of(R"({"id_token":"a","id_token":"b"})"), "");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_public_client_names_itself),
        cmocka_unit_test(basic_is_escaped_first),
        cmocka_unit_test(a_secret_goes_into_the_body),
        cmocka_unit_test(an_assertion_goes_into_the_body),
        cmocka_unit_test(an_assertion_is_ours_for_a_minute),
        cmocka_unit_test(a_secret_is_one_line),
        cmocka_unit_test(the_token_is_found),
        cmocka_unit_test(an_answer_without_one_is_refused),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
