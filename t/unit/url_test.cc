#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
extern "C" {
#include <cmocka.h>
}

#include "idt_keys/url.h"

using namespace id_token;

namespace {

Url accept(std::string_view text) {
    const auto url = parse_url(text);
    assert_true(bool(url));
    return *url;
}

void refuse(std::string_view text, UrlError error) {
    const auto url = parse_url(text);
    assert_false(bool(url));
    assert_int_equal(static_cast<int>(url.error()), static_cast<int>(error));
    assert_false(url_error_text(error).empty());
}

void host_is(std::string_view text, const char *host, HostKind kind) {
    const Url url = accept(text);
    assert_string_equal(url.host.c_str(), host);
    assert_int_equal(static_cast<int>(url.kind), static_cast<int>(kind));
}

void target_is(std::string_view text, const char *target) {
    assert_string_equal(accept(text).target.c_str(), target);
}

void authority_is(std::string_view text, const char *authority,
                  const char *host_and_port) {
    const Url url = accept(text);
    assert_string_equal(url.authority().c_str(), authority);
    assert_string_equal(url.host_and_port().c_str(), host_and_port);
}

void the_scheme_is_http_or_https(void **) {
    assert_true(accept("https://a/").https);
    assert_false(accept("http://a/").https);
    assert_true(accept("HTTPS://a/").https);
    for (const char *text :
         {"", "a", "//a/", "https:", "https:/", "https:a", "ftp://a/",
          "httpss://a/", " https://a/", "https ://a/"}) {
        refuse(text, UrlError::scheme);
    }
}

void hosts(void **) {
    host_is("https://Op.Example.COM/", "op.example.com", HostKind::name);
    host_is("https://op.example.com./", "op.example.com", HostKind::name);
    assert_true(accept("https://op.example.com./").complete);
    assert_false(accept("https://op.example.com/.").complete);
    host_is("https://a_b-c.1a/", "a_b-c.1a", HostKind::name);
    host_is("https://xn--bcher-kva.example", "xn--bcher-kva.example",
            HostKind::name);
    host_is("https://192.0.2.1", "192.0.2.1", HostKind::ipv4);
    host_is("https://[2001:DB8::1]/", "2001:db8::1", HostKind::ipv6);
    host_is("https://[::ffff:192.0.2.1]:1/", "::ffff:192.0.2.1",
            HostKind::ipv6);

    refuse("https://", UrlError::host_missing);
    refuse("https:///", UrlError::host_missing);
    refuse("https://:443/", UrlError::host_missing);
    refuse("https://?a", UrlError::host_missing);
    for (const char *text :
         {"https://.", "https://..", "https://a..b", "https://.a", "https://-a",
          "https://a-", "https://a%2eb", "https://a,b", "https://[::1",
          "https://[]", "https://[::1]a", "https://[::1]]", "https://[1.2.3.4]",
          "https://[v1.a]", "https://[::1%25lo]", "https://[:::1]",
          "https://::1", "https://a]"}) {
        const auto url = parse_url(text);
        assert_false(bool(url));
    }
}

void what_ends_in_a_number_is_a_whole_ipv4_address(void **) {
    for (const char *text :
         {"https://1", "https://127.1", "https://1.2.3", "https://1.2.3.4.5",
          "https://1.2.3.256", "https://01.2.3.4", "https://0x7f.1",
          "https://0x7f000001", "https://a.1", "https://a.0x1",
          "https://1.2.3.0x", "https://1.2.3.08"}) {
        refuse(text, UrlError::host);
    }
    host_is("https://1.2.3.4.", "1.2.3.4", HostKind::ipv4);
    host_is("https://1.2.3.4a", "1.2.3.4a", HostKind::name);
    host_is("https://1.2.3.0xg", "1.2.3.0xg", HostKind::name);
}

void labels_and_names_have_a_limit(void **) {
    const std::string label(63, 'a');
    accept("https://" + label);
    refuse("https://" + label + "a", UrlError::host);

    const std::string name =
        label + "." + label + "." + label + "." + std::string(61, 'b');
    accept("https://" + name);
    refuse("https://" + name + "b", UrlError::host);
}

void ports(void **) {
    assert_int_equal(accept("https://a").port, 443);
    assert_int_equal(accept("http://a").port, 80);
    assert_int_equal(accept("https://a:").port, 443);
    assert_int_equal(accept("https://a:1").port, 1);
    assert_int_equal(accept("https://a:65535").port, 65535);
    assert_int_equal(accept("https://a:00080").port, 80);
    for (const char *text :
         {"https://a:0", "https://a:65536", "https://a:4294967297",
          "https://a:18446744073709551617", "https://a:-1", "https://a:+1",
          "https://a:1a", "https://a:1:2", "https://[::1]:x"}) {
        refuse(text, UrlError::port);
    }
}

void targets(void **) {
    target_is("https://a", "/");
    target_is("https://a/", "/");
    target_is("https://a?b=c", "/?b=c");
    target_is("https://a/b/c%20d?e=f&g=/?@:", "/b/c%20d?e=f&g=/?@:");
    target_is("https://a//b/../c", "//b/../c");
}

void authorities(void **) {
    authority_is("https://a/", "a", "a:443");
    authority_is("https://a:443/", "a", "a:443");
    authority_is("https://a:80/", "a:80", "a:80");
    authority_is("http://a:80/", "a", "a:80");
    authority_is("https://[::1]/", "[::1]", "[::1]:443");
    authority_is("https://[::1]:8443/", "[::1]:8443", "[::1]:8443");
}

void userinfo_and_fragment_are_refused(void **) {
    refuse("https://user@a/", UrlError::userinfo);
    refuse("https://user:password@a/", UrlError::userinfo);
    refuse("https://@a/", UrlError::userinfo);
    accept("https://a/user@b");
    refuse("https://a/#", UrlError::fragment);
    refuse("https://a#b", UrlError::fragment);
}

void characters(void **) {
    for (int c = 0; c < 256; ++c) {
        const std::string text = "https://a/b" + std::string(1, char(c)) + "c";
        const bool is_fine =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
            (c >= 'a' && c <= 'z') ||
            (c != 0 && std::string_view("-._~:/?@!$&'()*+,;=").find(char(c)) !=
                           std::string_view::npos);
        if (c == '#') {
            refuse(text, UrlError::fragment);
        } else if (is_fine) {
            accept(text);
        } else {
            refuse(text, UrlError::bad_character);
        }
    }
    accept("https://a/%0a");
    for (const char *text : {"https://a/%", "https://a/%0", "https://a/%0g",
                             "https://a/%%20", "https://a\\@b/"}) {
        refuse(text, UrlError::bad_character);
    }
}

void urls_have_a_limit(void **) {
    const std::string text = "https://a/" + std::string(kMaxUrlBytes - 10, 'b');
    accept(text);
    refuse(text + "b", UrlError::too_long);
}

void loopback_addresses(void **) {
    for (const char *address :
         {"127.0.0.1", "127.255.255.254", "::1", "0:0:0:0:0:0:0:1",
          "::ffff:127.0.0.1", "::FFFF:7f00:1"}) {
        assert_true(is_loopback_address(address));
    }
    for (const char *address :
         {"", "localhost", "126.255.255.255", "128.0.0.1", "0.0.0.0",
          "::", "::2", "1::1", "::ffff:126.0.0.1", "::127.0.0.1", "127.1",
          "[::1]", "127.0.0.1 ", "::1%lo"}) {
        assert_false(is_loopback_address(address));
    }
    assert_false(is_loopback_address(std::string_view("127.0.0.1\0", 10)));
}

void transport_is(std::string_view text, Transport expected) {
    assert_int_equal(static_cast<int>(transport(accept(text))),
                     static_cast<int>(expected));
}

void plain_http_is_for_the_loopback(void **) {
    transport_is("https://a/", Transport::tls);
    transport_is("https://127.0.0.1/", Transport::tls);
    transport_is("http://127.0.0.1/", Transport::loopback);
    transport_is("http://[::1]:8080/", Transport::loopback);
    transport_is("http://LOCALHOST./", Transport::loopback);
    transport_is("http://a/", Transport::insecure);
    transport_is("http://10.0.0.1/", Transport::insecure);
    transport_is("http://localhost.example/", Transport::insecure);
    transport_is("http://127.0.0.1.example/", Transport::insecure);
}

}  // namespace

void user_names_and_passwords_are_not_shown(void **) {
    const auto is = [](std::string_view text, const char *shown) {
        assert_string_equal(without_userinfo(text).c_str(), shown);
    };
    is("https://op.example/a?b", "https://op.example/a?b");
    is("https://user:pass@op.example/a", "https://***@op.example/a");
    is("https://user@op.example", "https://***@op.example");
    is("https://us er:p/a?s#s@w@op.example/", "https://***@op.example/");
    is("user:pass@op.example", "***@op.example");
    is("user:p://a@op.example", "***@op.example");
    is("user@op.example/://", "***@op.example/://");
    is("@", "***@");
    is("", "");
}

int main() {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_scheme_is_http_or_https),
        cmocka_unit_test(hosts),
        cmocka_unit_test(what_ends_in_a_number_is_a_whole_ipv4_address),
        cmocka_unit_test(labels_and_names_have_a_limit),
        cmocka_unit_test(ports),
        cmocka_unit_test(targets),
        cmocka_unit_test(authorities),
        cmocka_unit_test(userinfo_and_fragment_are_refused),
        cmocka_unit_test(characters),
        cmocka_unit_test(urls_have_a_limit),
        cmocka_unit_test(loopback_addresses),
        cmocka_unit_test(plain_http_is_for_the_loopback),
        cmocka_unit_test(user_names_and_passwords_are_not_shown),
    };
    return cmocka_run_group_tests_name("url", tests, nullptr, nullptr);
}
