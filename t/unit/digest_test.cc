#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
extern "C" {
#include <cmocka.h>
}

#include "idt_lib/digest.h"

#include "idt_base/base64url.h"
#include "unit/support.h"

using namespace id_token;

namespace {

std::string hex(const Sha256 &bytes) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string out;
    for (const unsigned char byte : bytes) {
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
    return out;
}

// FIPS 180-4, the examples of NIST.
void sha256_is_that_of_the_standard(void **) {
    assert_text(
        sha256_hex("abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_text(
        hex(sha256("")),
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

// RFC 4231 4.2, 4.3, 4.7 (a key longer than a block).
void hmac_is_that_of_the_standard(void **) {
    assert_text(
        hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_text(
        hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_text(
        hex(hmac_sha256(
            std::string(131, '\xaa'),
            "Test Using Larger Than Block-Size Key - Hash Key First")),
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

void texts_are_equal_or_not(void **) {
    assert_true(equal_in_constant_time("", ""));
    assert_true(equal_in_constant_time("abc", "abc"));
    assert_false(equal_in_constant_time("abc", "abd"));
    assert_false(equal_in_constant_time("abc", "ab"));
    assert_false(equal_in_constant_time("", "a"));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(sha256_is_that_of_the_standard),
        cmocka_unit_test(hmac_is_that_of_the_standard),
        cmocka_unit_test(texts_are_equal_or_not),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
