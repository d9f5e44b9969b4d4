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

Sha256 hkdf_sha256(std::string_view key, std::string_view salt,
                   std::string_view info) {
    const auto text = [](const Sha256 &bytes) {
        return std::string_view(reinterpret_cast<const char *>(bytes.data()),
                                bytes.size());
    };
    // 2.2: no salt is a salt of zeros
    const std::string zeros(salt.empty() ? sizeof(Sha256) : 0, '\0');
    const Sha256 extracted = hmac_sha256(salt.empty() ? zeros : salt, key);
    return hmac_sha256(text(extracted), std::string(info) + '\1');
}

bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() &&
           CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace id_token
