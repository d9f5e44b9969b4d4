/*
 * The endpoints of the discovery document, in the zone beside the keys: what a
 * login needs of it.
 */

#include "idt_source/zone.h"


namespace id_token::nginx {


/* a token endpoint's answer holds an access token, too, and more */
#define MAX_TOKEN_ANSWER  (256 * 1024)


void
zone_write_endpoints(zone_t *zone, std::string_view packed) noexcept
{
    uint64_t  number;

    if (packed.size() > MAX_ENDPOINTS
        || std::string_view(reinterpret_cast<char *>(zone->endpoints),
                            zone->endpoints_length) == packed)
    {
        return;
    }

    ngx_memcpy(zone->endpoints, packed.data(), packed.size());
    zone->endpoints_length = packed.size();

    number = zone->endpoints_number.load(std::memory_order_relaxed);
    zone->endpoints_number.store(number + 1, std::memory_order_release);
}


void
zone_keep_endpoints(key_source_t *keys, std::string_view document)
{
    auto  endpoints = parse_endpoints(document,
                         { reinterpret_cast<char *>(keys->settings.issuer.data),
                           keys->settings.issuer.len });
    if (!endpoints) {
        return;
    }

    std::string  packed = pack_endpoints(*endpoints);

    zone_lock  lock(keys);

    if (zone_owns(keys)) {
        zone_write_endpoints(keys->zone, packed);
    }
}


void
zone_inherit_endpoints(zone_t *zone, const zone_t *from) noexcept
{
    zone_write_endpoints(zone,
                         { reinterpret_cast<const char *>(from->endpoints),
                           from->endpoints_length });
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
