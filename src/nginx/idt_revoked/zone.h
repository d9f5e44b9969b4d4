/* The zone of id_token_revocations, as the files of this folder see it. */

#ifndef IDT_REVOKED_ZONE_H
#define IDT_REVOKED_ZONE_H

#include <atomic>

#include "idt_revoke/list.h"
#include "idt_revoked/revocations.h"


namespace id_token::nginx {


/* In shared memory. The list follows. */

struct revoked_zone {
    RevocationList         *list;

    /* what of the file has been taken in; with the lock */
    uint64_t                device;
    uint64_t                inode;
    uint64_t                offset;

    std::atomic<bool>       starts;         /* the file was not looked after */
    std::atomic<bool>       write_failed;   /* told once */
    std::atomic<bool>       read_failed;
    std::atomic<bool>       full;
};


class revoked_lock {
public:
    explicit revoked_lock(revocations_t *revocations) noexcept
        : pool_(revocations->shpool)
    {
        ngx_shmtx_lock(&pool_->mutex);
    }

    ~revoked_lock() { ngx_shmtx_unlock(&pool_->mutex); }

    revoked_lock(const revoked_lock &) = delete;
    revoked_lock &operator=(const revoked_lock &) = delete;

private:
    ngx_slab_pool_t  *pool_;
};


/* zone.cc; `sent`: see list.h. For the holder of the lock. */

void revoked_add(revocations_t *revocations, const Revocation &one,
    uint32_t sent) noexcept;

/* records.cc: one file of all processes */

/* appends; false: it could not, which has been logged */
bool revoked_write(revocations_t *revocations,
    std::span<const Revocation> records) noexcept;

/* takes in what others have appended */
void revoked_read(revocations_t *revocations) noexcept;

/* compact.cc; `starts`: before any request, what is torn is cut off as well */
void revoked_compact(revocations_t *revocations, bool starts) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_REVOKED_ZONE_H */
