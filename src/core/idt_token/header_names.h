// Names of headers, as those behind us may read them (L1).

#ifndef IDT_TOKEN_HEADER_NAMES_H
#define IDT_TOKEN_HEADER_NAMES_H

#include <string_view>

namespace id_token {

// Whether an upstream may take the header `name` for `ours`: in any case, with
// whatever stands for a hyphen once CGI has folded it, and with something
// behind it at which a reader cuts, such as the "[]" of PHP (RFC 9110 5.6.2
// lets none of that into a name, nginx does with ignore_invalid_headers off).
[[nodiscard]] bool passes_for_header(std::string_view name,
                                     std::string_view ours) noexcept;

// Whether a token may be read from the header `name`: a token of RFC 9110, and
// none that browsers or connections fill, or that is read in another way.
[[nodiscard]] bool may_carry_token(std::string_view name) noexcept;

}  // namespace id_token

#endif
