// A tenant for unit tests: its policy, its keys and tokens of its making.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "idt_token/claims.h"
#include "idt_jose/jwks.h"
#include "idt_token/policy.h"

namespace unit {

inline constexpr std::int64_t kNow = 1'800'000'000;

// Changes to a good claim set: a member's name and its new JSON text, or ""
// to take it away.
using Changes = std::vector<std::pair<std::string, std::string>>;

// iss, aud, sub, exp (in an hour) and iat (a minute ago) as policy() asks.
std::string claims_text(const Changes &changes = {});
id_token::Claims claims(const Changes &changes = {});
id_token::Claims parse_claims(std::string_view json);

// Issuer https://op.example/, client "web", RS256 and ES256, leeway 10.
id_token::Policy policy();

// The tenant's key set: rsa1 for RS256, ec1 for ES256.
std::unique_ptr<id_token::KeySet> tenant_keys(std::uint64_t id = 1);
std::unique_ptr<id_token::KeySet> parse_keys(std::string_view document,
                                             std::uint64_t id = 1);

// Signed with the key of `alg`.
std::string tenant_token(const Changes &changes = {},
                         const std::string &alg = "ES256");
std::string tenant_token(const std::string &alg, const std::string &header,
                         const std::string &payload);

}  // namespace unit
