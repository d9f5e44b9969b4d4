// The validator: reads like OIDC Core 3.1.3.7.

#ifndef IDT_TOKEN_VALIDATOR_H
#define IDT_TOKEN_VALIDATOR_H

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "idt_jose/jwks.h"
#include "idt_token/policy.h"
#include "idt_base/result.h"
#include "idt_jose/signature.h"
#include "idt_token/token_cache.h"

namespace id_token {

// What a log line may say of a refused token; cut to kMaxDiagnosis bytes,
// unescaped. Issuer and audience are known only once the signature is proven.
inline constexpr std::size_t kMaxDiagnosis = 128;

struct Diagnosis {
    std::string kid;
    std::string found;  // the `alg` or `typ` that is not allowed
    std::optional<std::int64_t> seconds;  // seconds_of() a time that is not
    std::string issuer;
    std::string audience;
};

// Why a newer key set may have the key of a token that was refused.
enum class Refetch : std::uint8_t {
    none,
    unknown_kid,   // or the token has none, and no key fits
    replaced_key,  // its signature is not that of the key at hand
};

struct Verdict {
    Error error = Error::ok;
    TokenRef token;  // set when error is ok
    Refetch refetch = Refetch::none;
    std::optional<std::string> kid;  // whole, for a refetch; not if it has none
};

// What a token says whose signature is right: who wrote it is known, nothing
// else is judged.
struct SignedClaims {
    Error error = Error::ok;
    std::optional<Claims> claims;  // set when error is ok
    Refetch refetch = Refetch::none;
    std::optional<std::string> kid;
};

// One per worker. Throws std::bad_alloc only.
class Validator {
  public:
    // `slots`: the claims that the configuration names, kept with each proven
    // token. `cache_bytes`: 0 = no cache.
    Validator(std::vector<ClaimPath> slots, std::size_t cache_bytes);

    // Judges a token. `now`: seconds since the epoch. `diagnosis` is filled on
    // refusal only.
    //
    // A token in the cache is judged by its times alone: all else that the
    // policy and the key set ask for was proven when it was kept.
    //
    // `verifications_left`: how many signatures may still be verified for what
    // this token came with; is reduced by those that were. None left: what
    // would have been verified is refused as Error::signature. Without it,
    // kMaxKeysTried for this token.
    [[nodiscard]] Verdict validate(const Policy &policy, KeySet &keys,
                                   std::string_view token, std::int64_t now,
                                   Diagnosis *diagnosis = nullptr,
                                   std::size_t *verifications_left = nullptr);

    // Format, decoding and header alone, for when there is no key set yet:
    // nobody may wait for keys with a token that no key could save.
    [[nodiscard]] Error check_before_keys(const Policy &policy,
                                          std::string_view token,
                                          Diagnosis *diagnosis = nullptr,
                                          TokenType type = TokenType::id_token);

    // The signature and nothing after it, of a token of another type: its
    // claims are for the caller to judge. Nothing is remembered, so that no
    // token of that type ever passes for an ID token.
    [[nodiscard]] SignedClaims read_signed(const Policy &policy,
                                           const KeySet &keys,
                                           std::string_view token,
                                           TokenType type,
                                           Diagnosis *diagnosis = nullptr);

    [[nodiscard]] TokenCache &cache() noexcept { return cache_; }
    // Signatures verified so far, right or wrong: a caller can tell whether one
    // of its tokens cost a verification.
    [[nodiscard]] std::uint64_t verifications() const noexcept {
        return verifications_;
    }

  private:
    [[nodiscard]] std::span<unsigned char> decode(std::string_view segment);
    [[nodiscard]] Result<Claims> read_payload(std::string_view segment);
    [[nodiscard]] Error verify(const Algorithm &algorithm,
                               const KeySet::Candidates &candidates,
                               const Segments &segments,
                               std::size_t &verifications_left);
    [[nodiscard]] Result<TokenRef> judge_payload(
        const Policy &policy, const KeySet &keys, std::string_view token,
        const Segments &segments, const JoseHeader &header, std::int64_t now,
        Diagnosis *diagnosis);

    std::vector<ClaimPath> slots_;
    TokenCache cache_;
    SignatureVerifier signatures_;
    std::vector<unsigned char> buffer_;  // of decode()
    std::uint64_t verifications_ = 0;
};

}  // namespace id_token

#endif
