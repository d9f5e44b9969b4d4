/* Key sources at run time: the keys of now, the timers of a worker. */

#include "idt_source/zone.h"


/* timers are set anew at least this often: other workers move the schedule */
#define NGX_HTTP_AUTH_ID_TOKEN_MAX_DELAY    3600000

/* how often a worker looks at an attempt of another one */
#define NGX_HTTP_AUTH_ID_TOKEN_LOOK_AGAIN   500

/* first fetches: so many at once, then the next after a pause */
#define NGX_HTTP_AUTH_ID_TOKEN_FIRST        8
#define NGX_HTTP_AUTH_ID_TOKEN_FIRST_PAUSE  100

/* workers come one after the other, so that mostly one asks for the lease */
#define NGX_HTTP_AUTH_ID_TOKEN_STAGGER      50
#define NGX_HTTP_AUTH_ID_TOKEN_STAGGER_MORE 200


static void ngx_http_auth_id_token_keys_parse(
    ngx_http_auth_id_token_keys_t *keys) noexcept;
static void ngx_http_auth_id_token_keys_timer(ngx_event_t *ev) noexcept;
static void ngx_http_auth_id_token_keys_after(
    ngx_http_auth_id_token_keys_t *keys, int64_t delay) noexcept;


ngx_int_t
ngx_http_auth_id_token_keys_init_process(ngx_cycle_t *cycle) noexcept
{
    ngx_http_auth_id_token_keys_t  *keys;

    for (keys = ngx_http_auth_id_token_keys_next(cycle, NULL);
         keys != NULL;
         keys = ngx_http_auth_id_token_keys_next(cycle, keys))
    {
        if (keys->shm_zone != NULL) {
            ngx_http_auth_id_token_keys_run(keys);
        }
    }

    return NGX_OK;
}


void
ngx_http_auth_id_token_keys_exit_process(ngx_cycle_t *cycle) noexcept
{
    ngx_http_auth_id_token_keys_t  *keys;

    for (keys = ngx_http_auth_id_token_keys_next(cycle, NULL);
         keys != NULL;
         keys = ngx_http_auth_id_token_keys_next(cycle, keys))
    {
        ngx_http_auth_id_token_keys_stop(keys);
    }
}


void
ngx_http_auth_id_token_keys_run(ngx_http_auth_id_token_keys_t *keys) noexcept
{
    int64_t  delay;

    keys->running = 1;

    keys->timer.handler = ngx_http_auth_id_token_keys_timer;
    keys->timer.data = keys;
    keys->timer.log = keys->cycle->log;
    keys->timer.cancelable = 1;

    keys->begin.handler = ngx_http_auth_id_token_attempt_begin;
    keys->begin.data = keys;
    keys->begin.log = keys->cycle->log;

    ngx_http_auth_id_token_state_init(keys);

    {
        ngx_http_auth_id_token_zone_lock  lock(keys);

        delay = keys->zone->refresh.next_fetch - ngx_http_auth_id_token_now();
    }

    if (delay <= 0) {
        delay = static_cast<int64_t>(keys->number
                                     / NGX_HTTP_AUTH_ID_TOKEN_FIRST
                                     * NGX_HTTP_AUTH_ID_TOKEN_FIRST_PAUSE);

    } else {
        /* a worker of before a reload may still move the schedule */
        delay = ngx_min(delay, NGX_HTTP_AUTH_ID_TOKEN_LOOK_AGAIN);
    }

    ngx_http_auth_id_token_keys_after(keys, delay);
}


/* the lease is given back; another worker takes the attempt over */

void
ngx_http_auth_id_token_keys_stop(ngx_http_auth_id_token_keys_t *keys) noexcept
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
        ngx_http_auth_id_token_fetch_abort(keys->fetch);
        keys->fetch = NULL;
    }

    if (keys->leased && !ngx_http_auth_id_token_keys_of_former_cycle(keys)) {
        ngx_http_auth_id_token_zone_lock  lock(keys);

        if (ngx_http_auth_id_token_zone_owns(keys)) {
            keys->zone->owner = 0;
        }
    }

    keys->leased = 0;
}


void
ngx_http_auth_id_token_keys_schedule(ngx_http_auth_id_token_keys_t *keys)
    noexcept
{
    int64_t  delay;

    {
        ngx_http_auth_id_token_zone_lock  lock(keys);

        delay = keys->zone->refresh.next_fetch - ngx_http_auth_id_token_now();
    }

    ngx_http_auth_id_token_keys_after(keys, delay);
}


static void
ngx_http_auth_id_token_keys_after(ngx_http_auth_id_token_keys_t *keys,
    int64_t delay) noexcept
{
    ngx_core_conf_t  *ccf;

    if (!keys->running) {
        return;
    }

    if (keys->timer.timer_set) {
        ngx_del_timer(&keys->timer);
    }

    ccf = reinterpret_cast<ngx_core_conf_t *>(
              ngx_get_conf(keys->cycle->conf_ctx, ngx_core_module));

    delay = ngx_max(delay, 0);
    delay = ngx_min(delay, NGX_HTTP_AUTH_ID_TOKEN_MAX_DELAY);

    if (ccf->worker_processes > 1
        && keys->number % ccf->worker_processes != ngx_worker)
    {
        delay += NGX_HTTP_AUTH_ID_TOKEN_STAGGER
                 + ngx_random() % NGX_HTTP_AUTH_ID_TOKEN_STAGGER_MORE;
    }

    ngx_add_timer(&keys->timer, static_cast<ngx_msec_t>(delay));
}


static void
ngx_http_auth_id_token_keys_timer(ngx_event_t *ev) noexcept
{
    int64_t                         delay, now;
    ngx_http_auth_id_token_keys_t  *keys;

    keys = static_cast<ngx_http_auth_id_token_keys_t *>(ev->data);

    if (ngx_exiting || ngx_http_auth_id_token_keys_of_former_cycle(keys)) {
        return;
    }

    now = ngx_http_auth_id_token_now();

    {
        ngx_http_auth_id_token_zone_lock  lock(keys);

        switch (ngx_http_auth_id_token_zone_lease(keys)) {

        case NGX_HTTP_AUTH_ID_TOKEN_LEASE_HELD:
            delay = NGX_HTTP_AUTH_ID_TOKEN_LOOK_AGAIN;
            break;

        case NGX_HTTP_AUTH_ID_TOKEN_LEASE_LOST:
            ngx_http_auth_id_token_zone_take(keys);
            return;

        default: /* NGX_HTTP_AUTH_ID_TOKEN_LEASE_FREE */

            keys->zone->refresh.adopted(now, keys->rules);

            if (keys->zone->refresh.due(now)) {
                ngx_http_auth_id_token_zone_take(keys);
                return;
            }

            delay = keys->zone->refresh.next_fetch - now;
        }
    }

    ngx_http_auth_id_token_keys_after(keys, delay);
}


id_token::KeySet *
ngx_http_auth_id_token_keys_current(ngx_http_auth_id_token_keys_t *keys)
    noexcept
{
    int64_t   age;
    uint64_t  generation;

    if (keys->shm_zone == NULL) {
        return keys->set.get();
    }

    if (ngx_http_auth_id_token_keys_of_former_cycle(keys)) {
        return NULL;
    }

    if (!keys->running) {
        ngx_http_auth_id_token_keys_run(keys);
    }

    age = ngx_http_auth_id_token_now()
          - keys->zone->fetched_at.load(std::memory_order_acquire);

    generation = keys->zone->generation.load(std::memory_order_acquire);

    if (generation != keys->generation) {
        ngx_http_auth_id_token_keys_parse(keys);
    }

    if (age >= keys->rules.max_stale) {
        return NULL;
    }

    return keys->set.get();
}


/* whatever goes wrong, the former set is not used any more */

static void
ngx_http_auth_id_token_keys_parse(ngx_http_auth_id_token_keys_t *keys) noexcept
{
    uint64_t     generation;
    std::string  body;

    keys->retired = std::move(keys->set);

    try {
        if (!ngx_http_auth_id_token_zone_read(keys, body, &generation)) {
            return;
        }

        auto  set = id_token::KeySet::parse(body,
                                       ngx_http_auth_id_token_keys_next_id());
        if (set) {
            keys->set = std::move(*set);
            keys->generation = generation;
        }

    } catch (...) {
        ngx_log_error(NGX_LOG_ERR, keys->cycle->log, 0,
                      "id_token_provider \"%V\": no memory for the keys",
                      &keys->settings.provider);
    }
}


/* this worker may have held none yet, or a set from before the one replaced */

std::vector<uint64_t>
ngx_http_auth_id_token_keys_withdrawn(ngx_http_auth_id_token_keys_t *keys,
    const id_token::KeySet &set)
{
    std::vector<uint64_t>  kids;

    if (keys->zone->generation.load(std::memory_order_acquire)
        != keys->generation)
    {
        ngx_http_auth_id_token_keys_parse(keys);
    }

    if (keys->set) {
        for (std::string_view kid
             : keys->set->kids_missing_from(set, id_token::kWithdrawnKids))
        {
            kids.push_back(id_token::kid_id(kid));
        }
    }

    return kids;
}
