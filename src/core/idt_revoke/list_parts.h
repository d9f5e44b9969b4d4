// What the files of the list share, and nobody else.

#ifndef IDT_REVOKE_LIST_PARTS_H
#define IDT_REVOKE_LIST_PARTS_H

#include <algorithm>
#include <limits>

#include "idt_revoke/list.h"

namespace id_token {

inline constexpr std::uint32_t kLastPlace =
    std::numeric_limits<std::uint32_t>::max();

// Those that are folded when there are many.
inline bool has_owner(const Revocation &r) noexcept {
    return r.owner != RevocationDigest{} && r.kind != RevokedKind::sub &&
           r.kind != RevokedKind::seen;
}

// What is remembered when not even watermarks have room.
inline Revocation everything(std::int64_t cut) noexcept {
    Revocation r;
    r.kind = RevokedKind::watermark;
    r.cut = cut;
    r.until = std::numeric_limits<std::int64_t>::max();
    return r;
}

inline bool is_everything(const Revocation &r) noexcept {
    return r.kind == RevokedKind::watermark && r.provider == RevocationDigest{};
}

// Memory is as written so far, for who reads it after a kill.
inline void settle() noexcept {
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

// While one lives the list may be torn.
class RevocationList::Change {
  public:
    explicit Change(RevocationList &list) noexcept : list_(&list) {
        list_->repair();
        list_->torn_ = 1;
        settle();
    }
    ~Change() {
        settle();
        list_->torn_ = 0;
    }
    Change(const Change &) = delete;
    Change &operator=(const Change &) = delete;

  private:
    RevocationList *list_;
};

// What entries say together, and whether a stream knows them all.
struct RevocationList::Sum {
    std::int64_t cut = 0;
    std::int64_t until = 0;
    std::uint32_t sent = 0;
    bool empty = true;

    void add(const Entry &entry) noexcept {
        cut = std::max(cut, entry.revocation.cut);
        until = std::max(until, entry.revocation.until);
        sent = empty || sent == entry.sent ? entry.sent : 0;
        empty = false;
    }
};

}  // namespace id_token

#endif
