#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
#include <string>
#include <type_traits>
extern "C" {
#include <cmocka.h>
}

#include "idt_keys/kid_table.h"

using namespace id_token;

namespace {

constexpr SipKey kSecret{1, 2};

// A hash whose set is known.
std::uint64_t kid_of(std::uint64_t set, std::uint64_t n) {
    return (n * 16 + set) * 2 + 1;
}

void kids_are_told_apart(void **) {
    const std::string same(64, 'x');
    assert_true(kid_hash(kSecret, "a") != kid_hash(kSecret, "b"));
    assert_true(kid_hash(kSecret, "a") == kid_hash(kSecret, "a"));
    // The whole counts, however long it is.
    assert_true(kid_hash(kSecret, same + "1") != kid_hash(kSecret, same + "2"));
    assert_true(kid_hash(kSecret, "") != kid_hash(kSecret, std::nullopt));
    assert_true(kid_hash(kSecret, "") != 0);
    assert_true(kid_hash(kSecret, "a") != kid_hash({1, 3}, "a"));
    assert_true(kid_hash(kSecret, std::nullopt) !=
                kid_hash({1, 3}, std::nullopt));
}

void what_was_put_is_found(void **) {
    KidTable<16, 4> table{};
    static_assert(std::is_trivially_copyable_v<KidTable<16, 4>>);
    assert_int_equal(table.find(kid_of(3, 1)), 0);
    table.put(kid_of(3, 1), 7);
    assert_int_equal(table.find(kid_of(3, 1)), 7);
    assert_int_equal(table.find(kid_of(3, 2)), 0);
    assert_int_equal(table.find(kid_of(4, 1)), 0);
    table.put(kid_of(3, 1), 9);
    assert_int_equal(table.find(kid_of(3, 1)), 9);
}

void the_oldest_makes_room(void **) {
    KidTable<16, 4> table{};
    for (std::uint64_t n = 1; n <= 4; ++n) {
        table.put(kid_of(5, n), 10 + n);
    }
    table.put(kid_of(5, 1), 20);
    table.put(kid_of(5, 9), 21);
    assert_int_equal(table.find(kid_of(5, 2)), 0);
    assert_int_equal(table.find(kid_of(5, 1)), 20);
    assert_int_equal(table.find(kid_of(5, 3)), 13);
    assert_int_equal(table.find(kid_of(5, 4)), 14);
    assert_int_equal(table.find(kid_of(5, 9)), 21);
}

void all_places_are_used(void **) {
    KidTable<16, 4> table{};
    for (std::uint64_t n = 0; n < 64; ++n) {
        table.put(kid_of(n % 16, n / 16 + 1), 1);
    }
    for (std::uint64_t n = 0; n < 64; ++n) {
        assert_int_equal(table.find(kid_of(n % 16, n / 16 + 1)), 1);
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(kids_are_told_apart),
        cmocka_unit_test(what_was_put_is_found),
        cmocka_unit_test(the_oldest_makes_room),
        cmocka_unit_test(all_places_are_used),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
