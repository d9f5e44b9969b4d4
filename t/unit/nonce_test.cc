// A nonce beside the value that it is made of: OIDC Core 15.5.2.

#include "idt_token/nonce.h"

#include <string>

#include "unit/support.h"

using namespace id_token;

namespace {

// SHA-256 of "abc", FIPS 180-4 appendix.
const std::string kHex =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const std::string kBase64url = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0";

void matches(std::string_view nonce, std::string_view value) {
    const auto result = nonce_matches(nonce, value);
    assert_true(bool(result));
    assert_true(*result);
}

void differs(std::string_view nonce, std::string_view value) {
    const auto result = nonce_matches(nonce, value);
    assert_true(bool(result));
    assert_false(*result);
}

void a_hash_matches_its_value(void **) {
    matches(kBase64url, "abc");
    matches(kHex, "abc");
    differs(kBase64url, "abd");
    differs(kHex, "abd");
    differs(kHex.substr(0, 63) + "e", "abc");
    differs(kBase64url.substr(0, 42) + "1", "abc");
}

void a_plain_nonce_matches_itself(void **) {
    matches("n-0S6_WzA2Mj", "n-0S6_WzA2Mj");
    differs("n-0S6_WzA2Mj", "n-0S6_WzA2Mk");
    differs("n-0S6_WzA2Mj", "n-0S6_WzA2M");
    differs("abc", kHex);
}

void a_hash_never_matches_itself(void **) {
    differs(kBase64url, kBase64url);
    differs(kHex, kHex);
    // not what SHA-256 looks like
    matches(kBase64url + "x", kBase64url + "x");
    matches("BA" + kHex.substr(2), "BA" + kHex.substr(2));
}

void nothing_matches_nothing(void **) {
    differs("", "");
    differs("", "a");
    differs("a", "");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_matches_its_value),
        cmocka_unit_test(a_plain_nonce_matches_itself),
        cmocka_unit_test(a_hash_never_matches_itself),
        cmocka_unit_test(nothing_matches_nothing),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
