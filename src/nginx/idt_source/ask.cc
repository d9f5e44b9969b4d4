/* Asking for a fetch: who may, and how it stands. */

#include "idt_source/zone.h"


namespace id_token::nginx {


/* the end of an attempt may lag behind its deadline */
#define WAIT_SLACK  500


uint64_t
keys_kid(key_source_t *keys, const std::optional<std::string> &kid) noexcept
{
    if (keys->shm_zone == NULL || keys_of_former_cycle(keys)) {
        return 0;
    }

    return kid_hash(keys->zone->demand.secret, kid);
}


static Ask
keys_demand(key_source_t *keys, Want want, question_t *question) noexcept
{
    bool      running;
    int64_t   now;
    zone_t   *zone;

    zone = keys->zone;
    now = zone_now();
    running = zone_pursue(keys);

    switch (want) {

    case Want::unknown_kid:
        return zone->demand.unknown_kid(now, keys->rules, question->kid,
                                        running, question->presented);

    case Want::replaced_key:
        return zone->demand.replaced_key(now, keys->rules, running,
                                         question->presented);

    default: /* Want::no_keys, Want::endpoints */
        return zone->demand.no_keys(now, keys->rules, running,
                                    zone->refresh.in_backoff(now));
    }
}


/* what another worker fetched after the request had been judged */

static bool
keys_came(key_source_t *keys, Want want) noexcept
{
    int64_t  age;
    zone_t  *zone;

    zone = keys->zone;

    if (zone->generation.load(std::memory_order_relaxed) != keys->generation) {
        return true;
    }

    /* the same set again, when the one held had become too old */

    age = zone_now() - zone->fetched_at.load(std::memory_order_relaxed);

    if (want == Want::endpoints) {
        return zone->endpoints_number.load(std::memory_order_relaxed)
               != keys->endpoints_number;
    }

    return want == Want::no_keys
           && keys->set != nullptr
           && age < keys->rules.max_stale;
}


/* those who are put off are counted; the sweep for them needs a timer */

static void
keys_put_off(key_source_t *keys) noexcept
{
    {
        zone_lock  lock(keys);

        keys->zone->put_off.add();
    }

    keys_tell(keys);
    keys_schedule(keys);
}


Grant
keys_ask(key_source_t *keys, Want want, question_t *question,
    uint64_t *attempt) noexcept
{
    Ask  ask;

    if (keys->shm_zone == NULL || keys_of_former_cycle(keys)) {
        return Grant::judged;
    }

    if (!keys->running) {
        keys_run(keys);
    }

    if (keys->making) {
        /* it may have what is wanted, and is worth more than a fetch */
        *attempt = keys->zone->succeeded.load(std::memory_order_acquire);
        return Grant::wait;
    }

    {
        zone_lock  lock(keys);

        if (keys_came(keys, want)) {
            return Grant::newer;
        }

        ask = keys_demand(keys, want, question);

        if (ask == Ask::begin) {
            zone_begin(keys);
        }

        *attempt = keys->zone->started.load(std::memory_order_relaxed);
    }

    switch (ask) {

    case Ask::judged:
        return Grant::judged;

    case Ask::later:

        if (want == Want::unknown_kid || want == Want::replaced_key) {
            keys_put_off(keys);
        }

        return Grant::later;

    default:
        return Grant::wait;
    }
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

        (void) zone_pursue(keys);
    }

    if (zone->finished.load(std::memory_order_acquire) < attempt) {
        return Attempt::pending;
    }

    /* nobody is judged by a former set who has waited for the new one */

    keys_catch_up(keys);

    if (keys->making) {
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
    int64_t   now, wait;
    zone_t   *zone;

    if (keys->shm_zone == NULL || keys_of_former_cycle(keys)) {
        return 1;
    }

    zone = keys->zone;
    now = zone_now();

    zone_lock  lock(keys);

    wait = (zone->refresh.holds(now, keys->rules)
                ? zone->demand.retry_at() : zone->refresh.not_before)
           - now;

    return (wait <= 1000) ? 1 : (wait + 999) / 1000;
}


ngx_msec_t
keys_timeout(key_source_t *keys) noexcept
{
    return keys->settings.timeout + WAIT_SLACK;
}


}  // namespace id_token::nginx
