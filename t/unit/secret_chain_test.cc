#include "idt_login/secret_chain.h"

#include "idt_base/base64url.h"
#include "idt_lib/digest.h"
#include "unit/support.h"

using namespace id_token;

namespace {

std::string secret_of(unsigned char byte) {
    unsigned char random[kLoginRandomBytes];
    std::fill(std::begin(random), std::end(random), byte);
    return login_secret(random);
}

void the_secret_is_all_the_random_bytes(void **) {
    assert_text(secret_of(0), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_text(secret_of(0xff), "__________________________________________8");
    assert_true(is_login_value(secret_of(7)));
}

// Worked out with: printf %s R | openssl dgst -sha256 -binary (and -hmac R).
void values_are_derived_each_in_its_way(void **) {
    const std::string r = secret_of(0);
    assert_text(login_nonce(r), "DwBzhbb51LfusnSGBa_hqYSgo7-j8BTQnip4TOnlzRo");
    assert_text(login_state(r), "QvuANZlKAXxokvtCvT6OhsJmK6US_Glz8hOf104DW7U");
    assert_text(pkce_verifier(r),
                "bcthcwXAoZFlwhoW7nDuyqovCwL5IvITE2ZjlW5MdX8");
}

// RFC 7636 appendix B.
void the_challenge_is_that_of_the_standard(void **) {
    assert_text(pkce_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
                "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}

void no_value_is_another(void **) {
    const std::string r = secret_of(1);
    const std::string values[] = {r, login_nonce(r), login_state(r),
                                  pkce_verifier(r),
                                  pkce_challenge(pkce_verifier(r))};
    for (const auto &a : values) {
        assert_true(is_login_value(a));
        for (const auto &b : values) {
            assert_true(&a == &b || a != b);
        }
    }
    assert_true(login_state(r) != login_state(secret_of(2)));
}

void the_form_is_checked(void **) {
    const std::string good(43, 'A');
    assert_true(is_login_value(good));
    assert_false(is_login_value(good.substr(1)));
    assert_false(is_login_value(good + "A"));
    assert_false(is_login_value(good.substr(1) + "="));
    assert_false(is_login_value(good.substr(1) + "B"));  // unused bits
    assert_false(is_login_value(""));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_secret_is_all_the_random_bytes),
        cmocka_unit_test(values_are_derived_each_in_its_way),
        cmocka_unit_test(the_challenge_is_that_of_the_standard),
        cmocka_unit_test(no_value_is_another),
        cmocka_unit_test(the_form_is_checked),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
