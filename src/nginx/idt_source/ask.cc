/* Asking for a fetch: who may, and how it stands. */

#include "idt_source/zone.h"


/* the end of an attempt may lag behind its deadline */
#define NGX_HTTP_AUTH_ID_TOKEN_WAIT_SLACK  500


static bool
ngx_http_auth_id_token_keys_allowed(ngx_http_auth_id_token_keys_t *keys,
    ngx_http_auth_id_token_want_e want, std::string_view kid) noexcept
{
    int64_t                  now;
    id_token::RefreshState  *refresh;

    now = ngx_http_auth_id_token_now();
    refresh = &keys->zone->refresh;

    return (want == NGX_HTTP_AUTH_ID_TOKEN_UNKNOWN_KEY)
               ? refresh->take(now, keys->rules, id_token::kid_id(kid))
               : !refresh->in_backoff(now);
}


/* what another worker fetched after the request had been judged */

static bool
ngx_http_auth_id_token_keys_came(ngx_http_auth_id_token_keys_t *keys,
    ngx_http_auth_id_token_want_e want) noexcept
{
    int64_t                         age;
    ngx_http_auth_id_token_zone_t  *zone;

    zone = keys->zone;

    if (zone->torn) {
        return false;
    }

    if (zone->generation.load(std::memory_order_relaxed) != keys->generation) {
        return true;
    }

    /* the same set again, when the one held had become too old */

    age = ngx_http_auth_id_token_now()
          - zone->fetched_at.load(std::memory_order_relaxed);

    return want == NGX_HTTP_AUTH_ID_TOKEN_NO_KEYS
           && keys->set != nullptr
           && age < keys->rules.max_stale;
}


ngx_http_auth_id_token_ask_e
ngx_http_auth_id_token_keys_ask(ngx_http_auth_id_token_keys_t *keys,
    ngx_http_auth_id_token_want_e want, std::string_view kid,
    uint64_t *attempt) noexcept
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

    if (ngx_http_auth_id_token_keys_came(keys, want)) {
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

        if (!ngx_http_auth_id_token_keys_allowed(keys, want, kid)) {
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
