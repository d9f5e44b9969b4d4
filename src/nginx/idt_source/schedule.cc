/* When a worker looks at a source again, and what it finds due then. */

#include "idt_source/zone.h"


namespace id_token::nginx {


/*
 * timers are set anew at least this often: other workers move the schedule,
 * and the machine may sleep, of which timers know nothing
 */
#define MAX_DELAY    60000

/* how often a worker looks at an attempt of another one */
#define LOOK_AGAIN   500

/* workers come one after the other, so that mostly one asks for the lease */
#define STAGGER      50
#define STAGGER_MORE 200


/* until there is something to do, for the holder of the lock */

int64_t
keys_delay(key_source_t *keys, int64_t now) noexcept
{
    int64_t          delay;
    ngx_core_conf_t  *ccf;

    ccf = reinterpret_cast<ngx_core_conf_t *>(
              ngx_get_conf(keys->cycle->conf_ctx, ngx_core_module));

    delay = ngx_max(keys->zone->refresh.next_fetch - now, 0);

    if (ccf->worker_processes > 1
        && keys->number % ccf->worker_processes != ngx_worker)
    {
        delay += STAGGER + ngx_random() % STAGGER_MORE;
    }

    if (auto  at = keys->zone->demand.sweep_at()) {
        delay = ngx_min(delay, *at - now);
    }

    if (auto  at = keys->zone->put_off.due()) {
        delay = ngx_min(delay, *at - now);
    }

    return delay;
}


void
keys_after(key_source_t *keys, int64_t delay) noexcept
{
    if (!keys->running) {
        return;
    }

    if (keys->timer.timer_set) {
        ngx_del_timer(&keys->timer);
    }

    delay = ngx_max(delay, 0);
    delay = ngx_min(delay, MAX_DELAY);

    ngx_add_timer(&keys->timer, static_cast<ngx_msec_t>(delay));
}


void
keys_schedule(key_source_t *keys) noexcept
{
    int64_t  delay;

    {
        zone_lock  lock(keys);

        delay = keys_delay(keys, zone_now());
    }

    keys_after(keys, delay);
}


void
keys_tell(key_source_t *keys) noexcept
{
    uint64_t  n;

    {
        zone_lock  lock(keys);

        n = keys->zone->put_off.take(zone_now());
    }

    if (n != 0) {
        ngx_log_error(NGX_LOG_WARN, keys->cycle->log, 0,
                      "id_token_provider \"%V\": unknown or replaced keys: "
                      "%uL requests got 503 and have to come again, since the "
                      "keys were fetched less than %L s before",
                      &keys->settings.provider, n, kSweepPause / 1000);
    }
}


/* for the holder of the lock; a worker of before a reload may have been here */

static bool
keys_due(key_source_t *keys, int64_t now) noexcept
{
    zone_t  *zone;

    zone = keys->zone;

    zone->refresh.adopted(keys->rules);
    zone->demand.adopted(now, keys->rules);

    if (zone->refresh.due(now)) {
        return true;
    }

    auto  sweep = zone->demand.sweep_at();

    return sweep && now >= *sweep;
}


void
keys_timer(ngx_event_t *ev) noexcept
{
    int64_t        delay, now;
    key_source_t  *keys;

    keys = static_cast<key_source_t *>(ev->data);

    if (ngx_exiting || keys_of_former_cycle(keys)) {
        return;
    }

    keys_tell(keys);

    now = zone_now();

    {
        zone_lock  lock(keys);

        if (zone_pursue(keys)) {
            delay = LOOK_AGAIN;

        } else if (keys_due(keys, now)) {
            zone_begin(keys);
            delay = LOOK_AGAIN;

        } else {
            delay = keys_delay(keys, now);
        }
    }

    keys_after(keys, delay);
}


}  // namespace id_token::nginx
