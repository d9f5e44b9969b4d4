/*
 * The endpoints of the discovery document, in the zone beside the keys: what a
 * login needs of it.
 */

#include "idt_source/zone.h"


namespace id_token::nginx {


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
