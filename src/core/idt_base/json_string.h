// The inside of a JSON string: UTF-8 and escapes (RFC 8259 7, 8).

#ifndef IDT_BASE_JSON_STRING_H
#define IDT_BASE_JSON_STRING_H

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace id_token {

// Bytes of the character at the start of `text`, which is not ASCII; 0 if it
// is not UTF-8 (RFC 3629 4: shortest form, no surrogates, up to 10FFFF).
[[nodiscard]] std::size_t utf8_size(std::string_view text) noexcept;

struct JsonEscape {
    std::size_t size;  // bytes of it; of both where two make a pair
    unsigned code;     // the character

    [[nodiscard]] bool is_half_a_pair() const noexcept {
        return code >= 0xd800 && code < 0xe000;
    }
};

// The escape at the start of `text`; nothing if it is none.
[[nodiscard]] std::optional<JsonEscape> read_json_escape(
    std::string_view text) noexcept;

// The bytes of a string between its quotes, which must be well-formed; half of
// a surrogate pair becomes the three bytes of its number.
[[nodiscard]] std::string json_unescape(std::string_view raw);

}  // namespace id_token

#endif
