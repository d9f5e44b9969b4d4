#include "idt_mint/signing_key.h"

#include <algorithm>
#include <new>
#include <optional>
#include <utility>

#include "idt_base/base64url.h"

namespace id_token {

namespace {

constexpr std::string_view kTexts[] = {
#define X(name, text) text,
    ID_TOKEN_ASSERTION_KEY_ERRORS(X)
#undef X
};

constexpr int kMinRsaBits = 2048;
constexpr int kMaxRsaBits = 16384;
constexpr std::string_view kCurve = "prime256v1";  // OpenSSL's name
constexpr std::size_t kCoordinateBytes = 32;
constexpr std::size_t kDigestBytes = 32;

template <class Handle>
Handle owned(Handle handle) {
    if (handle == nullptr) {
        throw std::bad_alloc();
    }
    return handle;
}

// Instead of OpenSSL's question on the terminal.
int notice_encryption(char *, int, int, void *asked) {
    *static_cast<bool *>(asked) = true;
    return -1;
}

bool is_p256(const EVP_PKEY *pkey) noexcept {
    char name[32];
    std::size_t size = 0;
    return EVP_PKEY_is_a(pkey, "EC") == 1 &&
           EVP_PKEY_get_group_name(pkey, name, sizeof(name), &size) == 1 &&
           std::string_view(name, size) == kCurve;
}

Result<const Algorithm *, AssertionKeyError> choose_algorithm(
    const EVP_PKEY *pkey) noexcept {
    if (is_p256(pkey)) {
        return find_algorithm("ES256");
    }
    if (EVP_PKEY_is_a(pkey, "RSA") != 1) {
        return AssertionKeyError::kind;
    }
    const int bits = EVP_PKEY_get_bits(pkey);
    if (bits < kMinRsaBits || bits > kMaxRsaBits) {
        return AssertionKeyError::rsa_size;
    }
    return find_algorithm("RS256");
}

bool halves_fit(EVP_PKEY *pkey) {
    const auto ctx =
        owned(EvpPkeyCtx(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr)));
    const ErrorQueueScope scope;
    const bool fit = EVP_PKEY_pairwise_check(ctx.get()) == 1;
    if (!fit && scope.out_of_memory()) {
        throw std::bad_alloc();
    }
    return fit;
}

// A number of the public key in base64url, with at least `size` bytes.
std::string member(const EVP_PKEY *pkey, const char *name, std::size_t size) {
    BIGNUM *raw = nullptr;
    if (EVP_PKEY_get_bn_param(pkey, name, &raw) != 1) {
        throw std::bad_alloc();
    }
    const Bignum number(raw);
    const auto length = static_cast<std::size_t>(BN_num_bytes(raw));
    std::string bytes(std::max(size, length), '\0');
    BN_bn2binpad(raw, reinterpret_cast<unsigned char *>(bytes.data()),
                 static_cast<int>(bytes.size()));
    return base64url_encode(bytes);
}

// The required members alone, in the order of RFC 7638 3.2, no braces.
std::string public_members(const EVP_PKEY *pkey, const Algorithm &algorithm) {
    if (algorithm.key == KeyKind::rsa) {
        return R"("e":")" + member(pkey, OSSL_PKEY_PARAM_RSA_E, 1) +
               R"(","kty":"RSA","n":")" +
               member(pkey, OSSL_PKEY_PARAM_RSA_N, 1) + "\"";
    }
    return R"("crv":"P-256","kty":"EC","x":")" +
           member(pkey, OSSL_PKEY_PARAM_EC_PUB_X, kCoordinateBytes) +
           R"(","y":")" +
           member(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, kCoordinateBytes) + "\"";
}

std::string thumbprint(const std::string &members) {
    const std::string text = "{" + members + "}";
    unsigned char digest[kDigestBytes];
    if (EVP_Q_digest(nullptr, "SHA256", nullptr, text.data(), text.size(),
                     digest, nullptr) != 1) {
        throw std::bad_alloc();
    }
    return base64url_encode(std::span<const unsigned char>(digest));
}

}  // namespace

Secret::Secret(std::size_t size)
    : bytes_(std::make_unique<unsigned char[]>(size)), size_(size) {}

Secret::Secret(std::string_view bytes) : Secret(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
}

Secret::Secret(Secret &&other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

Secret &Secret::operator=(Secret &&other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    return *this;
}

Secret::~Secret() {
    if (bytes_ != nullptr) {
        OPENSSL_cleanse(bytes_.get(), size_);
    }
}

std::string_view assertion_key_error_text(AssertionKeyError error) noexcept {
    return kTexts[static_cast<std::size_t>(error)];
}

Result<EvpPkey, AssertionKeyError> read_private_key(const Secret &pem) {
    const ErrorQueueScope scope;
    const auto bio =
        owned(Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))));
    bool asked = false;
    EvpPkey pkey(
        PEM_read_bio_PrivateKey(bio.get(), nullptr, notice_encryption, &asked));
    if (asked) {
        return AssertionKeyError::encrypted;
    }
    if (pkey == nullptr) {
        if (scope.out_of_memory()) {
            throw std::bad_alloc();
        }
        return AssertionKeyError::not_pem;
    }
    return pkey;
}

Result<AssertionKey, AssertionKeyError> AssertionKey::parse(Secret pem) {
    if (pem.size() > kMaxPrivateKeyBytes) {
        return AssertionKeyError::too_long;
    }

    const ErrorQueueScope errors;
    auto pkey = read_private_key(pem);
    if (!pkey) {
        return pkey.error();
    }
    const auto algorithm = choose_algorithm(pkey->get());
    if (!algorithm) {
        return algorithm.error();
    }
    if (!halves_fit(pkey->get())) {
        return AssertionKeyError::mismatch;
    }

    const std::string members = public_members(pkey->get(), **algorithm);
    AssertionKey key(std::move(pem), std::move(*pkey), **algorithm);
    key.kid_ = thumbprint(members);
    key.jwks_ = R"({"keys":[{)" + members + R"(,"use":"sig","alg":")" +
                std::string((*algorithm)->name) + R"(","kid":")" + key.kid_ +
                R"("}]})";
    return key;
}

Signer *AssertionKey::signer() const {
    if (signer_ == nullptr) {
        auto pkey = read_private_key(pem_);
        if (pkey) {
            signer_ = std::make_unique<Signer>(std::move(*pkey), *algorithm_);
        }
    }
    return signer_.get();
}

}  // namespace id_token
