// Origins and our own: equal in scheme, host and port, or not at all.

extern "C" {
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
}

#include "idt_token/origin.h"

using id_token::own_origin;
using id_token::parse_origin;

namespace {

void same(const char *origin, bool https, const char *host) {
    const auto theirs = parse_origin(origin);
    const auto ours = own_origin(https, host);
    assert_true(theirs.has_value());
    assert_true(ours.has_value());
    assert_true(*theirs == *ours);
}

void other(const char *origin, bool https, const char *host) {
    const auto theirs = parse_origin(origin);
    const auto ours = own_origin(https, host);
    assert_true(!theirs || !ours || !(*theirs == *ours));
}

void scheme_host_and_port_count(void **) {
    same("https://app.example", true, "app.example");
    other("http://app.example", true, "app.example");
    same("http://app.example", false, "app.example");
    other("https://app.example", false, "app.example");
    other("https://app.example.", true, "app.example");
    other("https://xapp.example", true, "app.example");
    other("https://app.example.evil", true, "app.example");
    other("https://app.exampl", true, "app.example");
}

void default_ports_are_equal_to_none(void **) {
    same("https://app.example:443", true, "app.example");
    same("https://app.example", true, "app.example:443");
    other("https://app.example", true, "app.example:444");
    other("https://app.example:80", true, "app.example");
    same("http://app.example:8080", false, "app.example:8080");
    other("http://app.example:8080", false, "app.example:8081");
}

void case_of_the_host_does_not_count(void **) {
    same("https://APP.example", true, "app.EXAMPLE");
}

void addresses_are_hosts(void **) {
    same("http://127.0.0.1:8080", false, "127.0.0.1:8080");
    same("http://[::1]:8080", false, "[::1]:8080");
    same("http://[::1]", false, "[::1]");
    other("http://[::1]", false, "[::2]");
}

void anything_else_is_no_origin(void **) {
    for (const char *text : {"",
                             "null",
                             "app.example",
                             "https://",
                             "https:///",
                             "ftp://a",
                             "https://a/",
                             "https://a?b",
                             "https://a#b",
                             "https://u@a",
                             "https://a:",
                             "https://a:0",
                             "https://a:65536",
                             "https://a:+1",
                             "https://a b",
                             "https://a, https://b",
                             "https://[::1",
                             "https://::1",
                             "HTTPS://a",
                             "https://a\\b",
                             "https://[a]b"}) {
        assert_false(parse_origin(text).has_value());
    }

    assert_true(parse_origin("https://a:65535").has_value());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(scheme_host_and_port_count),
        cmocka_unit_test(default_ports_are_equal_to_none),
        cmocka_unit_test(case_of_the_host_does_not_count),
        cmocka_unit_test(addresses_are_hosts),
        cmocka_unit_test(anything_else_is_no_origin),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
