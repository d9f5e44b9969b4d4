#include "idt_mint/signer.h"

#include <array>
#include <new>
#include <utility>

namespace id_token {

namespace {

constexpr int kCoordinateBytes = 32;  // of ES256, RFC 7518 3.4

// R and S of equal length (RFC 7518 3.4) out of DER. Empty: no memory.
std::string raw_signature(const std::string &der) {
    const auto *p = reinterpret_cast<const unsigned char *>(der.data());
    const EcdsaSig sig(
        d2i_ECDSA_SIG(nullptr, &p, static_cast<long>(der.size())));
    if (sig == nullptr) {
        return {};
    }
    std::string raw(2 * kCoordinateBytes, '\0');
    auto *out = reinterpret_cast<unsigned char *>(raw.data());
    if (BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), out, kCoordinateBytes) < 0 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), out + kCoordinateBytes,
                     kCoordinateBytes) < 0) {
        return {};
    }
    return raw;
}

}  // namespace

Signer::Signer(EvpPkey key, const Algorithm &algorithm)
    : algorithm_(&algorithm),
      key_(std::move(key)),
      context_(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr)),
      sha256_(EVP_MD_fetch(nullptr, "SHA256", nullptr)),
      digest_(EVP_MD_CTX_new()) {
    // PKCS #1 v1.5 is the padding of an RSA key unless another is set.
    if (context_ == nullptr || sha256_ == nullptr || digest_ == nullptr ||
        EVP_PKEY_sign_init(context_.get()) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context_.get(), sha256_.get()) != 1) {
        throw std::bad_alloc();
    }
}

std::string Signer::sign(std::string_view input) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned digest_size = 0;
    std::string signature(
        static_cast<std::size_t>(EVP_PKEY_get_size(key_.get())), '\0');
    std::size_t size = signature.size();
    // OpenSSL 3.0 takes the -1 of an i2d_ECDSA_SIG() without memory for a size.
    if (EVP_DigestInit_ex(digest_.get(), sha256_.get(), nullptr) != 1 ||
        EVP_DigestUpdate(digest_.get(), input.data(), input.size()) != 1 ||
        EVP_DigestFinal_ex(digest_.get(), digest.data(), &digest_size) != 1 ||
        EVP_PKEY_sign(context_.get(),
                      reinterpret_cast<unsigned char *>(signature.data()),
                      &size, digest.data(), digest_size) != 1 ||
        size > signature.size()) {
        return {};
    }
    signature.resize(size);
    return algorithm_->scheme == Scheme::ecdsa ? raw_signature(signature)
                                               : signature;
}

}  // namespace id_token
