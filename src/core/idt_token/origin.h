// Origins of browsers, RFC 6454 6.2 and 7, and the evidence that a request
// comes from our own.

#ifndef IDT_TOKEN_ORIGIN_H
#define IDT_TOKEN_ORIGIN_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace id_token {

struct Origin {
    bool https = false;
    std::string host;  // in lower case, with the brackets of an IPv6 address
    std::uint16_t port = 0;

    bool operator==(const Origin &) const = default;
};

// "http[s]://host[:port]" and nothing behind it; "null" is no origin.
[[nodiscard]] std::optional<Origin> parse_origin(std::string_view text);

// Ours, from the scheme of the connection and the Host field.
[[nodiscard]] std::optional<Origin> own_origin(bool https,
                                               std::string_view host_field);

}  // namespace id_token

#endif
