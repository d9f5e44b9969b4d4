#include "idt_lib/digest.h"

#include <new>

#include "idt_lib/openssl.h"

namespace id_token {

Sha256 sha256(std::string_view bytes) {
    const ErrorQueueScope scope;
    Sha256 digest;
    if (EVP_Q_digest(nullptr, "SHA256", nullptr, bytes.data(), bytes.size(),
                     digest.data(), nullptr) != 1) {
        throw std::bad_alloc();
    }
    return digest;
}

std::string sha256_hex(std::string_view bytes) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string hex;
    for (const unsigned char byte : sha256(bytes)) {
        hex.push_back(kHex[byte >> 4]);
        hex.push_back(kHex[byte & 15]);
    }
    return hex;
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
    const ErrorQueueScope scope;
    Sha256 mac;
    std::size_t size = 0;
    if (EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.data(),
                  key.size(),
                  reinterpret_cast<const unsigned char *>(bytes.data()),
                  bytes.size(), mac.data(), mac.size(), &size) == nullptr ||
        size != mac.size()) {
        throw std::bad_alloc();
    }
    return mac;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() &&
           CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace id_token
