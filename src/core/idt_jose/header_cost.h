// What it costs to read a JOSE header, told before it is read.

#ifndef IDT_JOSE_HEADER_COST_H
#define IDT_JOSE_HEADER_COST_H

#include <cstddef>
#include <string_view>

namespace id_token {

// Of decoded bytes: room for a chain of certificates (x5c, RFC 7515 4.1.6).
inline constexpr std::size_t kMaxHeaderBytes = std::size_t{16} * 1024;

// Bytes that are more than a byte of a plain string: each value, member, level
// of nesting, escape and character of another alphabet has at least one.
inline constexpr std::size_t kMaxDearBytes = 1024;

// Whether a header is read for less than one verification costs: nothing is
// proven yet, and anybody may have sent it. `text` need not be JSON.
[[nodiscard]] bool is_cheap_header(std::string_view text) noexcept;

}  // namespace id_token

#endif
