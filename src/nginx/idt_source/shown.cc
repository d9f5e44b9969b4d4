/* What id_token_status shows of a key source. */

#include "idt_source/zone.h"
#include "idt_fetch/resolve.h"


namespace id_token::nginx {


/* a fetch that is under way at its time is no reason to worry */

#define OVERDUE  10000


static int64_t
seconds(int64_t ms) noexcept
{
    return ms > 0 ? ms / 1000 : 0;
}


static void
show_keys(const KeySet &set, SourceStatus &status)
{
    for (const auto &jwk : set.keys()) {
        status.keys.push_back({ jwk->kid.value_or(""),
                                key_kind_name(jwk->kind),
                                jwk->algorithm ? jwk->algorithm->name
                                               : std::string_view(),
                                jwk->key.thumbprint() });
    }
}


static void
show_zone(key_source_t *keys, SourceStatus &status)
{
    int64_t  now;
    zone_t  *zone;

    zone = keys->zone;
    now = zone_now();

    zone_lock  lock(keys);

    status.fetches_good = zone->fetches_good;
    status.fetches_failed = zone->fetches_failed;
    status.last_error = zone->last_error;
    status.next_fetch = seconds(zone->refresh.next_fetch - now);
    status.address = address_text(zone->known.answered[0]);

    if (zone->last_error[0] != '\0') {
        status.last_error_age = seconds(now - zone->last_error_at);
    }

    if (zone->refresh.has_set) {
        status.age = seconds(now - zone->refresh.fetched_at);
    }

    status.state = !zone->refresh.holds(now, keys->rules) ? KeysState::none
                   : (zone->refresh.failures
                      || now > zone->refresh.next_fetch + OVERDUE)
                   ? KeysState::stale : KeysState::fresh;
}


void
keys_show(key_source_t *keys, SourceStatus &status)
{
    KeySet  *set;

    status.is_file = keys->shm_zone == NULL;
    status.source = status.is_file ? keys->file : keys->url;

    if (status.is_file) {
        status.state = KeysState::fresh;

    } else {
        show_zone(keys, status);
    }

    set = use_keys(keys);

    if (set != nullptr) {
        show_keys(*set, status);
    }
}


}  // namespace id_token::nginx
