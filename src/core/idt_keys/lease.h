// The lease under which one process fetches for all: an owner and a
// deadline, never a flag, so that a process that dies or hangs holds nobody up.
// Lives in shared memory: plain, and all zero is free.

#ifndef IDT_KEYS_LEASE_H
#define IDT_KEYS_LEASE_H

#include <cstdint>

namespace id_token {

// What the end of an attempt may lag behind its deadline.
inline constexpr std::int64_t kLeaseSlack = 2000;

// Owners that one attempt may lose: a set that kills its reader must not kill
// one process after the other.
inline constexpr std::uint32_t kMaxLost = 2;

enum class LeaseState : std::uint8_t {
    free,  // no attempt is under way
    held,
    lost,     // the attempt has no owner any more: to be taken over
    hopeless  // it has lost too many: to be given up
};

class Lease {
  public:
    // `attempting`: an attempt has begun and not ended. `alive`: the owner is
    // a process that lives and knows of this lease; asked for only if
    // may_be_held().
    [[nodiscard]] LeaseState state(bool attempting, bool alive) const noexcept;
    [[nodiscard]] bool may_be_held(std::int64_t now) const noexcept {
        return owner_ != 0 && now < until_;
    }

    // An attempt begins, or a lost one goes on; both have `timeout`. Returns
    // the number that proves the ownership.
    std::uint64_t take(bool begins, std::int64_t owner, std::int64_t now,
                       std::int64_t timeout) noexcept;

    [[nodiscard]] bool is_owned(std::int64_t owner,
                                std::uint64_t number) const noexcept {
        return owner_ == owner && number_ == number;
    }
    [[nodiscard]] std::int64_t owner() const noexcept { return owner_; }

    // The owner leaves in good order: it does not count as lost.
    void give_back() noexcept { owner_ = 0; }

    // The attempt has ended.
    void end() noexcept;

  private:
    std::int64_t owner_;  // a process; 0: nobody
    std::int64_t until_;  // ms
    std::uint64_t number_;
    std::uint32_t lost_;  // owners of this attempt
};

}  // namespace id_token

#endif
