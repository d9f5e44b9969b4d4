// Absolute http and https URLs, RFC 3986, strictly: where keys are
// fetched from, and what plain http may reach.

#ifndef IDT_KEYS_URL_H
#define IDT_KEYS_URL_H

#include <cstdint>
#include <string>
#include <string_view>

#include "idt_base/result.h"

namespace id_token {

inline constexpr std::size_t kMaxUrlBytes = 4096;

// Why a URL is not taken. X(name, text): what follows 'the URL "..." '.
#define ID_TOKEN_URL_ERRORS(X)                                                 \
    X(too_long, "is too long")                                                 \
    X(bad_character, "has a character that a URL cannot have")                 \
    X(scheme, "does not begin with https:// or http://")                       \
    X(userinfo, "has a user name or password")                                 \
    X(host_missing, "has no host")                                             \
    X(host, "has an invalid host")                                             \
    X(port, "has an invalid port")                                             \
    X(fragment, "has a fragment")

enum class UrlError : std::uint8_t {
#define X(name, text) name,
    ID_TOKEN_URL_ERRORS(X)
#undef X
};

[[nodiscard]] std::string_view url_error_text(UrlError error) noexcept;

enum class HostKind : std::uint8_t { name, ipv4, ipv6 };

struct Url {
    bool https = false;
    HostKind kind = HostKind::name;
    std::string host;       // lower case, no brackets, no final dot
    bool complete = false;  // the host was written with a final dot
    std::uint16_t port = 0;
    std::string target;  // path and query as they stand; never empty

    // host[:port] as the Host field has it: the port if it is not the usual.
    [[nodiscard]] std::string authority() const;

    // host:port, as CONNECT has it.
    [[nodiscard]] std::string host_and_port() const;
};

// Throws std::bad_alloc only.
[[nodiscard]] Result<Url, UrlError> parse_url(std::string_view text);

// For messages about a URL, however broken: what may be a user name and a
// password is "***". Throws std::bad_alloc only.
[[nodiscard]] std::string without_userinfo(std::string_view text);

// A literal address of 127.0.0.0/8, ::1, or the former mapped into IPv6.
[[nodiscard]] bool is_loopback_address(std::string_view address) noexcept;

// What plain http has to do with a URL. A name asks for a second look: the
// address that it leads to has to be a loopback address.
enum class Transport : std::uint8_t {
    tls,       // https
    loopback,  // http, to "localhost" or a loopback address
    insecure,  // http, anywhere; to be refused unless asked for
};

[[nodiscard]] Transport transport(const Url &url) noexcept;

}  // namespace id_token

#endif
