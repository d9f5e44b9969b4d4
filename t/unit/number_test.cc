// Numbers: the grammar of RFC 8259 6 and exact comparison.

#include "idt_base/number.h"

#include <cstdint>
#include <iterator>
#include <string_view>

#include "unit/support.h"

using namespace id_token;

namespace {

bool below(std::string_view a, std::string_view b) {
    return *parse_number(a) < *parse_number(b);
}

void only_what_json_calls_a_number(void **) {
    for (const char *text :
         {"0", "-0", "7", "-7", "10", "1.0", "0.5", "-0.5", "1.5e3", "1E3",
          "1e+3", "1e-3", "-1.5e3", "0e0", "1e05", "9223372036854775807",
          "123456789012345678901234567890", "1.7976931348623157e308"}) {
        assert_true(parse_number(text).has_value());
    }
    for (const char *text :
         {"",    "-",   "+1",  "1.",   ".5",   "-.5",  "007",   "00",
          "-01", "1e",  "1e+", "1.e3", "e3",   "1.5.", "1 ",    " 1",
          "1x",  "0x1", "inf", "nan",  "-inf", "one",  "1e999", "-1e400"}) {
        assert_false(parse_number(text).has_value());
    }
}

void whole_numbers_of_64_bits_are_kept(void **) {
    assert_true(parse_number("9007199254740993")->integer == 9007199254740993);
    assert_true(parse_number("-9223372036854775808")->integer == INT64_MIN);
    assert_true(parse_number("1e3")->integer == 1000);
    assert_true(parse_number("9007199254740992.0")->integer ==
                9007199254740992);
    assert_false(parse_number("9223372036854775808")->integer.has_value());
    assert_false(parse_number("1e19")->integer.has_value());
    assert_false(parse_number("0.5")->integer.has_value());
    assert_true(parse_number("0.5")->real == 0.5);
    assert_true(parse_number("9223372036854775808")->real == 0x1p63);
}

void the_order_is_exact(void **) {
    const char *ascending[] = {"-1e300",
                               "-9223372036854775809e1",
                               "-9223372036854775808",
                               "-9223372036854775807",
                               "-9007199254740993",
                               "-9007199254740992",
                               "-0.5",
                               "0",
                               "1e-300",
                               "0.5",
                               "1",
                               "1.5",
                               "9007199254740992",
                               "9007199254740993",
                               "9007199254740994.0",
                               "9223372036854775806",
                               "9223372036854775807",
                               "1e19",
                               "1e300"};
    for (std::size_t i = 0; i < std::size(ascending); i++) {
        for (std::size_t j = 0; j < std::size(ascending); j++) {
            assert_int_equal(below(ascending[i], ascending[j]), i < j);
        }
    }
    assert_false(below("1", "1.0") || below("1.0", "1"));
    assert_false(below("0", "-0") || below("-0", "0"));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(only_what_json_calls_a_number),
        cmocka_unit_test(whole_numbers_of_64_bits_are_kept),
        cmocka_unit_test(the_order_is_exact),
    };
    return cmocka_run_group_tests_name("number", tests, nullptr, nullptr);
}
