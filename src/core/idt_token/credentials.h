// Where a token is presented: RFC 6750 2.1, RFC 9110 11.4, RFC 6265 4.2.

#ifndef IDT_TOKEN_CREDENTIALS_H
#define IDT_TOKEN_CREDENTIALS_H

#include <optional>
#include <string_view>

#include "idt_base/result.h"

namespace id_token {

// Whether an Authorization value is of the scheme Bearer, well-formed or not.
[[nodiscard]] bool is_bearer(std::string_view value) noexcept;

// The token of an Authorization value: nothing if it is of another scheme or
// empty; credentials_malformed if it is Bearer without exactly one token68.
// The result is a view into `value`.
[[nodiscard]] Result<std::optional<std::string_view>> parse_bearer(
    std::string_view value) noexcept;

// token68 of RFC 9110 11.2.
[[nodiscard]] bool is_token68(std::string_view text) noexcept;

// The same, but for the characters of the token. None of a proven token is
// outside token68: who compares with one needs no more than this.
[[nodiscard]] Result<std::optional<std::string_view>> split_bearer(
    std::string_view value) noexcept;

// One `name=value` pair of a Cookie header; views into it.
struct CookiePair {
    std::string_view name;
    std::string_view value;  // without the surrounding quotes, if any
};

// Takes what stands before the next ';' off `rest`, and the ';' with it.
[[nodiscard]] std::string_view next_cookie_part(
    std::string_view &rest) noexcept;

// Takes the next pair off `rest` (split at ';' only, surrounding white space
// dropped, pairs without '=' passed over); nothing at the end. Names are
// compared by the caller, byte for byte.
[[nodiscard]] std::optional<CookiePair> next_cookie(
    std::string_view &rest) noexcept;

}  // namespace id_token

#endif
