// What a provider asks of its tokens, and the rules on claims, one function
// each: OIDC Core 2 and 3.1.3.7.

#ifndef IDT_TOKEN_POLICY_H
#define IDT_TOKEN_POLICY_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "idt_jose/algorithm.h"
#include "idt_token/claims.h"
#include "idt_base/error.h"

namespace id_token {

struct Policy {
    std::uint64_t id = 0;  // different for every policy a process ever holds
    std::string issuer;
    std::string client_id;
    std::vector<std::string> trusted_audiences;   // beside client_id
    bool trust_any_audience = false;              // then azp has to be there
    std::vector<std::string> authorized_parties;  // beside client_id
    AlgorithmSet algorithms;
    std::int64_t leeway = 30;                  // seconds
    std::optional<std::int64_t> max_age;       // seconds since iat
    std::optional<std::int64_t> max_auth_age;  // seconds since auth_time
};

// Each returns Error::ok or its reason. A claim whose value is null is absent.
[[nodiscard]] Error check_issuer(const Claims &c, const Policy &p) noexcept;
[[nodiscard]] Error check_audience(const Claims &c, const Policy &p) noexcept;
[[nodiscard]] Error check_azp(const Claims &c, const Policy &p) noexcept;
[[nodiscard]] Error check_subject(const Claims &c) noexcept;

// Tells an ID token from tokens of other kinds by whom it was issued to and
// what it says it is (RFC 8725 3.11, 3.12). The list of claims is closed.
[[nodiscard]] Error check_kind(const Claims &c, const Policy &p) noexcept;

// Reads exp, iat, nbf and auth_time before any of them is judged; a wrong type
// is refused, and so is a lack of exp or iat. auth_time of a wrong type counts
// as absent: only a policy that asks for it has a use for it.
[[nodiscard]] Result<Times> parse_times(const Claims &c) noexcept;

// What an operator wants to know of a time that was refused: since when a token
// is expired, how old it or its authentication is, how far in the future it was
// issued or begins. Nothing for other reasons, and beyond a thousand years.
[[nodiscard]] std::optional<std::int64_t> seconds_of(Error error,
                                                     const Times &times,
                                                     std::int64_t now) noexcept;

// Judged on every request. `now`: seconds since the epoch.
[[nodiscard]] Error check_times(const Times &t, const Policy &p,
                                std::int64_t now) noexcept;

}  // namespace id_token

#endif
