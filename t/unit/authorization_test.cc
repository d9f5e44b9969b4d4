#include "idt_login/authorization.h"

#include "idt_login/secret_chain.h"
#include "unit/support.h"

using namespace id_token;

namespace {

const std::string kSecret(43, 'A');

AuthorizationRequest request(Flow flow = Flow::id_token) {
    AuthorizationRequest r;
    r.endpoint = "https://op.example.com/auth";
    r.client_id = "web app/1";
    r.redirect_uri = "https://app.test/oidc/callback?a=b";
    r.scope = "openid email";
    r.secret = kSecret;
    r.flow = flow;
    return r;
}

const std::string kRest =
    "&client_id=web%20app%2F1"
    "&redirect_uri=https%3A%2F%2Fapp.test%2Foidc%2Fcallback%3Fa%3Db"
    "&scope=openid%20email&state=" +
    login_state(kSecret) + "&nonce=" + login_nonce(kSecret);

void implicit_asks_for_a_posted_form(void **) {
    assert_text(authorization_url(request(), {}),
                "https://op.example.com/auth?response_type=id_token"
                "&response_mode=form_post" +
                    kRest);
}

void code_brings_its_challenge(void **) {
    assert_text(authorization_url(request(Flow::code), {}),
                "https://op.example.com/auth?response_type=code"
                "&code_challenge=" +
                    pkce_challenge(pkce_verifier(kSecret)) +
                    "&code_challenge_method=S256" + kRest);
}

void the_secret_stays_here(void **) {
    for (const Flow flow : {Flow::id_token, Flow::code}) {
        const std::string url = authorization_url(request(flow), {});
        assert_true(url.find(kSecret) == url.npos);
        assert_true(url.find(pkce_verifier(kSecret)) == url.npos);
    }
}

void the_endpoints_query_stays(void **) {
    AuthorizationRequest r = request();
    r.endpoint = "https://op.example.com/auth?p=policy";
    assert_true(authorization_url(r, {}).starts_with(
        "https://op.example.com/auth?p=policy&response_type=id_token&"));
}

void parameters_follow_escaped(void **) {
    const std::string url = authorization_url(
        request(), {{"acr_values", "a&nonce=x"}, {"ui_locales", ""}});
    assert_true(url.ends_with(kRest + "&acr_values=a%26nonce%3Dx"));
}

void of_one_name_the_last_counts(void **) {
    const std::string url = authorization_url(
        request(),
        {{"acr_values", "low"}, {"prompt", "login"}, {"acr_values", "high"}});
    assert_true(url.ends_with(kRest + "&prompt=login&acr_values=high"));
}

void a_renewal_asks_nobody(void **) {
    AuthorizationRequest r = request();
    r.silent = true;
    assert_true(authorization_url(r, {{"prompt", "login"}, {"max_age", "9"}})
                    .ends_with(kRest + "&prompt=none&max_age=9"));
    r.silent = false;
    r.max_age = 60;
    assert_true(authorization_url(r, {{"prompt", "login"}, {"max_age", "9"}})
                    .ends_with(kRest + "&max_age=60&prompt=login"));
}

void our_own_names_are_reserved(void **) {
    for (std::string_view name :
         {"state", "nonce", "client_id", "redirect_uri", "scope", "request",
          "request_uri", "response_type", "response_mode", "response_x",
          "code_challenge", "code_challenge_method"}) {
        assert_true(is_reserved_parameter(name));
    }
    for (std::string_view name :
         {"prompt", "max_age", "acr_values", "login_hint", "ui_locales",
          "domain_hint", "states", "code", "response", "resource"}) {
        assert_false(is_reserved_parameter(name));
    }
}

void a_scope_holds_openid(void **) {
    for (std::string_view scope : {"openid", "openid email", "a openid b"}) {
        assert_true(is_login_scope(scope));
    }
    for (std::string_view scope :
         {"", "email", "openid ", " openid", "openid  email", "openid2",
          "openid\temail", "openid a\"b", "openid a\\b", "openid \xc3\xa9"}) {
        assert_false(is_login_scope(scope));
    }
}

void the_end_of_the_tenants_session(void **) {
    assert_text(end_session_url("https://op.example.com/end", "a b",
                                "https://app.test/bye", ""),
                "https://op.example.com/end?client_id=a%20b"
                "&post_logout_redirect_uri=https%3A%2F%2Fapp.test%2Fbye");
    assert_text(
        end_session_url("https://op.example.com/end?x=y", "a", "", "h.p.s"),
        "https://op.example.com/end?x=y&client_id=a"
        "&id_token_hint=h.p.s");
}

void a_path_is_completed(void **) {
    assert_text(complete_uri("/cb", true, "app.test:8443"),
                "https://app.test:8443/cb");
    assert_text(complete_uri("/cb", false, "localhost"), "http://localhost/cb");
    assert_text(complete_uri("https://x.test/cb", false, "localhost"),
                "https://x.test/cb");
}

void plain_http_is_for_loopback(void **) {
    for (std::string_view host :
         {"localhost", "localhost:8080", "LOCALHOST", "app.localhost:80",
          "127.0.0.1", "127.1.2.3:8080", "[::1]", "[::1]:8080"}) {
        assert_true(is_loopback_host(host));
    }
    for (std::string_view host :
         {"", "app.test", "localhost.test", "127.0.0.1.nip.io", "128.0.0.1",
          "[::2]", "notlocalhost", "10.0.0.1:80"}) {
        assert_false(is_loopback_host(host));
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(implicit_asks_for_a_posted_form),
        cmocka_unit_test(code_brings_its_challenge),
        cmocka_unit_test(the_secret_stays_here),
        cmocka_unit_test(the_endpoints_query_stays),
        cmocka_unit_test(parameters_follow_escaped),
        cmocka_unit_test(of_one_name_the_last_counts),
        cmocka_unit_test(a_renewal_asks_nobody),
        cmocka_unit_test(our_own_names_are_reserved),
        cmocka_unit_test(a_scope_holds_openid),
        cmocka_unit_test(the_end_of_the_tenants_session),
        cmocka_unit_test(a_path_is_completed),
        cmocka_unit_test(plain_http_is_for_loopback),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
