/* Asking for a fetch: who may, and how it stands. */

#include "ngx_http_auth_id_token_zone.h"


/* the end of an attempt may lag behind its deadline */
#define NGX_HTTP_AUTH_ID_TOKEN_WAIT_SLACK  500


static bool
ngx_http_auth_id_token_keys_allowed(ngx_http_auth_id_token_keys_t *keys,
    ngx_http_auth_id_token_want_e want) noexcept
{
    int64_t                  now;
    id_token::RefreshState  *refresh;

    now = ngx_http_auth_id_token_now();
    refresh = &keys->zone->refresh;

    if (want == NGX_HTTP_AUTH_ID_TOKEN_UNKNOWN_KEY) {
        return refresh->take(now, keys->rules);
    }

    /* keys that came just now and are of no use: out of memory */

    if (refresh->has_set
        && now - refresh->fetched_at < keys->rules.min_interval
        && keys->rules.min_interval <= keys->rules.max_stale)
    {
        return false;
    }

    return !refresh->in_backoff(now);
}


ngx_http_auth_id_token_ask_e
ngx_http_auth_id_token_keys_ask(ngx_http_auth_id_token_keys_t *keys,
    ngx_http_auth_id_token_want_e want, uint64_t *attempt) noexcept
{
    ngx_http_auth_id_token_ask_e    rc;
    ngx_http_auth_id_token_zone_t  *zone;

    if (keys->shm_zone == NULL
        || ngx_http_auth_id_token_keys_of_former_cycle(keys))
    {
        return NGX_HTTP_AUTH_ID_TOKEN_REFUSED;
    }

    if (!keys->running) {
        ngx_http_auth_id_token_keys_run(keys);
    }

    zone = keys->zone;

    ngx_http_auth_id_token_zone_lock  lock(keys);

    /* another worker's keys, which came after the request had been judged */

    if (zone->generation.load(std::memory_order_relaxed) != keys->generation) {
        *attempt = zone->succeeded.load(std::memory_order_relaxed);
        return NGX_HTTP_AUTH_ID_TOKEN_JOINED;
    }

    switch (ngx_http_auth_id_token_zone_lease(keys)) {

    case NGX_HTTP_AUTH_ID_TOKEN_LEASE_HELD:
        rc = NGX_HTTP_AUTH_ID_TOKEN_JOINED;
        break;

    case NGX_HTTP_AUTH_ID_TOKEN_LEASE_LOST:
        ngx_http_auth_id_token_zone_take(keys);
        rc = NGX_HTTP_AUTH_ID_TOKEN_STARTED;
        break;

    default: /* NGX_HTTP_AUTH_ID_TOKEN_LEASE_FREE */

        if (!ngx_http_auth_id_token_keys_allowed(keys, want)) {
            return NGX_HTTP_AUTH_ID_TOKEN_REFUSED;
        }

        ngx_http_auth_id_token_zone_take(keys);
        rc = NGX_HTTP_AUTH_ID_TOKEN_STARTED;
    }

    *attempt = zone->started.load(std::memory_order_relaxed);

    return rc;
}


ngx_http_auth_id_token_attempt_e
ngx_http_auth_id_token_keys_attempt(ngx_http_auth_id_token_keys_t *keys,
    uint64_t attempt) noexcept
{
    ngx_http_auth_id_token_zone_t  *zone;

    if (keys->shm_zone == NULL
        || ngx_http_auth_id_token_keys_of_former_cycle(keys))
    {
        return NGX_HTTP_AUTH_ID_TOKEN_FAILED;
    }

    zone = keys->zone;

    if (zone->finished.load(std::memory_order_acquire) < attempt) {
        ngx_http_auth_id_token_zone_lock  lock(keys);

        if (ngx_http_auth_id_token_zone_lease(keys)
            == NGX_HTTP_AUTH_ID_TOKEN_LEASE_LOST)
        {
            ngx_http_auth_id_token_zone_take(keys);
        }
    }

    if (zone->finished.load(std::memory_order_acquire) < attempt) {
        return NGX_HTTP_AUTH_ID_TOKEN_PENDING;
    }

    /* one that failed, but was followed by a good one, brought keys as well */

    return (zone->succeeded.load(std::memory_order_acquire) >= attempt)
               ? NGX_HTTP_AUTH_ID_TOKEN_SUCCEEDED
               : NGX_HTTP_AUTH_ID_TOKEN_FAILED;
}


time_t
ngx_http_auth_id_token_keys_retry_after(ngx_http_auth_id_token_keys_t *keys)
    noexcept
{
    int64_t  wait;

    if (keys->shm_zone == NULL
        || ngx_http_auth_id_token_keys_of_former_cycle(keys))
    {
        return 1;
    }

    ngx_http_auth_id_token_zone_lock  lock(keys);

    wait = keys->zone->refresh.not_before - ngx_http_auth_id_token_now();

    return (wait <= 1000) ? 1 : (wait + 999) / 1000;
}


ngx_msec_t
ngx_http_auth_id_token_keys_timeout(ngx_http_auth_id_token_keys_t *keys)
    noexcept
{
    return keys->settings.timeout + NGX_HTTP_AUTH_ID_TOKEN_WAIT_SLACK;
}
