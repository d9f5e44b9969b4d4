#include "idt_keys/demand.h"

#include <algorithm>

namespace id_token {

Ask Demand::unknown_kid(std::int64_t now, const RefreshRules &rules,
                        std::uint64_t kid, bool running,
                        Presented &presented) noexcept {
    if (withdrawn_.find(kid) != 0) {
        // A fetch has looked for it; but tenants go back to former keys.
        return replaced_key(now, rules, running, presented);
    }
    if (presented == 0) {
        presented = present(now, rules, kid);
    }
    if (presented <= looked_) {
        return Ask::judged;
    }
    if (presented > began_) {
        presented_ = 1;
    }
    if (running) {
        return Ask::wait;
    }
    presented_ = 1;
    if (draw(now, rules)) {
        return Ask::begin;
    }
    wanted_ = 1;
    return is_paused(now) ? Ask::later : Ask::begin;
}

// A kid that has been looked for is good for another look after min_interval:
// somebody may have sent it before the tenant had it.
Presented Demand::present(std::int64_t now, const RefreshRules &rules,
                          std::uint64_t kid) noexcept {
    const Presented known = kids_.find(kid);
    const std::int64_t good_for = std::max(rules.min_interval, kSweepPause);
    if (known > looked_ || (known != 0 && now - looked_at_ < good_for)) {
        return known;
    }
    kids_.put(kid, began_ + 1);
    return began_ + 1;
}

Ask Demand::replaced_key(std::int64_t now, const RefreshRules &rules,
                         bool running, Presented &presented) noexcept {
    if (presented == 0) {
        presented = began_ + 1;
    }
    if (presented <= looked_) {
        return Ask::judged;
    }
    const bool empty = now < replaced_;
    const bool expected = running ? for_replaced_ != 0 : wanted_replaced_ != 0;
    if (empty && !expected) {
        return Ask::judged;
    }
    presented_ = 1;
    if (running) {
        return Ask::wait;
    }
    wanted_replaced_ = 1;
    // While kids are invented it has no fetches beside those for them.
    const bool bucket_empty =
        std::max(bucket_, now) - now > (kBucketSize - 1) * rules.min_interval;
    if (bucket_empty && is_paused(now)) {
        wanted_ = 1;
        return Ask::later;
    }
    return Ask::begin;
}

Ask Demand::no_keys(std::int64_t now, const RefreshRules &rules, bool running,
                    bool in_backoff) noexcept {
    if (running) {
        return Ask::wait;
    }
    return !in_backoff || draw(now, rules) ? Ask::begin : Ask::later;
}

void Demand::began(std::int64_t now, const RefreshRules &rules,
                   std::uint64_t attempt) noexcept {
    began_ = attempt;
    began_at_ = now;
    fresh_ = presented_;
    for_replaced_ = wanted_replaced_;
    if (wanted_ != 0) {
        bucket_ = now + kBucketSize * rules.min_interval;
    }
    if (for_replaced_ != 0) {
        replaced_ = now + rules.min_interval;
    }
    presented_ = 0;
    wanted_ = 0;
    wanted_replaced_ = 0;
}

void Demand::succeeded(std::span<const std::uint64_t> withdrawn) noexcept {
    if (fresh_ != 0) {
        looked_ = began_;
        looked_at_ = began_at_;
    }
    for (const std::uint64_t kid :
         withdrawn.first(std::min(withdrawn.size(), kWithdrawnKids))) {
        withdrawn_.put(kid, began_);
    }
}

void Demand::adopted(std::int64_t now, const RefreshRules &rules) noexcept {
    bucket_ = std::min(bucket_, now + kBucketSize * rules.min_interval);
    replaced_ = std::min(replaced_, now + rules.min_interval);
}

std::optional<std::int64_t> Demand::sweep_at() const noexcept {
    if (wanted_ == 0) {
        return std::nullopt;
    }
    return retry_at();
}

std::int64_t Demand::retry_at() const noexcept {
    return began_ == 0 ? 0 : began_at_ + kSweepPause;
}

bool Demand::draw(std::int64_t now, const RefreshRules &rules) noexcept {
    const std::int64_t full = std::max(bucket_, now);
    if (full - now > (kBucketSize - 1) * rules.min_interval) {
        return false;
    }
    bucket_ = full + rules.min_interval;
    return true;
}

bool Demand::is_paused(std::int64_t now) const noexcept {
    return began_ != 0 && now < began_at_ + kSweepPause;
}

}  // namespace id_token
