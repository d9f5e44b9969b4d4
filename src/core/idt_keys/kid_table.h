// Key IDs that are remembered, by a keyed hash of the whole. Lives in
// shared memory: plain, and all zero is empty.

#ifndef IDT_KEYS_KID_TABLE_H
#define IDT_KEYS_KID_TABLE_H

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "idt_base/siphash.h"

namespace id_token {

// What is remembered of a kid, never 0. A token without one has a value that
// no kid has but by the chance of one in 2^64.
[[nodiscard]] std::uint64_t kid_hash(
    const SipKey &secret, std::optional<std::string_view> kid) noexcept;

// A number for each of kSets * kWays kids; the lower the number, the sooner it
// makes room for another kid. A process that is killed inside of put() leaves
// at worst a free place.
template <std::size_t kSets, std::size_t kWays>
class KidTable {
  public:
    // 0: not there.
    [[nodiscard]] std::uint64_t find(std::uint64_t kid) const noexcept {
        for (const Entry &entry : sets_[set_of(kid)]) {
            if (entry.kid == kid) {
                return entry.number;
            }
        }
        return 0;
    }

    // `number` is not 0.
    void put(std::uint64_t kid, std::uint64_t number) noexcept {
        Entry *place = nullptr;
        for (Entry &entry : sets_[set_of(kid)]) {
            if (entry.kid == kid) {
                entry.number = number;
                return;
            }
            if (place == nullptr || entry.rank() < place->rank()) {
                place = &entry;
            }
        }
        place->replace(kid, number);
    }

  private:
    struct Entry {
        std::uint64_t kid;  // 0: free
        std::uint64_t number;

        [[nodiscard]] std::uint64_t rank() const noexcept {
            return kid == 0 ? 0 : number;
        }
        // In this order, a kid never has another one's number.
        void replace(std::uint64_t new_kid, std::uint64_t new_number) noexcept {
            kid = 0;
            std::atomic_signal_fence(std::memory_order_seq_cst);
            number = new_number;
            std::atomic_signal_fence(std::memory_order_seq_cst);
            kid = new_kid;
        }
    };

    // The lowest bit of a kid_hash() is always set.
    [[nodiscard]] static std::size_t set_of(std::uint64_t kid) noexcept {
        return (kid >> 1) % kSets;
    }

    std::array<std::array<Entry, kWays>, kSets> sets_;
};

}  // namespace id_token

#endif
