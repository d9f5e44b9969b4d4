/* The zone: made, kept over a reload, looked into. */

#include <new>

#include "idt_revoked/zone.h"
#include "idt_source/directory.h"


extern ngx_module_t  ngx_http_auth_id_token_module;


namespace id_token::nginx {


static ngx_int_t revoked_init(ngx_shm_zone_t *shm_zone, void *data) noexcept;


revocations_t *
revocations_add(ngx_conf_t *cf, const revocations_conf_t *settings) noexcept
{
    ngx_str_t       name = ngx_string("id_token_revocations");
    revocations_t  *revocations;

    revocations = static_cast<revocations_t *>(
                      ngx_pcalloc(cf->pool, sizeof(revocations_t)));
    if (revocations == NULL) {
        return NULL;
    }

    revocations->settings = *settings;
    revocations->cycle = cf->cycle;
    revocations->fd = NGX_INVALID_FILE;
    revocations->lock_fd = NGX_INVALID_FILE;

#if (NGX_THREADS)

    if (settings->state != NULL && ngx_thread_pool_add(cf, NULL) == NULL) {
        return NULL;
    }

#endif

    revocations->shm_zone = ngx_shared_memory_add(cf, &name, settings->zone,
                                             &ngx_http_auth_id_token_module);
    if (revocations->shm_zone == NULL) {
        return NULL;
    }

    revocations->shm_zone->data = revocations;
    revocations->shm_zone->init = revoked_init;

    return revocations;
}


/* that of the former cycle, which nginx does not keep when the size differs */

static revocations_t *
revoked_former(ngx_shm_zone_t *shm_zone)
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
            if (&former[i] != shm_zone && former[i].init == revoked_init) {
                return static_cast<revocations_t *>(former[i].data);
            }
        }
    }

    return NULL;
}


/* as much as the zone has room for, but some pages for nginx */

static void *
revoked_block(ngx_slab_pool_t *pool, size_t size, size_t *bytes)
{
    void  *p;

    pool->log_nomem = 0;

    for (size -= size % ngx_pagesize; size > 0; size -= ngx_pagesize) {
        p = ngx_slab_alloc(pool, size);
        if (p != NULL) {
            *bytes = size;
            return p;
        }
    }

    return NULL;
}


static ngx_int_t
revoked_make(revocations_t *revocations)
{
    void           *p;
    size_t          bytes;
    uint32_t        capacity;
    uint64_t        epoch = 1;
    revoked_zone   *zone;
    revocations_t  *former;

    p = revoked_block(revocations->shpool, revocations->settings.zone, &bytes);

    capacity = (p != NULL && bytes > sizeof(revoked_zone))
               ? RevocationList::capacity_for(bytes - sizeof(revoked_zone))
               : 0;

    if (capacity == 0) {
        ngx_log_error(NGX_LOG_EMERG, revocations->cycle->log, 0,
                      "the zone of id_token_revocations is too small");
        return NGX_ERROR;
    }

    former = revoked_former(revocations->shm_zone);

    if (former != NULL && former->zone != NULL) {
        epoch = former->zone->list->epoch() + 1;

    } else {
        former = NULL;
    }

    zone = ::new (p) revoked_zone();
    zone->list = RevocationList::create(zone + 1, capacity, epoch);
    zone->starts = true;

    if (former != NULL) {
        revoked_lock  lock(former);

        zone->list->take_in(*former->zone->list, ngx_time());
    }

    revocations->zone = zone;
    revocations->shpool->data = zone;

    return NGX_OK;
}


/* a file that was not followed so far is to be looked after */

static void
revoked_keep(revocations_t *revocations, const revocations_t *old)
{
    revoked_zone  *zone = revocations->zone;
    ngx_path_t    *path = revocations->settings.state;

    zone->write_failed = false;
    zone->read_failed = false;

    if (path != NULL
        && (old == NULL || old->settings.state == NULL
            || old->settings.state->name.len != path->name.len
            || ngx_memcmp(old->settings.state->name.data, path->name.data,
                          path->name.len) != 0))
    {
        zone->starts = true;
    }
}


static ngx_int_t
revoked_prepare(revocations_t *revocations)
{
    const char         *failed;
    revocations_conf_t *settings = &revocations->settings;

    if (settings->state == NULL) {
        return NGX_OK;
    }

    failed = prepare_directory(revocations->cycle, &settings->state->name);

    if (failed == NULL) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, revocations->cycle->log, ngx_errno,
                  "\"state\" of id_token_revocations: %s \"%V\" failed in "
                  "%s:%ui",
                  failed, &settings->state->name, settings->file,
                  settings->line);
    return NGX_ERROR;
}


static ngx_int_t
revoked_init(ngx_shm_zone_t *shm_zone, void *data) noexcept
{
    revocations_t  *revocations, *old;

    revocations = static_cast<revocations_t *>(shm_zone->data);
    old = static_cast<revocations_t *>(data);

    if (revoked_prepare(revocations) != NGX_OK) {
        return NGX_ERROR;
    }

    revocations->shpool =
        reinterpret_cast<ngx_slab_pool_t *>(shm_zone->shm.addr);

    if (old != NULL) {
        revocations->zone = old->zone;

    } else if (shm_zone->shm.exists) {
        revocations->zone =
            static_cast<revoked_zone *>(revocations->shpool->data);
    }

    if (revocations->zone == NULL) {
        return revoked_make(revocations);
    }

    revoked_keep(revocations, old);

    return NGX_OK;
}


void
revoked_add(revocations_t *revocations, const Revocation &one, uint32_t sent)
    noexcept
{
    revoked_zone  *zone = revocations->zone;

    if (zone->list->add(one, sent, ngx_time()) == Added::forgotten_others
        && !zone->full.exchange(true))
    {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "id_token_revocations: the zone is full: the oldest of "
                      "%uD logouts are forgotten, and who logged in before "
                      "them is refused; make the zone larger",
                      zone->list->capacity());
    }
}


int64_t
revocations_until(const revocations_t *revocations, int64_t cut) noexcept
{
    return cut + revocations->settings.keep + revocations->leeway + 1;
}


ngx_uint_t
revocations_count(const revocations_t *revocations) noexcept
{
    return revocations->zone->list->count();
}


ngx_uint_t
revocations_capacity(const revocations_t *revocations) noexcept
{
    return revocations->zone->list->capacity();
}


uint64_t
revocations_epoch(const revocations_t *revocations, bool *empty) noexcept
{
    uint64_t         epoch;
    RevocationList  *list = revocations->zone->list;

    epoch = list->epoch();
    *empty = list->is_empty();

    return epoch;
}


bool
is_revoked(revocations_t *revocations, const TokenMarks &marks) noexcept
{
    revoked_lock  lock(revocations);

    return revocations->zone->list->is_revoked(marks, ngx_time());
}


}  // namespace id_token::nginx
