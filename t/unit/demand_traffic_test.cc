// Years of trouble in a second: inventors of kids, forgers, rotations, caches,
// a slow or failing key server. What Demand promises is checked at every step.

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
#include <algorithm>
#include <map>
#include <random>
#include <vector>
extern "C" {
#include <cmocka.h>
}

#include "idt_keys/demand.h"

using namespace id_token;

namespace {

constexpr RefreshRules kRules{15 * 60'000, 30'000, 24 * 3600'000};
constexpr std::int64_t kTick = 50;
constexpr std::int64_t kHour = 3600'000;
constexpr std::int64_t kNever = INT64_MAX;

// What a run is like.
struct Trouble {
    int new_kids;       // presented each second
    int old_kids;       // the same ones again and again
    int forgeries;      // signatures that are wrong
    std::int64_t slow;  // longest fetch
    int failing;        // fetches of a hundred
};

struct Request {
    std::uint64_t kid;
    bool good;
    Presented presented = 0;
};

class World {
  public:
    World(const Trouble &trouble, unsigned seed)
        : trouble_(trouble), random_(seed) {}

    void run(std::int64_t until) {
        for (; now_ < until; now_ += kTick) {
            tenant();
            attempts();
            clients();
        }
    }

    std::int64_t asked_for = 0;  // fetches, but for those by the clock
    int judged = 0;
    int later = 0;
    int accepted = 0;

  private:
    std::uint64_t up_to(std::uint64_t n) { return random_() % n; }

    // A new key each few minutes; its first token comes at any time after.
    void tenant() {
        if (now_ >= rotates_) {
            key_ = hash();
            key_since_ = now_;
            known_by_ = kNever;
            rotates_ =
                now_ + 60'000 + static_cast<std::int64_t>(up_to(200'000));
            token_at_ = now_ + static_cast<std::int64_t>(up_to(20'000));
        }
    }

    std::uint64_t hash() { return random_() | 1; }

    void attempts() {
        if (running_ && now_ >= ends_) {
            end();
        }
        if (running_) {
            return;
        }
        const auto sweep = demand_.sweep_at();
        if (sweep && now_ >= *sweep) {
            begin(true);
        } else if (now_ >= next_) {
            begin(false);
        }
    }

    void begin(bool asked) {
        demand_.began(now_, kRules, ++attempt_);
        running_ = true;
        asked_for += asked;
        const auto least = static_cast<std::uint64_t>(trouble_.slow / 4);
        ends_ =
            now_ + static_cast<std::int64_t>(
                       least + up_to(static_cast<std::uint64_t>(trouble_.slow) -
                                     least + 1));
        // A cache knows what was true a minute ago.
        as_of_ = demand_.fresh() ? now_ : now_ - 60'000;
    }

    void end() {
        running_ = false;
        const bool good =
            up_to(100) >= static_cast<std::uint64_t>(trouble_.failing);
        next_ = now_ + (good ? 900'000 : 20'000);
        if (good) {
            seen_ = std::max(seen_, as_of_);
            std::vector<std::uint64_t> gone;
            if (as_of_ >= key_since_ && held_ != key_) {
                gone.push_back(held_);
                held_ = key_;
            }
            demand_.succeeded(gone);
        }
        std::vector<Request> woken;
        woken.swap(waiting_);
        if (good) {
            for (Request &request : woken) {
                judge(request);
            }
        }
    }

    void clients() {
        const auto some = [this](int each_second) {
            return static_cast<int>(up_to(1000)) < each_second * kTick;
        };
        for (int n = 0; n < 1 + trouble_.new_kids / 20; ++n) {
            if (some(std::min(trouble_.new_kids, 20))) {
                Request request{hash(), false};
                judge(request);
                recent_.push_back(request.kid);
            }
        }
        if (!recent_.empty() && some(trouble_.old_kids)) {
            Request request{recent_[up_to(recent_.size())], false};
            judge(request);
        }
        if (some(trouble_.forgeries)) {
            Presented presented = 0;
            if (demand_.replaced_key(now_, kRules, running_, presented) ==
                Ask::begin) {
                begin(true);
            }
        }
        if (now_ >= token_at_) {
            if (known_by_ == kNever && trouble_.failing == 0) {
                known_by_ = now_ + std::max(kSweepPause, trouble_.slow) +
                            trouble_.slow + 2 * kTick;
            }
            Request request{key_, true};
            judge(request);
            token_at_ = now_ + 700;
        }
        // The bound: a pause and a fetch.
        assert_true(held_ == key_ || now_ <= known_by_);
    }

    void judge(Request &request) {
        if (request.kid == held_) {
            ++accepted;
            return;
        }
        first_.try_emplace(request.kid, now_);
        switch (demand_.unknown_kid(now_, kRules, request.kid, running_,
                                    request.presented)) {
            case Ask::judged:
                ++judged;
                if (request.good && request.kid == key_) {
                    fail_msg("a good key was refused");
                }
                if (request.kid != key_ && seen_ < first_.at(request.kid)) {
                    fail_msg("refused, and nobody has looked for it");
                }
                break;
            case Ask::begin:
                begin(true);
                waiting_.push_back(request);
                break;
            case Ask::wait:
                assert_true(running_);
                waiting_.push_back(request);
                break;
            case Ask::later:
                ++later;
                break;
        }
    }

    Trouble trouble_;
    std::mt19937_64 random_;
    Demand demand_{};
    std::int64_t now_ = 0;
    std::uint64_t key_ = 1, held_ = 0;
    std::int64_t key_since_ = 0, rotates_ = 0, token_at_ = 0;
    std::int64_t known_by_ = kNever;
    bool running_ = false;
    std::uint64_t attempt_ = 0;
    std::int64_t ends_ = 0, next_ = 0, as_of_ = 0, seen_ = -kHour;
    std::vector<Request> waiting_;
    std::vector<std::uint64_t> recent_;
    std::map<std::uint64_t, std::int64_t> first_;
};

void nobody_is_misjudged_and_fetches_are_bounded(void **) {
    const Trouble troubles[] = {
        {0, 0, 0, 300, 0},      {1, 0, 0, 300, 0},     {2, 5, 0, 300, 0},
        {20, 0, 0, 300, 0},     {400, 20, 0, 300, 0},  {1, 1, 1, 300, 0},
        {400, 20, 20, 4000, 0}, {20, 20, 20, 9000, 0}, {20, 20, 20, 300, 50},
        {0, 0, 20, 300, 0},     {1, 1, 0, 300, 90},
    };
    unsigned seed = 1;
    for (const Trouble &trouble : troubles) {
        World world(trouble, seed++);
        world.run(kHour);
        assert_true(world.asked_for <= 3 + 1 + kHour / kSweepPause);
        assert_true(world.accepted > 0);
        if (trouble.new_kids > 0) {
            assert_true(world.judged > 0);
        }
        if (trouble.new_kids >= 20) {
            assert_true(world.later > 0);
        }
    }
}

// Clients with keys of yesterday alone cause no sweep.
void forgeries_alone_have_one_fetch_each_min_interval(void **) {
    World world({0, 0, 20, 300, 0}, 99);
    world.run(kHour);
    // The bucket of replaced keys, and what the rotations need.
    assert_true(world.asked_for <= kHour / kRules.min_interval + 70);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_misjudged_and_fetches_are_bounded),
        cmocka_unit_test(forgeries_alone_have_one_fetch_each_min_interval),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
