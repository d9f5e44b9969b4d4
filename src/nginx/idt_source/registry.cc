/* All key sources of a cycle, and who is told when one has changed. */

#include <new>

#include "idt_source/zone.h"


namespace id_token::nginx {


static void keys_cleanup(void *data) noexcept;


/* of a worker; set once, before any source runs */

static keys_changed_pt  told;


/* the cleanups of the cycle's pool are the list of its sources */

key_source_t *
keys_next(ngx_cycle_t *cycle, key_source_t *keys) noexcept
{
    ngx_pool_cleanup_t  *cln;

    cln = keys ? keys->cleanup->next : cycle->pool->cleanup;

    for ( /* void */ ; cln; cln = cln->next) {
        if (cln->handler == keys_cleanup) {
            return static_cast<key_source_t *>(cln->data);
        }
    }

    return NULL;
}


uint64_t
keys_next_id(void) noexcept
{
    static uint64_t  id;

    return ++id;
}


static void
keys_cleanup(void *data) noexcept
{
    key_source_t  *keys;

    keys = static_cast<key_source_t *>(data);

    if (keys->running) {
        keys->stop(keys);
    }

    keys->~key_source_t();
}


key_source_t *
keys_create(ngx_conf_t *cf) noexcept
{
    ngx_pool_cleanup_t  *cln;
    key_source_t        *keys;

    cln = ngx_pool_cleanup_add(cf->cycle->pool, sizeof(key_source_t));
    if (cln == NULL) {
        return NULL;
    }

    keys = ::new (cln->data) key_source_t();

    keys->cycle = cf->cycle;
    keys->cleanup = cln;

    cln->handler = keys_cleanup;

    return keys;
}


void
keys_on_change(keys_changed_pt handler) noexcept
{
    told = handler;
}


void
keys_changed(key_source_t *keys) noexcept
{
    told(keys);
}


}  // namespace id_token::nginx
