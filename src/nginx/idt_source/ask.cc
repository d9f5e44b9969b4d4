/* Asking for a fetch: who may, and how it stands. */

#include "idt_source/zone.h"


namespace id_token::nginx {


/* the end of an attempt may lag behind its deadline */
#define WAIT_SLACK  500


static bool
keys_allowed(key_source_t *keys, Want want, std::string_view kid) noexcept
{
    int64_t        now;
    RefreshState  *refresh;

    now = zone_now();
    refresh = &keys->zone->refresh;

    return (want == Want::unknown_key)
               ? refresh->take(now, keys->rules, kid_id(kid))
               : !refresh->in_backoff(now);
}


/* what another worker fetched after the request had been judged */

static bool
keys_came(key_source_t *keys, Want want) noexcept
{
    int64_t  age;
    zone_t  *zone;

    zone = keys->zone;

    if (zone->torn) {
        return false;
    }

    if (zone->generation.load(std::memory_order_relaxed) != keys->generation) {
        return true;
    }

    /* the same set again, when the one held had become too old */

    age = zone_now() - zone->fetched_at.load(std::memory_order_relaxed);

    return want == Want::no_keys
           && keys->set != nullptr
           && age < keys->rules.max_stale;
}


Grant
keys_ask(key_source_t *keys, Want want, std::string_view kid, uint64_t *attempt)
    noexcept
{
    Grant    rc;
    zone_t  *zone;

    if (keys->shm_zone == NULL || keys_of_former_cycle(keys)) {
        return Grant::refused;
    }

    if (!keys->running) {
        keys_run(keys);
    }

    zone = keys->zone;

    zone_lock  lock(keys);

    if (keys_came(keys, want)) {
        *attempt = zone->succeeded.load(std::memory_order_relaxed);
        return Grant::joined;
    }

    switch (claim_lease(keys)) {

    case Lease::held:
        rc = Grant::joined;
        break;

    case Lease::lost:
        zone_take(keys);
        rc = Grant::started;
        break;

    default: /* Lease::free */

        if (!keys_allowed(keys, want, kid)) {
            return Grant::refused;
        }

        zone_take(keys);
        rc = Grant::started;
    }

    *attempt = zone->started.load(std::memory_order_relaxed);

    return rc;
}


Attempt
poll_attempt(key_source_t *keys, uint64_t attempt) noexcept
{
    zone_t  *zone;

    if (keys->shm_zone == NULL || keys_of_former_cycle(keys)) {
        return Attempt::failed;
    }

    zone = keys->zone;

    if (zone->finished.load(std::memory_order_acquire) < attempt) {
        zone_lock  lock(keys);

        if (claim_lease(keys) == Lease::lost) {
            zone_take(keys);
        }
    }

    if (zone->finished.load(std::memory_order_acquire) < attempt) {
        return Attempt::pending;
    }

    /* one that failed, but was followed by a good one, brought keys as well */

    return (zone->succeeded.load(std::memory_order_acquire) >= attempt)
               ? Attempt::succeeded
               : Attempt::failed;
}


time_t
keys_retry_after(key_source_t *keys) noexcept
{
    int64_t  wait;

    if (keys->shm_zone == NULL || keys_of_former_cycle(keys)) {
        return 1;
    }

    zone_lock  lock(keys);

    wait = keys->zone->refresh.not_before - zone_now();

    return (wait <= 1000) ? 1 : (wait + 999) / 1000;
}


ngx_msec_t
keys_timeout(key_source_t *keys) noexcept
{
    return keys->settings.timeout + WAIT_SLACK;
}


}  // namespace id_token::nginx
