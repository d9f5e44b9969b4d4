// A private key made ready: what OpenSSL needs to sign with it is kept from one
// signature to the next, which spares a tenth of an ES256 signature.

#ifndef IDT_MINT_SIGNER_H
#define IDT_MINT_SIGNER_H

#include <string>
#include <string_view>

#include "idt_jose/algorithm.h"
#include "idt_lib/openssl.h"

namespace id_token {

// One thread at a time. To be dropped after a signature that failed: where
// memory ran out in RSA blinding, the key would spoil those that follow.
class Signer {
  public:
    // RS256 or ES256, as the key is. Throws std::bad_alloc.
    Signer(EvpPkey key, const Algorithm &algorithm);

    // As RFC 7518 3.3 and 3.4 want it. Empty: it failed.
    [[nodiscard]] std::string sign(std::string_view input);

  private:
    const Algorithm *algorithm_;
    EvpPkey key_;
    EvpPkeyCtx context_;
    EvpMd sha256_;
    EvpMdCtx digest_;
};

}  // namespace id_token

#endif
