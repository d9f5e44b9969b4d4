/*
 * The shared zone of a key source: the body, the schedule, the lease.
 *
 * Nothing may throw while the mutex is held: it would lock all workers out.
 */

#include <signal.h>
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


static u_char *
zone_body(zone_t *zone, uint64_t generation) noexcept
{
    return zone->body + (generation & 1) * zone->size;
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


ngx_int_t
zone_init(ngx_shm_zone_t *shm_zone, void *data) noexcept
{
    void          *p;
    size_t         size;
    key_source_t  *keys, *old, *former;

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

    former = zone_former(shm_zone);

    if (former != NULL) {
        zone_inherit(keys, former);
        zone_adopt(keys);
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

            if (*generation == 0) {
                return false;
            }

            length = zone->length[*generation & 1];

            if (length <= body.size()) {
                std::memcpy(body.data(), zone_body(zone, *generation), length);
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
    zone_t    *zone;
    uint64_t   generation;

    zone = keys->zone;
    generation = zone->generation.load(std::memory_order_relaxed);

    return generation != 0
           && zone->length[generation & 1] == body.size()
           && std::memcmp(zone_body(zone, generation), body.data(),
                          body.size())
              == 0;
}


/* a worker may be killed at any instruction: the mutex is freed for it */

void
zone_write(key_source_t *keys, std::string_view body) noexcept
{
    zone_t    *zone;
    uint64_t   generation;

    zone = keys->zone;
    generation = zone->generation.load(std::memory_order_relaxed) + 1;

    std::memcpy(zone_body(zone, generation), body.data(), body.size());
    zone->length[generation & 1] = body.size();
    zone->generation.store(generation, std::memory_order_release);
}


bool
zone_owns(key_source_t *keys) noexcept
{
    return keys->leased && keys->zone->lease.is_owned(ngx_pid, keys->lease);
}


static bool
zone_owner_lives(key_source_t *keys) noexcept
{
    int64_t  owner;

    if (!keys->zone->lease.may_be_held(zone_now())) {
        return false;
    }

    owner = keys->zone->lease.owner();

    if (owner == ngx_pid) {
        return zone_owns(keys);
    }

    return kill(static_cast<ngx_pid_t>(owner), 0) == 0
           || ngx_errno != NGX_ESRCH;
}


static void
zone_lease(key_source_t *keys, bool begins) noexcept
{
    keys->lease = keys->zone->lease.take(begins, ngx_pid, zone_now(),
                              static_cast<int64_t>(keys->settings.timeout));
    keys->leased = 1;

    /* from the event loop, never from within the caller */

    ngx_post_event(&keys->begin, &ngx_posted_events);
}


/* that workers die is no failure of the key server */

static void
zone_give_up(key_source_t *keys) noexcept
{
    ngx_log_error(NGX_LOG_ERR, keys->cycle->log, 0,
                  "id_token_provider \"%V\": an attempt to get keys is "
                  "given up: %d workers died of it or hang",
                  &keys->settings.provider, static_cast<int>(kMaxLost) + 1);

    keys->zone->refresh.gave_up(zone_now(), keys->rules,
                                static_cast<uint32_t>(ngx_random()));
    zone_end(keys);
}


bool
zone_attempts(key_source_t *keys) noexcept
{
    bool     attempting;
    zone_t  *zone;

    zone = keys->zone;
    attempting = zone->started.load(std::memory_order_relaxed)
                 != zone->finished.load(std::memory_order_relaxed);

    switch (zone->lease.state(attempting,
                              attempting && zone_owner_lives(keys)))
    {

    case LeaseState::held:
        return true;

    case LeaseState::lost:
        zone_lease(keys, false);
        return true;

    case LeaseState::hopeless:
        zone_give_up(keys);
        return false;

    default: /* LeaseState::free */
        return false;
    }
}


void
zone_begin(key_source_t *keys) noexcept
{
    uint64_t  attempt;

    attempt = keys->zone->started.load(std::memory_order_relaxed) + 1;

    keys->zone->demand.began(zone_now(), keys->rules, attempt);
    keys->zone->started.store(attempt, std::memory_order_relaxed);

    zone_lease(keys, true);
}


void
zone_end(key_source_t *keys) noexcept
{
    keys->zone->finished.store(
                        keys->zone->started.load(std::memory_order_relaxed),
                        std::memory_order_release);
    keys->zone->lease.end();
}


}  // namespace id_token::nginx
