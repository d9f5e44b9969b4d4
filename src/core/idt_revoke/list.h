// Who has been logged out, in one flat block of shared memory (L5).
//
// Nothing is forgotten silently. Many entries of one sub are folded into one;
// what has to go for lack of room raises the watermark of its provider, so
// that too much is refused, never too little.
//
// Readers need no lock while the epoch stands: it is read before a look and
// raised after whatever may revoke another token. All else is for who holds
// the lock of the block. A process may be killed at any instruction: what it
// left torn is put together again by the next one.

#ifndef IDT_REVOKE_LIST_H
#define IDT_REVOKE_LIST_H

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "idt_revoke/revocation.h"

namespace id_token {

// So many of one sub stay apart: who logs in and out in a loop fills nothing.
inline constexpr std::uint32_t kMaxOfOneSub = 16;

// Smaller blocks hold no list.
inline constexpr std::uint32_t kMinRevocations = 64;

enum class Added : std::uint8_t {
    over,    // its time has passed: nothing to do
    known,   // changes nothing
    raised,  // known, with an earlier cut
    fresh,
    folded,            // all of its sub are one entry now
    forgotten_others,  // there was no room: a watermark was raised
};

class RevocationList {
  public:
    // Whole bytes for so many entries, and entries for so many bytes; 0 for
    // less than kMinRevocations.
    [[nodiscard]] static std::size_t bytes_for(std::uint32_t capacity) noexcept;
    [[nodiscard]] static std::uint32_t capacity_for(std::size_t bytes) noexcept;

    // An empty list in a block of bytes_for(capacity), aligned to 8. Pages of
    // entries that are never used are never touched. `epoch`: greater than any
    // that a reader may remember.
    static RevocationList *create(void *block, std::uint32_t capacity,
                                  std::uint64_t epoch) noexcept;

    RevocationList(const RevocationList &) = delete;
    RevocationList &operator=(const RevocationList &) = delete;

    // -- without the lock ------------------------------------------------

    // Never 0. A token that was found clean is clean while it stands.
    [[nodiscard]] std::uint64_t epoch() const noexcept {
        return epoch_.load(std::memory_order_acquire);
    }
    [[nodiscard]] std::uint32_t count() const noexcept {
        return count_.load(std::memory_order_relaxed);
    }
    // Tokens of whatever provider with iat up to this are refused, 0: none; the
    // very last resort.
    [[nodiscard]] std::int64_t watermark_of_all() const noexcept {
        return everything_.load(std::memory_order_relaxed);
    }
    // Whether there is nothing to look for; asked for after the epoch.
    [[nodiscard]] bool is_empty() const noexcept {
        return count() == 0 && watermark_of_all() == 0;
    }
    [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }

    // -- with the lock ---------------------------------------------------

    // `sent`: the generation of the stream in which the record is known to be;
    // 0: none. `now`: seconds since the epoch, here and below.
    Added add(const Revocation &revocation, std::uint32_t sent,
              std::int64_t now) noexcept;

    [[nodiscard]] bool is_revoked(const TokenMarks &marks,
                                  std::int64_t now) noexcept;

    // Whether this very thing is there: a jti that was seen.
    [[nodiscard]] bool holds(const Revocation &key, std::int64_t now) noexcept;

    // Tokens of the provider with iat up to this are refused; 0: none for it.
    [[nodiscard]] std::int64_t watermark(
        const RevocationDigest &provider) noexcept;
    // Drops what is over, looking at `places` entries at most, each call at
    // the next ones. Returns how many went.
    std::uint32_t purge(std::int64_t now, std::uint32_t places) noexcept;

    // The entry at the cursor or behind it, and the cursor behind that;
    // nothing: the end. A walk from 0 meets all that are there all the time.
    [[nodiscard]] std::optional<Revocation> next(
        std::uint32_t &cursor) noexcept;

    // The same, of those that a stream of this generation lacks. Jtis that
    // were seen are nobody else's affair.
    [[nodiscard]] std::optional<Revocation> next_unsent(
        std::uint32_t &cursor, std::uint32_t generation) noexcept;

    // Nothing happens if the entry has another cut by now, or is gone.
    void mark_sent(const Revocation &revocation,
                   std::uint32_t generation) noexcept;

    // Takes in all that another list holds: a zone of another size.
    void take_in(RevocationList &other, std::int64_t now) noexcept;

  private:
    // Places count from 1; 0: none.
    struct Entry {
        Revocation revocation;
        std::uint32_t sent;
        std::uint32_t next;  // in its bucket, or among the free
        std::uint32_t next_of_owner;
    };
    struct Sum;
    class Change;

    RevocationList(std::uint32_t capacity, std::uint64_t epoch) noexcept
        : epoch_(epoch), capacity_(capacity) {}

    // memory
    [[nodiscard]] std::uint32_t *buckets() noexcept {
        return reinterpret_cast<std::uint32_t *>(this + 1);
    }
    [[nodiscard]] Entry &at(std::uint32_t place) noexcept;
    [[nodiscard]] std::uint32_t &bucket_of(const Revocation &key) noexcept;
    [[nodiscard]] std::uint32_t &bucket_of_owner(
        const RevocationDigest &owner) noexcept;
    // One place is spare: for what stands in for others before they go.
    [[nodiscard]] bool has_room() const noexcept {
        return count() + 1 < capacity_;
    }
    void insert(const Revocation &r, std::uint32_t sent) noexcept;
    void link(std::uint32_t place) noexcept;
    void unlink(std::uint32_t place) noexcept;
    void remove(std::uint32_t place) noexcept;
    void clear() noexcept;
    void repair() noexcept;
    void raise_epoch() noexcept {
        epoch_.fetch_add(1, std::memory_order_release);
    }

    // looking
    [[nodiscard]] std::uint32_t find(const Revocation &key) noexcept;
    [[nodiscard]] const Revocation *find_live(const RevocationDigest &provider,
                                              RevokedKind kind,
                                              const RevocationDigest &value,
                                              std::int64_t now) noexcept;

    // adding
    Added merge(Entry &entry, const Revocation &r, std::uint32_t sent) noexcept;
    Added add_new(const Revocation &r, std::uint32_t sent,
                  std::int64_t now) noexcept;
    template <class F>
    void each_of_owner(const Revocation &of, F look) noexcept;
    void absorb(const Revocation &sub) noexcept;
    [[nodiscard]] bool fold(const Revocation &r) noexcept;
    void put(const Revocation &r, std::uint32_t sent) noexcept;

    // making room
    [[nodiscard]] bool make_room(std::int64_t now) noexcept;
    std::uint32_t drop_over(std::int64_t now, std::uint32_t places) noexcept;
    void drop_seen() noexcept;
    [[nodiscard]] bool may_forget(std::uint32_t place) noexcept;
    [[nodiscard]] std::optional<RevocationDigest> choose_provider() noexcept;
    [[nodiscard]] std::int64_t choose_cut(
        const RevocationDigest &provider) noexcept;
    void forget(const RevocationDigest &provider) noexcept;
    void forget_everything() noexcept;

    std::atomic<std::uint64_t> epoch_;
    std::atomic<std::uint32_t> count_{0};
    std::uint32_t capacity_;
    std::uint32_t used_ = 0;  // places that ever were
    std::uint32_t free_ = 0;  // the first of those that are free again
    std::uint32_t purge_at_ = 0;
    std::uint32_t torn_ = 0;  // a change has begun and not ended
    std::atomic<std::int64_t> everything_{0};
};

}  // namespace id_token

#endif
