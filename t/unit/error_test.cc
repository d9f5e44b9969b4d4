#include "idt_base/error.h"

#include <set>

#include "idt_base/result.h"
#include "unit/support.h"

using namespace id_token;

namespace {

constexpr int kCount = 0
#define X(name, answer, description) +1
    ID_TOKEN_ERRORS(X)
#undef X
    ;

// RFC 6750 3: %x20-21 / %x23-5B / %x5D-7E
bool fit_for_a_challenge(std::string_view text) {
    for (const char c : text) {
        if (c < 0x20 || c > 0x7e || c == '"' || c == '\\') {
            return false;
        }
    }
    return !text.empty();
}

void every_reason_has_the_row_of_its_name(void **) {
#define X(reason, kind, text)                                                  \
    assert_text(error_row(Error::reason).name, #reason);                       \
    assert_text(error_row(Error::reason).description, text);                   \
    assert_true(error_row(Error::reason).answer == Answer::kind);
    ID_TOKEN_ERRORS(X)
#undef X
}

void names_differ(void **) {
    std::set<std::string_view> names;
    for (int i = 0; i < kCount; i++) {
        names.insert(error_row(static_cast<Error>(i)).name);
    }
    assert_int_equal(names.size(), kCount);
}

void descriptions_fit_into_a_challenge(void **) {
    for (int i = 0; i < kCount; i++) {
        const ErrorRow &row = error_row(static_cast<Error>(i));
        assert_true(fit_for_a_challenge(row.name));
        assert_true(fit_for_a_challenge(row.description));
    }
    assert_false(fit_for_a_challenge("a \"quoted\" word"));
}

void only_ok_means_that_nothing_is_wrong(void **) {
    assert_true(error_row(Error::ok).answer == Answer::none);
    for (int i = 1; i < kCount; i++) {
        assert_true(error_row(static_cast<Error>(i)).answer != Answer::none);
    }
}

void a_result_is_a_value_or_a_reason(void **) {
    const Result<int> value = 7;
    assert_true(static_cast<bool>(value));
    assert_int_equal(*value, 7);

    const Result<int> reason = Error::expired;
    assert_false(static_cast<bool>(reason));
    assert_reason(reason.error(), Error::expired);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_has_the_row_of_its_name),
        cmocka_unit_test(names_differ),
        cmocka_unit_test(descriptions_fit_into_a_challenge),
        cmocka_unit_test(only_ok_means_that_nothing_is_wrong),
        cmocka_unit_test(a_result_is_a_value_or_a_reason),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
