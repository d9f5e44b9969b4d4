// The list: what is looked for, what is added.

#include <algorithm>

#include "idt_revoke/list_parts.h"

namespace id_token {

namespace {

bool has_cut(RevokedKind kind) noexcept {
    return kind != RevokedKind::session && kind != RevokedKind::jti;
}

// What has no name has no value, a sub is its own owner, and cuts can be
// counted with.
Revocation normal(Revocation r) noexcept {
    if (r.kind == RevokedKind::sub_without_sid) {
        r.owner = r.value;
    }
    if (r.kind == RevokedKind::all || r.kind == RevokedKind::watermark) {
        r.value = {};
        r.owner = {};
    }
    r.cut = std::clamp<std::int64_t>(r.cut, 0, std::int64_t{1} << 53);
    return r;
}

// NaN is before every cut.
bool is_before(double iat, std::int64_t cut) noexcept {
    return !(iat > static_cast<double>(cut));
}

}  // namespace

// -- looking

const Revocation *RevocationList::find_live(const RevocationDigest &provider,
                                            RevokedKind kind,
                                            const RevocationDigest &value,
                                            std::int64_t now) noexcept {
    Revocation key;
    key.provider = provider;
    key.value = value;
    key.kind = kind;
    const std::uint32_t place = find(key);
    if (place == 0 || now >= at(place).revocation.until) {
        return nullptr;
    }
    return &at(place).revocation;
}

bool RevocationList::is_revoked(const TokenMarks &marks,
                                std::int64_t now) noexcept {
    repair();
    const auto is_cut = [&](RevokedKind kind, const RevocationDigest &value) {
        const Revocation *r = find_live(marks.provider, kind, value, now);
        return r != nullptr && is_before(marks.iat, r->cut);
    };
    const auto is_named = [&](RevokedKind kind, const RevocationDigest &value) {
        return find_live(marks.provider, kind, value, now) != nullptr;
    };
    return (watermark_of_all() != 0 &&
            is_before(marks.iat, watermark_of_all())) ||
           is_cut(RevokedKind::all, {}) || is_cut(RevokedKind::watermark, {}) ||
           is_cut(RevokedKind::sub, marks.sub) ||
           (marks.has_sid ? is_cut(RevokedKind::sid, marks.sid)
                          : is_cut(RevokedKind::sub_without_sid, marks.sub)) ||
           is_named(RevokedKind::session, marks.session) ||
           (marks.has_jti && is_named(RevokedKind::jti, marks.jti));
}

bool RevocationList::holds(const Revocation &key, std::int64_t now) noexcept {
    repair();
    return find_live(key.provider, key.kind, key.value, now) != nullptr;
}

std::int64_t RevocationList::watermark(
    const RevocationDigest &provider) noexcept {
    repair();
    Revocation key;
    key.provider = provider;
    key.kind = RevokedKind::watermark;
    const std::uint32_t place = find(key);
    return place != 0 ? at(place).revocation.cut : 0;
}

std::optional<Revocation> RevocationList::next(std::uint32_t &cursor) noexcept {
    repair();
    while (cursor < used_) {
        const Revocation &r = at(++cursor).revocation;
        if (r.kind != RevokedKind::none) {
            return r;
        }
    }
    if (cursor != kLastPlace && watermark_of_all() != 0) {
        cursor = kLastPlace;
        return everything(watermark_of_all());
    }
    return std::nullopt;
}

std::optional<Revocation> RevocationList::next_unsent(
    std::uint32_t &cursor, std::uint32_t generation) noexcept {
    repair();
    while (cursor < used_) {
        const Entry &entry = at(++cursor);
        const RevokedKind kind = entry.revocation.kind;
        if (kind != RevokedKind::none && kind != RevokedKind::seen &&
            entry.sent != generation) {
            return entry.revocation;
        }
    }
    return std::nullopt;
}

void RevocationList::mark_sent(const Revocation &r,
                               std::uint32_t generation) noexcept {
    repair();
    const std::uint32_t place = find(r);
    if (place != 0 && at(place).revocation.cut == r.cut) {
        at(place).sent = generation;
    }
}

// -- adding

Added RevocationList::add(const Revocation &revocation, std::uint32_t sent,
                          std::int64_t now) noexcept {
    const Change change(*this);
    const Revocation r = normal(revocation);
    if (now >= r.until || r.kind == RevokedKind::none) {
        return Added::over;
    }
    if (is_everything(r)) {
        if (r.cut <= watermark_of_all()) {
            return Added::known;
        }
        everything_.store(r.cut, std::memory_order_relaxed);
        raise_epoch();
        return Added::raised;
    }
    const std::uint32_t place = find(r);
    if (place != 0 && now < at(place).revocation.until) {
        return merge(at(place), r, sent);
    }
    if (place != 0) {
        remove(place);
    }
    return add_new(r, sent, now);
}

Added RevocationList::merge(Entry &entry, const Revocation &r,
                            std::uint32_t sent) noexcept {
    Revocation &known = entry.revocation;
    known.until = std::max(known.until, r.until);
    if (r.cut > known.cut) {
        known.cut = r.cut;
        entry.sent = sent;
        if (r.kind == RevokedKind::sub) {
            absorb(known);
        }
        raise_epoch();
        return Added::raised;
    }
    if (r.cut == known.cut && sent != 0) {
        entry.sent = sent;
    }
    return Added::known;
}

Added RevocationList::add_new(const Revocation &r, std::uint32_t sent,
                              std::int64_t now) noexcept {
    const bool forgot = !has_room() && make_room(now);
    insert(r, sent);
    bool folded = false;
    if (r.kind == RevokedKind::sub) {
        absorb(r);
    } else if (has_owner(r)) {
        folded = fold(r);
    }
    if (r.kind != RevokedKind::seen) {
        raise_epoch();
    }
    return forgot ? Added::forgotten_others
                  : (folded ? Added::folded : Added::fresh);
}

template <class F>
void RevocationList::each_of_owner(const Revocation &of, F look) noexcept {
    std::uint32_t place = bucket_of_owner(of.owner);
    while (place != 0) {
        const std::uint32_t next = at(place).next_of_owner;
        const Revocation &r = at(place).revocation;
        if (r.owner == of.owner && r.provider == of.provider) {
            look(place);
        }
        place = next;
    }
}

// What all of a sub are cut by says as much. A session has no cut: its token
// may be renewed under its nonce.
void RevocationList::absorb(const Revocation &sub) noexcept {
    Revocation of = sub;
    of.owner = sub.value;
    each_of_owner(of, [&](std::uint32_t place) {
        const Revocation &r = at(place).revocation;
        if (has_cut(r.kind) && r.cut <= sub.cut && r.until <= sub.until) {
            remove(place);
        }
    });
}

// Whether there were too many of one sub.
bool RevocationList::fold(const Revocation &r) noexcept {
    Sum sum;
    std::uint32_t count = 0;
    each_of_owner(r, [&](std::uint32_t place) {
        sum.add(at(place));
        ++count;
    });
    if (count <= kMaxOfOneSub) {
        return false;
    }
    // First, lest a kill in between forgets them; a place is spare.
    Revocation one;
    one.provider = r.provider;
    one.value = r.owner;
    one.kind = RevokedKind::sub;
    one.cut = sum.cut;
    one.until = sum.until;
    put(one, sum.sent);
    each_of_owner(r, [&](std::uint32_t place) { remove(place); });
    return true;
}

void RevocationList::take_in(RevocationList &other, std::int64_t now) noexcept {
    std::uint32_t cursor = 0;
    other.repair();
    while (cursor < other.used_) {
        const Entry &entry = other.at(++cursor);
        if (entry.revocation.kind != RevokedKind::none) {
            add(entry.revocation, entry.sent, now);
        }
    }
    if (other.watermark_of_all() != 0) {
        add(everything(other.watermark_of_all()), 0, now);
    }
}

}  // namespace id_token
