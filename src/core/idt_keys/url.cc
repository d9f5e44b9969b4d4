#include "idt_keys/url.h"

#include <arpa/inet.h>

#include <cstddef>
#include <cstring>
#include <optional>

#include "idt_base/ascii.h"

namespace id_token {

namespace {

constexpr std::string_view kTexts[] = {
#define X(name, text) text,
    ID_TOKEN_URL_ERRORS(X)
#undef X
};

constexpr std::size_t kMaxHostBytes = 253;
constexpr std::size_t kMaxLabelBytes = 63;

bool is_alnum(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_hex(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// RFC 3986 2.2 to 2.4: reserved and unreserved characters, whole escapes.
bool has_url_characters_only(std::string_view text) noexcept {
    constexpr std::string_view kOthers = "-._~:/?#[]@!$&'()*+,;=";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '%') {
            if (text.size() - i < 3 || !is_hex(text[i + 1]) ||
                !is_hex(text[i + 2])) {
                return false;
            }
            i += 2;
        } else if (!is_alnum(c) && kOthers.find(c) == kOthers.npos) {
            return false;
        }
    }
    return true;
}

bool take_prefix(std::string_view &text, std::string_view prefix) noexcept {
    if (text.size() < prefix.size()) {
        return false;
    }
    for (std::size_t i = 0; i < prefix.size(); ++i) {
        if (lower(text[i]) != prefix[i]) {
            return false;
        }
    }
    text.remove_prefix(prefix.size());
    return true;
}

// Into network order; the strict spellings only, no "127.1", no zone.
template <std::size_t N>
bool parse_address(int family, std::string_view text,
                   unsigned char (&bytes)[N]) noexcept {
    char buffer[INET6_ADDRSTRLEN];
    if (text.empty() || text.size() >= sizeof buffer ||
        text.find('\0') != text.npos) {
        return false;
    }
    std::memcpy(buffer, text.data(), text.size());
    buffer[text.size()] = '\0';
    return inet_pton(family, buffer, bytes) == 1;
}

// What WHATWG's URL standard takes for an IPv4 address: resolvers and
// libraries disagree about "127.1" and "0x7f.1", so nothing like it is a name.
bool ends_in_number(std::string_view host) noexcept {
    const std::size_t dot = host.rfind('.');
    std::string_view last = dot == host.npos ? host : host.substr(dot + 1);
    if (take_prefix(last, "0x")) {
        return last.find_first_not_of("0123456789abcdefABCDEF") == last.npos;
    }
    return last.find_first_not_of("0123456789") == last.npos;
}

bool is_host_name(std::string_view host) noexcept {
    if (host.size() > kMaxHostBytes) {
        return false;
    }
    while (true) {
        const std::size_t dot = host.find('.');
        const std::string_view label = host.substr(0, dot);
        if (label.empty() || label.size() > kMaxLabelBytes ||
            label.front() == '-' || label.back() == '-') {
            return false;
        }
        for (const char c : label) {
            if (!is_alnum(c) && c != '-' && c != '_') {
                return false;
            }
        }
        if (dot == host.npos) {
            return true;
        }
        host.remove_prefix(dot + 1);
    }
}

std::optional<HostKind> host_kind(std::string_view host) noexcept {
    unsigned char bytes[4];
    if (ends_in_number(host)) {
        return parse_address(AF_INET, host, bytes)
                   ? std::optional(HostKind::ipv4)
                   : std::nullopt;
    }
    return is_host_name(host) ? std::optional(HostKind::name) : std::nullopt;
}

// Digits after the colon; RFC 3986 3.2.3 lets them be absent.
std::optional<std::uint16_t> parse_port(std::string_view text,
                                        std::uint16_t usual) noexcept {
    if (text.empty()) {
        return usual;
    }
    unsigned value = 0;
    for (const char c : text) {
        if (!is_digit(c)) {
            return std::nullopt;
        }
        value = value * 10 + static_cast<unsigned>(c - '0');
        if (value > 65535) {
            return std::nullopt;
        }
    }
    return value == 0 ? std::nullopt
                      : std::optional(static_cast<std::uint16_t>(value));
}

// "[::1]" or "name", what follows stays in `text`.
std::optional<std::string_view> take_host(std::string_view &text,
                                          Url &url) noexcept {
    std::string_view host;
    if (text.front() == '[') {
        const std::size_t end = text.find(']');
        unsigned char bytes[16];
        if (end == text.npos ||
            !parse_address(AF_INET6, text.substr(1, end - 1), bytes)) {
            return std::nullopt;
        }
        url.kind = HostKind::ipv6;
        host = text.substr(1, end - 1);
        text.remove_prefix(end + 1);
        return host;
    }

    host = text.substr(0, text.find(':'));
    text.remove_prefix(host.size());
    url.complete = host.ends_with('.');
    if (url.complete) {
        host.remove_suffix(1);
    }
    const auto found = host_kind(host);
    if (!found) {
        return std::nullopt;
    }
    url.kind = *found;
    return host;
}

}  // namespace

std::string_view url_error_text(UrlError error) noexcept {
    return kTexts[static_cast<std::size_t>(error)];
}

std::string Url::authority() const {
    if (port == (https ? 443 : 80)) {
        return kind == HostKind::ipv6 ? "[" + host + "]" : host;
    }
    return host_and_port();
}

std::string Url::host_and_port() const {
    const std::string digits = std::to_string(port);
    return kind == HostKind::ipv6 ? "[" + host + "]:" + digits
                                  : host + ":" + digits;
}

Result<Url, UrlError> parse_url(std::string_view text) {
    if (text.size() > kMaxUrlBytes) {
        return UrlError::too_long;
    }

    Url url;
    if (take_prefix(text, "https://")) {
        url.https = true;
    } else if (!take_prefix(text, "http://")) {
        return UrlError::scheme;
    }
    if (!has_url_characters_only(text)) {
        return UrlError::bad_character;
    }
    if (text.find('#') != text.npos) {
        return UrlError::fragment;
    }

    const std::size_t end = text.find_first_of("/?");
    std::string_view authority = text.substr(0, end);
    const std::string_view target =
        end == text.npos ? std::string_view() : text.substr(end);

    if (authority.find('@') != authority.npos) {
        return UrlError::userinfo;
    }
    if (authority.empty() || authority.front() == ':') {
        return UrlError::host_missing;
    }
    if (target.find_first_of("[]") != target.npos) {
        return UrlError::bad_character;
    }

    const auto host = take_host(authority, url);
    if (!host) {
        return UrlError::host;
    }
    if (!authority.empty() && authority.front() != ':') {
        return UrlError::host;
    }
    const auto port = parse_port(authority.substr(authority.empty() ? 0 : 1),
                                 url.https ? 443 : 80);
    if (!port) {
        return UrlError::port;
    }

    url.port = *port;
    url.host = *host;
    for (char &c : url.host) {
        c = lower(c);
    }
    if (target.empty() || target.front() == '?') {
        url.target = "/";
    }
    url.target += target;
    return url;
}

// All before the last "@" of the text: a password may hold anything, a slash,
// too, before somebody has noticed.
std::string without_userinfo(std::string_view text) {
    constexpr std::string_view kScheme = "://";
    const std::size_t at = text.rfind('@');
    if (at == text.npos) {
        return std::string(text);
    }
    std::size_t begin = 0;
    while (begin < text.size() && is_alnum(text[begin])) {
        ++begin;
    }
    begin = text.substr(begin).starts_with(kScheme) && begin < at
                ? begin + kScheme.size()
                : 0;
    return std::string(text.substr(0, begin)) + "***" +
           std::string(text.substr(at));
}

bool is_loopback_address(std::string_view address) noexcept {
    unsigned char v4[4];
    if (parse_address(AF_INET, address, v4)) {
        return v4[0] == 127;
    }

    unsigned char v6[16];
    if (!parse_address(AF_INET6, address, v6)) {
        return false;
    }
    constexpr unsigned char kLoopback[16] = {0, 0, 0, 0, 0, 0, 0, 0,
                                             0, 0, 0, 0, 0, 0, 0, 1};
    constexpr unsigned char kMapped[13] = {0, 0, 0, 0,    0,    0,  0,
                                           0, 0, 0, 0xff, 0xff, 127};
    return std::memcmp(v6, kLoopback, sizeof kLoopback) == 0 ||
           std::memcmp(v6, kMapped, sizeof kMapped) == 0;
}

Transport transport(const Url &url) noexcept {
    if (url.https) {
        return Transport::tls;
    }
    return url.host == "localhost" || is_loopback_address(url.host)
               ? Transport::loopback
               : Transport::insecure;
}

}  // namespace id_token
