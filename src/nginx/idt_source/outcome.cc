/* How an attempt ended: the keys that it brought, or the next time. */

#include "idt_source/zone.h"


namespace id_token::nginx {


/*
 * the same failure again and again is worth a line a minute; others that
 * follow each other so fast are no news either: a redirect may name anything
 */

#define LOG_INTERVAL  60000
#define LOG_PAUSE     10000


/* this worker may have held none yet, or a set from before the one replaced */

static std::vector<uint64_t>
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


/* into the zone, for the holder of the lock; `document`: of a new set */

static void
zone_take(key_source_t *keys, int64_t now,
    const std::vector<uint64_t> &withdrawn, std::optional<int64_t> max_age,
    time_t age, const std::string_view *document) noexcept
{
    zone_t  *zone;

    zone = keys->zone;

    zone->refresh.succeeded(now, keys->rules, max_age, age,
                            static_cast<uint32_t>(ngx_random()));
    zone->demand.succeeded(withdrawn);
    zone->succeeded.store(zone->started.load(std::memory_order_relaxed),
                          std::memory_order_release);
    zone->error_hash = 0;
    zone->fetches_good++;

    if (document != NULL) {
        zone_write(keys, *document);
        keys->generation = zone->generation.load(std::memory_order_relaxed);
    }

    zone->fetched_at.store(now, std::memory_order_release);

    zone_end(keys);
}


void
attempt_take(key_source_t *keys, making_t *made, std::string_view document,
    std::string_view cache_control, time_t age)
{
    bool                     owns;
    size_t                   nkeys;
    int64_t                  now;
    ngx_uint_t               failures;
    std::string              skipped;
    std::vector<uint64_t>    withdrawn;
    std::unique_ptr<KeySet>  set;

    nkeys = 0;

    if (made != nullptr) {
        set = made->builder.take();
        nkeys = set->size();
        skipped = keys_skipped(made->builder.skipped());
        withdrawn = keys_withdrawn(keys, *set);
    }

    const auto  max_age = parse_max_age(cache_control);

    {
        zone_lock  lock(keys);

        now = zone_now();
        owns = zone_owns(keys);
        failures = keys->zone->refresh.failures;

        if (owns) {
            zone_take(keys, now, withdrawn, max_age, age,
                      set ? &document : NULL);
        }
    }

    keys->leased = 0;

    if (!owns) {
        /* another worker has taken the attempt over */
        keys_schedule(keys);
        return;
    }

    if (set) {
        keys->making.reset();
        keys->retired = std::move(keys->set);
        keys->set = std::move(set);
    }

    keys_report(keys, nkeys, failures, skipped);
    saved_store(keys, document, now);

    keys_schedule(keys);
    keys_changed(keys);
}


/* for id_token_status; cut where a character might be, for it is a line */

static void
remember_failure(zone_t *zone, std::string_view why, int64_t now) noexcept
{
    size_t  length;

    length = ngx_min(why.size(), sizeof(zone->last_error) - 1);

    for (size_t i = 0; i < length; i++) {
        zone->last_error[i] = (why[i] < 0x20 || why[i] > 0x7e) ? '?' : why[i];
    }

    zone->last_error[length] = '\0';
    zone->last_error_at = now;
    zone->fetches_failed++;
}


typedef struct {
    bool        tell;
    int64_t     again;      /* ms */
    ngx_uint_t  failures;
} failure_t;


/* into the zone, for the holder of the lock */

static failure_t
zone_fail(key_source_t *keys, int64_t now, std::string_view why,
    bool unreachable) noexcept
{
    zone_t     *zone;
    uint32_t    error;
    failure_t   failure;

    zone = keys->zone;
    error = ngx_crc32_short(bytes(why), why.size());

    remember_failure(zone, why, now);

    zone->refresh.failed(now, keys->rules,
                         static_cast<uint32_t>(ngx_random()));
    zone_end(keys);

    /*
     * a key server may have moved since the start; but not all names that
     * were found then are known to a name server
     */

    if (unreachable) {
        zone->look_up = !zone->look_up;
    }

    failure.again = zone->refresh.next_fetch - now;
    failure.failures = zone->refresh.failures;

    failure.tell = failure.failures == 1
                   || now - zone->error_logged
                      >= ((zone->error_hash != error) ? LOG_PAUSE
                                                      : LOG_INTERVAL);

    if (failure.tell) {
        zone->error_hash = error;
        zone->error_logged = now;
    }

    return failure;
}


/* the previous set stays; the log is told once, then now and then */

void
attempt_failed(key_source_t *keys, std::string_view why, bool unreachable)
    noexcept
{
    bool       owns;
    int64_t    now;
    failure_t  failure{};

    now = zone_now();

    {
        zone_lock  lock(keys);

        owns = zone_owns(keys);

        if (owns) {
            failure = zone_fail(keys, now, why, unreachable);
        }
    }

    keys->leased = 0;

    if (!owns) {
        keys_schedule(keys);
        return;
    }

    if (failure.tell) {
        keys_report_failure(keys, why, failure.failures, now, failure.again);
    }

    keys_schedule(keys);
    keys_changed(keys);
}


}  // namespace id_token::nginx
