// The values of Set-Cookie fields (L3).
//
// All of them are Secure, HttpOnly, of Path=/ and of no Domain, as a __Host-
// name demands. A cookie that answers a cross-site POST is SameSite=None;
// everything else is Lax.

#ifndef IDT_LOGIN_SET_COOKIE_H
#define IDT_LOGIN_SET_COOKIE_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "idt_login/transaction.h"

namespace id_token {

// Browsers keep 4096 bytes of name, value and attributes.
inline constexpr std::size_t kMaxCookieBytes = 4000;  // of NAME=VALUE
inline constexpr std::size_t kMaxSessionPieces = 8;

// Behind the session cookie's name: the cookie that holds r.
inline constexpr std::string_view kBindingSuffix = "-r";

enum class SameSite : std::uint8_t { lax, none };

// Where the answer of that flow has to find it.
[[nodiscard]] constexpr SameSite same_site(Flow flow) noexcept {
    return flow == Flow::id_token ? SameSite::none : SameSite::lax;
}

[[nodiscard]] std::string set_cookie(std::string_view name,
                                     std::string_view value,
                                     std::int64_t max_age, SameSite same_site);

[[nodiscard]] std::string expire_cookie(std::string_view name,
                                        SameSite same_site);

// A session's cookies: the token, whole or in pieces NAME.0 and on, and r.
// The request that they answer does not show the session that was there
// before, so those of its names that are not used are expired blindly. Nothing
// if the token does not fit into kMaxSessionPieces.
[[nodiscard]] std::optional<std::vector<std::string>> session_cookies(
    std::string_view name, std::string_view token, std::string_view secret,
    std::int64_t max_age);

// All that session_cookies() may have set.
[[nodiscard]] std::vector<std::string> expire_session(std::string_view name);

// "__Host-", and behind it what a cookie's name may hold (RFC 6265 4.1.1) but
// for the beginning that is for our own. No browser takes such a cookie from
// another host.
[[nodiscard]] bool is_session_cookie_name(std::string_view name) noexcept;

// Whether a cookie is one of ours that no upstream needs: transactions and
// notes, or the binding of that session cookie.
[[nodiscard]] bool is_login_cookie(std::string_view name) noexcept;
[[nodiscard]] bool is_binding_cookie(std::string_view name,
                                     std::string_view cookie) noexcept;

}  // namespace id_token

#endif
