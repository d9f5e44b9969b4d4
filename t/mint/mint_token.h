// Compact tokens, signed through libjwt or through OpenSSL.
#pragma once

#include <string>
#include <vector>

#include "mint/mint_keys.h"

namespace mint {

// The signature of INPUT; throws when the algorithm does not fit the key.
std::string sign(const Key &key, const std::string &alg,
                 const std::string &input);

// The token as libjwt makes it; empty when libjwt cannot: an algorithm or
// header that it does not know (1.10 has no PS*, no version has EdDSA).
std::string encode_with_libjwt(const Key &key, const std::string &alg,
                               const json_t *header, const json_t *payload);

std::string encode_with_openssl(const Key &key, const std::string &alg,
                                const std::string &header,
                                const std::string &payload);

// COUNT tokens that differ in sub and jti, on all processors.
std::vector<std::string> encode_many(const Key &key, const std::string &alg,
                                     const json_t *header,
                                     const json_t *payload, unsigned count);

// A good token made bad in the way KIND says.
std::string break_token(const Key &key, const std::string &token,
                        const std::string &kind);
const char *break_kinds();

}  // namespace mint
