/*
 * What the zone holds: the key set, and what discovery says of logins. Nothing
 * may throw while the mutex is held: it would lock all workers out.
 */

#include <cstring>

#include "idt_source/zone.h"


namespace id_token::nginx {


u_char *
zone_body(zone_t *zone, uint64_t generation) noexcept
{
    return zone->body + (generation & 1) * zone->size;
}


bool
zone_read(key_source_t *keys, std::string &body, uint64_t *generation)
{
    size_t   length;
    zone_t  *zone;

    zone = keys->zone;

    for ( ;; ) {

        {
            zone_lock  lock(keys);

            *generation = zone->generation.load(std::memory_order_relaxed);

            if (*generation == 0) {
                return false;
            }

            length = zone->length[*generation & 1];

            if (length <= body.size()) {
                std::memcpy(body.data(), zone_body(zone, *generation), length);
            }
        }

        if (length <= body.size()) {
            body.resize(length);
            return true;
        }

        body.resize(length);
    }
}


bool
zone_holds(key_source_t *keys, std::string_view body) noexcept
{
    zone_t    *zone;
    uint64_t   generation;

    zone = keys->zone;
    generation = zone->generation.load(std::memory_order_relaxed);

    return generation != 0
           && zone->length[generation & 1] == body.size()
           && std::memcmp(zone_body(zone, generation), body.data(),
                          body.size())
              == 0;
}


/* a worker may be killed at any instruction: the mutex is freed for it */

void
zone_write(key_source_t *keys, std::string_view body) noexcept
{
    zone_t    *zone;
    uint64_t   generation;

    zone = keys->zone;
    generation = zone->generation.load(std::memory_order_relaxed) + 1;

    std::memcpy(zone_body(zone, generation), body.data(), body.size());
    zone->length[generation & 1] = body.size();
    zone->generation.store(generation, std::memory_order_release);
}


void
zone_write_endpoints(zone_t *zone, std::string_view packed) noexcept
{
    uint64_t  number;

    if (packed.size() > MAX_ENDPOINTS
        || view(zone->endpoints, zone->endpoints_length) == packed)
    {
        return;
    }

    ngx_memcpy(zone->endpoints, packed.data(), packed.size());
    zone->endpoints_length = packed.size();

    number = zone->endpoints_number.load(std::memory_order_relaxed);
    zone->endpoints_number.store(number + 1, std::memory_order_release);
}


void
zone_inherit_endpoints(zone_t *zone, const zone_t *from) noexcept
{
    zone_write_endpoints(zone,
                         { reinterpret_cast<const char *>(from->endpoints),
                           from->endpoints_length });
}


}  // namespace id_token::nginx
