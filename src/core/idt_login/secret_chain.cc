#include "idt_login/secret_chain.h"

#include "idt_base/base64url.h"
#include "idt_lib/digest.h"

namespace id_token {

std::string login_secret(
    std::span<const unsigned char, kLoginRandomBytes> random) {
    return base64url_encode(std::span<const unsigned char>(random));
}

bool is_login_value(std::string_view text) noexcept {
    return text.size() == kLoginValueChars && is_base64url(text);
}

std::string login_nonce(std::string_view r) {
    return base64url_encode(sha256(r));
}

std::string login_state(std::string_view r) {
    return base64url_encode(hmac_sha256(r, "state"));
}

std::string pkce_verifier(std::string_view r) {
    return base64url_encode(hmac_sha256(r, "pkce"));
}

std::string pkce_challenge(std::string_view verifier) {
    return base64url_encode(sha256(verifier));
}

}  // namespace id_token
