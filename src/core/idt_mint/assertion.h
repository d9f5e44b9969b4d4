// The signed identity for an upstream: a short-lived JWT of a few claims of a
// proven ID token. The one door to libjwt, which signs where it lets "typ"
// be what it must be, and OpenSSL where it does not.

#ifndef IDT_MINT_ASSERTION_H
#define IDT_MINT_ASSERTION_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "idt_mint/signing_key.h"
#include "idt_token/claims.h"
#include "idt_base/result.h"

namespace id_token {

// In the header, so that no validator of ID tokens takes one (RFC 8725 3.11).
inline constexpr char kAssertionType[] = "id-assertion+jwt";

struct AssertionPolicy {
    std::string issuer;
    std::string audience;
    std::vector<std::string> claims;  // members of the ID token, copied as is
    std::int64_t lifetime = 60;       // seconds
    std::string type = kAssertionType;
};

// Whether a claim may be named. Not: those that an assertion sets itself, and
// those that tell kinds of tokens apart.
[[nodiscard]] bool is_assertion_claim(std::string_view name) noexcept;

struct Assertion {
    std::string token;
    std::int64_t expires = 0;
    std::int64_t renew = 0;  // good enough to be used again before that
};

// iss and aud are the policy's, iat is `now`; exp is after the lifetime, and
// never after `id_token_exp`. Used again until half the lifetime has gone, or
// to its end if the ID token's end cut it. Claims that are absent or null stay
// absent. Error::expired: the ID token's last second, and only a leeway keeps
// it. out_of_memory or internal otherwise. Throws std::bad_alloc.
[[nodiscard]] Result<Assertion> mint_assertion(const AssertionKey &key,
                                               const AssertionPolicy &policy,
                                               const Claims &claims,
                                               NumericDate id_token_exp,
                                               std::int64_t now);

}  // namespace id_token

#endif
