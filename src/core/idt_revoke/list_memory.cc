// The places of the list: chains, free ones, and what a kill left torn.

#include <algorithm>
#include <cstring>
#include <new>

#include "idt_revoke/list_parts.h"

namespace id_token {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
static_assert(sizeof(RevocationList) % 8 == 0);

namespace {

std::uint32_t bits_of(const RevocationDigest &digest) noexcept {
    std::uint32_t bits;
    std::memcpy(&bits, digest.data(), sizeof(bits));
    return bits;
}

std::uint32_t spread(std::uint32_t bits, std::uint32_t buckets) noexcept {
    return static_cast<std::uint32_t>(std::uint64_t{bits} * buckets >> 32);
}

bool same_thing(const Revocation &a, const Revocation &b) noexcept {
    return a.kind == b.kind && a.value == b.value && a.provider == b.provider;
}

}  // namespace

std::size_t RevocationList::bytes_for(std::uint32_t capacity) noexcept {
    return sizeof(RevocationList) +
           std::size_t{capacity} * (sizeof(Entry) + 2 * sizeof(std::uint32_t));
}

std::uint32_t RevocationList::capacity_for(std::size_t bytes) noexcept {
    if (bytes < bytes_for(kMinRevocations)) {
        return 0;
    }
    return static_cast<std::uint32_t>(
        std::min<std::size_t>((bytes - sizeof(RevocationList)) /
                                  (sizeof(Entry) + 2 * sizeof(std::uint32_t)),
                              kLastPlace - 1));
}

RevocationList *RevocationList::create(void *block, std::uint32_t capacity,
                                       std::uint64_t epoch) noexcept {
    auto *list = new (block) RevocationList(capacity, epoch);
    std::memset(list->buckets(), 0,
                2 * std::size_t{capacity} * sizeof(std::uint32_t));
    return list;
}

RevocationList::Entry &RevocationList::at(std::uint32_t place) noexcept {
    auto *entries =
        reinterpret_cast<Entry *>(buckets() + 2 * std::size_t{capacity_});
    return entries[place - 1];
}

std::uint32_t &RevocationList::bucket_of(const Revocation &key) noexcept {
    const bool named = key.value != RevocationDigest{};
    const std::uint32_t bits = bits_of(named ? key.value : key.provider);
    const std::uint32_t kind = static_cast<std::uint32_t>(key.kind);
    return buckets()[spread(bits + kind * 0x9e3779b1, capacity_)];
}

std::uint32_t &RevocationList::bucket_of_owner(
    const RevocationDigest &owner) noexcept {
    return buckets()[capacity_ + spread(bits_of(owner), capacity_)];
}

// The kind comes last: without it, the place is free.
void RevocationList::insert(const Revocation &r, std::uint32_t sent) noexcept {
    std::uint32_t place = free_;
    if (place != 0) {
        free_ = at(place).next;
    } else {
        place = used_ + 1;
        at(place).revocation.kind = RevokedKind::none;
        settle();
        used_ = place;
    }
    Entry &entry = at(place);
    Revocation unnamed = r;
    unnamed.kind = RevokedKind::none;
    entry.revocation = unnamed;
    entry.sent = sent;
    settle();
    entry.revocation.kind = r.kind;
    link(place);
}

void RevocationList::link(std::uint32_t place) noexcept {
    Entry &entry = at(place);
    std::uint32_t &first = bucket_of(entry.revocation);
    entry.next = first;
    first = place;
    if (has_owner(entry.revocation)) {
        std::uint32_t &same = bucket_of_owner(entry.revocation.owner);
        entry.next_of_owner = same;
        same = place;
    }
    count_.fetch_add(1, std::memory_order_relaxed);
}

void RevocationList::unlink(std::uint32_t place) noexcept {
    Entry &entry = at(place);
    std::uint32_t *to = &bucket_of(entry.revocation);
    while (*to != place) {
        to = &at(*to).next;
    }
    *to = entry.next;
    if (has_owner(entry.revocation)) {
        to = &bucket_of_owner(entry.revocation.owner);
        while (*to != place) {
            to = &at(*to).next_of_owner;
        }
        *to = entry.next_of_owner;
    }
    count_.fetch_sub(1, std::memory_order_relaxed);
}

void RevocationList::remove(std::uint32_t place) noexcept {
    unlink(place);
    at(place).revocation.kind = RevokedKind::none;
    at(place).next = free_;
    free_ = place;
}

void RevocationList::clear() noexcept {
    std::fill_n(buckets(), 2 * std::size_t{capacity_}, 0);
    count_.store(0, std::memory_order_relaxed);
    free_ = 0;
}

// After a kill: the entries alone are believed. What was on its way in may have
// lacked its epoch.
void RevocationList::repair() noexcept {
    if (torn_ == 0) {
        return;
    }
    clear();
    for (std::uint32_t place = 1; place <= used_; ++place) {
        if (at(place).revocation.kind != RevokedKind::none) {
            link(place);
        } else {
            at(place).next = free_;
            free_ = place;
        }
    }
    raise_epoch();
    settle();
    torn_ = 0;
}

std::uint32_t RevocationList::find(const Revocation &key) noexcept {
    std::uint32_t place = bucket_of(key);
    while (place != 0 && !same_thing(at(place).revocation, key)) {
        place = at(place).next;
    }
    return place;
}

// Beside the others, or to what is there of the same thing.
void RevocationList::put(const Revocation &r, std::uint32_t sent) noexcept {
    const std::uint32_t place = find(r);
    if (place == 0) {
        insert(r, sent);
        return;
    }
    Entry &entry = at(place);
    if (entry.revocation.cut < r.cut) {
        entry.revocation.cut = r.cut;
        entry.sent = sent;
    }
    entry.revocation.until = std::max(entry.revocation.until, r.until);
}

}  // namespace id_token
