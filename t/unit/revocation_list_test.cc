#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
#include <cstring>
#include <limits>
#include <string>
#include <vector>
extern "C" {
#include <cmocka.h>
}

#include "idt_revoke/list.h"

using namespace id_token;

namespace {

constexpr std::int64_t kNow = 10000;
constexpr std::int64_t kUntil = 20000;

const RevocationDigest kTenant = provider_digest("https://t/", "app");
const RevocationDigest kOther = provider_digest("https://u/", "app");

// A list in memory that was used before.
class Block {
  public:
    explicit Block(std::uint32_t capacity = kMinRevocations)
        : bytes_(RevocationList::bytes_for(capacity) / 8, 0xa5a5a5a5a5a5a5a5),
          list_(RevocationList::create(bytes_.data(), capacity, 1)) {}

    RevocationList *operator->() { return list_; }
    RevocationList &operator*() { return *list_; }
    std::vector<std::uint64_t> &bytes() { return bytes_; }

  private:
    std::vector<std::uint64_t> bytes_;
    RevocationList *list_;
};

Revocation make(RevokedKind kind, std::string_view value, std::int64_t cut,
                const RevocationDigest &provider = kTenant) {
    Revocation r;
    r.provider = provider;
    r.kind = kind;
    if (!value.empty()) {
        r.value = value_digest(provider, kind, value);
    }
    r.cut = cut;
    r.until = kUntil;
    return r;
}

Revocation owned(Revocation r, std::string_view sub) {
    r.owner = value_digest(r.provider, RevokedKind::sub, sub);
    return r;
}

TokenNames ann(double iat) {
    return {"s1", "ann", "n1", "j1", "a.b.c", iat};
}

bool refuses(RevocationList &list, const TokenNames &names,
             const RevocationDigest &provider = kTenant,
             std::int64_t now = kNow) {
    return list.is_revoked(mark_token(provider, names), now);
}

std::uint32_t entries(RevocationList &list, RevokedKind kind) {
    std::uint32_t cursor = 0;
    std::uint32_t count = 0;
    while (const auto r = list.next(cursor)) {
        count += r->kind == kind ? 1 : 0;
    }
    return count;
}

void nobody_is_in_an_empty_list(void **) {
    Block list;
    assert_false(refuses(*list, ann(5000)));
    assert_int_equal(list->count(), 0);
    std::uint32_t cursor = 0;
    assert_false(list->next(cursor).has_value());
}

void a_cut_ends_what_was_issued_up_to_it(void **) {
    for (const RevokedKind kind : {RevokedKind::sid, RevokedKind::sub,
                                   RevokedKind::all, RevokedKind::watermark}) {
        Block list;
        const std::string_view value = kind == RevokedKind::sid   ? "s1"
                                       : kind == RevokedKind::sub ? "ann"
                                                                  : "";
        assert_true(list->add(make(kind, value, 5000), 0, kNow) ==
                    Added::fresh);
        assert_true(refuses(*list, ann(5000)));
        assert_false(refuses(*list, ann(5000.5)));
        assert_false(refuses(*list, ann(5001)));
        assert_true(
            refuses(*list, ann(std::numeric_limits<double>::quiet_NaN())));
        assert_false(refuses(*list, ann(5000), kOther));
    }
}

void names_have_to_be_equal(void **) {
    Block list;
    list->add(make(RevokedKind::sid, "s1", 5000), 0, kNow);
    TokenNames names = ann(5000);
    assert_true(refuses(*list, names));
    names.sid = "s2";
    assert_false(refuses(*list, names));
    names.sid.reset();
    assert_false(refuses(*list, names));

    list->add(make(RevokedKind::sub, "bob", 5000), 0, kNow);
    names.sub = "bob";
    assert_true(refuses(*list, names));
    names.sub = "rob";
    assert_false(refuses(*list, names));
}

void who_has_no_sid_falls_under_the_sub(void **) {
    Block list;
    list->add(make(RevokedKind::sub_without_sid, "ann", 5000), 0, kNow);
    TokenNames names = ann(5000);
    assert_false(refuses(*list, names));
    names.sid.reset();
    assert_true(refuses(*list, names));
    names.iat = 5001;
    assert_false(refuses(*list, names));
}

void a_session_has_no_cut(void **) {
    Block list;
    list->add(revoke_session(mark_token(kTenant, ann(5000)), kUntil), 0, kNow);
    assert_true(refuses(*list, ann(5000)));
    assert_true(refuses(*list, ann(6000)));
    TokenNames names = ann(5000);
    names.nonce = "n2";
    assert_false(refuses(*list, names));

    list->add(make(RevokedKind::jti, "j1", 5000), 0, kNow);
    assert_true(refuses(*list, names));
    names.jti = "j2";
    assert_false(refuses(*list, names));
    names.jti.reset();
    assert_false(refuses(*list, names));
}

void a_jti_that_was_seen_revokes_nothing(void **) {
    Block list;
    const std::uint64_t epoch = list->epoch();
    const Revocation seen = make(RevokedKind::seen, "j1", 0);
    assert_false(list->holds(seen, kNow));
    list->add(seen, 0, kNow);
    assert_true(list->holds(seen, kNow));
    assert_false(list->holds(make(RevokedKind::seen, "j2", 0), kNow));
    assert_false(list->holds(seen, kUntil));
    assert_false(refuses(*list, ann(0)));
    assert_int_equal(list->epoch(), epoch);
}

void it_is_forgotten_in_its_time(void **) {
    Block list;
    const Revocation r = make(RevokedKind::sub, "ann", 5000);
    list->add(r, 0, kNow);
    assert_true(refuses(*list, ann(5000), kTenant, kUntil - 1));
    assert_false(refuses(*list, ann(5000), kTenant, kUntil));
    assert_int_equal(list->purge(kUntil - 1, 100), 0);
    assert_int_equal(list->purge(kUntil, 100), 1);
    assert_int_equal(list->count(), 0);
    assert_true(list->add(r, 0, kUntil) == Added::over);
    assert_true(list->add(r, 0, kUntil - 1) == Added::fresh);
}

void what_was_over_can_come_again(void **) {
    Block list;
    Revocation r = make(RevokedKind::sub, "ann", 5000);
    list->add(r, 0, kNow);
    const std::uint64_t epoch = list->epoch();
    r.cut = 4000;
    r.until = kUntil + 9;
    assert_true(list->add(r, 0, kUntil) == Added::fresh);
    assert_int_equal(list->count(), 1);
    assert_true(list->epoch() > epoch);
    assert_false(refuses(*list, ann(4001), kTenant, kUntil));
    assert_true(refuses(*list, ann(4000), kTenant, kUntil));
}

void purging_goes_round(void **) {
    Block list;
    for (int i = 0; i < 40; ++i) {
        Revocation r = make(RevokedKind::sid, std::to_string(i), 1);
        r.until = kNow + 1 + i % 2;
        list->add(r, 0, kNow);
    }
    std::uint32_t dropped = 0;
    for (int i = 0; i < 4; ++i) {
        dropped += list->purge(kNow + 1, 10);
    }
    assert_int_equal(dropped, 20);
    assert_int_equal(list->count(), 20);
    assert_int_equal(list->purge(kNow + 2, 1000), 20);
}

void the_newest_cut_counts(void **) {
    Block list;
    list->add(make(RevokedKind::sid, "s1", 5000), 0, kNow);
    std::uint64_t epoch = list->epoch();
    assert_true(list->add(make(RevokedKind::sid, "s1", 4999), 0, kNow) ==
                Added::known);
    assert_true(list->add(make(RevokedKind::sid, "s1", 5000), 0, kNow) ==
                Added::known);
    assert_int_equal(list->epoch(), epoch);
    assert_true(list->add(make(RevokedKind::sid, "s1", 5001), 0, kNow) ==
                Added::raised);
    assert_true(list->epoch() > epoch);
    assert_true(refuses(*list, ann(5001)));
    assert_int_equal(list->count(), 1);

    // It lasts as long as the longest.
    Revocation longer = make(RevokedKind::sid, "s1", 1);
    longer.until = kUntil + 5;
    list->add(longer, 0, kNow);
    assert_true(refuses(*list, ann(5001), kTenant, kUntil + 4));
}

void the_epoch_rises_with_each_entry(void **) {
    Block list;
    const std::uint64_t before = list->epoch();
    assert_true(before != 0);
    list->add(make(RevokedKind::sid, "s9", 1), 0, kNow);
    const std::uint64_t first = list->epoch();
    assert_true(first > before);
    assert_false(refuses(*list, ann(1)));
    list->purge(kNow, 10);
    assert_int_equal(list->epoch(), first);
}

void many_of_one_sub_are_one(void **) {
    Block list(256);
    for (std::uint32_t i = 0; i < kMaxOfOneSub; ++i) {
        assert_true(
            list->add(owned(make(RevokedKind::sid, std::to_string(i), 5000 + i),
                            "ann"),
                      0, kNow) == Added::fresh);
    }
    assert_int_equal(list->count(), kMaxOfOneSub);
    assert_false(refuses(*list, ann(5003)));

    // Another one's do not count.
    list->add(owned(make(RevokedKind::sid, "b", 5000), "bob"), 0, kNow);
    const std::uint64_t epoch = list->epoch();
    assert_true(list->add(owned(make(RevokedKind::sid, "17", 4000), "ann"), 0,
                          kNow) == Added::folded);
    assert_true(list->epoch() > epoch);
    assert_int_equal(list->count(), 2);
    assert_int_equal(entries(*list, RevokedKind::sub), 1);
    assert_true(refuses(*list, ann(5000 + kMaxOfOneSub - 1)));
    assert_false(refuses(*list, ann(5000 + kMaxOfOneSub)));

    // In a loop, it stays at that.
    for (int i = 0; i < 500; ++i) {
        list->add(
            owned(make(RevokedKind::session, "n" + std::to_string(i), 6000 + i),
                  "ann"),
            0, kNow);
        assert_true(list->count() <= kMaxOfOneSub + 2);
    }
}

void a_fold_lasts_as_long_as_its_parts(void **) {
    Block list(256);
    for (std::uint32_t i = 0; i <= kMaxOfOneSub; ++i) {
        Revocation r =
            owned(make(RevokedKind::sid, std::to_string(i), 5000), "ann");
        r.until = kUntil + (i == 3 ? 7 : 0);
        list->add(r, 0, kNow);
    }
    assert_true(refuses(*list, ann(5000), kTenant, kUntil + 6));
    assert_false(refuses(*list, ann(5000), kTenant, kUntil + 7));
}

void a_sub_takes_the_place_of_its_parts(void **) {
    Block list;
    list->add(owned(make(RevokedKind::sid, "a", 5000), "ann"), 0, kNow);
    list->add(owned(make(RevokedKind::sid, "b", 5001), "ann"), 0, kNow);
    list->add(owned(make(RevokedKind::session, "c", 5000), "ann"), 0, kNow);
    list->add(owned(make(RevokedKind::sid, "d", 5000), "bob"), 0, kNow);
    list->add(make(RevokedKind::sub, "ann", 5000), 0, kNow);
    assert_int_equal(entries(*list, RevokedKind::sid), 2);
    // Its token may be renewed: it has no cut.
    assert_int_equal(entries(*list, RevokedKind::session), 1);
    Revocation longer = owned(make(RevokedKind::sid, "e", 5000), "ann");
    longer.until = kUntil + 1;
    list->add(longer, 0, kNow);
    list->add(make(RevokedKind::sub, "ann", 5001), 0, kNow);
    // bob's, and the one that lasts longer
    assert_int_equal(entries(*list, RevokedKind::sid), 2);
}

void nameless_ones_have_no_value(void **) {
    Block list;
    Revocation r = make(RevokedKind::all, "ann", 5000);
    r.owner = r.value;
    list->add(r, 0, kNow);
    assert_true(refuses(*list, ann(5000)));
    r.cut = std::numeric_limits<std::int64_t>::max();
    list->add(r, 0, kNow);
    std::uint32_t cursor = 0;
    assert_true(list->next(cursor)->cut == std::int64_t{1} << 53);
}

void a_full_list_raises_the_watermark(void **) {
    Block list;
    std::uint32_t n = 0;
    while (list->count() + 1 < list->capacity()) {
        assert_true(
            list->add(make(RevokedKind::sid, std::to_string(n), 5000 + n), 0,
                      kNow) == Added::fresh);
        ++n;
    }
    assert_int_equal(list->watermark(kTenant), 0);
    const std::uint64_t epoch = list->epoch();
    assert_true(list->add(make(RevokedKind::sid, "new", 7000), 0, kNow) ==
                Added::forgotten_others);
    assert_true(list->epoch() > epoch);
    assert_true(list->count() < list->capacity());

    // What was forgotten is refused, and whatever was issued before it.
    const std::int64_t mark = list->watermark(kTenant);
    assert_true(mark >= 5000);
    assert_true(mark < 5000 + n / 4);
    TokenNames names = ann(static_cast<double>(mark));
    assert_true(refuses(*list, names));
    names.iat += 1;
    assert_false(refuses(*list, names));
    assert_false(refuses(*list, ann(5000), kOther));
    for (std::uint32_t i = 0; i < n; ++i) {
        const std::string sid = std::to_string(i);
        names.sid = sid;
        names.iat = 5000 + i;
        assert_true(refuses(*list, names));
    }
}

void what_is_over_goes_first(void **) {
    Block list;
    for (std::uint32_t i = 0; i + 1 < list->capacity(); ++i) {
        Revocation r = make(RevokedKind::sid, std::to_string(i), 5000);
        r.until = kUntil - (i == 9 ? 1 : 0);
        list->add(r, 0, kNow);
    }
    assert_true(list->add(make(RevokedKind::sid, "x", 5000), 0, kUntil - 1) ==
                Added::fresh);
    assert_int_equal(list->watermark(kTenant), 0);
    assert_true(list->add(make(RevokedKind::sid, "y", 5000), 0, kUntil - 1) ==
                Added::forgotten_others);
}

void jtis_go_before_revocations(void **) {
    Block list;
    list->add(make(RevokedKind::seen, "j", 0), 0, kNow);
    for (std::uint32_t i = 0; i + 1 < list->capacity(); ++i) {
        assert_true(list->add(make(RevokedKind::sid, std::to_string(i), 5000),
                              0, kNow) == Added::fresh);
    }
    assert_int_equal(entries(*list, RevokedKind::seen), 0);
    assert_int_equal(list->watermark(kTenant), 0);
}

void who_fills_the_list_bears_it(void **) {
    Block list(256);
    for (std::uint32_t i = 0; i < 20; ++i) {
        list->add(make(RevokedKind::sid, std::to_string(i), 10, kOther), 0,
                  kNow);
    }
    for (std::uint32_t i = 0; i < 1000; ++i) {
        list->add(make(RevokedKind::sid, std::to_string(i), 5000 + i), 0, kNow);
    }
    assert_int_equal(list->watermark(kOther), 0);
    assert_true(list->watermark(kTenant) > 5000);
    TokenNames names = ann(10);
    names.sid = "7";
    assert_true(refuses(*list, names, kOther));
    names.sid = "77";
    assert_false(refuses(*list, names, kOther));
}

void watermarks_alone_still_refuse(void **) {
    Block list;
    for (std::uint32_t i = 0; i + 1 < list->capacity(); ++i) {
        Revocation r = make(RevokedKind::watermark, "", 5000 + i,
                            provider_digest("https://t/", std::to_string(i)));
        list->add(r, 0, kNow);
    }
    assert_int_equal(list->watermark_of_all(), 0);
    assert_true(list->add(make(RevokedKind::sid, "s1", 9000), 0, kNow) ==
                Added::forgotten_others);
    const std::int64_t all = list->watermark_of_all();
    assert_int_equal(all, 5000 + list->capacity() - 2);
    assert_true(refuses(*list, ann(static_cast<double>(all)), kOther));
    assert_false(refuses(*list, ann(static_cast<double>(all) + 1), kOther));
    assert_true(refuses(*list, ann(9000)));

    // It outlives a change of the list.
    Block next;
    next->take_in(*list, kNow);
    assert_int_equal(next->watermark_of_all(), all);
    std::uint32_t cursor = 0;
    bool met = false;
    while (const auto r = list->next(cursor)) {
        met = met || r->provider == RevocationDigest{};
    }
    assert_true(met);
}

void a_larger_list_takes_all_in(void **) {
    Block list;
    Block larger(256);
    list->add(make(RevokedKind::sid, "s1", 5000), 7, kNow);
    list->add(make(RevokedKind::sub, "bob", 5000), 0, kNow);
    larger->take_in(*list, kNow);
    assert_int_equal(larger->count(), 2);
    assert_true(refuses(*larger, ann(5000)));
    std::uint32_t cursor = 0;
    const auto unsent = larger->next_unsent(cursor, 7);
    assert_true(unsent && unsent->kind == RevokedKind::sub);
    assert_false(larger->next_unsent(cursor, 7).has_value());
}

void a_smaller_list_forgets_the_oldest(void **) {
    Block list(256);
    for (std::uint32_t i = 0; i < 200; ++i) {
        list->add(make(RevokedKind::sid, std::to_string(i), 5000 + i), 0, kNow);
    }
    Block smaller;
    smaller->take_in(*list, kNow);
    assert_true(smaller->watermark(kTenant) > 5000);
    TokenNames names = ann(0);
    for (std::uint32_t i = 0; i < 200; ++i) {
        const std::string sid = std::to_string(i);
        names.sid = sid;
        names.iat = 5000 + i;
        assert_true(refuses(*smaller, names));
    }
}

void what_a_stream_lacks_is_found(void **) {
    Block list;
    const Revocation a = make(RevokedKind::sid, "a", 1);
    const Revocation b = make(RevokedKind::sid, "b", 1);
    list->add(a, 0, kNow);
    list->add(b, 5, kNow);
    list->add(make(RevokedKind::seen, "j", 0), 0, kNow);
    std::uint32_t cursor = 0;
    assert_true(list->next_unsent(cursor, 5) == a);
    assert_false(list->next_unsent(cursor, 5).has_value());

    list->mark_sent(a, 5);
    cursor = 0;
    assert_false(list->next_unsent(cursor, 5).has_value());

    // Another generation lacks everything.
    cursor = 0;
    assert_true(list->next_unsent(cursor, 6).has_value());
    assert_true(list->next_unsent(cursor, 6).has_value());
    assert_false(list->next_unsent(cursor, 6).has_value());

    // A cut that was raised is to be sent again.
    Revocation later = a;
    later.cut = 2;
    list->add(later, 0, kNow);
    list->mark_sent(a, 5);
    cursor = 0;
    assert_true(list->next_unsent(cursor, 5) == later);

    // What the stream tells is known to be in it.
    list->add(later, 5, kNow);
    cursor = 0;
    assert_false(list->next_unsent(cursor, 5).has_value());
    list->add(a, 6, kNow);
    cursor = 0;
    assert_false(list->next_unsent(cursor, 5).has_value());
}

void a_fold_of_sent_ones_is_sent(void **) {
    for (const std::uint32_t last : {5u, 0u, 6u}) {
        Block list(256);
        for (std::uint32_t i = 0; i <= kMaxOfOneSub; ++i) {
            list->add(
                owned(make(RevokedKind::sid, std::to_string(i), 5000), "ann"),
                i < kMaxOfOneSub ? 5 : last, kNow);
        }
        std::uint32_t cursor = 0;
        assert_int_equal(list->next_unsent(cursor, 5).has_value(), last != 5);
    }
}

// A process dies anywhere: chains, free places and the count may be wrong, the
// entries are what they are.
void what_a_kill_tore_is_put_together(void **) {
    Block list;
    for (int i = 0; i < 20; ++i) {
        list->add(owned(make(RevokedKind::sid, std::to_string(i), 5000),
                        i % 2 == 0 ? "ann" : "bob"),
                  0, kNow);
    }
    const std::uint64_t epoch = list->epoch();
    auto *words = reinterpret_cast<std::uint32_t *>(list.bytes().data());
    const std::size_t header = sizeof(RevocationList) / 4;
    for (std::size_t i = 0; i < 2 * list->capacity(); ++i) {
        words[header + i] = i % 3 == 0 ? 7 : 0;
    }
    // epoch 8, count, capacity, used, free, purge_at, torn
    words[2] = 99;
    words[5] = 3;
    words[7] = 1;

    TokenNames names = ann(5000);
    names.sid = "13";
    assert_true(refuses(*list, names));
    names.sid = "33";
    assert_false(refuses(*list, names));
    assert_int_equal(list->count(), 20);
    assert_true(list->epoch() > epoch);
    assert_int_equal(words[7], 0);
    for (int i = 20; i < 40; ++i) {
        assert_true(list->add(make(RevokedKind::sid, std::to_string(i), 5000),
                              0, kNow) == Added::fresh);
    }
    assert_int_equal(list->count(), 40);
    assert_int_equal(list->purge(kUntil, 1000), 40);
}

void blocks_have_their_size(void **) {
    const std::size_t least = RevocationList::bytes_for(kMinRevocations);
    assert_int_equal(RevocationList::capacity_for(least), kMinRevocations);
    assert_int_equal(RevocationList::capacity_for(least - 1), 0);
    assert_int_equal(RevocationList::capacity_for(0), 0);
    const std::uint32_t many = RevocationList::capacity_for(1 << 20);
    assert_true(RevocationList::bytes_for(many) <= 1 << 20);
    assert_true(RevocationList::bytes_for(many + 1) > 1 << 20);
}

// Against a plain model, with every operation mixed.
void it_never_refuses_less_than_a_plain_list(void **) {
    Block list(96);
    std::vector<Revocation> all;
    std::uint32_t random = 1;
    const auto next = [&](std::uint32_t n) {
        random = random * 1664525 + 1013904223;
        return (random >> 8) % n;
    };
    for (int step = 0; step < 4000; ++step) {
        const std::string value = std::to_string(next(300));
        const std::string sub = std::to_string(next(30));
        const std::int64_t cut = 1 + step + next(40);
        const RevokedKind kind = next(4) == 0   ? RevokedKind::sub
                                 : next(3) == 0 ? RevokedKind::sub_without_sid
                                                : RevokedKind::sid;
        Revocation r = kind == RevokedKind::sid
                           ? owned(make(kind, value + "/" + sub, cut), sub)
                           : make(kind, sub, cut);
        r.until = kNow + step + 100 + next(400);
        list->add(r, 0, kNow + step);
        all.push_back(r);
        if (next(50) == 0) {
            list->purge(kNow + step, 40);
        }
        const std::string other = value + "/" + sub;
        const TokenNames names{next(3) == 0
                                   ? std::nullopt
                                   : std::optional<std::string_view>(other),
                               sub,
                               {},
                               {},
                               "t",
                               static_cast<double>(step + next(60))};
        const TokenMarks marks = mark_token(kTenant, names);
        bool plain = false;
        for (const Revocation &one : all) {
            const RevocationDigest &mine =
                one.kind == RevokedKind::sid ? marks.sid : marks.sub;
            const bool asked = one.kind == RevokedKind::sub ||
                               (one.kind == RevokedKind::sid) == marks.has_sid;
            plain = plain ||
                    (asked && one.value == mine && kNow + step < one.until &&
                     names.iat <= static_cast<double>(one.cut));
        }
        assert_true(!plain || list->is_revoked(marks, kNow + step));
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_in_an_empty_list),
        cmocka_unit_test(a_cut_ends_what_was_issued_up_to_it),
        cmocka_unit_test(names_have_to_be_equal),
        cmocka_unit_test(who_has_no_sid_falls_under_the_sub),
        cmocka_unit_test(a_session_has_no_cut),
        cmocka_unit_test(a_jti_that_was_seen_revokes_nothing),
        cmocka_unit_test(it_is_forgotten_in_its_time),
        cmocka_unit_test(what_was_over_can_come_again),
        cmocka_unit_test(purging_goes_round),
        cmocka_unit_test(the_newest_cut_counts),
        cmocka_unit_test(the_epoch_rises_with_each_entry),
        cmocka_unit_test(many_of_one_sub_are_one),
        cmocka_unit_test(a_fold_lasts_as_long_as_its_parts),
        cmocka_unit_test(a_sub_takes_the_place_of_its_parts),
        cmocka_unit_test(nameless_ones_have_no_value),
        cmocka_unit_test(a_full_list_raises_the_watermark),
        cmocka_unit_test(what_is_over_goes_first),
        cmocka_unit_test(jtis_go_before_revocations),
        cmocka_unit_test(who_fills_the_list_bears_it),
        cmocka_unit_test(watermarks_alone_still_refuse),
        cmocka_unit_test(a_larger_list_takes_all_in),
        cmocka_unit_test(a_smaller_list_forgets_the_oldest),
        cmocka_unit_test(what_a_stream_lacks_is_found),
        cmocka_unit_test(a_fold_of_sent_ones_is_sent),
        cmocka_unit_test(what_a_kill_tore_is_put_together),
        cmocka_unit_test(blocks_have_their_size),
        cmocka_unit_test(it_never_refuses_less_than_a_plain_list),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
