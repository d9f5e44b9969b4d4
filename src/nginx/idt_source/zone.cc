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


/* what the end of a fetch may lag behind its deadline */
#define NGX_HTTP_AUTH_ID_TOKEN_LEASE_SLACK  2000

/* a set that kills its reader must not kill one worker after the other */
#define NGX_HTTP_AUTH_ID_TOKEN_MAX_LOST     2


static_assert(std::is_trivially_copyable_v<id_token::RefreshState>);


/* whole pages, so that zones of equal size hold equally much */

static size_t
ngx_http_auth_id_token_zone_capacity(size_t max_body) noexcept
{
    return ngx_align(max_body, ngx_pagesize);
}


size_t
ngx_http_auth_id_token_zone_size(size_t max_body) noexcept
{
    size_t  pages;

    pages = (sizeof(ngx_http_auth_id_token_zone_t)
             + ngx_http_auth_id_token_zone_capacity(max_body)) / ngx_pagesize
            + 8;

    return pages * (ngx_pagesize + 2 * sizeof(ngx_slab_page_t));
}


/*
 * The zone of the same source in the former cycle, which nginx does not keep
 * when the size has changed. At the first start there is no former cycle.
 */

static ngx_http_auth_id_token_keys_t *
ngx_http_auth_id_token_zone_former(ngx_shm_zone_t *shm_zone) noexcept
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
                return static_cast<ngx_http_auth_id_token_keys_t *>(
                           former[i].data);
            }
        }
    }

    return NULL;
}


/* an attempt that is under way in the former zone ends there, for nobody */

static void
ngx_http_auth_id_token_zone_inherit(ngx_http_auth_id_token_keys_t *keys,
    ngx_http_auth_id_token_keys_t *former) noexcept
{
    ngx_http_auth_id_token_zone_t  *zone, *from;

    zone = keys->zone;
    from = former->zone;

    if (from == NULL || from->origin != keys->origin) {
        return;
    }

    ngx_http_auth_id_token_zone_lock  lock(former);

    zone->refresh = from->refresh;
    zone->look_up = from->look_up;
    zone->error = from->error;
    zone->error_logged = from->error_logged;

    if (from->generation.load(std::memory_order_relaxed) == 0
        || from->torn
        || from->length > zone->size)
    {
        zone->refresh.dropped();
        return;
    }

    ngx_http_auth_id_token_zone_write(keys,
        { reinterpret_cast<char *>(from->body), from->length });
    zone->fetched_at.store(from->fetched_at.load(std::memory_order_relaxed),
                           std::memory_order_release);
}


ngx_int_t
ngx_http_auth_id_token_zone_init(ngx_shm_zone_t *shm_zone, void *data) noexcept
{
    void                           *p;
    size_t                          size;
    ngx_http_auth_id_token_keys_t  *keys, *old, *former;

    keys = static_cast<ngx_http_auth_id_token_keys_t *>(shm_zone->data);
    old = static_cast<ngx_http_auth_id_token_keys_t *>(data);

    keys->shpool = reinterpret_cast<ngx_slab_pool_t *>(shm_zone->shm.addr);

    size = ngx_http_auth_id_token_zone_capacity(keys->settings.max_size);

    if (old != NULL) {
        keys->zone = old->zone;

    } else if (shm_zone->shm.exists) {
        keys->zone = static_cast<ngx_http_auth_id_token_zone_t *>(
                         keys->shpool->data);
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

        ngx_http_auth_id_token_zone_lock  lock(keys);

        keys->zone->refresh.adopted(ngx_http_auth_id_token_now(), keys->rules);
        keys->zone->save_failed.store(false, std::memory_order_relaxed);

        return NGX_OK;
    }

    /* the body is not touched: its pages are taken when they are written */

    p = ngx_slab_alloc(keys->shpool,
                       sizeof(ngx_http_auth_id_token_zone_t) + size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    keys->zone = ::new (p) ngx_http_auth_id_token_zone_t();
    keys->zone->origin = keys->origin;
    keys->zone->size = size;

    keys->shpool->data = keys->zone;

    former = ngx_http_auth_id_token_zone_former(shm_zone);

    if (former != NULL) {
        ngx_http_auth_id_token_zone_inherit(keys, former);
        keys->zone->refresh.adopted(ngx_http_auth_id_token_now(), keys->rules);
    }

    return NGX_OK;
}


bool
ngx_http_auth_id_token_zone_read(ngx_http_auth_id_token_keys_t *keys,
    std::string &body, uint64_t *generation)
{
    size_t                          length;
    ngx_http_auth_id_token_zone_t  *zone;

    zone = keys->zone;

    for ( ;; ) {

        {
            ngx_http_auth_id_token_zone_lock  lock(keys);

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
ngx_http_auth_id_token_zone_holds(ngx_http_auth_id_token_keys_t *keys,
    std::string_view body) noexcept
{
    ngx_http_auth_id_token_zone_t  *zone;

    zone = keys->zone;

    return zone->generation.load(std::memory_order_relaxed) != 0
           && !zone->torn
           && zone->length == body.size()
           && std::memcmp(zone->body, body.data(), body.size()) == 0;
}


/* a worker may be killed at any instruction: the mutex is freed for it */

void
ngx_http_auth_id_token_zone_write(ngx_http_auth_id_token_keys_t *keys,
    std::string_view body) noexcept
{
    ngx_http_auth_id_token_zone_t  *zone;

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
ngx_http_auth_id_token_zone_owns(ngx_http_auth_id_token_keys_t *keys) noexcept
{
    return keys->leased
           && keys->zone->owner == ngx_pid
           && keys->zone->lease == keys->lease;
}


ngx_http_auth_id_token_lease_e
ngx_http_auth_id_token_zone_lease(ngx_http_auth_id_token_keys_t *keys) noexcept
{
    ngx_http_auth_id_token_zone_t  *zone;

    zone = keys->zone;

    if (zone->started.load(std::memory_order_relaxed)
        == zone->finished.load(std::memory_order_relaxed))
    {
        return NGX_HTTP_AUTH_ID_TOKEN_LEASE_FREE;
    }

    if (zone->owner != 0 && ngx_http_auth_id_token_now() < zone->lease_until) {

        if (zone->owner == ngx_pid) {
            if (ngx_http_auth_id_token_zone_owns(keys)) {
                return NGX_HTTP_AUTH_ID_TOKEN_LEASE_HELD;
            }

        } else if (kill(zone->owner, 0) == 0 || ngx_errno != NGX_ESRCH) {
            return NGX_HTTP_AUTH_ID_TOKEN_LEASE_HELD;
        }
    }

    if (zone->lost >= NGX_HTTP_AUTH_ID_TOKEN_MAX_LOST) {
        ngx_log_error(NGX_LOG_ERR, keys->cycle->log, 0,
                      "id_token_provider \"%V\": an attempt to get keys is "
                      "given up: %d workers died of it or hang",
                      &keys->settings.provider,
                      NGX_HTTP_AUTH_ID_TOKEN_MAX_LOST + 1);
        ngx_http_auth_id_token_zone_end(keys, false);
        return NGX_HTTP_AUTH_ID_TOKEN_LEASE_FREE;
    }

    return NGX_HTTP_AUTH_ID_TOKEN_LEASE_LOST;
}


void
ngx_http_auth_id_token_zone_take(ngx_http_auth_id_token_keys_t *keys) noexcept
{
    ngx_http_auth_id_token_zone_t  *zone;

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
    zone->lease_until = ngx_http_auth_id_token_now()
                        + static_cast<int64_t>(keys->settings.timeout)
                        + NGX_HTTP_AUTH_ID_TOKEN_LEASE_SLACK;

    keys->lease = zone->lease;
    keys->leased = 1;

    /* from the event loop, never from within the caller */

    ngx_post_event(&keys->begin, &ngx_posted_events);
}


void
ngx_http_auth_id_token_zone_end(ngx_http_auth_id_token_keys_t *keys,
    bool succeeded) noexcept
{
    uint64_t                        attempt;
    ngx_http_auth_id_token_zone_t  *zone;

    zone = keys->zone;
    attempt = zone->started.load(std::memory_order_relaxed);

    if (succeeded) {
        zone->succeeded.store(attempt, std::memory_order_release);

    } else {
        zone->refresh.failed(ngx_http_auth_id_token_now(),
                             static_cast<uint32_t>(ngx_random()));
    }

    zone->finished.store(attempt, std::memory_order_release);
    zone->owner = 0;
    zone->lost = 0;
}
