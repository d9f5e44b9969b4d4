#include "idt_keys/kid_table.h"

namespace id_token {

std::uint64_t kid_hash(const SipKey &secret,
                       std::optional<std::string_view> kid) noexcept {
    if (!kid) {
        return siphash({~secret.k0, ~secret.k1}, {}) | 1;
    }
    return siphash(secret, *kid) | 1;
}

}  // namespace id_token
