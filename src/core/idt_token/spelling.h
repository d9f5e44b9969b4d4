// Values as they leave: safe in the syntax they enter, or absent (L1).
//
// Exact or absent: what a reader would take for another value, be it that he
// trims it, splits it, or sees a control character, is not shown at all.

#ifndef IDT_TOKEN_SPELLING_H
#define IDT_TOKEN_SPELLING_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "idt_token/claim_value.h"

namespace id_token {

enum class Encoding : std::uint8_t {
    plain,    // the bytes themselves, which are UTF-8 in a claim
    percent,  // all but RFC 3986's unreserved characters as %XX
    base64,   // RFC 4648 4
    rfc8187,  // UTF-8''... with %XX, an ext-value of RFC 8187 3.2.1
};

[[nodiscard]] std::optional<Encoding> find_encoding(
    std::string_view name) noexcept;

// A path segment that stands for no value: DEL, which no claim that is shown
// can hold. Never empty, since "/a//b" is another path than "/a/x/b" (many
// servers merge the slashes).
inline constexpr std::string_view kNoSegment = "%7F";

// The text for a URI: in a path one segment, in a query one value. For a text
// that is empty or has "." or ".." as a segment kNoSegment: a server that
// decodes before it looks for dot segments (RFC 3986 5.2.4), as nginx does,
// would climb at "%2E%2E" and at "%2F..%2F". The same for a text with a control
// character. May throw bad_alloc.
[[nodiscard]] std::string uri_segment(std::string_view text);

// Whether some reader trims it at its ends: white space, in UTF-8 (Unicode's
// White_Space, and U+FEFF) and in Latin-1 (bytes A0 and 85, which in UTF-8 may
// be the end of a letter).
[[nodiscard]] bool has_outer_space(std::string_view text) noexcept;

// Whether the text may be the value of a header as it is.
[[nodiscard]] bool is_exact_value(std::string_view text) noexcept;

// A separator of join_elements(): one printable ASCII character or more.
[[nodiscard]] bool is_separator(std::string_view text) noexcept;

// The elements of an array, joined; a scalar as an array of itself. Nothing if
// a reader who splits the text would get other elements: an element holds the
// separator, or makes one with it, is empty (RFC 9110 5.6.1: empty elements
// are passed over), has outer space, or is an array, an object or null.
// May throw bad_alloc.
[[nodiscard]] std::optional<std::string> join_elements(
    ClaimValue value, std::string_view separator);

// The text as the value of a header; nothing if it has a control character, in
// whatever encoding, if a reader may trim it, or if it is not UTF-8 and the
// encoding says that it is. May throw bad_alloc.
[[nodiscard]] std::optional<std::string> header_text(std::string_view text,
                                                     Encoding encoding);

}  // namespace id_token

#endif
