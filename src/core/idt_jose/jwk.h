// One public key of a key set, RFC 7517 4, RFC 7518 6, RFC 8037 2.

#ifndef IDT_JOSE_JWK_H
#define IDT_JOSE_JWK_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "idt_jose/algorithm.h"
#include "idt_lib/json.h"
#include "idt_lib/openssl.h"
#include "idt_jose/public_key.h"
#include "idt_base/result.h"

namespace id_token {

// Why an entry of a key set is not used.
// X(name, text, worth_a_warning)
#define ID_TOKEN_JWK_ERRORS(X)                                                 \
    X(not_an_object, "is not an object", false)                                \
    X(kty_missing, "has no \"kty\"", false)                                    \
    X(kty_unknown, "has an unknown \"kty\"", false)                            \
    X(crv_unknown, "has an unknown \"crv\"", false)                            \
    X(symmetric, "is symmetric (\"oct\")", true)                               \
    X(private_members, "holds private members", true)                          \
    X(kid_type, "has a \"kid\" that is not a string", false)                   \
    X(use, "is not for signatures (\"use\")", false)                           \
    X(key_ops, "is not for verification (\"key_ops\")", false)                 \
    X(alg, "is for another algorithm (\"alg\")", false)                        \
    X(member_invalid, "has a missing or invalid member", true)                 \
    X(rsa_size, "has a modulus outside 2048 to 8192 bits", true)               \
    X(rsa_modulus, "has an even modulus", true)                                \
    X(rsa_exponent, "has an exponent that is even or below 3", true)           \
    X(rsa_exponent_size, "has an exponent that is too large", true)            \
    X(point, "has a point that is not on the curve", true)                     \
    X(small_order, "is a point of small order", true)                          \
    X(number, "holds a number that is too large", true)                        \
    X(surrogate, "holds half of a surrogate pair", true)                       \
    X(nul_name, "has a member with a NUL in its name", true)                   \
    X(too_large, "is larger than 32 KB", true)                                 \
    X(surplus, "is one too many, as are those after it", true)

enum class JwkError : std::uint8_t {
#define X(name, text, warn) name,
    ID_TOKEN_JWK_ERRORS(X)
#undef X
};

struct JwkErrorRow {
    std::string_view name;
    std::string_view text;
    bool warn;
};

[[nodiscard]] const JwkErrorRow &jwk_error_row(JwkError error) noexcept;

// A key that was found sound. The per-algorithm contexts are made at first use
// and kept: building them costs an eighth of a verification. Not for two
// threads.
struct Jwk {
    std::optional<std::string> kid;
    const Algorithm *algorithm = nullptr;  // the key's own "alg", or any
    KeyKind kind = KeyKind::rsa;
    std::size_t signature_size = 0;  // bytes; of the modulus for RSA
    PublicKey key;
    std::array<EvpPkeyCtx, kAlgorithmCount> contexts;

    // kty and crv fit the algorithm, its own `alg` (RFC 7517 4.4) is equal.
    [[nodiscard]] bool fits(const Algorithm &a) const noexcept {
        return kind == a.key && (algorithm == nullptr || algorithm == &a);
    }
};

// A public key for signatures that is strong and well-formed, and with which a
// verification takes less than a millisecond (t/bench/keys_bench.cc). A member
// that is null is absent. Takes some microseconds, for OpenSSL is not asked to
// make a key of it yet. Throws std::bad_alloc only.
[[nodiscard]] Result<Jwk, JwkError> parse_jwk(JsonView value,
                                              CurveCheck &curves);

}  // namespace id_token

#endif
