#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
#include <type_traits>
#include <vector>
extern "C" {
#include <cmocka.h>
}

#include "idt_keys/demand.h"

using namespace id_token;

namespace {

constexpr RefreshRules kRules{15 * 60'000, 30'000, 24 * 3600'000};

static_assert(std::is_trivially_copyable_v<Demand>);

// A demand with its attempts: each question is that of another request.
struct Source {
    Demand demand{};
    std::uint64_t attempt = 0;
    bool running = false;

    Ask done(std::int64_t now, Ask ask) {
        if (ask == Ask::begin) {
            begin(now);
        }
        return ask;
    }
    Ask unknown(std::int64_t now, std::uint64_t kid) {
        Presented presented = 0;
        return unknown(now, kid, presented);
    }
    Ask unknown(std::int64_t now, std::uint64_t kid, Presented &presented) {
        return done(now,
                    demand.unknown_kid(now, kRules, kid, running, presented));
    }
    Ask replaced(std::int64_t now) {
        Presented presented = 0;
        return replaced(now, presented);
    }
    Ask replaced(std::int64_t now, Presented &presented) {
        return done(now, demand.replaced_key(now, kRules, running, presented));
    }
    Ask no_keys(std::int64_t now, bool in_backoff) {
        return done(now, demand.no_keys(now, kRules, running, in_backoff));
    }
    void begin(std::int64_t now) {
        assert_false(running);
        demand.began(now, kRules, ++attempt);
        running = true;
    }
    void end(bool good, std::vector<std::uint64_t> withdrawn = {}) {
        assert_true(running);
        running = false;
        if (good) {
            demand.succeeded(withdrawn);
        }
    }
    // By the clock, and of no use to anybody who asked.
    void refresh(std::int64_t now) {
        begin(now);
        end(true);
    }
    // Empties the bucket.
    void drain(std::int64_t now) {
        for (int n = 0; n < 3; ++n) {
            assert_true(unknown(now, next_kid) == Ask::begin);
            end(true);
            next_kid += 2;
        }
    }
    std::uint64_t next_kid = 1'000'001;
};

#define ASSERT_ASK(ask, expected) assert_int_equal(int(ask), int(expected))

void an_unknown_kid_has_a_fetch_and_then_the_verdict(void **) {
    Source s;
    s.refresh(0);
    Presented presented = 0;
    ASSERT_ASK(s.unknown(10, 1, presented), Ask::begin);
    assert_true(s.demand.fresh());
    ASSERT_ASK(s.unknown(11, 1), Ask::wait);
    s.end(true);
    ASSERT_ASK(s.unknown(12, 1, presented), Ask::judged);
    ASSERT_ASK(s.unknown(13, 1), Ask::judged);
}

void a_fetch_that_began_before_is_joined_and_does_not_count(void **) {
    Source s;
    ASSERT_ASK(s.unknown(0, 1), Ask::begin);
    Presented presented = 0;
    ASSERT_ASK(s.unknown(1, 3, presented), Ask::wait);
    s.end(true);
    ASSERT_ASK(s.unknown(2, 1), Ask::judged);
    ASSERT_ASK(s.unknown(2, 3, presented), Ask::begin);
    s.end(true);
    ASSERT_ASK(s.unknown(3, 3, presented), Ask::judged);
}

void a_fetch_that_fails_has_not_looked(void **) {
    Source s;
    ASSERT_ASK(s.unknown(0, 1), Ask::begin);
    s.end(false);
    ASSERT_ASK(s.unknown(1, 1), Ask::begin);
    s.end(false);
    ASSERT_ASK(s.unknown(2, 1), Ask::begin);
    s.end(false);
    ASSERT_ASK(s.unknown(3, 1), Ask::later);
}

// It may have been answered by a cache.
void a_fetch_by_the_clock_has_not_looked(void **) {
    Source s;
    s.drain(0);
    s.refresh(1);
    assert_false(s.demand.fresh());
    Presented presented = 0;
    s.begin(2);
    ASSERT_ASK(s.unknown(3, 1, presented), Ask::wait);
    s.end(true);
    ASSERT_ASK(s.unknown(4, 1, presented), Ask::later);
    // The clock comes first: it is fresh, for the sake of him who waits.
    s.begin(5);
    assert_true(s.demand.fresh());
    ASSERT_ASK(s.unknown(6, 1, presented), Ask::wait);
    s.end(true);
    ASSERT_ASK(s.unknown(7, 1, presented), Ask::judged);
}

// Who was presented before has to be looked for by a fetch that asks past it.
void a_cache_has_not_looked_after_a_failure(void **) {
    Source s;
    ASSERT_ASK(s.unknown(0, 1), Ask::begin);
    s.end(false);
    s.begin(1);
    assert_false(s.demand.fresh());
    s.end(true);
    Presented presented = 0;
    ASSERT_ASK(s.unknown(2, 1, presented), Ask::begin);
    assert_true(s.demand.fresh());
    s.end(true);
    ASSERT_ASK(s.unknown(3, 1, presented), Ask::judged);
}

void the_bucket_holds_three_and_refills_by_one(void **) {
    Source s;
    s.refresh(0);
    s.drain(100'000);
    assert_int_equal(s.attempt, 4);
    s.refresh(129'998);
    ASSERT_ASK(s.unknown(129'999, 3), Ask::later);
    ASSERT_ASK(s.unknown(130'000, 5), Ask::begin);
    s.end(true);
    s.refresh(159'000);
    ASSERT_ASK(s.unknown(160'000, 9), Ask::begin);
    s.end(true);
    // Idle long enough, it is full again, and no fuller.
    s.refresh(999'999);
    s.drain(1'000'000);
    ASSERT_ASK(s.unknown(1'000'000, 11), Ask::later);
}

void a_sweep_looks_for_all_who_came_before_it(void **) {
    Source s;
    s.drain(0);
    assert_false(s.demand.sweep_at().has_value());
    ASSERT_ASK(s.unknown(1000, 1), Ask::later);
    ASSERT_ASK(s.unknown(4999, 3), Ask::later);
    assert_int_equal(s.demand.retry_at(), kSweepPause);
    assert_int_equal(s.demand.sweep_at().value_or(0), kSweepPause);
    s.begin(5000);
    assert_false(s.demand.sweep_at().has_value());
    ASSERT_ASK(s.unknown(5001, 1), Ask::wait);
    Presented late = 0;
    ASSERT_ASK(s.unknown(5001, 5, late), Ask::wait);
    s.end(true);
    ASSERT_ASK(s.unknown(5002, 1), Ask::judged);
    ASSERT_ASK(s.unknown(5002, 3), Ask::judged);
    ASSERT_ASK(s.unknown(5002, 5, late), Ask::later);
    ASSERT_ASK(s.unknown(5002, 7), Ask::later);
    assert_int_equal(s.demand.sweep_at().value_or(0), 10'000);
}

void a_sweep_by_the_timer_empties_the_bucket_too(void **) {
    Source s;
    s.drain(0);
    ASSERT_ASK(s.unknown(29'000, 1), Ask::begin);
    s.end(true);
    ASSERT_ASK(s.unknown(30'000, 3), Ask::later);
    s.begin(34'000);
    s.end(true);
    ASSERT_ASK(s.unknown(38'999, 5), Ask::later);
    s.begin(39'000);
    s.end(true);
    ASSERT_ASK(s.unknown(39'000, 7), Ask::later);
    s.begin(68'999);
    s.end(true);
    ASSERT_ASK(s.unknown(69'000, 9), Ask::later);
}

void who_comes_when_a_sweep_is_allowed_has_it_at_once(void **) {
    Source s;
    s.drain(0);
    ASSERT_ASK(s.unknown(4999, 1), Ask::later);
    ASSERT_ASK(s.unknown(5000, 3), Ask::begin);
    s.end(true);
    ASSERT_ASK(s.unknown(5001, 1), Ask::judged);
}

void a_sweep_leaves_the_bucket_empty(void **) {
    Source s;
    s.drain(0);
    ASSERT_ASK(s.unknown(29'999, 1), Ask::begin);
    s.end(true);
    s.refresh(59'997);
    ASSERT_ASK(s.unknown(59'998, 5), Ask::later);
    ASSERT_ASK(s.unknown(59'999, 7), Ask::begin);
}

// Somebody may have sent a kid that the tenant uses later.
void a_look_is_good_for_min_interval(void **) {
    Source s;
    ASSERT_ASK(s.unknown(0, 1), Ask::begin);
    s.end(true);
    ASSERT_ASK(s.unknown(29'999, 1), Ask::judged);
    ASSERT_ASK(s.unknown(30'000, 1), Ask::begin);
    s.end(true);
    // Each fresh fetch is another look for all.
    ASSERT_ASK(s.unknown(50'000, 3), Ask::begin);
    s.end(true);
    ASSERT_ASK(s.unknown(79'999, 1), Ask::judged);
    ASSERT_ASK(s.unknown(80'000, 1), Ask::begin);
}

void who_waited_is_judged_whatever_the_time(void **) {
    Source s;
    Presented presented = 0;
    ASSERT_ASK(s.unknown(0, 1, presented), Ask::begin);
    s.end(true);
    ASSERT_ASK(s.unknown(40'000, 1, presented), Ask::judged);
}

void a_replaced_key_has_one_fetch_for_its_bucket(void **) {
    Source s;
    s.refresh(0);
    Presented presented = 0;
    ASSERT_ASK(s.replaced(1, presented), Ask::begin);
    assert_true(s.demand.fresh());
    ASSERT_ASK(s.replaced(2), Ask::wait);
    s.end(true);
    ASSERT_ASK(s.replaced(3, presented), Ask::judged);
    ASSERT_ASK(s.replaced(3), Ask::judged);
    ASSERT_ASK(s.replaced(30'000), Ask::judged);
    ASSERT_ASK(s.replaced(30'001), Ask::begin);
    s.end(false);
    ASSERT_ASK(s.replaced(30'002), Ask::judged);
    // The other bucket has all it had.
    s.drain(30'003);
}

void an_empty_bucket_of_replaced_keys_joins_nothing(void **) {
    Source s;
    ASSERT_ASK(s.replaced(0), Ask::begin);
    s.end(true);
    s.begin(100);
    ASSERT_ASK(s.replaced(101), Ask::judged);
    s.end(true);
    s.begin(30'000);
    Presented presented = 0;
    ASSERT_ASK(s.replaced(30'001, presented), Ask::wait);
    s.end(true);
    ASSERT_ASK(s.replaced(30'002, presented), Ask::begin);
}

void a_replaced_key_has_the_sweep_while_kids_are_invented(void **) {
    Source s;
    s.drain(0);
    ASSERT_ASK(s.replaced(1), Ask::later);
    ASSERT_ASK(s.replaced(2), Ask::later);
    assert_int_equal(s.demand.sweep_at().value_or(0), 5000);
    s.begin(5000);
    Presented presented = 0;
    ASSERT_ASK(s.replaced(5001, presented), Ask::wait);
    s.end(true);
    ASSERT_ASK(s.replaced(5002, presented), Ask::judged);
    ASSERT_ASK(s.replaced(5002), Ask::judged);
    ASSERT_ASK(s.replaced(34'999), Ask::judged);
    ASSERT_ASK(s.replaced(35'000), Ask::begin);
}

void a_withdrawn_kid_is_asked_for_like_a_replaced_key(void **) {
    Source s;
    s.begin(0);
    s.end(true, {1, 3});
    Presented presented = 0;
    ASSERT_ASK(s.unknown(1, 1, presented), Ask::begin);
    s.end(true);
    ASSERT_ASK(s.unknown(2, 1, presented), Ask::judged);
    ASSERT_ASK(s.unknown(2, 1), Ask::judged);
    ASSERT_ASK(s.unknown(2, 3), Ask::judged);
    ASSERT_ASK(s.replaced(2), Ask::judged);
    s.drain(3);
}

// However many are invented.
void a_withdrawn_kid_is_not_forgotten_for_others(void **) {
    Source s;
    s.begin(0);
    s.end(true, {1});
    ASSERT_ASK(s.replaced(1), Ask::begin);
    s.end(true);
    s.drain(2);
    for (std::uint64_t kid = 3; kid < 20'001; kid += 2) {
        ASSERT_ASK(s.unknown(3, kid), Ask::later);
    }
    ASSERT_ASK(s.unknown(4, 1), Ask::judged);
}

void what_falls_out_of_the_table_was_never_presented(void **) {
    Source s;
    s.drain(0);
    std::vector<std::uint64_t> kids;
    for (std::uint64_t kid = 1; kid < 8001; kid += 2) {
        kids.push_back(kid);
        ASSERT_ASK(s.unknown(1, kid), Ask::later);
    }
    s.begin(5000);
    s.end(true);
    std::size_t judged = 0;
    for (const std::uint64_t kid : kids) {
        Presented presented = 0;
        const Ask ask =
            s.demand.unknown_kid(5001, kRules, kid, false, presented);
        assert_true(ask == Ask::judged || ask == Ask::later);
        judged += ask == Ask::judged;
    }
    assert_true(judged > 100);
    assert_true(judged <= 1024);
}

void without_keys_the_bucket_breaks_the_backoff(void **) {
    Source s;
    ASSERT_ASK(s.no_keys(0, false), Ask::begin);
    ASSERT_ASK(s.no_keys(1, true), Ask::wait);
    s.end(false);
    for (int n = 0; n < 3; ++n) {
        ASSERT_ASK(s.no_keys(2, true), Ask::begin);
        s.end(false);
    }
    ASSERT_ASK(s.no_keys(3, true), Ask::later);
    assert_false(s.demand.sweep_at().has_value());
    ASSERT_ASK(s.no_keys(3, false), Ask::begin);
    s.end(false);
    ASSERT_ASK(s.no_keys(30'002, true), Ask::begin);
}

void a_shorter_min_interval_counts_after_a_reload(void **) {
    Source s;
    s.drain(0);
    ASSERT_ASK(s.unknown(1000, 1), Ask::later);
    s.demand.adopted(1000, kRules);
    ASSERT_ASK(s.unknown(1000, 1), Ask::later);
    const RefreshRules shorter{900'000, 1000, 86'400'000};
    s.demand.adopted(1000, shorter);
    Presented presented = 0;
    ASSERT_ASK(s.demand.unknown_kid(1999, shorter, 1, false, presented),
               Ask::later);
    ASSERT_ASK(s.demand.unknown_kid(2000, shorter, 1, false, presented),
               Ask::begin);

    ASSERT_ASK(s.replaced(10'000), Ask::begin);
    s.end(true);
    s.demand.adopted(10'001, shorter);
    presented = 0;
    ASSERT_ASK(s.demand.replaced_key(11'000, shorter, false, presented),
               Ask::judged);
    ASSERT_ASK(s.demand.replaced_key(11'001, shorter, false, presented),
               Ask::begin);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_kid_has_a_fetch_and_then_the_verdict),
        cmocka_unit_test(
            a_fetch_that_began_before_is_joined_and_does_not_count),
        cmocka_unit_test(a_fetch_that_fails_has_not_looked),
        cmocka_unit_test(a_fetch_by_the_clock_has_not_looked),
        cmocka_unit_test(a_cache_has_not_looked_after_a_failure),
        cmocka_unit_test(the_bucket_holds_three_and_refills_by_one),
        cmocka_unit_test(a_sweep_looks_for_all_who_came_before_it),
        cmocka_unit_test(a_sweep_by_the_timer_empties_the_bucket_too),
        cmocka_unit_test(who_comes_when_a_sweep_is_allowed_has_it_at_once),
        cmocka_unit_test(a_sweep_leaves_the_bucket_empty),
        cmocka_unit_test(a_look_is_good_for_min_interval),
        cmocka_unit_test(who_waited_is_judged_whatever_the_time),
        cmocka_unit_test(a_replaced_key_has_one_fetch_for_its_bucket),
        cmocka_unit_test(an_empty_bucket_of_replaced_keys_joins_nothing),
        cmocka_unit_test(a_replaced_key_has_the_sweep_while_kids_are_invented),
        cmocka_unit_test(a_withdrawn_kid_is_asked_for_like_a_replaced_key),
        cmocka_unit_test(a_withdrawn_kid_is_not_forgotten_for_others),
        cmocka_unit_test(what_falls_out_of_the_table_was_never_presented),
        cmocka_unit_test(without_keys_the_bucket_breaks_the_backoff),
        cmocka_unit_test(a_shorter_min_interval_counts_after_a_reload),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
