// The way to the tenant: the authorization request (OIDC Core 3.1.2.1, 3.2.2.1)
// and the request to end the tenant's own session (L3).

#ifndef IDT_LOGIN_AUTHORIZATION_H
#define IDT_LOGIN_AUTHORIZATION_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "idt_login/transaction.h"

namespace id_token {

// Name and value; of one name the last counts.
using LoginParameters = std::vector<std::pair<std::string, std::string>>;

// Whether a name is one that we set, or would let another document speak
// (RFC 9101).
[[nodiscard]] bool is_reserved_parameter(std::string_view name) noexcept;

// RFC 6749 3.3, with "openid" among the words.
[[nodiscard]] bool is_login_scope(std::string_view scope) noexcept;

struct AuthorizationRequest {
    std::string_view endpoint;
    std::string_view client_id;
    std::string_view redirect_uri;
    std::string_view scope;
    std::string_view secret;  // r
    Flow flow = Flow::id_token;
    bool silent = false;                  // prompt=none
    std::optional<std::int64_t> max_age;  // seconds
};

// Parameters with an empty value are left out; where the request itself sets
// prompt or max_age, theirs is.
[[nodiscard]] std::string authorization_url(const AuthorizationRequest &request,
                                            const LoginParameters &parameters);

// RP-Initiated Logout 1.0, 2. Empty ones are left out.
[[nodiscard]] std::string end_session_url(
    std::string_view endpoint, std::string_view client_id,
    std::string_view post_logout_redirect_uri, std::string_view id_token_hint);

// A redirect_uri of the configuration: a URL as it is, a path completed by
// scheme and host of the request.
[[nodiscard]] std::string complete_uri(std::string_view configured, bool https,
                                       std::string_view host);

// Whether plain http may be spoken there: "localhost", names below it, and
// loopback addresses. `host` may have a port.
[[nodiscard]] bool is_loopback_host(std::string_view host);

}  // namespace id_token

#endif
