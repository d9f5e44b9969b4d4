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

void backoff_doubles_up_to_five_minutes(void **) {
    for (const std::uint32_t random : {0u, 1u, 123'456'789u, UINT32_MAX}) {
        std::int64_t longest = 1000;
        for (std::uint32_t n = 1; n < 40; ++n) {
            const std::int64_t ms = backoff(n, random);
            assert_true(ms >= longest / 2 && ms <= longest);
            longest = std::min<std::int64_t>(300'000, longest * 2);
        }
    }
    assert_true(backoff(0, 0) >= 500);
    assert_true(backoff(UINT32_MAX, 0) >= 150'000);
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
    s.failed(0, 500);
    assert_int_equal(s.failures, 1);
    assert_true(s.in_backoff(999));
    assert_false(s.due(999));
    assert_false(s.in_backoff(1000));
    assert_true(s.due(1000));
    s.failed(1000, 1000);
    assert_true(s.in_backoff(2999));
    assert_true(s.due(3000));
    s.succeeded(3000, kRules, std::nullopt, 0, 0);
    assert_int_equal(s.failures, 0);
    assert_false(s.in_backoff(3000));
    s.failures = UINT32_MAX;
    s.failed(0, 0);
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
    s.adopted(0, {3'600'000, 30'000, 86'400'000});
    assert_int_equal(s.next_fetch, 900'000);
    s.adopted(0, {60'000, 30'000, 86'400'000});
    assert_int_equal(s.next_fetch, 60'000);
    s.failed(70'000, 500);
    s.adopted(70'000, {10'000, 5'000, 86'400'000});
    assert_int_equal(s.next_fetch, 71'000);
}

void a_set_that_is_lost_is_fetched_when_the_backoff_allows_it(void **) {
    RefreshState s{};
    s.succeeded(1000, kRules, std::nullopt, 0, 0);
    assert_true(s.take(1000, kRules, 1));
    s.dropped();
    assert_false(s.has_set);
    assert_true(s.due(1000));
    assert_int_equal(s.bucket, 31'000);
    s.failed(2000, 500);
    s.dropped();
    assert_false(s.due(2999));
    assert_true(s.due(3000));
}

void a_shorter_min_interval_frees_the_bucket(void **) {
    RefreshState s{};
    for (std::uint64_t kid = 1; kid <= 3; ++kid) {
        assert_true(s.take(0, kRules, kid));
    }
    s.adopted(1000, kRules);
    assert_false(s.take(29'999, kRules, 4));
    const RefreshRules shorter{900'000, 1000, 86'400'000};
    s.adopted(1000, shorter);
    assert_false(s.take(1999, shorter, 4));
    assert_true(s.take(2000, shorter, 4));
    s.adopted(1'000'000, shorter);
    assert_true(s.bucket < 1'000'000);
}

void the_bucket_holds_three_and_refills_by_one(void **) {
    RefreshState s{};
    std::uint64_t kid = 0;
    assert_true(s.take(0, kRules, ++kid));
    assert_true(s.take(0, kRules, ++kid));
    assert_true(s.take(0, kRules, ++kid));
    assert_false(s.take(0, kRules, ++kid));
    assert_false(s.take(29'999, kRules, ++kid));
    assert_true(s.take(30'000, kRules, ++kid));
    assert_false(s.take(30'000, kRules, ++kid));
    assert_true(s.take(60'000, kRules, ++kid));
    // Idle long enough, it is full again, and no fuller.
    assert_true(s.take(1'000'000, kRules, ++kid));
    assert_true(s.take(1'000'000, kRules, ++kid));
    assert_true(s.take(1'000'000, kRules, ++kid));
    assert_false(s.take(1'000'000, kRules, ++kid));
}

void the_last_one_is_for_a_kid_that_had_none(void **) {
    RefreshState s{};
    const std::uint64_t a = kid_id("a");
    assert_true(s.take(0, kRules, a));
    assert_true(s.take(0, kRules, a));
    assert_false(s.take(0, kRules, a));
    assert_true(s.take(0, kRules, kid_id("b")));
    assert_false(s.take(0, kRules, kid_id("c")));
    assert_false(s.take(30'000, kRules, a));
    assert_true(s.take(30'000, kRules, kid_id("c")));
    assert_false(s.take(60'000, kRules, a));
    assert_true(s.take(90'000, kRules, a));
}

void a_kid_is_forgotten_after_sixteen_others(void **) {
    RefreshState s{};
    std::int64_t now = 0;
    const auto take_last = [&s, &now](std::uint64_t kid) {
        now += kRules.min_interval;
        s.bucket = now + 2 * kRules.min_interval;
        return s.take(now, kRules, kid);
    };
    assert_true(take_last(1));
    for (std::uint64_t other = 2; other <= kAskedKids; ++other) {
        assert_true(take_last(other));
    }
    assert_false(take_last(1));
    assert_true(take_last(kAskedKids + 1));
    assert_true(take_last(1));
    assert_false(take_last(3));
}

void a_withdrawn_kid_has_had_its_fetch(void **) {
    RefreshState s{};
    const std::uint64_t gone[] = {kid_id("a"), kid_id("a"), kid_id("b")};
    s.withdrawn(gone);
    assert_int_equal(s.bucket, 0);
    assert_true(s.take(0, kRules, gone[0]));
    assert_true(s.take(0, kRules, gone[2]));
    assert_false(s.take(0, kRules, gone[0]));
    assert_true(s.take(0, kRules, kid_id("c")));
}

void a_set_withdraws_no_more_than_half_of_what_is_remembered(void **) {
    RefreshState s{};
    std::uint64_t gone[kAskedKids + 1];
    for (std::uint64_t &kid : gone) {
        kid = 100 + static_cast<std::uint64_t>(&kid - gone);
    }
    assert_true(s.take(0, kRules, 1));
    s.withdrawn(gone);
    assert_true(s.take(0, kRules, 2));
    assert_false(s.take(0, kRules, 1));
    assert_false(s.take(0, kRules, gone[kWithdrawnKids - 1]));
    assert_true(s.take(0, kRules, gone[kWithdrawnKids]));
    s.withdrawn({});
}

void kids_are_told_apart(void **) {
    const std::string same(64, 'x');
    assert_true(kid_id("a") != kid_id("c"));
    assert_true(kid_id("") != 0);
    assert_true(kid_id(same + "1") == kid_id(same + "2"));
    assert_true(kid_id(same) != kid_id(same.substr(1)));
}

void whatever_arrives_the_bucket_bounds_the_fetches(void **) {
    for (const bool random : {false, true}) {
        RefreshState s{};
        int fetches = 0;
        for (std::int64_t now = 0; now < 600'000; ++now) {
            const auto kid = static_cast<std::uint64_t>(now) + 1;
            fetches += s.take(now, kRules, random ? kid : 1);
        }
        assert_int_equal(fetches, random ? 3 + 19 : 2 + 19);
    }
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
        cmocka_unit_test(backoff_doubles_up_to_five_minutes),
        cmocka_unit_test(zero_is_the_state_before_the_first_fetch),
        cmocka_unit_test(success_sets_the_next_fetch),
        cmocka_unit_test(failures_are_followed_by_backoff_until_success),
        cmocka_unit_test(a_restored_set_keeps_its_age_and_is_fetched_at_once),
        cmocka_unit_test(a_shorter_refresh_counts_after_a_reload),
        cmocka_unit_test(
            a_set_that_is_lost_is_fetched_when_the_backoff_allows_it),
        cmocka_unit_test(a_shorter_min_interval_frees_the_bucket),
        cmocka_unit_test(the_bucket_holds_three_and_refills_by_one),
        cmocka_unit_test(the_last_one_is_for_a_kid_that_had_none),
        cmocka_unit_test(a_kid_is_forgotten_after_sixteen_others),
        cmocka_unit_test(a_withdrawn_kid_has_had_its_fetch),
        cmocka_unit_test(
            a_set_withdraws_no_more_than_half_of_what_is_remembered),
        cmocka_unit_test(kids_are_told_apart),
        cmocka_unit_test(whatever_arrives_the_bucket_bounds_the_fetches),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
