/*
 * The shared zone of a key source: the body, the schedule, the lease.
 *
 * Nothing may throw while the mutex is held: it would lock all workers out.
 */

#include <signal.h>

#include <cstring>
#include <new>
#include <type_traits>

#include "idt_source/zone.h"


namespace id_token::nginx {


/* what the end of a fetch may lag behind its deadline */
#define LEASE_SLACK  2000

/* a set that kills its reader must not kill one worker after the other */
#define MAX_LOST     2


static_assert(std::is_trivially_copyable_v<RefreshState>);


/* whole pages, so that zones of equal size hold equally much */

static size_t
zone_capacity(size_t max_body) noexcept
{
    return ngx_align(max_body, ngx_pagesize);
}


size_t
zone_size(size_t max_body) noexcept
{
    size_t  pages;

    pages = (sizeof(zone_t)
             + zone_capacity(max_body)) / ngx_pagesize + 8;

    return pages * (ngx_pagesize + 2 * sizeof(ngx_slab_page_t));
}


/*
 * The zone of the same source in the former cycle, which nginx does not keep
 * when the size has changed. At the first start there is no former cycle.
 */

static key_source_t *
zone_former(ngx_shm_zone_t *shm_zone) noexcept
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_shm_zone_t   *former;

    part = (ngx_cycle != NULL)
               ? const_cast<ngx_list_part_t *>(&ngx_cycle->shared_memory.part)
               : NULL;

    for ( /* void */ ; part != NULL; part = part->next) {
        former = static_cast<ngx_shm_zone_t *>(part->elts);

        for (i = 0; i < part->nelts; i++) {
            if (&former[i] != shm_zone
                && former[i].tag == shm_zone->tag
                && former[i].shm.name.len == shm_zone->shm.name.len
                && ngx_strncmp(former[i].shm.name.data,
                               shm_zone->shm.name.data,
                               shm_zone->shm.name.len)
                   == 0)
            {
                return static_cast<key_source_t *>(former[i].data);
            }
        }
    }

    return NULL;
}


/* an attempt that is under way in the former zone ends there, for nobody */

static void
zone_inherit(key_source_t *keys, key_source_t *former) noexcept
{
    zone_t  *zone, *from;

    zone = keys->zone;
    from = former->zone;

    if (from == NULL || from->origin != keys->origin) {
        return;
    }

    zone_lock  lock(former);

    zone->refresh = from->refresh;
    zone->look_up = from->look_up;
    zone->known = from->known;
    zone->error_hash = from->error_hash;
    zone->error_logged = from->error_logged;

    if (from->generation.load(std::memory_order_relaxed) == 0
        || from->torn
        || from->length > zone->size)
    {
        zone->refresh.dropped();
        return;
    }

    zone_write(keys, { reinterpret_cast<char *>(from->body), from->length });
    zone->fetched_at.store(from->fetched_at.load(std::memory_order_relaxed),
                           std::memory_order_release);
}


ngx_int_t
zone_init(ngx_shm_zone_t *shm_zone, void *data) noexcept
{
    void          *p;
    size_t         size;
    key_source_t  *keys, *old, *former;

    keys = static_cast<key_source_t *>(shm_zone->data);
    old = static_cast<key_source_t *>(data);

    keys->shpool = reinterpret_cast<ngx_slab_pool_t *>(shm_zone->shm.addr);

    size = zone_capacity(keys->settings.max_size);

    if (old != NULL) {
        keys->zone = old->zone;

    } else if (shm_zone->shm.exists) {
        keys->zone = static_cast<zone_t *>(keys->shpool->data);
    }

    if (keys->zone != NULL) {
        if (keys->zone->origin != keys->origin
            || keys->zone->size != size)
        {
            ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                          "zone \"%V\" holds the keys of another source",
                          &shm_zone->shm.name);
            return NGX_ERROR;
        }

        zone_lock  lock(keys);

        keys->zone->refresh.adopted(zone_now(), keys->rules);
        keys->zone->save_failed.store(false, std::memory_order_relaxed);

        return NGX_OK;
    }

    /* the body is not touched: its pages are taken when they are written */

    p = ngx_slab_alloc(keys->shpool, sizeof(zone_t) + size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    keys->zone = ::new (p) zone_t();
    keys->zone->origin = keys->origin;
    keys->zone->size = size;

    keys->shpool->data = keys->zone;

    former = zone_former(shm_zone);

    if (former != NULL) {
        zone_inherit(keys, former);
        keys->zone->refresh.adopted(zone_now(), keys->rules);
    }

    return NGX_OK;
}


bool
zone_read(key_source_t *keys, std::string &body, uint64_t *generation)
{
    size_t   length;
    zone_t  *zone;

    zone = keys->zone;

    for ( ;; ) {

        {
            zone_lock  lock(keys);

            *generation = zone->generation.load(std::memory_order_relaxed);

            if (*generation == 0 || zone->torn) {
                return false;
            }

            length = zone->length;

            if (length <= body.size()) {
                std::memcpy(body.data(), zone->body, length);
            }
        }

        if (length <= body.size()) {
            body.resize(length);
            return true;
        }

        body.resize(length);
    }
}


bool
zone_holds(key_source_t *keys, std::string_view body) noexcept
{
    zone_t  *zone;

    zone = keys->zone;

    return zone->generation.load(std::memory_order_relaxed) != 0
           && !zone->torn
           && zone->length == body.size()
           && std::memcmp(zone->body, body.data(), body.size()) == 0;
}


/* a worker may be killed at any instruction: the mutex is freed for it */

void
zone_write(key_source_t *keys, std::string_view body) noexcept
{
    zone_t  *zone;

    zone = keys->zone;

    zone->torn = 1;
    std::atomic_signal_fence(std::memory_order_seq_cst);

    std::memcpy(zone->body, body.data(), body.size());
    zone->length = body.size();
    zone->generation.fetch_add(1, std::memory_order_release);

    std::atomic_signal_fence(std::memory_order_seq_cst);
    zone->torn = 0;
}


bool
zone_owns(key_source_t *keys) noexcept
{
    return keys->leased
           && keys->zone->owner == ngx_pid
           && keys->zone->lease == keys->lease;
}


Lease
claim_lease(key_source_t *keys) noexcept
{
    zone_t  *zone;

    zone = keys->zone;

    if (zone->started.load(std::memory_order_relaxed)
        == zone->finished.load(std::memory_order_relaxed))
    {
        return Lease::free;
    }

    if (zone->owner != 0 && zone_now() < zone->lease_until) {

        if (zone->owner == ngx_pid) {
            if (zone_owns(keys)) {
                return Lease::held;
            }

        } else if (kill(zone->owner, 0) == 0 || ngx_errno != NGX_ESRCH) {
            return Lease::held;
        }
    }

    if (zone->lost >= MAX_LOST) {
        ngx_log_error(NGX_LOG_ERR, keys->cycle->log, 0,
                      "id_token_provider \"%V\": an attempt to get keys is "
                      "given up: %d workers died of it or hang",
                      &keys->settings.provider,
                      MAX_LOST + 1);
        zone_end(keys, false);
        return Lease::free;
    }

    return Lease::lost;
}


void
zone_take(key_source_t *keys) noexcept
{
    zone_t  *zone;

    zone = keys->zone;

    if (zone->started.load(std::memory_order_relaxed)
        == zone->finished.load(std::memory_order_relaxed))
    {
        zone->started.fetch_add(1, std::memory_order_relaxed);
        zone->lost = 0;

    } else if (zone->owner != 0) {
        zone->lost++;
    }

    zone->owner = ngx_pid;
    zone->lease++;
    zone->lease_until = zone_now()
                        + static_cast<int64_t>(keys->settings.timeout)
                        + LEASE_SLACK;

    keys->lease = zone->lease;
    keys->leased = 1;

    /* from the event loop, never from within the caller */

    ngx_post_event(&keys->begin, &ngx_posted_events);
}


void
zone_end(key_source_t *keys, bool succeeded) noexcept
{
    uint64_t  attempt;
    zone_t   *zone;

    zone = keys->zone;
    attempt = zone->started.load(std::memory_order_relaxed);

    if (succeeded) {
        zone->succeeded.store(attempt, std::memory_order_release);

    } else {
        zone->refresh.failed(zone_now(), static_cast<uint32_t>(ngx_random()));
    }

    zone->finished.store(attempt, std::memory_order_release);
    zone->owner = 0;
    zone->lost = 0;
}


}  // namespace id_token::nginx
