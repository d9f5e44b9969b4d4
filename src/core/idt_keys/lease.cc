#include "idt_keys/lease.h"

namespace id_token {

LeaseState Lease::state(bool attempting, bool alive) const noexcept {
    if (!attempting) {
        return LeaseState::free;
    }
    if (alive) {
        return LeaseState::held;
    }
    return lost_ < kMaxLost ? LeaseState::lost : LeaseState::hopeless;
}

std::uint64_t Lease::take(bool begins, std::int64_t owner, std::int64_t now,
                          std::int64_t timeout) noexcept {
    if (begins) {
        lost_ = 0;
    } else if (owner_ != 0) {
        ++lost_;
    }
    owner_ = owner;
    until_ = now + timeout + kLeaseSlack;
    return ++number_;
}

void Lease::end() noexcept {
    owner_ = 0;
    lost_ = 0;
}

}  // namespace id_token
