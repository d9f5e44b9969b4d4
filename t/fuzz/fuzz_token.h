// Tokens for the targets that validate: keys of the vectors, and mutations
// that are signed again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "idt_token/policy.h"
#include "fuzz/fuzz.h"
#include "mint/mint_keys.h"

namespace fuzz {

// The issuer and the client of the vectors.
inline constexpr std::string_view kIssuer =
    "https://issuer.example.org/realms/demo";
inline constexpr std::string_view kClient = "demo-web-client";
inline constexpr std::string_view kTrusted = "urn:trusted";
inline constexpr std::int64_t kNow = 1'800'000'000;

// The first byte of an input.
inline constexpr unsigned kFewAlgorithms = 1;
inline constexpr unsigned kMaxAge = 2;
inline constexpr unsigned kMaxAuthAge = 4;
inline constexpr unsigned kTrustedAudience = 8;
inline constexpr unsigned kNoKids = 16;

id_token::Policy policy(unsigned options);

// Names of the keys in the set, and the set.
const std::vector<const char *> &key_names();
const std::string &key_set(bool kids);

// The three parts of a token, decoded; false if they are not three, or not
// base64url.
struct Parts {
    std::string header, payload, signature;
};
bool split(std::string_view token, Parts &parts);

// A custom mutator: the header or the claims changed, mostly signed again
// with a key of the set that the header's algorithm asks for.
std::size_t mutate_token(std::uint8_t *data, std::size_t size, std::size_t max,
                         unsigned seed);

}  // namespace fuzz
