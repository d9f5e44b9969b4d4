#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
extern "C" {
#include <cmocka.h>
}

#include <algorithm>
#include <random>
#include <string>

#include "idt_keys/race.h"

using namespace id_token;

namespace {

using Kind = Race::Step::Kind;

AddressBytes address(std::uint8_t n) {
    const std::uint8_t bytes[] = {2, n};
    return AddressBytes::of(bytes);
}

// "4a 6b": of each family, an address named by its letter.
std::vector<Contestant> contestants(std::string_view text) {
    std::vector<Contestant> all;
    for (std::size_t i = 0; i + 1 < text.size(); i += 3) {
        all.push_back(
            {text[i], address(static_cast<std::uint8_t>(text[i + 1]))});
    }
    return all;
}

void order_is(std::string_view text, const AddressMemory &memory,
              const char *wanted) {
    const auto found = contestants(text);
    std::string order;
    for (const std::size_t place : race_order(found, memory)) {
        order += static_cast<char>(found[place].address.bytes[1]);
    }
    assert_string_equal(order.c_str(), wanted);
}

void families_take_turns(void **) {
    order_is("", {}, "");
    order_is("4a", {}, "a");
    order_is("4a 4b 6c 6d", {}, "acbd");
    order_is("6a 6b 6c 4d", {}, "adbc");
    order_is("4a 6b 6c 6d", {}, "abcd");
}

void what_is_known_counts(void **) {
    AddressMemory memory;
    memory.remember_failure(address('b'));
    order_is("4a 4b 4c 4d", memory, "cdab");
    memory.remember_failure(address('d'));
    order_is("4a 4b 4c 4d", memory, "abcd");
    memory.remember_failure(address('x'));
    order_is("4a 4b 4c 4d", memory, "abcd");

    memory.remember_answer(address('c'));
    order_is("4a 4b 4c 4d", memory, "cabd");
    memory.remember_answer(address('d'));
    order_is("4a 4b 4c 4d", memory, "dcab");
    memory.remember_answer(address('d'));
    order_is("4a 4b 4c 4d", memory, "dcab");
    memory.remember_answer(address('a'));
    order_is("4a 4b 4c 4d", memory, "adbc");
    order_is("4b 4c 4d", memory, "dbc");

    // It has failed since: the other one, and others behind it.
    memory.remember_failure(address('a'));
    order_is("4a 4b 4c 4d", memory, "dbca");
    memory.remember_failure(address('d'));
    order_is("4a 4b 4c 4d", memory, "abcd");
}

void longer_addresses_are_none(void **) {
    const std::uint8_t bytes[29] = {1};
    assert_int_equal(AddressBytes::of(std::span(bytes).first(28)).size, 28);
    assert_int_equal(AddressBytes::of(bytes).size, 0);
    AddressMemory memory;
    memory.remember_failure(AddressBytes::of(bytes));
    order_is("4a 4b", memory, "ab");
}

void expect(Race &race, std::int64_t now, Kind kind, std::size_t place,
            std::int64_t until = 0) {
    const Race::Step step = race.next(now);
    assert_int_equal(static_cast<int>(step.kind), static_cast<int>(kind));
    assert_int_equal(step.place, place);
    assert_int_equal(step.until, until);
}

void the_next_address_after_a_delay(void **) {
    Race race(3, 1000, 6000);
    expect(race, 1000, Kind::start, 0);
    expect(race, 1000, Kind::wait, 0, 1250);
    expect(race, 1249, Kind::wait, 0, 1250);
    expect(race, 1250, Kind::start, 1);
    expect(race, 1300, Kind::wait, 0, 1500);
    expect(race, 1500, Kind::start, 2);
    expect(race, 1500, Kind::wait, 0, 6000);
    expect(race, 5999, Kind::wait, 0, 6000);
    for (std::size_t place = 0; place < 3; ++place) {
        expect(race, 6000, Kind::drop, place);
    }
    expect(race, 6000, Kind::lost, 0);
}

void the_next_address_at_once_after_a_failure(void **) {
    Race race(3, 0, 5000);
    expect(race, 0, Kind::start, 0);
    race.failed(0);
    expect(race, 1, Kind::start, 1);
    expect(race, 1, Kind::wait, 0, 251);
    race.failed(1);
    expect(race, 2, Kind::start, 2);
    race.failed(2);
    expect(race, 3, Kind::lost, 0);
}

void a_fifth_one_takes_the_place_of_the_oldest(void **) {
    Race race(6, 0, 5000);
    for (std::size_t place = 0; place < 4; ++place) {
        expect(race, static_cast<std::int64_t>(250 * place), Kind::start,
               place);
    }
    expect(race, 999, Kind::wait, 0, 1000);
    expect(race, 1000, Kind::drop, 0);
    expect(race, 1000, Kind::start, 4);
    race.failed(1);
    expect(race, 1001, Kind::start, 5);
    expect(race, 1001, Kind::wait, 0, 5000);
}

void many_addresses_have_less(void **) {
    Race race(20, 0, 5000);
    expect(race, 0, Kind::start, 0);
    expect(race, 0, Kind::wait, 0, 125);
    Race more(200, 0, 5000);
    expect(more, 0, Kind::start, 0);
    expect(more, 0, Kind::wait, 0, 100);
    Race few(10, 0, 5000);
    expect(few, 0, Kind::start, 0);
    expect(few, 0, Kind::wait, 0, 250);
}

void who_has_won_may_answer_for_half_of_the_time(void **) {
    Race race(3, 0, 5000);
    expect(race, 0, Kind::start, 0);
    expect(race, 250, Kind::start, 1);
    assert_int_equal(race.won(1, 300), 2650);
    expect(race, 300, Kind::wait, 0, 2650);
    expect(race, 2649, Kind::wait, 0, 2650);
    expect(race, 2650, Kind::drop, 1);
    expect(race, 2650, Kind::start, 0);
    expect(race, 2900, Kind::start, 2);
    assert_int_equal(race.won(2, 4100), 5000);
    expect(race, 4100, Kind::wait, 0, 5000);
    expect(race, 5000, Kind::drop, 2);
    expect(race, 5000, Kind::lost, 0);
}

void who_has_won_alone_may_answer_to_the_end(void **) {
    Race race(2, 0, 5000);
    expect(race, 0, Kind::start, 0);
    race.failed(0);
    expect(race, 0, Kind::start, 1);
    assert_int_equal(race.won(1, 10), 5000);
    expect(race, 10, Kind::wait, 0, 5000);
    race.failed(1);
    expect(race, 20, Kind::lost, 0);
}

void when_the_winner_fails_the_race_goes_on(void **) {
    Race race(3, 0, 5000);
    expect(race, 0, Kind::start, 0);
    expect(race, 250, Kind::start, 1);
    race.won(1, 300);
    race.failed(1);
    expect(race, 310, Kind::start, 0);
    race.failed(0);
    expect(race, 320, Kind::start, 2);
    race.failed(2);
    expect(race, 330, Kind::lost, 0);
}

void without_addresses_or_time_it_is_lost(void **) {
    Race none(0, 0, 5000);
    expect(none, 0, Kind::lost, 0);
    Race late(2, 5000, 5000);
    expect(late, 5000, Kind::lost, 0);
}

// What an address does when a connection to it begins: nothing ever, or an
// end, good or bad, after a time.
struct Habit {
    std::int64_t after = -1;
    bool works = false;
};

struct Run {
    std::int64_t won_at = -1;
    std::size_t winner = 0;
    std::size_t most = 0;
};

Run run(const std::vector<Habit> &habits, std::int64_t deadline) {
    Race race(habits.size(), 0, deadline);
    std::vector<std::int64_t> begun(habits.size(), -1);
    Run result;
    for (std::int64_t now = 0;; ++now) {
        for (std::size_t i = 0; i < habits.size(); ++i) {
            if (begun[i] < 0 || habits[i].after < 0 ||
                now - begun[i] < habits[i].after) {
                continue;
            }
            if (habits[i].works) {
                result.won_at = now;
                result.winner = i;
                return result;
            }
            begun[i] = -1;
            race.failed(i);
        }
        for (auto step = race.next(now); step.kind != Kind::wait;
             step = race.next(now)) {
            if (step.kind == Kind::lost) {
                return result;
            }
            begun[step.place] = step.kind == Kind::start ? now : -1;
        }
        const auto open = static_cast<std::size_t>(std::count_if(
            begun.begin(), begun.end(), [](std::int64_t t) { return t >= 0; }));
        result.most = std::max(result.most, open);
    }
}

// Whatever the others do, and wherever it stands: an address that needs 400 ms
// for its handshake, with eight others and 5 s, has 1 s from its turn.
void no_address_uses_up_the_time_of_another(void **) {
    std::mt19937 random(7);
    for (int round = 0; round < 2000; ++round) {
        std::vector<Habit> habits(1 + random() % 9);
        for (Habit &habit : habits) {
            habit.after = random() % 2 == 0
                              ? -1
                              : static_cast<std::int64_t>(random() % 3000);
        }
        const std::size_t good = random() % habits.size();
        habits[good] = {static_cast<std::int64_t>(random() % 400), true};
        const Run result = run(habits, 5000);
        assert_int_equal(result.winner, good);
        assert_in_range(result.won_at, 0,
                        static_cast<std::int64_t>(good) * 250 + 400);
        assert_in_range(result.most, 0, kMaxRacing);
    }
}

void eight_dead_addresses_fit_into_the_time(void **) {
    std::vector<Habit> habits(9);
    habits[8] = {900, true};
    assert_int_equal(run(habits, 5000).won_at, 2900);
    assert_int_equal(run(habits, 5000).most, kMaxRacing);
    habits[8] = {100, true};
    assert_int_equal(run(habits, 1000).won_at, 900);
    habits[8].works = false;
    assert_int_equal(run(habits, 1000).won_at, -1);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(families_take_turns),
        cmocka_unit_test(what_is_known_counts),
        cmocka_unit_test(longer_addresses_are_none),
        cmocka_unit_test(the_next_address_after_a_delay),
        cmocka_unit_test(the_next_address_at_once_after_a_failure),
        cmocka_unit_test(a_fifth_one_takes_the_place_of_the_oldest),
        cmocka_unit_test(many_addresses_have_less),
        cmocka_unit_test(who_has_won_may_answer_for_half_of_the_time),
        cmocka_unit_test(who_has_won_alone_may_answer_to_the_end),
        cmocka_unit_test(when_the_winner_fails_the_race_goes_on),
        cmocka_unit_test(without_addresses_or_time_it_is_lost),
        cmocka_unit_test(no_address_uses_up_the_time_of_another),
        cmocka_unit_test(eight_dead_addresses_fit_into_the_time),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
