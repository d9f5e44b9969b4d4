#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
#include <type_traits>
extern "C" {
#include <cmocka.h>
}

#include "idt_keys/lease.h"
#include "idt_keys/tally.h"

using namespace id_token;

namespace {

static_assert(std::is_trivially_copyable_v<Lease>);
static_assert(std::is_trivially_copyable_v<Tally>);

void zero_is_free(void **) {
    const Lease lease{};
    assert_true(lease.state(false, false) == LeaseState::free);
    assert_false(lease.may_be_held(0));
    assert_true(lease.state(true, false) == LeaseState::lost);
}

void it_is_held_until_its_deadline(void **) {
    Lease lease{};
    const std::uint64_t number = lease.take(true, 7, 1000, 5000);
    assert_true(lease.is_owned(7, number));
    assert_false(lease.is_owned(8, number));
    assert_false(lease.is_owned(7, number + 1));
    assert_true(lease.may_be_held(1000 + 5000 + kLeaseSlack - 1));
    assert_false(lease.may_be_held(1000 + 5000 + kLeaseSlack));
    assert_true(lease.state(true, true) == LeaseState::held);
    assert_true(lease.state(true, false) == LeaseState::lost);
    assert_true(lease.state(false, true) == LeaseState::free);
}

void who_took_it_over_owns_it(void **) {
    Lease lease{};
    const std::uint64_t first = lease.take(true, 7, 0, 5000);
    const std::uint64_t second = lease.take(false, 7, 100, 5000);
    assert_false(lease.is_owned(7, first));
    assert_true(lease.is_owned(7, second));
}

void an_attempt_that_kills_its_owners_is_given_up(void **) {
    Lease lease{};
    (void)lease.take(true, 1, 0, 0);
    for (std::uint32_t n = 0; n < kMaxLost; ++n) {
        assert_true(lease.state(true, false) == LeaseState::lost);
        (void)lease.take(false, 2 + n, 0, 0);
    }
    assert_true(lease.state(true, false) == LeaseState::hopeless);
    assert_true(lease.state(true, true) == LeaseState::held);
    lease.end();
    assert_int_equal(lease.owner(), 0);
    (void)lease.take(true, 9, 0, 0);
    assert_true(lease.state(true, false) == LeaseState::lost);
}

void who_gives_it_back_is_not_lost(void **) {
    Lease lease{};
    (void)lease.take(true, 1, 0, 0);
    for (int n = 0; n < 10; ++n) {
        lease.give_back();
        assert_false(lease.may_be_held(0));
        assert_true(lease.state(true, false) == LeaseState::lost);
        (void)lease.take(false, 2, 0, 0);
    }
}

void a_tally_is_told_at_once_and_then_by_the_minute(void **) {
    Tally tally{};
    assert_false(tally.due().has_value());
    assert_int_equal(tally.take(-5), 0);
    tally.add();
    assert_int_equal(tally.due().value_or(1), 0);
    assert_int_equal(tally.take(-5), 1);
    assert_int_equal(tally.take(100'000), 0);
    assert_false(tally.due().has_value());
    tally.add();
    tally.add();
    assert_int_equal(tally.due().value_or(0), 59'995);
    assert_int_equal(tally.take(59'994), 0);
    assert_int_equal(tally.take(59'995), 2);
    assert_int_equal(tally.take(200'000), 0);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(zero_is_free),
        cmocka_unit_test(it_is_held_until_its_deadline),
        cmocka_unit_test(who_took_it_over_owns_it),
        cmocka_unit_test(an_attempt_that_kills_its_owners_is_given_up),
        cmocka_unit_test(who_gives_it_back_is_not_lost),
        cmocka_unit_test(a_tally_is_told_at_once_and_then_by_the_minute),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
