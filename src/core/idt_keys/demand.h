// Fetches that requests ask for, beside the schedule: who may have one at
// once, who has to come again, who is told that his key does not exist.
//
// The invariant. A token is refused for its key (Ask::judged) only after a
// fetch that began after the token's kid was presented has brought a set
// without it. Whoever comes earlier waits for a fetch that is under way or
// begins, or is told to come again (Ask::later), and then a fetch begins
// kSweepPause after the former one began, for all kids presented by then. So a
// new key is known kSweepPause and one fetch after its first token, whatever
// others present, and nothing has to be known of who presents what. Kids that
// fall out of the table count as never presented: more of `later`, no more
// fetches, no wrong `judged`.
//
// The bound of fetches. One begins at once while the bucket lasts; else
// kSweepPause after the former one at the earliest. Such a sweep empties the
// bucket, so while kids are invented there are no more than the sweeps.
//
// Times are milliseconds of a clock that never goes back. Attempts to fetch
// are numbered from 1 and follow each other.

#ifndef IDT_KEYS_DEMAND_H
#define IDT_KEYS_DEMAND_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "idt_keys/kid_table.h"
#include "idt_keys/refresh.h"

namespace id_token {

// Fetches in a row that unknown kids may cause.
inline constexpr std::int64_t kBucketSize = 3;

// From the beginning of a fetch to that of a sweep.
inline constexpr std::int64_t kSweepPause = 5000;

// Kids of a set that are remembered when the next one lacks them.
inline constexpr std::size_t kWithdrawnKids = 256;

enum class Ask : std::uint8_t {
    judged,  // nothing newer is to be had for this token
    wait,    // for the attempt that is under way
    begin,   // an attempt, and wait for it
    later,   // not judged: come again at retry_at()
};

// Of one token: the first attempt whose set will tell; 0 before it is asked
// for. Kept with the request from one question to the next.
using Presented = std::uint64_t;

// Lives in shared memory: plain, and all zero is the state before the first
// attempt.
class Demand {
  public:
    SipKey secret;

    // A token with a kid that the set at hand lacks, or without one where no
    // key fits. `running`: an attempt is under way.
    [[nodiscard]] Ask unknown_kid(std::int64_t now, const RefreshRules &rules,
                                  std::uint64_t kid, bool running,
                                  Presented &presented) noexcept;

    // A token whose signature does not fit the key of its kid, or any: its key
    // may have been replaced in place. One fetch per min_interval.
    [[nodiscard]] Ask replaced_key(std::int64_t now, const RefreshRules &rules,
                                   bool running, Presented &presented) noexcept;

    // There is no set to judge with, and a back-off after a failure.
    [[nodiscard]] Ask no_keys(std::int64_t now, const RefreshRules &rules,
                              bool running, bool in_backoff) noexcept;

    // An attempt begins, whoever wanted it.
    void began(std::int64_t now, const RefreshRules &rules,
               std::uint64_t attempt) noexcept;

    // The attempt has brought a set; these kids of the former one are not in
    // it.
    void succeeded(std::span<const std::uint64_t> withdrawn) noexcept;

    // What others left behind, under the rules of before a reload.
    void adopted(std::int64_t now, const RefreshRules &rules) noexcept;

    // When an attempt is due for those who were told `later`.
    [[nodiscard]] std::optional<std::int64_t> sweep_at() const noexcept;

    // When those who were told `later` may come again.
    [[nodiscard]] std::int64_t retry_at() const noexcept;

    // Whether the attempt that began last has to see past caches: somebody
    // waits for a key that they may not know.
    [[nodiscard]] bool fresh() const noexcept { return fresh_ != 0; }

  private:
    [[nodiscard]] Presented present(std::int64_t now, const RefreshRules &rules,
                                    std::uint64_t kid) noexcept;
    [[nodiscard]] bool draw(std::int64_t now,
                            const RefreshRules &rules) noexcept;
    [[nodiscard]] bool is_paused(std::int64_t now) const noexcept;

    std::int64_t bucket_;     // when it will be full again
    std::int64_t replaced_;   // when the bucket of replaced keys is full
    std::int64_t began_at_;   // the last attempt
    std::uint64_t began_;     // its number
    std::int64_t looked_at_;  // beginning of the last one that has looked:
    std::uint64_t looked_;    // fresh, and it brought a set
    std::uint32_t fresh_;     // of the last attempt
    std::uint32_t for_replaced_;
    std::uint32_t presented_;  // since it began: the next one has to be fresh
    std::uint32_t wanted_;     // since it began: a sweep
    std::uint32_t wanted_replaced_;
    KidTable<128, 8> kids_;                      // -> Presented
    KidTable<kWithdrawnKids / 8, 8> withdrawn_;  // -> attempt
};

}  // namespace id_token

#endif
