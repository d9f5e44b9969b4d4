/* Key sources at run time: they begin, end, and give what they have. */

#include "idt_source/zone.h"


namespace id_token::nginx {


/* first fetches: so many at once, then the next after a pause */
#define FIRST        8
#define FIRST_PAUSE  100

/* a token endpoint's answer holds an access token, too, and more */
#define MAX_TOKEN_ANSWER  (256 * 1024)


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
    keys->stop = keys_stop;

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


static void
read_endpoints(key_source_t *keys)
{
    zone_t       *zone;
    std::string   packed;

    zone = keys->zone;

    {
        zone_lock  lock(keys);

        packed.assign(reinterpret_cast<char *>(zone->endpoints),
                      zone->endpoints_length);
        keys->endpoints_number =
            zone->endpoints_number.load(std::memory_order_relaxed);
    }

    keys->endpoints = unpack_endpoints(packed);
}


const Endpoints *
use_endpoints(key_source_t *keys) noexcept
{
    int64_t  age;

    /* starts what fetches, and tells of former cycles and of files */

    (void) use_keys(keys);

    if (keys->shm_zone == NULL || keys_of_former_cycle(keys)) {
        return nullptr;
    }

    age = zone_now() - keys->zone->fetched_at.load(std::memory_order_acquire);

    if (keys->zone->endpoints_number.load(std::memory_order_acquire)
        != keys->endpoints_number)
    {
        try {
            read_endpoints(keys);

        } catch (...) {
            keys->endpoints.reset();
            keys->endpoints_number = 0;
            return nullptr;
        }
    }

    return age < keys->rules.max_stale && keys->endpoints ? &*keys->endpoints
                                                          : nullptr;
}


fetch_conf_t
token_fetch_conf(key_source_t *keys)
{
    fetch_conf_t  conf;

    conf = keys->fetch_conf;
    conf.max_size = MAX_TOKEN_ANSWER;
    conf.fields = NULL;    /* they are for whoever has the keys */

    return conf;
}


}  // namespace id_token::nginx
