// SHA-256 and HMAC-SHA-256, in one call each (L1).

#ifndef IDT_LIB_DIGEST_H
#define IDT_LIB_DIGEST_H

#include <array>
#include <string>
#include <string_view>

namespace id_token {

using Sha256 = std::array<unsigned char, 32>;

// All of these throw std::bad_alloc, also when OpenSSL fails otherwise: it has
// no other reason to.
[[nodiscard]] Sha256 sha256(std::string_view bytes);

[[nodiscard]] std::string sha256_hex(std::string_view bytes);

// FIPS 198-1. `key` may be of any length, but not empty.
[[nodiscard]] Sha256 hmac_sha256(std::string_view key, std::string_view bytes);

// RFC 5869, the first 32 bytes. `key` may be of any length, but not empty.
[[nodiscard]] Sha256 hkdf_sha256(std::string_view key, std::string_view salt,
                                 std::string_view info);

// How long it takes tells the lengths, and nothing else.
[[nodiscard]] bool equal_in_constant_time(std::string_view a,
                                          std::string_view b) noexcept;

}  // namespace id_token

#endif
