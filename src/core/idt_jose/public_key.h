// A public key that is made into one of OpenSSL's at its first use: of a
// thousand keys in a set a few are used, and making one takes longer than
// checking that it is sound.

#ifndef IDT_JOSE_PUBLIC_KEY_H
#define IDT_JOSE_PUBLIC_KEY_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "idt_jose/algorithm.h"
#include "idt_lib/openssl.h"

namespace id_token {

struct Curve {
    std::string_view name;  // "crv" in RFC 7518 6.2.1.1
    const char *group;      // OpenSSL's name
    int nid;
    KeyKind kind;
    std::size_t coordinate_size;  // bytes
    std::size_t signature_size;
};

inline constexpr std::size_t kCurveCount = 3;

// nullptr: not a name that we know.
[[nodiscard]] const Curve *find_curve(std::string_view name) noexcept;

// The parameters of the curves, read once for all keys of a set.
class CurveCheck {
  public:
    // Whether the uncompressed point (04 || x || y) is on the curve; these
    // curves have no small subgroups. Throws std::bad_alloc only.
    [[nodiscard]] bool holds(const Curve &curve, std::string_view point);

  private:
    std::array<EcGroup, kCurveCount> groups_;
};

class PublicKey {
  public:
    PublicKey() noexcept = default;
    // Big-endian numbers, positive.
    [[nodiscard]] static PublicKey rsa(std::string_view n, std::string_view e);
    [[nodiscard]] static PublicKey ec(const Curve &curve,
                                      std::string_view point);
    [[nodiscard]] static PublicKey ed25519(std::string_view x);

    // nullptr: OpenSSL refuses it, now and always. The error queue is left as
    // found. Throws std::bad_alloc only.
    [[nodiscard]] EVP_PKEY *get();

    // RFC 7638: SHA-256 over the members that make the key, base64url. Empty
    // for a key of no kind. Throws std::bad_alloc.
    [[nodiscard]] std::string thumbprint() const;

    // Whether there has been a first use.
    [[nodiscard]] bool made() const noexcept { return made_; }

  private:
    KeyKind kind_ = KeyKind::rsa;
    const Curve *curve_ = nullptr;
    bool made_ = false;
    std::string bytes_, exponent_;
    EvpPkey pkey_;
};

}  // namespace id_token

#endif
