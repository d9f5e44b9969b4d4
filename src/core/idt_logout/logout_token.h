// Logout tokens, OIDC Back-Channel Logout 1.0 2.4 to 2.6 (L4).

#ifndef IDT_LOGOUT_LOGOUT_TOKEN_H
#define IDT_LOGOUT_LOGOUT_TOKEN_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "idt_base/result.h"
#include "idt_logout/logout_error.h"
#include "idt_token/claims.h"
#include "idt_token/policy.h"
#include "idt_token/validator.h"

namespace id_token {

// How long ago a logout token without `exp` may have been issued, seconds:
// older Keycloaks send none.
inline constexpr std::int64_t kMaxLogoutAge = 300;

inline constexpr std::size_t kMaxSessionIdBytes = 1024;

// Of text from outside: not empty, not too long.
[[nodiscard]] bool is_session_id(std::string_view text) noexcept;

// What a logout token asks for. At least one of the two is there.
struct LogoutClaims {
    std::optional<std::string> subject;
    std::optional<std::string> session;
    std::string id;  // its jti
    // By the tenant's clock, see cut_at(): what was issued later is another
    // session.
    std::int64_t issued_at = 0;
    // From then on the token itself is refused; as far ahead as it may say.
    std::int64_t expires = 0;
};

// Why there is none.
struct LogoutRefusal {
    LogoutError error = LogoutError::none;
    Error reason = Error::ok;  // of logout_token: the rule that it broke

    constexpr LogoutRefusal(LogoutError e) noexcept : error(e) {}
    constexpr LogoutRefusal(Error r) noexcept
        : error(LogoutError::logout_token), reason(r) {}
};

// 2.6, items 3 to 6: what is asked of an ID token, too, by the very rules, but
// for the fence that keeps tokens of other kinds out. `now`: seconds since the
// epoch.
[[nodiscard]] Result<LogoutClaims, LogoutRefusal> judge_logout_claims(
    const Claims &claims, const Policy &policy, std::int64_t now);

struct LogoutVerdict {
    LogoutRefusal refusal = LogoutError::none;
    std::optional<LogoutClaims> claims;  // set when nothing is refused
    Refetch refetch = Refetch::none;
    std::optional<std::string> kid;  // whole, for a refetch
};

// The whole of 2.6. `keys` null: there are none yet; what no key could save is
// refused, else keys_unavailable. Throws std::bad_alloc.
[[nodiscard]] LogoutVerdict judge_logout_token(
    Validator &validator, const Policy &policy, const KeySet *keys,
    std::string_view token, std::int64_t now, Diagnosis *diagnosis = nullptr);

}  // namespace id_token

#endif
