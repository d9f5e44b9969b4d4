// The compact serialization, RFC 7515 7.1, and the rules on its header.

#ifndef IDT_JOSE_JWS_H
#define IDT_JOSE_JWS_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "idt_jose/algorithm.h"
#include "idt_base/result.h"

namespace id_token {

// nginx's header buffers (8k by default) come first; this bounds every other
// way in.
inline constexpr std::size_t kMaxTokenBytes = std::size_t{64} * 1024;

// The three segments of a token, still encoded; views into it.
struct Segments {
    std::string_view header;
    std::string_view payload;
    std::string_view signature;
    std::string_view signing_input;  // header '.' payload
};

// RFC 7515 7.1: length, three segments, header and signature not empty, each
// strict base64url. Nothing is decoded.
[[nodiscard]] Result<Segments> parse_segments(std::string_view token) noexcept;

// What the rest needs of the JOSE header.
struct JoseHeader {
    const Algorithm *algorithm = nullptr;  // never null once parsed
    std::optional<std::string> kid;
};

// What a header may say in `typ` beside what says nothing: absent, JWT.
enum class TokenType : std::uint8_t {
    id_token,
    logout_token,  // logout+jwt, OIDC Back-Channel Logout 2.4
};

// A strict JSON object (RFC 7515 4, RFC 8725 3.7) that is cheap to read (see
// header_cost.h), of an allowed algorithm,
// without what is not understood, of the type of a JWT. `encoded` is the header
// segment. `kid` is filled in as early as possible so that a refusal can name
// it; `found` with the `alg` or the `typ` that a refusal is about.
[[nodiscard]] Result<JoseHeader> parse_jose_header(
    std::string_view encoded, const AlgorithmSet &allowed,
    std::optional<std::string> *kid = nullptr,
    TokenType type = TokenType::id_token, std::string *found = nullptr);

}  // namespace id_token

#endif
