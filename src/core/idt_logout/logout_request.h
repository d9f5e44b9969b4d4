// Who is to be logged out: what comes at the places where that is asked for,
// and what becomes of it (L5).

#ifndef IDT_LOGOUT_LOGOUT_REQUEST_H
#define IDT_LOGOUT_LOGOUT_REQUEST_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "idt_base/result.h"
#include "idt_logout/logout_error.h"
#include "idt_logout/logout_token.h"
#include "idt_revoke/revocation.h"

namespace id_token {

// A logout token and a few fields beside it; an operator's line of JSON.
inline constexpr std::size_t kMaxOperatorBytes = std::size_t{16} * 1024;

// The token in the body of a back-channel logout, OIDC Back-Channel Logout
// 2.5. This and what follows throws std::bad_alloc.
[[nodiscard]] Result<std::string, LogoutError> read_logout_form(
    std::string_view body);

// The sid in the query of a front-channel logout, OIDC Front-Channel Logout 3:
// both fields are demanded, for without them an image on any page could end
// any session.
[[nodiscard]] Result<std::string, LogoutError> read_logout_query(
    std::string_view query, std::string_view issuer);

// What an operator wants: exactly one of sub, sid, jti, and "all": true.
struct OperatorLogout {
    std::string provider;  // its name
    RevokedKind kind = RevokedKind::none;
    std::string value;  // empty for all
};

// A JSON object with `provider`, that, and nothing else: a slip of the pen
// must not pass for a logout.
[[nodiscard]] Result<OperatorLogout, LogoutError> read_operator_logout(
    std::string_view body);

// Whom the entries are for, and how long they count.
struct LogoutScope {
    RevocationDigest provider{};
    std::int64_t keep = 0;    // seconds; an older token is refused anyhow
    std::int64_t leeway = 0;  // seconds
};

// A sid falls by its entry; tokens without one, of the same login, by their
// sub. The last entry is the jti that has been seen then: it comes last, so
// that a logout that was kept halfway is not taken for one that was kept.
[[nodiscard]] std::vector<Revocation> revocations_of(const LogoutClaims &claims,
                                                     const LogoutScope &scope);

// By a name alone: an operator's, a front-channel logout's. Nobody's clock is
// known but ours: what the tenant's may be ahead is added.
[[nodiscard]] Revocation revocation_of(RevokedKind kind, std::string_view value,
                                       const LogoutScope &scope,
                                       std::int64_t now);

// {"error":"invalid_request","error_description":TEXT}, 2.8.
[[nodiscard]] std::string logout_error_json(const LogoutRefusal &refusal);

}  // namespace id_token

#endif
