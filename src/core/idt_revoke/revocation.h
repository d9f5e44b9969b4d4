// Who has been logged out: one accepted logout, and what of a token is
// compared with it (L5).
//
// Names are held as digests alone. They identify the client by H(issuer,
// client_id), not by a provider's name in a file, so that a renamed provider
// forgets nothing.

#ifndef IDT_REVOKE_REVOCATION_H
#define IDT_REVOKE_REVOCATION_H

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace id_token {

// 128 bits of SHA-256.
using RevocationDigest = std::array<unsigned char, 16>;

// The numbers stand in files and streams: none is ever used for another kind.
enum class RevokedKind : std::uint8_t {
    none = 0,             // of an empty place
    sid = 1,              // tokens of this sid
    sub = 2,              // all tokens of this subject
    sub_without_sid = 3,  // those of them that have no sid
    session = 4,          // one login, by its nonce, or one token; no cut
    jti = 5,              // one token, by its jti; no cut
    all = 6,              // every token of the provider
    watermark = 7,        // the same, for what this node had to forget
    seen = 8,             // no revocation: the jti of a logout token
};

// One accepted logout. Trivially copyable: lies in shared memory. Times are
// seconds since the epoch.
struct Revocation {
    RevocationDigest provider{};  // provider_digest()
    RevocationDigest value{};     // value_digest(); zero for all, watermark
    // The value_digest() of the sub whom it concerns, where it is known: many
    // of one sub are folded into one. Zero: not known.
    RevocationDigest owner{};
    RevokedKind kind = RevokedKind::none;
    // Tokens with iat <= cut are revoked. Kinds without a cut revoke whatever
    // the iat is; then this is the iat of their token, and counts only when
    // they are folded or forgotten.
    std::int64_t cut = 0;
    std::int64_t until = 0;  // when it may be forgotten

    bool operator==(const Revocation &) const = default;
};

// A logout token's iat may have a fraction: a cut is never before it.
[[nodiscard]] std::int64_t cut_at(double iat) noexcept;

// Of an issuer and a client ID, told apart by their lengths. This and what
// follows throws std::bad_alloc.
[[nodiscard]] RevocationDigest provider_digest(std::string_view issuer,
                                               std::string_view client_id);

// Of a sid, sub or jti (of a logout token: RevokedKind::seen). sub and
// sub_without_sid are the same.
[[nodiscard]] RevocationDigest value_digest(const RevocationDigest &provider,
                                            RevokedKind kind,
                                            std::string_view value);

// What a proven token is called.
struct TokenNames {
    std::optional<std::string_view> sid;
    std::string_view sub;
    std::optional<std::string_view> nonce;
    std::optional<std::string_view> jti;
    std::string_view token;  // as presented
    double iat = 0;
};

// What is compared with the list, made once with the token. Trivially
// copyable.
struct TokenMarks {
    RevocationDigest provider{};
    RevocationDigest sub{};
    RevocationDigest session{};  // of sub and nonce, else of the token
    RevocationDigest sid{};      // if has_sid
    RevocationDigest jti{};      // if has_jti
    bool has_sid = false;
    bool has_jti = false;
    bool has_nonce = false;
    double iat = 0;
};

[[nodiscard]] TokenMarks mark_token(const RevocationDigest &provider,
                                    const TokenNames &names);

// The logout of this very session: by its nonce, else by its jti, else by the
// token. `until`: the token's exp, and what its clock may be off.
[[nodiscard]] Revocation revoke_session(const TokenMarks &marks,
                                        std::int64_t until) noexcept;

}  // namespace id_token

#endif
