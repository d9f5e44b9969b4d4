#include "idt_token/origin.h"

#include <charconv>

#include "idt_base/ascii.h"

namespace id_token {

namespace {

bool is_host_character(unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~' || c == '%' || c == '[' ||
           c == ']' || c == ':';
}

// The ':' before the port: the last one, unless it is inside brackets.
std::size_t find_port(std::string_view authority) {
    const std::size_t colon = authority.rfind(':');
    const std::size_t bracket = authority.rfind(']');

    if (bracket != std::string_view::npos && colon != std::string_view::npos &&
        colon < bracket) {
        return std::string_view::npos;
    }

    return colon;
}

bool is_host(std::string_view host) {
    if (host.empty()) {
        return false;
    }

    const bool bracketed = host.front() == '[';

    if (bracketed != (host.back() == ']')) {
        return false;
    }

    for (std::size_t i = 0; i < host.size(); i++) {
        const char c = host[i];

        if (!is_host_character(static_cast<unsigned char>(c)) ||
            (c == ':' && !bracketed) || (c == '[' && i != 0) ||
            (c == ']' && i + 1 != host.size())) {
            return false;
        }
    }

    return true;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const char *end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, port);

    if (parsed.ec != std::errc() || parsed.ptr != end || port == 0) {
        return std::nullopt;
    }

    return port;
}

std::optional<Origin> parse_authority(bool https, std::string_view authority) {
    Origin origin;
    origin.https = https;
    origin.port = https ? 443 : 80;

    const std::size_t colon = find_port(authority);

    if (colon != std::string_view::npos) {
        const auto port = parse_port(authority.substr(colon + 1));

        if (!port) {
            return std::nullopt;
        }

        origin.port = *port;
        authority = authority.substr(0, colon);
    }

    origin.host = lower(authority);

    if (!is_host(origin.host)) {
        return std::nullopt;
    }

    return origin;
}

}  // namespace

std::optional<Origin> parse_origin(std::string_view text) {
    if (text.starts_with("https://")) {
        return parse_authority(true, text.substr(8));
    }

    if (text.starts_with("http://")) {
        return parse_authority(false, text.substr(7));
    }

    return std::nullopt;
}

std::optional<Origin> own_origin(bool https, std::string_view host_field) {
    return parse_authority(https, host_field);
}

}  // namespace id_token
