// UTF-8 as RFC 3629 has it, and the surrogates of JSON's escapes.

#ifndef IDT_BASE_UTF8_H
#define IDT_BASE_UTF8_H

#include <cstddef>
#include <cstdint>

namespace id_token {

[[nodiscard]] constexpr bool is_high_surrogate(std::uint32_t code) noexcept {
    return code >= 0xd800 && code < 0xdc00;
}
[[nodiscard]] constexpr bool is_low_surrogate(std::uint32_t code) noexcept {
    return code >= 0xdc00 && code < 0xe000;
}
[[nodiscard]] constexpr bool is_surrogate(std::uint32_t code) noexcept {
    return code >= 0xd800 && code < 0xe000;
}
// RFC 8259 7.
[[nodiscard]] constexpr std::uint32_t join_surrogates(
    std::uint32_t high, std::uint32_t low) noexcept {
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

// Bytes of the character at `p`; 0 if it is none or is ASCII: overlong, a
// surrogate, beyond U+10FFFF, cut short. A NUL has to follow the text.
[[nodiscard]] std::size_t utf8_size(const char *p) noexcept;

// Writes up to four bytes and returns their end. A surrogate gets the three
// that its number would have.
char *put_utf8(char *to, std::uint32_t code) noexcept;

}  // namespace id_token

#endif
