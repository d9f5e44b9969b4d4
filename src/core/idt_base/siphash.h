// SipHash-2-4 (Aumasson and Bernstein, 2012): a short keyed hash. Who does not
// know the key cannot make two texts collide.

#ifndef IDT_BASE_SIPHASH_H
#define IDT_BASE_SIPHASH_H

#include <cstdint>
#include <string_view>

namespace id_token {

struct SipKey {
    std::uint64_t k0;
    std::uint64_t k1;
};

[[nodiscard]] std::uint64_t siphash(const SipKey &key,
                                    std::string_view text) noexcept;

}  // namespace id_token

#endif
