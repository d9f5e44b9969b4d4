/* Who has been logged out, for all workers: the zone and its file. */

#ifndef IDT_REVOKED_REVOCATIONS_H
#define IDT_REVOKED_REVOCATIONS_H

extern "C" {
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#if (NGX_THREADS)
#include <ngx_thread_pool.h>
#endif
}

#include <cstdint>
#include <span>
#include <string_view>

#include "idt_revoke/revocation.h"


namespace id_token::nginx {


struct revoked_zone;


/* what is written in id_token_revocations */

typedef struct {
    size_t           zone;     /* bytes */
    time_t           keep;     /* seconds */
    ngx_path_t      *state;    /* NULL: none */
    u_char          *file;     /* where it was written */
    ngx_uint_t       line;
} revocations_conf_t;


typedef struct revocations_s {
    revocations_conf_t    settings;
    time_t                leeway;    /* the longest of all providers */

    ngx_cycle_t          *cycle;
    ngx_shm_zone_t       *shm_zone;
    ngx_slab_pool_t      *shpool;
    struct revoked_zone  *zone;

    /* of this worker */
    ngx_event_t           timer;
    ngx_fd_t              fd;        /* of the file; -1: not open */
    ngx_fd_t              lock_fd;
    unsigned              unsynced:1;
    unsigned              syncing:1;
} revocations_t;


/* Postconfiguration. NULL: it has been logged. */

revocations_t *revocations_add(ngx_conf_t *cf,
    const revocations_conf_t *settings) noexcept;

/*
 * Workers only; of NULL, nothing. The file has been read when the first one
 * returns.
 */

void revocations_init_process(revocations_t *revocations) noexcept;
void revocations_exit_process(revocations_t *revocations) noexcept;


/*
 * Run time. Logouts that were accepted: they count at once, in every worker.
 * false: they do, but could not be written, which has been logged: answer 503,
 * so that the sender comes again.
 */

bool revocations_accept(revocations_t *revocations,
    std::span<const Revocation> accepted) noexcept;

/*
 * Whether the jti of a logout token has been met, and that it has: only when
 * all that it stands for was accepted.
 */

bool revocations_has_seen(revocations_t *revocations, const Revocation &seen)
    noexcept;
void revocations_see(revocations_t *revocations, const Revocation &seen)
    noexcept;

/* Until when a cut has to be known: no token is accepted for longer. */

int64_t revocations_until(const revocations_t *revocations, int64_t cut)
    noexcept;

/* How many are held, and how many there is room for. */

ngx_uint_t revocations_count(const revocations_t *revocations) noexcept;
ngx_uint_t revocations_capacity(const revocations_t *revocations) noexcept;

/*
 * The epoch of the list, for is_revoked(): a token that was found clean is
 * clean while it stands. `empty`: every token is.
 */

uint64_t revocations_epoch(const revocations_t *revocations, bool *empty)
    noexcept;
bool is_revoked(revocations_t *revocations, const TokenMarks &marks) noexcept;

/*
 * Told, in the worker that accepted it, that there is something that other
 * nodes do not know. The other workers see the epoch move.
 */

typedef void (*revocations_changed_pt)(revocations_t *revocations) noexcept;

void revocations_on_change(revocations_changed_pt handler) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_REVOKED_REVOCATIONS_H */
