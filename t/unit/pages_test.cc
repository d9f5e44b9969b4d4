#include "idt_login/pages.h"

#include "unit/support.h"

using namespace id_token;

namespace {

constexpr Page kAll[] = {
    Page::malformed,      Page::no_transaction, Page::tenant_error,
    Page::refused,        Page::unavailable,    Page::loop,
    Page::too_long,       Page::logged_out,     Page::confirm_logout,
    Page::logout_refused, Page::again};

void each_page_is_whole(void **) {
    for (const Page page : kAll) {
        const std::string html = page_html(page);
        assert_true(html.starts_with("<!DOCTYPE html>\n"));
        assert_true(html.ends_with("</html>\n"));
        assert_true(html.find("<title></title>") == html.npos);
        assert_true(html.find("<script") == html.npos);
        assert_true(html.find("<p></p>") == html.npos);
    }
}

void a_failure_has_a_status_of_its_own(void **) {
    assert_int_equal(page_status(Page::malformed), 400);
    assert_int_equal(page_status(Page::no_transaction), 403);
    assert_int_equal(page_status(Page::tenant_error), 403);
    assert_int_equal(page_status(Page::refused), 403);
    assert_int_equal(page_status(Page::unavailable), 503);
    assert_int_equal(page_status(Page::loop), 403);
    assert_int_equal(page_status(Page::too_long), 403);
    assert_int_equal(page_status(Page::logged_out), 200);
    assert_int_equal(page_status(Page::confirm_logout), 200);
    assert_int_equal(page_status(Page::logout_refused), 403);
    assert_int_equal(page_status(Page::again), 200);
}

void a_code_is_shown_by_its_page_alone(void **) {
    for (const Page page : kAll) {
        const std::string html = page_html(page, "access_denied");
        assert_true((html.find("<code>access_denied</code>") != html.npos) ==
                    (page == Page::tenant_error));
    }
    const std::string html = page_html(Page::tenant_error);
    assert_true(html.find("<code>") == html.npos);
}

void a_question_is_a_form(void **) {
    const std::string html = page_html(Page::confirm_logout);
    assert_true(html.find(R"(<form method="post">)") != html.npos);
    assert_true(page_html(Page::logged_out).find("<form") == html.npos);
}

void every_error_has_its_row(void **) {
#define X(error, shown, words)                                                 \
    {                                                                          \
        const LoginErrorRow &row = login_error_row(LoginError::error);         \
        assert_text(row.name, #error);                                         \
        assert_true(row.page == Page::shown);                                  \
        assert_text(row.text, words);                                          \
    }
    ID_TOKEN_LOGIN_ERRORS(X)
#undef X
}

void codes_are_of_a_closed_list(void **) {
    for (std::string_view code :
         {"interaction_required", "login_required",
          "account_selection_required", "consent_required",
          "invalid_request_uri", "invalid_request_object",
          "request_not_supported", "request_uri_not_supported",
          "registration_not_supported", "invalid_request",
          "unauthorized_client", "access_denied", "unsupported_response_type",
          "invalid_scope", "server_error", "temporarily_unavailable",
          "invalid_client", "invalid_grant", "unsupported_grant_type"}) {
        assert_text(known_error_code(code), code);
    }
    for (std::string_view code :
         {"", "Access_denied", "access_denied ", "<script>"}) {
        assert_text(known_error_code(code), "unknown_error");
    }
}

void four_of_them_ask_for_the_user(void **) {
    for (std::string_view code :
         {"interaction_required", "login_required",
          "account_selection_required", "consent_required"}) {
        assert_true(needs_the_user(code));
    }
    assert_false(needs_the_user("access_denied"));
    assert_false(needs_the_user("unknown_error"));
    assert_false(needs_the_user(""));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_page_is_whole),
        cmocka_unit_test(a_failure_has_a_status_of_its_own),
        cmocka_unit_test(a_code_is_shown_by_its_page_alone),
        cmocka_unit_test(a_question_is_a_form),
        cmocka_unit_test(every_error_has_its_row),
        cmocka_unit_test(codes_are_of_a_closed_list),
        cmocka_unit_test(four_of_them_ask_for_the_user),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
