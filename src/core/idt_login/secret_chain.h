// What one random secret of a login stands for at the tenant (L2).
//
// r stays in the browser. The nonce is in the URL, the Referer and the token,
// the state in the URL and the answer, the verifier goes to the token endpoint
// alone: each is derived in a way of its own, so that none tells another.

#ifndef IDT_LOGIN_SECRET_CHAIN_H
#define IDT_LOGIN_SECRET_CHAIN_H

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace id_token {

inline constexpr std::size_t kLoginRandomBytes = 32;
// 32 bytes in base64url: of r, and of everything that is derived from it.
inline constexpr std::size_t kLoginValueChars = 43;

// r, out of bytes that nobody can guess.
[[nodiscard]] std::string login_secret(
    std::span<const unsigned char, kLoginRandomBytes> random);

// Whether a text has the form of r or of a derived value.
[[nodiscard]] bool is_login_value(std::string_view text) noexcept;

// OIDC Core 15.5.2: the hash of a value that the browser holds.
[[nodiscard]] std::string login_nonce(std::string_view r);

// OIDC Core 3.1.2.1, RFC 6749 10.12.
[[nodiscard]] std::string login_state(std::string_view r);

// RFC 7636 4.1 and, of the verifier, 4.2 with S256.
[[nodiscard]] std::string pkce_verifier(std::string_view r);
[[nodiscard]] std::string pkce_challenge(std::string_view verifier);

}  // namespace id_token

#endif
