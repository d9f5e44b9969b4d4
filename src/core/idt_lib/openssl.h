// The one door to OpenSSL: handles that own, and a scope that leaves the
// error queue as it was found.

#ifndef IDT_LIB_OPENSSL_H
#define IDT_LIB_OPENSSL_H

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <memory>

namespace id_token {

template <auto free_function>
struct Free {
    template <class T>
    void operator()(T *p) const noexcept {
        free_function(p);
    }
};

using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;
using Bignum = std::unique_ptr<BIGNUM, Free<BN_free>>;
using EcdsaSig = std::unique_ptr<ECDSA_SIG, Free<ECDSA_SIG_free>>;
using EcGroup = std::unique_ptr<EC_GROUP, Free<EC_GROUP_free>>;
using EcPoint = std::unique_ptr<EC_POINT, Free<EC_POINT_free>>;
using EvpPkey = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using EvpPkeyCtx = std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>>;
using EvpCipherCtx = std::unique_ptr<EVP_CIPHER_CTX, Free<EVP_CIPHER_CTX_free>>;
using EvpMdCtx = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;
using EvpMd = std::unique_ptr<EVP_MD, Free<EVP_MD_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Free<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Free<OSSL_PARAM_free>>;

// Errors raised inside are dropped at the end, those from before stay: nginx
// would log ours as "ignoring stale global SSL error".
class ErrorQueueScope {
  public:
    ErrorQueueScope() noexcept : before_(ERR_peek_last_error()) {
        ERR_set_mark();
    }
    ~ErrorQueueScope() { ERR_pop_to_mark(); }
    ErrorQueueScope(const ErrorQueueScope &) = delete;
    ErrorQueueScope &operator=(const ErrorQueueScope &) = delete;

    // Whether a failure to allocate is what the errors raised inside began or
    // ended with. The first of them cannot be told from those from before,
    // where there are any: then the last alone counts.
    [[nodiscard]] bool out_of_memory() const noexcept;

  private:
    unsigned long before_;  // the last one from before; 0 = none
};

}  // namespace id_token

#endif
