// The token endpoint (L3): what redeems a code, RFC 6749 4.1.3 and RFC 7636
// 4.5, and what comes back, OIDC Core 3.1.3.3.

#ifndef IDT_LOGIN_TOKEN_REQUEST_H
#define IDT_LOGIN_TOKEN_REQUEST_H

#include <cstdint>
#include <string>
#include <string_view>

#include "idt_base/result.h"
#include "idt_mint/signing_key.h"

namespace id_token {

// How the endpoint knows us, OIDC Core 9.
enum class ClientAuth : std::uint8_t {
    none,          // a public client: PKCE alone
    secret_basic,  // RFC 6749 2.3.1
    secret_post,
    private_key_jwt,  // RFC 7523
};

inline constexpr std::int64_t kClientAssertionSeconds = 60;

struct TokenRequest {
    std::string_view code;
    std::string_view redirect_uri;
    std::string_view verifier;
    std::string_view client_id;
    ClientAuth auth = ClientAuth::none;
    // The secret, or the assertion.
    std::string_view credential;
};

[[nodiscard]] std::string token_request_body(const TokenRequest &request);

// The value of Authorization; empty where the body has it all.
[[nodiscard]] std::string token_request_authorization(
    const TokenRequest &request);

// A client assertion: iss and sub are the client, aud is the issuer, `jti` is
// one that never comes again. Throws std::bad_alloc.
[[nodiscard]] Result<std::string> client_assertion(const AssertionKey &key,
                                                   std::string_view client_id,
                                                   std::string_view issuer,
                                                   std::string_view jti,
                                                   std::int64_t now);

// A secret out of a file: printable ASCII (RFC 6749 A.2) in one line. Empty: it
// is none.
[[nodiscard]] std::string_view parse_client_secret(
    std::string_view file) noexcept;

// What came back.
struct TokenAnswer {
    std::string token;       // the ID token; empty: see error
    std::string_view error;  // a text of ours; empty where it is no JSON
};

[[nodiscard]] TokenAnswer parse_token_answer(std::string_view body);

}  // namespace id_token

#endif
