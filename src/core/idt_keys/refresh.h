// When a key set is fetched by the clock, and dropped. Times are
// milliseconds of a clock that never goes back; random numbers are passed in.

#ifndef IDT_KEYS_REFRESH_H
#define IDT_KEYS_REFRESH_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace id_token {

inline constexpr std::int64_t kFirstBackoff = 1000;
inline constexpr std::int64_t kLongestBackoff = 300 * 1000;

// While there are no keys, recovery is the fastest thing we do.
inline constexpr std::int64_t kLongestWithoutKeys = 5 * 1000;

struct RefreshRules {
    std::int64_t refresh;
    std::int64_t min_interval;
    std::int64_t max_stale;
};

// max-age in seconds out of a Cache-Control field; the smallest if there are
// several, nothing if there is none that makes sense. no-store and no-cache
// say nothing about how long keys live, and count for nothing.
[[nodiscard]] std::optional<std::int64_t> parse_max_age(
    std::string_view cache_control) noexcept;

// max(min_interval, min(max-age - age, refresh)); `max_age` and `age` are in
// seconds, as the answer gave them.
[[nodiscard]] std::int64_t good_for(const RefreshRules &rules,
                                    std::optional<std::int64_t> max_age,
                                    std::int64_t age) noexcept;

// Up to a tenth earlier, so that hundreds of providers drift apart; never
// below min_interval.
[[nodiscard]] std::int64_t spread(std::int64_t interval,
                                  const RefreshRules &rules,
                                  std::uint32_t random) noexcept;

// The wait after the n-th failure in a row: 1 s doubling to `longest`, of which
// the second half is left to chance.
[[nodiscard]] std::int64_t backoff(std::uint32_t failures, std::uint32_t random,
                                   std::int64_t longest) noexcept;

// The schedule of a key source. Lives in shared memory: plain, and all zero is
// the state before the first fetch, which is due at once.
struct RefreshState {
    std::int64_t fetched_at;  // counts only if has_set
    std::int64_t next_fetch;
    std::int64_t not_before;  // end of the back-off
    std::uint32_t failures;   // in a row
    std::uint32_t given_up;   // in a row
    std::uint32_t has_set;

    void succeeded(std::int64_t now, const RefreshRules &rules,
                   std::optional<std::int64_t> max_age, std::int64_t age,
                   std::uint32_t random) noexcept;
    void failed(std::int64_t now, const RefreshRules &rules,
                std::uint32_t random) noexcept;

    // The processes that fetched have died of it or hang: no failure of the
    // key server.
    void gave_up(std::int64_t now, const RefreshRules &rules,
                 std::uint32_t random) noexcept;

    // A set that was fetched `age` ago was found on disk: good to serve, and
    // a fetch is due all the same.
    void restored(std::int64_t now, std::int64_t age) noexcept;

    // The set is lost: one is needed as soon as a back-off allows it.
    void dropped(std::int64_t now) noexcept;

    // A reload, after failures, tries at once.
    void reloaded(std::int64_t now) noexcept;

    // What others left behind, under the rules of before a reload or with a
    // fetch that was under way then: shorter times count at once.
    void adopted(const RefreshRules &rules) noexcept;

    [[nodiscard]] bool holds(std::int64_t now,
                             const RefreshRules &rules) const noexcept {
        return has_set != 0 && now - fetched_at < rules.max_stale;
    }
    [[nodiscard]] bool due(std::int64_t now) const noexcept {
        return now >= next_fetch;
    }
    [[nodiscard]] bool in_backoff(std::int64_t now) const noexcept {
        return now < not_before;
    }

  private:
    void pause(std::int64_t now, const RefreshRules &rules, std::uint32_t times,
               std::uint32_t random) noexcept;
};

}  // namespace id_token

#endif
