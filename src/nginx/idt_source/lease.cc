/* The lease of an attempt: who has it, who takes it over. */

#include <signal.h>

#include "idt_source/zone.h"


namespace id_token::nginx {


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
claim_lease(key_source_t *keys, bool begins) noexcept
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
zone_pursue(key_source_t *keys) noexcept
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
        claim_lease(keys, false);
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

    claim_lease(keys, true);
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
