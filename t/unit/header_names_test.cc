// Names of headers, as those behind us may read them.

#include "idt_token/header_names.h"

#include "unit/support.h"

using namespace id_token;

namespace {

void a_name_has_many_spellings(void **) {
    for (const char *name : {"X-ID-Token", "x-id-token", "X_ID_Token",
                             "x.id~token", "X-ID-Token[]", "X-ID-Token[0]",
                             "X-ID-Token;x", "X-ID-Token x", "x_id_token(1)"}) {
        assert_true(passes_for_header(name, "X-ID-Token"));
    }
    for (const char *name :
         {"X-ID-Toke", "X-ID-Tokens", "X-ID-Token-", "X-ID-Token_1",
          "X-IDxToken", "XID-Token", "[]", ""}) {
        assert_false(passes_for_header(name, "X-ID-Token"));
    }
}

void some_headers_are_no_source(void **) {
    for (const char *name : {"X-ID-Token", "x-amzn-oidc-data", "ID_Token",
                             "Security", "Proxies", "Hosts"}) {
        assert_true(may_carry_token(name));
    }
    for (const char *name : {"",
                             "a b",
                             "a:b",
                             "a[]",
                             "Cookie",
                             "COOKIE2",
                             "Authorization",
                             "Host",
                             "origin",
                             "Referer",
                             "Sec-Fetch-Site",
                             "sec-x",
                             "Connection",
                             "Keep-Alive",
                             "Proxy",
                             "Proxy-Authorization",
                             "TE",
                             "Trailer",
                             "Transfer-Encoding",
                             "Upgrade",
                             "Expect",
                             "Content-Length",
                             "Content-Type",
                             "WWW-Authenticate"}) {
        assert_false(may_carry_token(name));
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_name_has_many_spellings),
        cmocka_unit_test(some_headers_are_no_source),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
