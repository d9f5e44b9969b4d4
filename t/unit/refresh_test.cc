#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
#include <string>
extern "C" {
#include <cmocka.h>
}

#include "idt_keys/refresh.h"

using namespace id_token;

namespace {

constexpr RefreshRules kRules{15 * 60'000, 30'000, 24 * 3600'000};

std::int64_t max_age(std::string_view field) {
    return parse_max_age(field).value_or(-1);
}

void max_age_is_read(void **) {
    assert_int_equal(max_age("max-age=60"), 60);
    assert_int_equal(max_age("public, MAX-AGE=60 , must-revalidate"), 60);
    assert_int_equal(max_age("max-age=\"60\""), 60);
    assert_int_equal(max_age("no-store, max-age=0"), 0);
    assert_int_equal(max_age(",, ,max-age = 5"), 5);
}

void odd_cache_control_is_survived(void **) {
    assert_int_equal(max_age(""), -1);
    assert_int_equal(max_age("max-age"), -1);
    assert_int_equal(max_age("max-age="), -1);
    assert_int_equal(max_age("max-age=-1"), -1);
    assert_int_equal(max_age("max-age=1.5"), -1);
    assert_int_equal(max_age("max-age=x"), -1);
    assert_int_equal(max_age("s-maxage=60"), -1);
    assert_int_equal(max_age("no-store"), -1);
    assert_int_equal(max_age("private=\"a, max-age=1\""), -1);
    assert_int_equal(max_age("x=\"\\\", max-age=1\", max-age=2"), 2);
    assert_int_equal(max_age("x=\"open, max-age=1"), -1);
    assert_int_equal(max_age("max-age=99999999999999999999999"), 2147483648);
}

void the_smallest_max_age_counts(void **) {
    assert_int_equal(max_age("max-age=60, max-age=30, max-age=90"), 30);
    assert_int_equal(max_age("max-age=x, max-age=90"), 90);
}

void a_set_is_good_for_its_max_age_within_the_bounds(void **) {
    assert_int_equal(good_for(kRules, std::nullopt, 0), 15 * 60'000);
    assert_int_equal(good_for(kRules, 60, 0), 60'000);
    assert_int_equal(good_for(kRules, 3600, 0), 15 * 60'000);
    assert_int_equal(good_for(kRules, 29, 0), 30'000);
    assert_int_equal(good_for(kRules, 0, 0), 30'000);
}

void age_counts(void **) {
    assert_int_equal(good_for(kRules, 100, 40), 60'000);
    assert_int_equal(good_for(kRules, 100, 100), 30'000);
    assert_int_equal(good_for(kRules, 100, INT64_MAX), 30'000);
    assert_int_equal(good_for(kRules, 100, -5), 100'000);
    assert_int_equal(good_for(kRules, std::nullopt, 100), 15 * 60'000);
}

void refreshes_are_spread_over_a_tenth(void **) {
    std::int64_t least = INT64_MAX;
    std::int64_t most = 0;
    for (std::uint32_t random = 0; random < 1'000'000; random += 101) {
        const std::int64_t ms = spread(900'000, kRules, random);
        least = std::min(least, ms);
        most = std::max(most, ms);
    }
    assert_true(most == 900'000);
    assert_true(least >= 810'000 && least < 811'000);
    assert_int_equal(spread(30'000, kRules, 2999), 30'000);
    assert_int_equal(spread(0, {0, 0, 0}, 7), 0);
}

void backoff_doubles_up_to_its_longest(void **) {
    for (const std::int64_t most : {kLongestBackoff, kLongestWithoutKeys}) {
        for (const std::uint32_t random : {0u, 1u, 123'456'789u, UINT32_MAX}) {
            std::int64_t longest = 1000;
            for (std::uint32_t n = 1; n < 40; ++n) {
                const std::int64_t ms = backoff(n, random, most);
                assert_true(ms >= longest / 2 && ms <= longest);
                longest = std::min(most, longest * 2);
            }
        }
    }
    assert_int_equal(kLongestBackoff, 300'000);
    assert_int_equal(kLongestWithoutKeys, 5000);
    assert_true(backoff(0, 0, kLongestBackoff) >= 500);
    assert_true(backoff(UINT32_MAX, 0, kLongestBackoff) >= 150'000);
}

void zero_is_the_state_before_the_first_fetch(void **) {
    const RefreshState s{};
    assert_true(s.due(0));
    assert_false(s.in_backoff(0));
    assert_false(s.has_set);
}

void success_sets_the_next_fetch(void **) {
    RefreshState s{};
    s.succeeded(1000, kRules, 60, 0, 0);
    assert_true(s.has_set);
    assert_int_equal(s.fetched_at, 1000);
    assert_false(s.due(60'999));
    assert_true(s.due(61'000));
}

void failures_are_followed_by_backoff_until_success(void **) {
    RefreshState s{};
    s.failed(0, kRules, 500);
    assert_int_equal(s.failures, 1);
    assert_true(s.in_backoff(999));
    assert_false(s.due(999));
    assert_false(s.in_backoff(1000));
    assert_true(s.due(1000));
    s.failed(1000, kRules, 1000);
    assert_true(s.in_backoff(2999));
    assert_true(s.due(3000));
    s.succeeded(3000, kRules, std::nullopt, 0, 0);
    assert_int_equal(s.failures, 0);
    assert_false(s.in_backoff(3000));
    s.failures = UINT32_MAX;
    s.failed(0, kRules, 0);
    assert_true(s.failures == UINT32_MAX);
}

void a_restored_set_keeps_its_age_and_is_fetched_at_once(void **) {
    RefreshState s{};
    s.restored(1000, 5000);
    assert_true(s.has_set);
    assert_int_equal(s.fetched_at, -4000);
    assert_true(s.due(1000));
}

void a_shorter_refresh_counts_after_a_reload(void **) {
    RefreshState s{};
    s.succeeded(0, kRules, std::nullopt, 0, 0);
    s.adopted({3'600'000, 30'000, 86'400'000});
    assert_int_equal(s.next_fetch, 900'000);
    s.adopted({60'000, 30'000, 86'400'000});
    assert_int_equal(s.next_fetch, 60'000);
    s.failed(70'000, kRules, 500);
    s.adopted({10'000, 5'000, 86'400'000});
    assert_int_equal(s.next_fetch, 71'000);
}

void a_set_that_is_lost_is_fetched_when_the_backoff_allows_it(void **) {
    RefreshState s{};
    s.succeeded(1000, kRules, std::nullopt, 0, 0);
    s.dropped(1000);
    assert_false(s.holds(1000, kRules));
    assert_true(s.due(1000));
    s.failed(2000, kRules, 500);
    s.dropped(2000);
    assert_false(s.due(2999));
    assert_true(s.due(3000));
    s.not_before = 300'000;
    s.dropped(4000);
    assert_false(s.due(8999));
    assert_true(s.due(9000));
}

void a_set_is_held_until_it_is_too_old(void **) {
    RefreshState s{};
    assert_false(s.holds(0, kRules));
    s.succeeded(1000, kRules, std::nullopt, 0, 0);
    assert_true(s.holds(1000 + kRules.max_stale - 1, kRules));
    assert_false(s.holds(1000 + kRules.max_stale, kRules));
}

void without_keys_no_pause_is_longer_than_five_seconds(void **) {
    RefreshState s{};
    for (std::int64_t now = 0; now < 600'000; now = s.next_fetch) {
        s.failed(now, kRules, UINT32_MAX - 7);
        assert_true(s.next_fetch - now <= kLongestWithoutKeys);
        assert_true(s.next_fetch - now >= 500);
    }
}

// A long pause must not begin just before the keys are too old.
void a_pause_ends_soon_after_the_keys_do(void **) {
    RefreshState s{};
    const std::int64_t stale_at = 1000 + kRules.max_stale;
    for (const std::int64_t left : {600'000, 100'000, 10'000, 1, 0, -5000}) {
        s.succeeded(1000, kRules, std::nullopt, 0, 0);
        s.failures = 50;
        const std::int64_t now = stale_at - left;
        s.failed(now, kRules, 0);
        assert_true(s.next_fetch <= now + kLongestBackoff);
        assert_true(s.next_fetch <=
                    std::max(now, stale_at) + kLongestWithoutKeys);
        assert_true(s.next_fetch >= now + 2500);
    }
    s.succeeded(1000, kRules, std::nullopt, 0, 0);
    s.failures = 50;
    s.failed(stale_at - 600'000, kRules, 0);
    assert_int_equal(s.next_fetch, stale_at - 450'000);
}

void a_reload_tries_at_once_after_failures(void **) {
    RefreshState s{};
    s.failed(1000, kRules, 500);
    assert_false(s.due(1100));
    s.reloaded(1100);
    assert_true(s.due(1100));
    assert_false(s.in_backoff(1100));
    assert_int_equal(s.failures, 1);
    s.succeeded(2000, kRules, std::nullopt, 0, 0);
    s.reloaded(2100);
    assert_false(s.due(2100));
    s.failed(3000, kRules, 500);
    s.reloaded(3100);
    assert_true(s.due(3100));
    s.succeeded(4000, kRules, std::nullopt, 0, 0);
    s.gave_up(5000, kRules, 500);
    s.reloaded(5100);
    assert_true(s.due(5100));
}

void what_is_given_up_is_no_failure(void **) {
    RefreshState s{};
    s.succeeded(0, kRules, std::nullopt, 0, 0);
    s.gave_up(0, kRules, 500);
    assert_int_equal(s.failures, 0);
    assert_false(s.due(999));
    assert_true(s.due(1000));
    s.gave_up(1000, kRules, 1000);
    assert_false(s.due(2999));
    assert_true(s.due(3000));
    s.adopted(kRules);
    assert_int_equal(s.next_fetch, 3000);
    s.failed(3000, kRules, 500);
    assert_int_equal(s.failures, 1);
    assert_true(s.due(4000));
    s.gave_up(4000, kRules, 500);
    assert_true(s.due(5000));
    s.given_up = UINT32_MAX;
    s.gave_up(0, kRules, 0);
    assert_true(s.given_up == UINT32_MAX);
    s.succeeded(0, kRules, std::nullopt, 0, 0);
    assert_int_equal(s.given_up, 0);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(max_age_is_read),
        cmocka_unit_test(odd_cache_control_is_survived),
        cmocka_unit_test(the_smallest_max_age_counts),
        cmocka_unit_test(a_set_is_good_for_its_max_age_within_the_bounds),
        cmocka_unit_test(age_counts),
        cmocka_unit_test(refreshes_are_spread_over_a_tenth),
        cmocka_unit_test(backoff_doubles_up_to_its_longest),
        cmocka_unit_test(zero_is_the_state_before_the_first_fetch),
        cmocka_unit_test(success_sets_the_next_fetch),
        cmocka_unit_test(failures_are_followed_by_backoff_until_success),
        cmocka_unit_test(a_restored_set_keeps_its_age_and_is_fetched_at_once),
        cmocka_unit_test(a_shorter_refresh_counts_after_a_reload),
        cmocka_unit_test(
            a_set_that_is_lost_is_fetched_when_the_backoff_allows_it),
        cmocka_unit_test(a_set_is_held_until_it_is_too_old),
        cmocka_unit_test(without_keys_no_pause_is_longer_than_five_seconds),
        cmocka_unit_test(a_pause_ends_soon_after_the_keys_do),
        cmocka_unit_test(a_reload_tries_at_once_after_failures),
        cmocka_unit_test(what_is_given_up_is_no_failure),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
