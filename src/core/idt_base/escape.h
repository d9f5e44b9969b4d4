// Bytes as text of a smaller alphabet. All may throw std::bad_alloc.

#ifndef IDT_BASE_ESCAPE_H
#define IDT_BASE_ESCAPE_H

#include <string>
#include <string_view>

namespace id_token {

// Everything but RFC 3986's unreserved characters (2.3) as %XX.
[[nodiscard]] std::string escape_uri(std::string_view text);

// Everything but RFC 8187's attr-char (3.2.1) as %XX.
[[nodiscard]] std::string escape_attribute(std::string_view text);

// RFC 4648 4, with its padding.
[[nodiscard]] std::string base64_encode(std::string_view bytes);

}  // namespace id_token

#endif
