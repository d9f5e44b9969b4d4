// The table of signature algorithms: RFC 7518 3.1, RFC 8037 3.1,
// RFC 9864. Asymmetric ones only; "none" and HMAC are not in it.

#ifndef IDT_JOSE_ALGORITHM_H
#define IDT_JOSE_ALGORITHM_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace id_token {

enum class KeyKind : std::uint8_t { rsa, p256, p384, p521, ed25519 };

// "RSA", or the name of the curve.
[[nodiscard]] std::string_view key_kind_name(KeyKind kind) noexcept;

enum class Scheme : std::uint8_t { rsa_pkcs1, rsa_pss, ecdsa, eddsa };

struct Algorithm {
    std::string_view name;       // as in the JOSE header, case counts
    const char *digest;          // OpenSSL's name; nullptr for EdDSA
    std::size_t digest_size;     // bytes
    std::size_t signature_size;  // bytes; 0 = that of the modulus
    Scheme scheme;
    KeyKind key;
    std::uint8_t index;  // position in the table
};

inline constexpr std::size_t kAlgorithmCount = 11;

[[nodiscard]] std::span<const Algorithm> algorithms() noexcept;

// The names of all, for a message: "RS256, RS384, ...".
[[nodiscard]] std::string algorithm_names();

// nullptr: not a name that we know.
[[nodiscard]] const Algorithm *find_algorithm(std::string_view name) noexcept;

// Which of them a provider allows.
class AlgorithmSet {
  public:
    void add(const Algorithm &a) noexcept { bits_ |= bit(a); }
    [[nodiscard]] bool has(const Algorithm &a) const noexcept {
        return (bits_ & bit(a)) != 0;
    }
    [[nodiscard]] bool empty() const noexcept { return bits_ == 0; }

  private:
    static std::uint32_t bit(const Algorithm &a) noexcept {
        return std::uint32_t{1} << a.index;
    }
    std::uint32_t bits_ = 0;
};

}  // namespace id_token

#endif
