// Strict base64url without padding, RFC 7515 2 and RFC 4648 5.
//
// One byte string has exactly one spelling: only the alphabet, no '=', no
// white space, no length of 1 mod 4, unused bits zero (RFC 4648 3.5).

#ifndef IDT_BASE_BASE64URL_H
#define IDT_BASE_BASE64URL_H

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace id_token {

constexpr std::size_t base64url_decoded_size(std::size_t encoded) noexcept {
    return encoded / 4 * 3 + (encoded % 4 == 3 ? 2 : encoded % 4 == 2 ? 1 : 0);
}

// Whether `text` is a correct encoding, without decoding it.
[[nodiscard]] bool is_base64url(std::string_view text) noexcept;

// Decodes into `out`, which holds base64url_decoded_size(text.size()) bytes at
// least; returns the number of bytes written, nothing if the text is no
// correct encoding (then `out` holds rubbish).
[[nodiscard]] std::optional<std::size_t> base64url_decode(
    std::string_view text, std::span<unsigned char> out) noexcept;

// The same into a new string.
[[nodiscard]] std::optional<std::string> base64url_decode(
    std::string_view text);

[[nodiscard]] std::string base64url_encode(
    std::span<const unsigned char> bytes);
[[nodiscard]] std::string base64url_encode(std::string_view bytes);

}  // namespace id_token

#endif
