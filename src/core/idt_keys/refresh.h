// When a key set is fetched again, dropped, and who may ask for it.
// Times are milliseconds of a clock that never goes back; random numbers are
// passed in.

#ifndef IDT_KEYS_REFRESH_H
#define IDT_KEYS_REFRESH_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace id_token {

inline constexpr std::int64_t kFirstBackoff = 1000;
inline constexpr std::int64_t kLongestBackoff = 300 * 1000;

// Fetches that unknown kids may cause in a row before they have to wait.
inline constexpr std::int64_t kBucketSize = 3;

// Of these so many are kept for kids that had no fetch yet: clients that go
// on with a withdrawn key must not delay the next rotation.
inline constexpr std::int64_t kBucketReserve = 1;

// Kids that are remembered for it; a set may withdraw no more than half of
// them at once.
inline constexpr std::size_t kAskedKids = 16;
inline constexpr std::size_t kWithdrawnKids = kAskedKids / 2;

struct RefreshRules {
    std::int64_t refresh;
    std::int64_t min_interval;
    std::int64_t max_stale;
};

// What is remembered of a kid, never 0; one value for all tokens without.
// The beginning of it will do: who asks may know no more.
[[nodiscard]] std::uint64_t kid_id(std::string_view kid) noexcept;

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

// The wait after the n-th failure in a row: 1 s doubling to 5 min, of which
// the second half is left to chance.
[[nodiscard]] std::int64_t backoff(std::uint32_t failures,
                                   std::uint32_t random) noexcept;

// What is remembered of a key source. Lives in shared memory: plain, and all
// zero is the state before the first fetch, which is due at once.
struct RefreshState {
    std::int64_t fetched_at;  // counts only if has_set
    std::int64_t next_fetch;
    std::int64_t not_before;  // end of the back-off
    std::int64_t bucket;      // when the bucket will be full again
    std::uint32_t failures;   // in a row
    std::uint32_t has_set;
    std::uint32_t asked_next;
    std::uint64_t asked[kAskedKids];  // a ring of kid_id(): had their fetch

    void succeeded(std::int64_t now, const RefreshRules &rules,
                   std::optional<std::int64_t> max_age, std::int64_t age,
                   std::uint32_t random) noexcept;
    void failed(std::int64_t now, std::uint32_t random) noexcept;

    // A set that was fetched `age` ago was found on disk: good to serve, and
    // a fetch is due all the same.
    void restored(std::int64_t now, std::int64_t age) noexcept;

    // The set is lost: one is needed as soon as a back-off allows it.
    void dropped() noexcept;

    // What others left behind, under the rules of before a reload or with a
    // fetch that was under way then: shorter times count at once.
    void adopted(std::int64_t now, const RefreshRules &rules) noexcept;

    [[nodiscard]] bool due(std::int64_t now) const noexcept {
        return now >= next_fetch;
    }
    [[nodiscard]] bool in_backoff(std::int64_t now) const noexcept {
        return now < not_before;
    }

    // Draws one fetch for a kid (its kid_id) from the bucket, which refills by
    // one per min_interval.
    [[nodiscard]] bool take(std::int64_t now, const RefreshRules &rules,
                            std::uint64_t kid) noexcept;

    // Kids that a new set has no more: a fetch for them has just been.
    void withdrawn(std::span<const std::uint64_t> kids) noexcept;

  private:
    [[nodiscard]] bool has_asked(std::uint64_t kid) const noexcept;
    void remember(std::uint64_t kid) noexcept;
};

}  // namespace id_token

#endif
