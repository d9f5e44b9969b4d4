// Who is logged in, as JSON, for pages that cannot read the cookie (L3).

#ifndef IDT_LOGIN_IDENTITY_H
#define IDT_LOGIN_IDENTITY_H

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "idt_token/claims.h"

namespace id_token {

// Whether a claim is about the token, and not about whom it names: OIDC Core 2
// and 3.1.3.6, RFC 7519 4.1, and what tells kinds of tokens apart.
[[nodiscard]] bool is_protocol_claim(std::string_view name) noexcept;

// The named claims that are there and not null, or all but the protocol's if
// none is named.
[[nodiscard]] std::string identity_json(const Claims &claims,
                                        const std::vector<std::string> &names);

// The claims of a token that has been proven; nothing if it is none.
[[nodiscard]] std::optional<Claims> claims_of_proven(std::string_view token);

}  // namespace id_token

#endif
