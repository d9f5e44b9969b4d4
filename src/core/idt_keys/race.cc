#include "idt_keys/race.h"

#include <algorithm>
#include <limits>

namespace id_token {

AddressBytes AddressBytes::of(std::span<const std::uint8_t> from) noexcept {
    AddressBytes address;
    if (from.size() <= address.bytes.size()) {
        address.size = static_cast<std::uint8_t>(from.size());
        std::copy(from.begin(), from.end(), address.bytes.begin());
    }
    return address;
}

void AddressMemory::remember_answer(const AddressBytes &address) noexcept {
    failed = AddressBytes();
    if (answered[0] != address) {
        answered[1] = answered[0];
        answered[0] = address;
    }
}

void AddressMemory::remember_failure(const AddressBytes &address) noexcept {
    failed = address;
    if (answered[1] == address) {
        answered[1] = AddressBytes();
    }
    if (answered[0] == address) {
        answered[0] = answered[1];
        answered[1] = AddressBytes();
    }
}

namespace {

// The first family, another, the first, another; then what is left.
std::vector<std::size_t> interleave(std::span<const Contestant> found) {
    std::vector<std::size_t> first;
    std::vector<std::size_t> others;
    for (std::size_t i = 0; i < found.size(); ++i) {
        (found[i].family == found[0].family ? first : others).push_back(i);
    }
    std::vector<std::size_t> order;
    order.reserve(found.size());
    for (std::size_t i = 0; i < std::max(first.size(), others.size()); ++i) {
        if (i < first.size()) {
            order.push_back(first[i]);
        }
        if (i < others.size()) {
            order.push_back(others[i]);
        }
    }
    return order;
}

}  // namespace

std::vector<std::size_t> race_order(std::span<const Contestant> found,
                                    const AddressMemory &memory) {
    std::vector<std::size_t> order = interleave(found);
    const auto place_of = [&](const AddressBytes &address) {
        return std::find_if(order.begin(), order.end(), [&](std::size_t i) {
            return address.size != 0 && found[i].address == address;
        });
    };

    if (const auto failed = place_of(memory.failed); failed != order.end()) {
        std::rotate(order.begin(), failed + 1, order.end());
    }
    for (std::size_t n = memory.answered.size(); n-- > 0;) {
        const auto known = place_of(memory.answered[n]);
        if (known != order.end()) {
            std::rotate(order.begin(), known, known + 1);
        }
    }
    return order;
}

Race::Race(std::size_t addresses, std::int64_t now, std::int64_t deadline)
    : lanes_(addresses, Lane::waiting),
      begun_(addresses, 0),
      deadline_(deadline),
      delay_(kRaceDelay),
      next_start_(now) {
    if (addresses != 0) {
        const auto n = static_cast<std::int64_t>(addresses);
        delay_ =
            std::clamp((deadline - now) / 2 / n, kMinRaceDelay, kRaceDelay);
    }
}

std::size_t Race::find(Lane lane) const noexcept {
    return static_cast<std::size_t>(
        std::find(lanes_.begin(), lanes_.end(), lane) - lanes_.begin());
}

Race::Step Race::drop(std::size_t place) noexcept {
    lanes_[place] = Lane::out;
    --running_;
    return {Step::Kind::drop, place};
}

Race::Step Race::start(std::size_t place, std::int64_t now) noexcept {
    lanes_[place] = Lane::running;
    begun_[place] = now;
    ++running_;
    next_start_ = now + delay_;
    return {Step::Kind::start, place};
}

std::size_t Race::oldest() const noexcept {
    std::size_t oldest = find(Lane::running);
    for (std::size_t i = oldest; i < lanes_.size(); ++i) {
        if (lanes_[i] == Lane::running && begun_[i] < begun_[oldest]) {
            oldest = i;
        }
    }
    return oldest;
}

Race::Step Race::next(std::int64_t now) noexcept {
    if (now >= deadline_) {
        return running_ == 0 ? Step{Step::Kind::lost}
                             : drop(find(Lane::running));
    }
    const std::size_t waiting = find(Lane::waiting);
    if (waiting == lanes_.size()) {
        return running_ == 0 ? Step{Step::Kind::lost}
                             : Step{Step::Kind::wait, 0, deadline_};
    }
    if (running_ != 0 && now < next_start_) {
        return {Step::Kind::wait, 0, std::min(next_start_, deadline_)};
    }
    if (answering_) {
        answering_ = false;
        return drop(find(Lane::running));
    }
    // The one that has had the most time makes room.
    return running_ == kMaxRacing ? drop(oldest()) : start(waiting, now);
}

void Race::failed(std::size_t place) noexcept {
    lanes_[place] = Lane::out;
    --running_;
    answering_ = false;
    next_start_ = std::numeric_limits<std::int64_t>::min();
}

std::int64_t Race::won(std::size_t place, std::int64_t now) noexcept {
    for (std::size_t i = 0; i < lanes_.size(); ++i) {
        if (lanes_[i] == Lane::running && i != place) {
            lanes_[i] = Lane::waiting;
        }
    }
    running_ = 1;
    answering_ = true;
    next_start_ = now + std::max((deadline_ - now) / 2, kMinAnswerTime);
    return find(Lane::waiting) == lanes_.size()
               ? deadline_
               : std::min(next_start_, deadline_);
}

}  // namespace id_token
