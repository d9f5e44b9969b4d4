#include "idt_token/nonce.h"

#include <array>
#include <span>
#include <string>

#include "idt_base/base64url.h"
#include "idt_lib/openssl.h"

namespace id_token {

namespace {

constexpr std::size_t kSha256 = 32;
constexpr std::size_t kSha256Base64url = 43;
constexpr std::string_view kHexDigits = "0123456789abcdef";

bool equal(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() &&
           CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool may_be_sha256(std::string_view nonce) noexcept {
    if (nonce.size() == kSha256Base64url) {
        return is_base64url(nonce);
    }
    return nonce.size() == 2 * kSha256 &&
           nonce.find_first_not_of(kHexDigits) == nonce.npos;
}

std::string hex(std::span<const unsigned char> bytes) {
    std::string text;
    for (const unsigned char c : bytes) {
        text += kHexDigits[c >> 4];
        text += kHexDigits[c & 15];
    }
    return text;
}

}  // namespace

Result<bool> nonce_matches(std::string_view nonce, std::string_view value) {
    if (nonce.empty() || value.empty()) {
        return false;
    }
    if (!may_be_sha256(nonce)) {
        return equal(nonce, value);
    }
    ErrorQueueScope scope;
    std::array<unsigned char, kSha256> hash;
    if (EVP_Digest(value.data(), value.size(), hash.data(), nullptr,
                   EVP_sha256(), nullptr) != 1) {
        return Error::out_of_memory;
    }
    return equal(nonce,
                 base64url_encode(std::span<const unsigned char>(hash))) ||
           equal(nonce, hex(hash));
}

}  // namespace id_token
