#include "idt_jose/signature.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace id_token {

namespace {

EvpMd fetch(const char *name) {
    EvpMd md(EVP_MD_fetch(nullptr, name, nullptr));
    if (md == nullptr) {
        throw std::bad_alloc();
    }
    return md;
}

EvpMdCtx new_md_ctx() {
    EvpMdCtx ctx(EVP_MD_CTX_new());
    if (ctx == nullptr) {
        throw std::bad_alloc();
    }
    return ctx;
}

const unsigned char *bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char *>(text.data());
}

// EVP_PKEY_verify and EVP_DigestVerify: 1 is right; 0 and less are all kinds
// of wrong.
Error verdict(int result) noexcept {
    if (result == 1) {
        return Error::ok;
    }
    return Error::signature;
}

bool set_padding(EVP_PKEY_CTX *ctx, Scheme scheme, const EVP_MD *md) noexcept {
    switch (scheme) {
        case Scheme::rsa_pkcs1:
            return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1;
        case Scheme::rsa_pss:
            return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) ==
                       1 &&
                   EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1 &&
                   EVP_PKEY_CTX_set_rsa_pss_saltlen(
                       ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
        case Scheme::ecdsa:
        case Scheme::eddsa:
            break;
    }
    return true;
}

// The key's context for this algorithm, made at first use; null if it could
// not be made.
EVP_PKEY_CTX *context_of(Jwk &key, const Algorithm &a, const EVP_MD *md) {
    EvpPkeyCtx &kept = key.contexts[a.index];
    if (kept != nullptr) {
        return kept.get();
    }
    EvpPkeyCtx ctx(EVP_PKEY_CTX_new_from_pkey(nullptr, key.key.get(), nullptr));
    if (ctx == nullptr || EVP_PKEY_verify_init(ctx.get()) != 1 ||
        !set_padding(ctx.get(), a.scheme, md) ||
        EVP_PKEY_CTX_set_signature_md(ctx.get(), md) != 1) {
        return nullptr;
    }
    kept = std::move(ctx);
    return kept.get();
}

// ECDSA-Sig-Value (RFC 3279 2.2.3): a SEQUENCE of two INTEGERs.
class EcdsaDer {
  public:
    // `signature`: r || s, halves of equal length, at most 66 bytes each.
    explicit EcdsaDer(std::span<const unsigned char> signature) noexcept {
        const std::size_t half = signature.size() / 2;
        const auto r = trimmed(signature.first(half));
        const auto s = trimmed(signature.last(half));
        positive_ = !r.empty() && !s.empty();
        if (!positive_) {
            return;
        }

        const std::size_t content = integer_size(r) + integer_size(s);
        put(0x30);
        if (content > 0x7f) {
            put(0x81);
        }
        put(static_cast<unsigned char>(content));
        put_integer(r);
        put_integer(s);
    }

    // Whether neither number is zero.
    [[nodiscard]] bool positive() const noexcept { return positive_; }
    [[nodiscard]] const unsigned char *data() const noexcept {
        return bytes_.data();
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    using Bytes = std::span<const unsigned char>;

    static Bytes trimmed(Bytes number) noexcept {
        const auto first = std::find_if(number.begin(), number.end(),
                                        [](unsigned char c) { return c != 0; });
        return number.last(static_cast<std::size_t>(number.end() - first));
    }

    // A number whose topmost bit is set is led by a zero byte.
    static bool wants_zero(Bytes number) noexcept {
        return (number.front() & 0x80) != 0;
    }

    static std::size_t integer_size(Bytes number) noexcept {
        return 2 + (wants_zero(number) ? 1 : 0) + number.size();
    }

    void put(unsigned char c) noexcept { bytes_[size_++] = c; }

    void put_integer(Bytes number) noexcept {
        put(0x02);
        put(static_cast<unsigned char>(integer_size(number) - 2));
        if (wants_zero(number)) {
            put(0);
        }
        for (const unsigned char c : number) {
            put(c);
        }
    }

    static constexpr std::size_t kMaxHalf = 66;

    std::array<unsigned char, 3 + 2 * (3 + kMaxHalf)> bytes_;
    std::size_t size_ = 0;
    bool positive_ = false;
};

}  // namespace

SignatureVerifier::SignatureVerifier() {
    const ErrorQueueScope scope;
    digest_ = new_md_ctx();
    one_shot_ = new_md_ctx();
    sha256_ = fetch("SHA256");
    sha384_ = fetch("SHA384");
    sha512_ = fetch("SHA512");
}

Error SignatureVerifier::verify(const Algorithm &algorithm, Jwk &key,
                                std::string_view signing_input,
                                std::span<const unsigned char> signature) {
    if (signature.size() != key.signature_size) {
        return Error::signature_length;
    }
    if (!key.fits(algorithm)) {
        return Error::signature;
    }

    EVP_PKEY *pkey = key.key.get();
    if (pkey == nullptr) {
        return Error::signature;
    }

    const ErrorQueueScope scope;
    const Error error =
        algorithm.scheme == Scheme::eddsa
            ? verify_eddsa(pkey, signing_input, signature)
            : verify_digest(algorithm, key, signing_input, signature);
    return error == Error::signature && scope.out_of_memory()
               ? Error::out_of_memory
               : error;
}

// The digest on our context and EVP_PKEY_verify on the key's: EVP_DigestVerify
// would make a new key context each time.
Error SignatureVerifier::verify_digest(
    const Algorithm &algorithm, Jwk &key, std::string_view signing_input,
    std::span<const unsigned char> signature) {
    const EVP_MD *md = digest_of(algorithm);
    EVP_PKEY_CTX *ctx = context_of(key, algorithm, md);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;

    if (ctx == nullptr || EVP_DigestInit_ex(digest_.get(), md, nullptr) != 1 ||
        EVP_DigestUpdate(digest_.get(), signing_input.data(),
                         signing_input.size()) != 1 ||
        EVP_DigestFinal_ex(digest_.get(), digest.data(), nullptr) != 1) {
        return Error::out_of_memory;
    }
    if (algorithm.scheme != Scheme::ecdsa) {
        return verdict(EVP_PKEY_verify(ctx, signature.data(), signature.size(),
                                       digest.data(), algorithm.digest_size));
    }

    const EcdsaDer der(signature);
    if (!der.positive()) {
        return Error::signature;
    }
    return verdict(EVP_PKEY_verify(ctx, der.data(), der.size(), digest.data(),
                                   algorithm.digest_size));
}

Error SignatureVerifier::verify_eddsa(
    EVP_PKEY *pkey, std::string_view signing_input,
    std::span<const unsigned char> signature) {
    EVP_MD_CTX *ctx = one_shot_.get();
    if (EVP_DigestVerifyInit(ctx, nullptr, nullptr, nullptr, pkey) != 1) {
        EVP_MD_CTX_reset(ctx);
        return Error::out_of_memory;
    }
    const Error error = verdict(
        EVP_DigestVerify(ctx, signature.data(), signature.size(),
                         bytes_of(signing_input), signing_input.size()));
    // The context holds the key: not longer than its key set does.
    EVP_MD_CTX_reset(ctx);
    return error;
}

const EVP_MD *SignatureVerifier::digest_of(const Algorithm &a) const noexcept {
    switch (a.digest_size) {
        case 32:
            return sha256_.get();
        case 48:
            return sha384_.get();
        default:
            return sha512_.get();
    }
}

}  // namespace id_token
