#include "idt_login/page_load.h"

#include "idt_login/logout.h"
#include "unit/support.h"

using namespace id_token;

namespace {

RequestLook navigation() {
    RequestLook look;
    look.get_or_head = true;
    look.mode = "navigate";
    look.dest = "document";
    look.accept = "*/*";
    return look;
}

void a_navigation_is_one(void **) {
    assert_true(is_page_load(navigation()));
}

void what_cannot_come_back_is_none(void **) {
    RequestLook look = navigation();
    look.get_or_head = false;
    assert_false(is_page_load(look));
}

void what_is_loaded_ahead_is_none(void **) {
    for (std::string_view purpose : {"prefetch", "prefetch;prerender", ""}) {
        RequestLook look = navigation();
        look.purpose = purpose;
        assert_false(is_page_load(look));
    }
}

void frames_and_fetches_are_none(void **) {
    for (std::string_view dest :
         {"iframe", "frame", "embed", "object", "image", "empty", ""}) {
        RequestLook look = navigation();
        look.dest = dest;
        assert_false(is_page_load(look));
    }
    for (std::string_view mode : {"cors", "no-cors", "same-origin", ""}) {
        RequestLook look = navigation();
        look.mode = mode;
        assert_false(is_page_load(look));
    }
    RequestLook look = navigation();
    look.dest.reset();
    look.accept = "text/html";
    assert_false(is_page_load(look));
    look = navigation();
    look.mode.reset();
    look.accept = "text/html";
    assert_false(is_page_load(look));
}

void without_those_fields_the_accept_tells(void **) {
    RequestLook look;
    look.get_or_head = true;
    assert_false(is_page_load(look));
    look.accept = "text/html,application/xhtml+xml,*/*;q=0.8";
    assert_true(is_page_load(look));
    look.accept = "application/json";
    assert_false(is_page_load(look));
}

void html_is_preferred(void **) {
    for (std::string_view accept :
         {"text/html", "Text/HTML", "text/html;q=0.5", "text/html;charset=x",
          "text/html,application/json",
          "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
          "application/json;q=0.8, text/html;q=0.9", " text/html ; q=1.0 ,*/*",
          "*/*;q=0.1,text/html;q=0.101", ",,text/html"}) {
        assert_true(prefers_html(accept));
    }
}

void or_it_is_not(void **) {
    for (std::string_view accept :
         {"", "*/*", "text/*", "application/json", "text/html;q=0",
          "text/html;q=0.0", "application/json,text/html",
          "text/html;q=0.9,application/json", "text/html;q=0.8,*/*;q=0.9",
          "*/*;q=0.101,text/html;q=0.1", "text/html2", "xtext/html",
          "text/html;q=", "text/html;q=x", "text/html;q=.9"}) {
        assert_false(prefers_html(accept));
    }
}

void goes_back(std::string_view uri) {
    assert_text(return_path(uri), uri);
}

void goes_home(std::string_view uri) {
    assert_text(return_path(uri), "/");
}

void a_path_of_ours_is_kept(void **) {
    goes_back("/");
    goes_back("/a");
    goes_back("/a?b=c&d=%20+");
    goes_back("/a//b");
    goes_back("/~!$&'()*+,;=:@-._[]|^`{}<>\"");
    goes_back("/" + std::string(255, 'a'));
}

void another_hosts_is_not(void **) {
    for (std::string_view uri :
         {"", "a", "//evil", "//", "/\\evil", "\\\\evil", "/a\\..", "/\tevil",
          "https://evil", "/a b", "/a\r\nSet-Cookie: x", "/\x7f", "/\xc3\xa9",
          "/\xa0"}) {
        goes_home(uri);
    }
    goes_home(std::string_view("/\0a", 3));
    goes_home("/" + std::string(256, 'a'));
}

RequestLook link(std::string_view site) {
    RequestLook look = navigation();
    look.site = site;
    return look;
}

void a_form_of_ours_logs_out(void **) {
    assert_true(judge_logout({}, true, true) == LogoutStep::end);
    assert_true(judge_logout({}, true, false) == LogoutStep::refuse);
    assert_true(judge_logout(link("same-origin"), true, false) ==
                LogoutStep::refuse);
}

void a_link_of_ours_logs_out(void **) {
    assert_true(judge_logout(link("same-origin"), false, false) ==
                LogoutStep::end);
    assert_true(judge_logout(link("none"), false, false) == LogoutStep::end);
}

void everything_else_is_asked(void **) {
    for (std::string_view site : {"cross-site", "same-site", ""}) {
        assert_true(judge_logout(link(site), false, true) ==
                    LogoutStep::confirm);
    }
    RequestLook look = link("same-origin");
    look.dest = "image";
    assert_true(judge_logout(look, false, true) == LogoutStep::confirm);
    look = link("same-origin");
    look.mode = "no-cors";
    assert_true(judge_logout(look, false, true) == LogoutStep::confirm);
    look = link("same-origin");
    look.purpose = "prefetch";
    assert_true(judge_logout(look, false, true) == LogoutStep::confirm);
    look = link("same-origin");
    look.site.reset();
    assert_true(judge_logout(look, false, true) == LogoutStep::confirm);
    assert_true(judge_logout({}, false, true) == LogoutStep::confirm);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_navigation_is_one),
        cmocka_unit_test(what_cannot_come_back_is_none),
        cmocka_unit_test(what_is_loaded_ahead_is_none),
        cmocka_unit_test(frames_and_fetches_are_none),
        cmocka_unit_test(without_those_fields_the_accept_tells),
        cmocka_unit_test(html_is_preferred),
        cmocka_unit_test(or_it_is_not),
        cmocka_unit_test(a_path_of_ours_is_kept),
        cmocka_unit_test(another_hosts_is_not),
        cmocka_unit_test(a_form_of_ours_logs_out),
        cmocka_unit_test(a_link_of_ours_logs_out),
        cmocka_unit_test(everything_else_is_asked),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
