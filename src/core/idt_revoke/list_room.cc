// The list when it is full: what goes, and what says so.

#include <algorithm>
#include <array>

#include "idt_revoke/list_parts.h"

namespace id_token {

namespace {

// So many go at once at least, so that a full list is not searched for each.
constexpr std::uint32_t kShareToForget = 16;

constexpr std::size_t kSteps = 64;

// Which of the kSteps parts of [lowest, highest] a cut falls into.
std::size_t step_of(std::int64_t cut, std::int64_t lowest,
                    std::int64_t width) noexcept {
    return static_cast<std::size_t>((cut - lowest) / width);
}

}  // namespace

std::uint32_t RevocationList::purge(std::int64_t now,
                                    std::uint32_t places) noexcept {
    const Change change(*this);
    return drop_over(now, places);
}

std::uint32_t RevocationList::drop_over(std::int64_t now,
                                        std::uint32_t places) noexcept {
    std::uint32_t dropped = 0;
    for (std::uint32_t n = std::min(places, used_); n > 0; --n) {
        purge_at_ = purge_at_ < used_ ? purge_at_ + 1 : 1;
        const Revocation &r = at(purge_at_).revocation;
        if (r.kind != RevokedKind::none && now >= r.until) {
            remove(purge_at_);
            ++dropped;
        }
    }
    return dropped;
}

// A logout token that comes again changes nothing all the same.
void RevocationList::drop_seen() noexcept {
    for (std::uint32_t place = 1; place <= used_; ++place) {
        if (at(place).revocation.kind == RevokedKind::seen) {
            remove(place);
        }
    }
}

// Whether anything had to be forgotten for it.
bool RevocationList::make_room(std::int64_t now) noexcept {
    drop_over(now, used_);
    if (!has_room()) {
        drop_seen();
    }
    bool forgot = false;
    while (!has_room()) {
        const std::optional<RevocationDigest> provider = choose_provider();
        if (provider) {
            forget(*provider);
        } else {
            forget_everything();
        }
        forgot = true;
    }
    return forgot;
}

bool RevocationList::may_forget(std::uint32_t place) noexcept {
    const RevokedKind kind = at(place).revocation.kind;
    return kind != RevokedKind::none && kind != RevokedKind::watermark;
}

// Of a sample, the one that has most: who fills the list bears it. Nothing if
// there are watermarks alone.
std::optional<RevocationDigest> RevocationList::choose_provider() noexcept {
    constexpr std::uint32_t kSample = 64;
    std::array<std::uint32_t, kSample> places;
    std::uint32_t count = 0;
    const std::uint32_t stride = used_ / kSample + 1;
    for (std::uint32_t from = 1; from <= stride; ++from) {
        for (std::uint32_t p = from; p <= used_ && count < kSample;
             p += stride) {
            if (may_forget(p)) {
                places[count++] = p;
            }
        }
        if (count != 0) {
            break;
        }
    }
    std::optional<RevocationDigest> chosen;
    std::uint32_t most = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        const RevocationDigest &one = at(places[i]).revocation.provider;
        std::uint32_t same = 0;
        for (std::uint32_t j = i; j < count; ++j) {
            same += at(places[j]).revocation.provider == one ? 1 : 0;
        }
        if (same > most) {
            most = same;
            chosen = one;
        }
    }
    return chosen;
}

// The lowest cut with which enough goes.
std::int64_t RevocationList::choose_cut(
    const RevocationDigest &provider) noexcept {
    std::int64_t lowest = std::numeric_limits<std::int64_t>::max();
    std::int64_t highest = std::numeric_limits<std::int64_t>::min();
    std::uint32_t count = 0;
    const auto each = [&](auto &&look) {
        for (std::uint32_t place = 1; place <= used_; ++place) {
            if (may_forget(place) &&
                at(place).revocation.provider == provider) {
                look(at(place).revocation.cut);
            }
        }
    };
    each([&](std::int64_t cut) {
        lowest = std::min(lowest, cut);
        highest = std::max(highest, cut);
        ++count;
    });
    const std::int64_t width =
        (highest - lowest) / static_cast<std::int64_t>(kSteps) + 1;
    std::array<std::uint32_t, kSteps> steps{};
    each([&](std::int64_t cut) { ++steps[step_of(cut, lowest, width)]; });

    std::uint32_t enough = 0;
    std::size_t step = 0;
    while (enough <= count / kShareToForget && step < kSteps) {
        enough += steps[step++];
    }
    return lowest + static_cast<std::int64_t>(step) * width - 1;
}

void RevocationList::forget(const RevocationDigest &provider) noexcept {
    const std::int64_t cut = choose_cut(provider);
    const auto goes = [&](std::uint32_t place) {
        return may_forget(place) && at(place).revocation.provider == provider &&
               at(place).revocation.cut <= cut;
    };
    Sum sum;
    for (std::uint32_t place = 1; place <= used_; ++place) {
        if (goes(place)) {
            sum.add(at(place));
        }
    }
    Revocation mark;
    mark.provider = provider;
    mark.kind = RevokedKind::watermark;
    mark.cut = sum.cut;
    mark.until = sum.until;
    put(mark, sum.sent);
    raise_epoch();

    for (std::uint32_t place = 1; place <= used_; ++place) {
        if (goes(place)) {
            remove(place);
        }
    }
}

// So many providers that their watermarks alone fill the list.
void RevocationList::forget_everything() noexcept {
    std::int64_t cut = watermark_of_all();
    for (std::uint32_t place = 1; place <= used_; ++place) {
        if (at(place).revocation.kind != RevokedKind::none) {
            cut = std::max(cut, at(place).revocation.cut);
        }
    }
    everything_.store(cut, std::memory_order_relaxed);
    raise_epoch();
    settle();
    used_ = 0;
    purge_at_ = 0;
    clear();
}

}  // namespace id_token
