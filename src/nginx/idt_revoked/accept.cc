/* A logout is accepted: it counts, it is written, others are told. */

#include "idt_revoked/zone.h"


namespace id_token::nginx {


static revocations_changed_pt  changed;


bool
revocations_accept(revocations_t *revocations,
    std::span<const Revocation> accepted) noexcept
{
    bool  written;

    {
        revoked_lock  lock(revocations);

        for (const Revocation &one : accepted) {
            revoked_add(revocations, one, 0);
        }
    }

    written = revocations->settings.state == NULL
              || revoked_write(revocations, accepted);

    if (changed != NULL) {
        changed(revocations);
    }

    return written;
}


void
revocations_on_change(revocations_changed_pt handler) noexcept
{
    changed = handler;
}


bool
revocations_has_seen(revocations_t *revocations, const Revocation &seen)
    noexcept
{
    revoked_lock  lock(revocations);

    return revocations->zone->list->holds(seen, ngx_time());
}


void
revocations_see(revocations_t *revocations, const Revocation &seen) noexcept
{
    revoked_lock  lock(revocations);

    revoked_add(revocations, seen, 0);
}


}  // namespace id_token::nginx
