// Verification of a JWS signature: RFC 7515 5.2, RFC 7518 3, RFC 8037 3.1.

#ifndef IDT_JOSE_SIGNATURE_H
#define IDT_JOSE_SIGNATURE_H

#include <span>
#include <string_view>

#include "idt_jose/jwk.h"
#include "idt_base/result.h"

namespace id_token {

// Holds what can be used again between verifications. One per thread.
class SignatureVerifier {
  public:
    SignatureVerifier();

    // Error::ok, signature_length, signature (also: OpenSSL makes no key of
    // this one) or out_of_memory. `signing_input`
    // is the received bytes `header.payload`. OpenSSL's error queue is left as
    // found. Where OpenSSL does not tell a lack of memory from a wrong
    // signature, it counts as the latter.
    // Throws std::bad_alloc at a key's first use only.
    [[nodiscard]] Error verify(const Algorithm &algorithm, Jwk &key,
                               std::string_view signing_input,
                               std::span<const unsigned char> signature);

  private:
    [[nodiscard]] Error verify_digest(const Algorithm &algorithm, Jwk &key,
                                      std::string_view signing_input,
                                      std::span<const unsigned char> signature);
    [[nodiscard]] Error verify_eddsa(EVP_PKEY *pkey,
                                     std::string_view signing_input,
                                     std::span<const unsigned char> signature);
    [[nodiscard]] const EVP_MD *digest_of(const Algorithm &a) const noexcept;

    EvpMdCtx digest_;
    EvpMdCtx one_shot_;
    EvpMd sha256_, sha384_, sha512_;
};

}  // namespace id_token

#endif
