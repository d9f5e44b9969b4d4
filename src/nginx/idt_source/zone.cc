/*
 * The shared zone of a key source: how it is made.
 *
 * Nothing may throw while the mutex is held: it would lock all workers out.
 */

#include <time.h>

#include <cstring>
#include <new>
#include <type_traits>

#include <openssl/rand.h>

#include "idt_source/zone.h"


namespace id_token::nginx {


static_assert(std::is_trivially_copyable_v<id_token::Lease>
              && std::is_trivially_copyable_v<RefreshState>
              && std::is_trivially_copyable_v<Demand>
              && std::is_trivially_copyable_v<Tally>);


/* read anew when nginx has read its own clock anew */

int64_t
zone_now(void) noexcept
{
    static int64_t     now;
    static ngx_msec_t  read_at;

    struct timespec  ts;

    if (now == 0 || read_at != ngx_current_msec) {

#ifdef CLOCK_BOOTTIME
        (void) clock_gettime(CLOCK_BOOTTIME, &ts);
#else
        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
#endif

        now = static_cast<int64_t>(ts.tv_sec) * 1000 + ts.tv_nsec / 1000000;
        read_at = ngx_current_msec;
    }

    return now;
}


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

    pages = (sizeof(zone_t) + 2 * zone_capacity(max_body)) / ngx_pagesize + 8;

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
    size_t     length;
    zone_t    *zone, *from;
    uint64_t   generation, attempt;

    zone = keys->zone;
    from = former->zone;

    if (from == NULL || from->origin != keys->origin) {
        return;
    }

    zone_lock  lock(former);

    attempt = from->started.load(std::memory_order_relaxed);
    zone->started.store(attempt, std::memory_order_relaxed);
    zone->finished.store(attempt, std::memory_order_relaxed);
    zone->succeeded.store(from->succeeded.load(std::memory_order_relaxed),
                          std::memory_order_relaxed);

    zone_inherit_endpoints(zone, from);

    zone->refresh = from->refresh;
    zone->demand = from->demand;
    zone->look_up = from->look_up;
    zone->known = from->known;
    zone->error_hash = from->error_hash;
    zone->error_logged = from->error_logged;

    generation = from->generation.load(std::memory_order_relaxed);
    length = from->length[generation & 1];

    if (generation == 0 || length > zone->size) {
        zone->refresh.dropped(zone_now());
        return;
    }

    zone_write(keys, { reinterpret_cast<char *>(zone_body(from, generation)),
                       length });
    zone->fetched_at.store(from->fetched_at.load(std::memory_order_relaxed),
                           std::memory_order_release);
}


/* a reload: other rules may count, and what failed is tried again at once */

static void
zone_adopt(key_source_t *keys) noexcept
{
    int64_t  now;

    now = zone_now();

    keys->zone->refresh.adopted(keys->rules);
    keys->zone->refresh.reloaded(now);
    keys->zone->demand.adopted(now, keys->rules);
    keys->zone->save_failed.store(false, std::memory_order_relaxed);
}


static ngx_int_t
zone_make(key_source_t *keys, size_t size) noexcept
{
    void  *p;

    /* the body is not touched: its pages are taken when they are written */

    p = ngx_slab_alloc(keys->shpool, sizeof(zone_t) + 2 * size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    keys->zone = ::new (p) zone_t();
    keys->zone->origin = keys->origin;
    keys->zone->size = size;

    if (RAND_bytes(reinterpret_cast<u_char *>(&keys->zone->demand.secret),
                   sizeof(SipKey))
        != 1)
    {
        return NGX_ERROR;
    }

    keys->shpool->data = keys->zone;

    return NGX_OK;
}


/* a reload that made another zone of the same source */

static ngx_int_t
zone_fill(ngx_shm_zone_t *shm_zone, key_source_t *keys) noexcept
{
    key_source_t  *former;

    former = zone_former(shm_zone);

    if (former != NULL) {
        zone_inherit(keys, former);
        zone_adopt(keys);
    }

    return NGX_OK;
}


ngx_int_t
zone_init(ngx_shm_zone_t *shm_zone, void *data) noexcept
{
    size_t         size;
    key_source_t  *keys, *old;

    keys = static_cast<key_source_t *>(shm_zone->data);
    old = static_cast<key_source_t *>(data);

    if (keys->settings.state != NULL && saved_prepare(keys) != NGX_OK) {
        return NGX_ERROR;
    }

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

        zone_adopt(keys);

        return NGX_OK;
    }

    return zone_make(keys, size) == NGX_OK ? zone_fill(shm_zone, keys)
                                           : NGX_ERROR;
}


}  // namespace id_token::nginx
