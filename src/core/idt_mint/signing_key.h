// The private key that signs assertions for upstreams, and its public half as
// a key set.

#ifndef IDT_MINT_SIGNING_KEY_H
#define IDT_MINT_SIGNING_KEY_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "idt_jose/algorithm.h"
#include "idt_lib/openssl.h"
#include "idt_mint/signer.h"
#include "idt_base/result.h"

namespace id_token {

inline constexpr std::size_t kMaxPrivateKeyBytes = 64 * 1024;

// Bytes that are wiped when they go.
class Secret {
  public:
    // Zeros, to be written to. Throws std::bad_alloc.
    explicit Secret(std::size_t size);
    explicit Secret(std::string_view bytes);
    Secret(Secret &&other) noexcept;
    Secret &operator=(Secret &&other) noexcept;
    Secret(const Secret &) = delete;
    Secret &operator=(const Secret &) = delete;
    ~Secret();

    [[nodiscard]] unsigned char *data() noexcept { return bytes_.get(); }
    [[nodiscard]] const unsigned char *data() const noexcept {
        return bytes_.get();
    }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    std::unique_ptr<unsigned char[]> bytes_;
    std::size_t size_;
};

// Why a file is not a key to sign with. X(name, text)
#define ID_TOKEN_ASSERTION_KEY_ERRORS(X)                                       \
    X(too_long, "is larger than a private key")                                \
    X(not_pem, "holds no private key in PEM")                                  \
    X(encrypted, "holds an encrypted private key")                             \
    X(kind, "holds a key that is neither RSA nor EC P-256")                    \
    X(rsa_size, "holds an RSA key outside 2048 to 16384 bits")                 \
    X(mismatch, "holds a private key that does not fit its public key")

enum class AssertionKeyError : std::uint8_t {
#define X(name, text) name,
    ID_TOKEN_ASSERTION_KEY_ERRORS(X)
#undef X
};

[[nodiscard]] std::string_view assertion_key_error_text(
    AssertionKeyError error) noexcept;

// An unencrypted private key of any kind. Throws std::bad_alloc only.
[[nodiscard]] Result<EvpPkey, AssertionKeyError> read_private_key(
    const Secret &pem);

class AssertionKey {
  public:
    // RSA of 2048 to 16384 bits signs RS256, EC P-256 signs ES256; any other
    // kind is refused. Throws std::bad_alloc only.
    [[nodiscard]] static Result<AssertionKey, AssertionKeyError> parse(
        Secret pem);

    [[nodiscard]] const Secret &pem() const noexcept { return pem_; }
    [[nodiscard]] const Algorithm &algorithm() const noexcept {
        return *algorithm_;
    }
    // The thumbprint of the public key, RFC 7638, with SHA-256.
    [[nodiscard]] const std::string &kid() const noexcept { return kid_; }
    // The public key as a JWK Set, RFC 7517 5.
    [[nodiscard]] const std::string &jwks() const noexcept { return jwks_; }

    // Costs ten signatures to make, and is kept from one to the next. Null: no
    // memory. One thread at a time.
    [[nodiscard]] Signer *signer() const;
    // After a signature that failed.
    void drop_signer() const noexcept { signer_.reset(); }

  private:
    AssertionKey(Secret pem, EvpPkey key, const Algorithm &algorithm)
        : pem_(std::move(pem)),
          signer_(std::make_unique<Signer>(std::move(key), algorithm)),
          algorithm_(&algorithm) {}

    Secret pem_;
    mutable std::unique_ptr<Signer> signer_;
    const Algorithm *algorithm_;
    std::string kid_;
    std::string jwks_;
};

}  // namespace id_token

#endif
