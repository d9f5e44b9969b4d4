#include "idt_login/set_cookie.h"

#include <algorithm>

#include "unit/support.h"

using namespace id_token;

namespace {

const std::string kSecret(43, 'r');
constexpr std::string_view kGone =
    "=; Path=/; Max-Age=0; Secure; HttpOnly; "
    "SameSite=Lax";

bool holds(const std::vector<std::string> &cookies, const std::string &text) {
    return std::find(cookies.begin(), cookies.end(), text) != cookies.end();
}

void attributes_keep_a_cookie_here(void **) {
    assert_text(set_cookie("__Host-a", "v", 600, SameSite::none),
                "__Host-a=v; Path=/; Max-Age=600; Secure; HttpOnly; "
                "SameSite=None");
    assert_text(set_cookie("__Host-a", "v", 5, SameSite::lax),
                "__Host-a=v; Path=/; Max-Age=5; Secure; HttpOnly; "
                "SameSite=Lax");
    assert_text(expire_cookie("__Host-a", SameSite::lax),
                "__Host-a" + std::string(kGone));
    assert_true(same_site(Flow::id_token) == SameSite::none);
    assert_true(same_site(Flow::code) == SameSite::lax);
}

void a_short_token_is_one_cookie(void **) {
    const auto cookies = session_cookies("__Host-id", "a.b.c", kSecret, 300);
    assert_true(cookies.has_value());
    assert_int_equal(cookies->size(), 10);
    assert_text(cookies->front(),
                "__Host-id=a.b.c; Path=/; Max-Age=300; Secure; HttpOnly; "
                "SameSite=Lax");
    for (int i = 0; i < 8; i++) {
        assert_true(holds(
            *cookies, "__Host-id." + std::to_string(i) + std::string(kGone)));
    }
    assert_text(cookies->back(),
                "__Host-id-r=" + kSecret +
                    "; Path=/; Max-Age=300; Secure; HttpOnly; SameSite=Lax");
}

// The bytes in the pieces, and how many.
std::pair<std::string, int> joined(const std::vector<std::string> &cookies) {
    std::string token;
    int pieces = 0;
    for (const auto &cookie : cookies) {
        const std::string name = "__Host-id." + std::to_string(pieces) + "=";
        const std::size_t end = cookie.find(';');
        if (cookie.starts_with(name) && end > name.size()) {
            assert_true(end <= kMaxCookieBytes);
            token += cookie.substr(name.size(), end - name.size());
            pieces++;
        }
    }
    return {token, pieces};
}

void a_longer_one_is_split(void **) {
    const std::string whole(kMaxCookieBytes - 10, 'x');  // "__Host-id="
    auto cookies = session_cookies("__Host-id", whole, kSecret, 300);
    assert_true(cookies->front().starts_with("__Host-id=x"));

    const std::string token = whole.substr(1) + "yz";
    cookies = session_cookies("__Host-id", token, kSecret, 300);
    assert_true(cookies.has_value());
    const auto [text, pieces] = joined(*cookies);
    assert_text(text, token);
    assert_int_equal(pieces, 2);
    assert_true(holds(*cookies, "__Host-id" + std::string(kGone)));
    assert_false(holds(*cookies, "__Host-id.1" + std::string(kGone)));
    assert_true(holds(*cookies, "__Host-id.2" + std::string(kGone)));
    assert_true(holds(*cookies, "__Host-id.7" + std::string(kGone)));
}

void eight_pieces_are_the_most(void **) {
    const std::size_t room = kMaxCookieBytes - 12;  // "__Host-id.0="
    const std::string token(8 * room, 'x');
    const auto cookies = session_cookies("__Host-id", token, kSecret, 300);
    assert_true(cookies.has_value());
    assert_int_equal(joined(*cookies).second, 8);
    assert_text(joined(*cookies).first, token);
    assert_false(
        session_cookies("__Host-id", token + "x", kSecret, 300).has_value());
}

void an_end_expires_every_form(void **) {
    const auto cookies = expire_session("__Host-id");
    assert_int_equal(cookies.size(), 10);
    for (const char *name :
         {"__Host-id", "__Host-id.0", "__Host-id.7", "__Host-id-r"}) {
        assert_true(holds(cookies, name + std::string(kGone)));
    }
}

void a_name_is_bound_to_its_host(void **) {
    for (std::string_view name :
         {"__Host-id", "__Host-a", "__Host-oidc", "__Host-my.app_1"}) {
        assert_true(is_session_cookie_name(name));
    }
    for (std::string_view name :
         {"", "id", "__Host-", "__host-id", "__Secure-id", "__Host-id-r",
          "__Host-oidc_tx_", "__Host-a b", "__Host-a;b", "__Host-a=b",
          "__Host-\"a\"", "__Host-\xc3\xa9"}) {
        assert_false(is_session_cookie_name(name));
    }
    assert_true(is_session_cookie_name("__Host-" + std::string(121, 'a')));
    assert_false(is_session_cookie_name("__Host-" + std::string(122, 'a')));
}

void ours_are_told_apart(void **) {
    assert_true(is_login_cookie("__Host-oidc_tx_abcdefgh"));
    assert_true(is_login_cookie("__Host-oidc_logins_abcdefgh"));
    assert_false(is_login_cookie("__Host-id"));
    assert_false(is_login_cookie("__Host-oidc"));
    assert_true(is_binding_cookie("__Host-id-r", "__Host-id"));
    assert_false(is_binding_cookie("__Host-id", "__Host-id"));
    assert_false(is_binding_cookie("__Host-ie-r", "__Host-id"));
    assert_false(is_binding_cookie("__Host-id-rr", "__Host-id"));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(attributes_keep_a_cookie_here),
        cmocka_unit_test(a_short_token_is_one_cookie),
        cmocka_unit_test(a_longer_one_is_split),
        cmocka_unit_test(eight_pieces_are_the_most),
        cmocka_unit_test(an_end_expires_every_form),
        cmocka_unit_test(a_name_is_bound_to_its_host),
        cmocka_unit_test(ours_are_told_apart),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
