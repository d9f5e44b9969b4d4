// A token bound to a value that only one browser has (L3): OIDC Core 3.2.2.11
// and 15.5.2.

#ifndef IDT_TOKEN_NONCE_H
#define IDT_TOKEN_NONCE_H

#include <string_view>

#include "idt_base/result.h"

namespace id_token {

// Whether `nonce` is the base64url or lower-case hexadecimal SHA-256 of
// `value`, or `value` itself; in constant time, since it is a secret of the
// browser. Empty ones match nothing. out_of_memory: OpenSSL had none.
//
// A nonce that may be a SHA-256 is never compared with the value itself: who
// has stolen the token can read its nonce, and would send that as the value.
[[nodiscard]] Result<bool> nonce_matches(std::string_view nonce,
                                         std::string_view value);

}  // namespace id_token

#endif
