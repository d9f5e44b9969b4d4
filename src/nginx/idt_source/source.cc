/* Key sources at run time: the keys of now, the timers of a worker. */

#include "idt_source/zone.h"


namespace id_token::nginx {


/*
 * timers are set anew at least this often: other workers move the schedule,
 * and the machine may sleep, of which timers know nothing
 */
#define MAX_DELAY    60000

/* how often a worker looks at an attempt of another one */
#define LOOK_AGAIN   500

/* first fetches: so many at once, then the next after a pause */
#define FIRST        8
#define FIRST_PAUSE  100

/* workers come one after the other, so that mostly one asks for the lease */
#define STAGGER      50
#define STAGGER_MORE 200


static void keys_timer(ngx_event_t *ev) noexcept;
static int64_t keys_delay(key_source_t *keys, int64_t now) noexcept;
static void keys_after(key_source_t *keys, int64_t delay) noexcept;


ngx_int_t
keys_init_process(ngx_cycle_t *cycle) noexcept
{
    key_source_t  *keys;

    for (keys = keys_next(cycle, NULL);
         keys != NULL;
         keys = keys_next(cycle, keys))
    {
        if (keys->shm_zone != NULL) {
            keys_run(keys);
        }
    }

    return NGX_OK;
}


void
keys_exit_process(ngx_cycle_t *cycle) noexcept
{
    key_source_t  *keys;

    for (keys = keys_next(cycle, NULL);
         keys != NULL;
         keys = keys_next(cycle, keys))
    {
        keys_stop(keys);
    }
}


void
keys_run(key_source_t *keys) noexcept
{
    bool     due;
    int64_t  delay;

    keys->running = 1;

    keys->timer.handler = keys_timer;
    keys->timer.data = keys;
    keys->timer.log = keys->cycle->log;
    keys->timer.cancelable = 1;

    keys->begin.handler = attempt_begin;
    keys->begin.data = keys;
    keys->begin.log = keys->cycle->log;

    saved_init(keys);

    {
        zone_lock  lock(keys);

        due = keys->zone->refresh.due(zone_now());
        delay = keys_delay(keys, zone_now());
    }

    if (due) {
        delay += static_cast<int64_t>(keys->number / FIRST * FIRST_PAUSE);

    } else {
        /* a worker of before a reload may still move the schedule */
        delay = ngx_min(delay, LOOK_AGAIN);
    }

    keys_after(keys, delay);
}


/* the lease is given back; another worker takes the attempt over */

void
keys_stop(key_source_t *keys) noexcept
{
    if (!keys->running) {
        return;
    }

    keys->running = 0;

    if (keys->timer.timer_set) {
        ngx_del_timer(&keys->timer);
    }

    if (keys->begin.posted) {
        ngx_delete_posted_event(&keys->begin);
    }

    if (keys->fetch) {
        fetch_abort(keys->fetch);
        keys->fetch = NULL;
    }

    keys->making.reset();
    keys->answered.reset();

    if (keys->leased && !keys_of_former_cycle(keys)) {
        zone_lock  lock(keys);

        if (zone_owns(keys)) {
            keys->zone->lease.give_back();
        }
    }

    keys->leased = 0;
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


/* until there is something to do, for the holder of the lock */

static int64_t
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


static void
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


static void
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

        if (zone_attempts(keys)) {
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


KeySet *
use_keys(key_source_t *keys) noexcept
{
    int64_t  age;

    if (keys->shm_zone == NULL) {
        return keys->set.get();
    }

    if (keys_of_former_cycle(keys)) {
        return NULL;
    }

    if (!keys->running) {
        keys_run(keys);
    }

    age = zone_now() - keys->zone->fetched_at.load(std::memory_order_acquire);

    keys_catch_up(keys);

    if (age >= keys->rules.max_stale) {
        return NULL;
    }

    return keys->set.get();
}


/* this worker may have held none yet, or a set from before the one replaced */

std::vector<uint64_t>
keys_withdrawn(key_source_t *keys, const KeySet &set)
{
    std::vector<uint64_t>  kids;

    if (keys->set) {
        for (std::string_view kid
             : keys->set->kids_missing_from(set, kWithdrawnKids))
        {
            kids.push_back(kid_hash(keys->zone->demand.secret, kid));
        }
    }

    return kids;
}


}  // namespace id_token::nginx
