#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
extern "C" {
#include <cmocka.h>
}

#include "idt_keys/http_request.h"

using namespace id_token;

namespace {

Url url(std::string_view text) {
    const auto parsed = parse_url(text);
    assert_true(bool(parsed));
    return *parsed;
}

void a_get(void **) {
    assert_string_equal(
        get_request(url("https://Op.example:8443/a?b=c"), {}).c_str(),
        "GET /a?b=c HTTP/1.1\r\n"
        "Host: op.example:8443\r\n"
        "User-Agent: nginx-auth-id-token\r\n"
        "Accept: application/json, application/jwk-set+json\r\n"
        "Accept-Encoding: identity\r\n"
        "Connection: close\r\n\r\n");
}

void what_a_get_may_have(void **) {
    RequestOptions options;
    options.through_proxy = true;
    options.no_cache = true;
    const std::string line = field_line("X-Key", "a b");
    options.lines = line;
    assert_string_equal(get_request(url("http://[::1]/a"), options).c_str(),
                        "GET http://[::1]/a HTTP/1.1\r\n"
                        "Host: [::1]\r\n"
                        "User-Agent: nginx-auth-id-token\r\n"
                        "Accept: application/json, application/jwk-set+json\r\n"
                        "Accept-Encoding: identity\r\n"
                        "Cache-Control: no-cache\r\n"
                        "X-Key: a b\r\n"
                        "Connection: close\r\n\r\n");
}

void a_post(void **) {
    assert_string_equal(
        post_request(url("https://op.example/token?x=y"), {}, "a=b&c=d")
            .c_str(),
        "POST /token?x=y HTTP/1.1\r\n"
        "Host: op.example\r\n"
        "User-Agent: nginx-auth-id-token\r\n"
        "Accept: application/json\r\n"
        "Accept-Encoding: identity\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        "Content-Length: 7\r\n"
        "Connection: close\r\n\r\n"
        "a=b&c=d");
    RequestOptions options;
    options.through_proxy = true;
    const std::string line = field_line("Authorization", "Basic eA==");
    options.lines = line;
    const std::string text = post_request(url("http://[::1]/t"), options, "");
    assert_true(text.starts_with("POST http://[::1]/t HTTP/1.1\r\n"));
    assert_true(
        text.ends_with("Content-Length: 0\r\nAuthorization: Basic eA==\r\n"
                       "Connection: close\r\n\r\n"));
}

void a_connect(void **) {
    assert_string_equal(
        connect_request(url("https://op.example/a"), {}).c_str(),
        "CONNECT op.example:443 HTTP/1.1\r\n"
        "Host: op.example:443\r\n\r\n");
    assert_string_equal(
        connect_request(url("https://[::1]:1/"), "A: b\r\n").c_str(),
        "CONNECT [::1]:1 HTTP/1.1\r\nHost: [::1]:1\r\nA: b\r\n\r\n");
}

// The pairs of RFC 7617 2 and 2.1, and the three lengths of a group.
void basic(void **) {
    const auto is = [](std::string_view pair, const char *text) {
        assert_string_equal(basic_credentials(pair).c_str(), text);
    };
    is("Aladdin:open sesame",
       "Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n");
    is("test:123\xc2\xa3", "Proxy-Authorization: Basic dGVzdDoxMjPCow==\r\n");
    is(":", "Proxy-Authorization: Basic Og==\r\n");
    is("a:", "Proxy-Authorization: Basic YTo=\r\n");
    is("a:b", "Proxy-Authorization: Basic YTpi\r\n");
    is("a:~\xff\xfb", "Proxy-Authorization: Basic YTp+//s=\r\n");
    is("", "");
    is("ab", "");
    is("a:b\n", "");
    is("a:b\x7f", "");
    is(std::string_view("a:\0", 3), "");
    assert_false(
        basic_credentials(":" + std::string(kMaxFieldValueBytes - 1, 'a'))
            .empty());
    is(":" + std::string(kMaxFieldValueBytes, 'a'), "");
}

void names_that_may_be_added(void **) {
    for (const char *name :
         {"Authorization", "X-API-Key", "apikey", "Ocp-Apim-Subscription-Key",
          "!#$%&'*+-.^_`|~0Z", "Hosts"}) {
        assert_true(may_be_added(name));
    }
    for (const char *name :
         {"", "a b", "a:", "a\r", "a\n", "a\x01", "\xc3\xa4", "a(", "Host",
          "HOST", "connection", "Content-Length", "Transfer-Encoding", "TE",
          "Upgrade", "Proxy-Authorization", "Accept-Encoding",
          "If-None-Match"}) {
        assert_false(may_be_added(name));
    }
}

void values_that_may_be_sent(void **) {
    for (const char *value : {"a", "Bearer a.b.c", "a\xff", "~"}) {
        assert_true(is_sendable(value));
    }
    for (const char *value :
         {"", " ", " a", "a ", "a\t", "a\r\nX: y", "a\nb", "a\tb", "\x7f"}) {
        assert_false(is_sendable(value));
    }
    assert_false(is_sendable(std::string_view("a\0", 2)));
    assert_true(is_sendable(std::string(kMaxFieldValueBytes, 'a')));
    assert_false(is_sendable(std::string(kMaxFieldValueBytes + 1, 'a')));
}

void the_end_of_a_file_is_no_value(void **) {
    assert_true(file_value("abc\r\n\n") == "abc");
    assert_true(file_value("a \t\n") == "a");
    assert_true(file_value("abc") == "abc");
    assert_true(file_value(" a\nb\n") == " a\nb");
    assert_true(file_value("\r\n").empty());
    assert_true(file_value("").empty());
}

void origins(void **) {
    const Url ours = url("https://op.example/a");
    assert_true(same_origin(ours, url("https://OP.example:443/b?c")));
    assert_false(same_origin(ours, url("http://op.example:443/a")));
    assert_false(same_origin(ours, url("https://op.example:444/a")));
    assert_false(same_origin(ours, url("https://op.example.com/a")));
    assert_false(same_origin(ours, url("https://a.op.example/a")));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_get),
        cmocka_unit_test(what_a_get_may_have),
        cmocka_unit_test(a_post),
        cmocka_unit_test(a_connect),
        cmocka_unit_test(basic),
        cmocka_unit_test(names_that_may_be_added),
        cmocka_unit_test(values_that_may_be_sent),
        cmocka_unit_test(the_end_of_a_file_is_no_value),
        cmocka_unit_test(origins),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
