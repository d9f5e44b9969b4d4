// OpenID Connect Discovery 1.0, the part that a login needs (L3).

#ifndef IDT_LOGIN_ENDPOINTS_H
#define IDT_LOGIN_ENDPOINTS_H

#include <optional>
#include <string>
#include <string_view>

#include "idt_base/result.h"
#include "idt_keys/discovery.h"
#include "idt_login/transaction.h"

namespace id_token {

struct Endpoints {
    // URLs; empty where there is none, or one that may not be used.
    std::string authorization;
    std::string token;
    std::string end_session;  // RP-Initiated Logout 1.0, 2.1
    // Answers name the issuer (RFC 9207 3).
    bool issuer_in_answer = false;
    // Whether response_types_supported names what we ask for; yes where the
    // document does not say.
    bool id_token = true;
    bool code = true;

    [[nodiscard]] bool supports(Flow flow) const noexcept {
        return flow == Flow::code ? code : id_token;
    }
};

// Whether a URL may be used for a provider of that issuer: well-formed, https
// unless the issuer is not.
[[nodiscard]] bool is_usable_endpoint(std::string_view url,
                                      std::string_view issuer);

// Of a document whose issuer parse_discovery() has compared. Throws
// std::bad_alloc only.
[[nodiscard]] Result<Endpoints, DiscoveryError> parse_endpoints(
    std::string_view document, std::string_view issuer);

// For shared memory: bytes in one piece, and back.
[[nodiscard]] std::string pack_endpoints(const Endpoints &endpoints);
[[nodiscard]] std::optional<Endpoints> unpack_endpoints(
    std::string_view packed);

}  // namespace id_token

#endif
