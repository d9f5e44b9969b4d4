// The claim set of an ID token, OIDC Core 2: parsed and held, not judged.

#ifndef IDT_TOKEN_CLAIMS_H
#define IDT_TOKEN_CLAIMS_H

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "idt_lib/json.h"
#include "idt_lib/payload.h"
#include "idt_base/result.h"

namespace id_token {

// Seconds since the epoch, fractions allowed (RFC 7519 2). A double holds
// every time that can be compared with `now` exactly.
using NumericDate = double;

// The times that are judged on every request, also for a remembered token.
struct Times {
    NumericDate exp = 0;
    NumericDate iat = 0;
    std::optional<NumericDate> nbf;
    std::optional<NumericDate> auth_time;
};

// Owns the parsed payload, that of a proven token.
class Claims {
  public:
    // A strict JSON object (RFC 7519 7.2); else payload_json
    // and its kind, or out_of_memory.
    [[nodiscard]] static Result<Claims> parse(std::string_view payload);

    [[nodiscard]] JsonView root() const noexcept { return payload_.view(); }
    [[nodiscard]] JsonView find(std::string_view name) const noexcept {
        return payload_.view().find(name);
    }

  private:
    explicit Claims(Payload payload) noexcept : payload_(std::move(payload)) {}

    Payload payload_;
};

// Where a claim is: member names, or indexes of array elements in decimal. No
// step at all: the claim set.
using ClaimPath = std::vector<std::string>;

// "/a/0/b" is a JSON pointer (RFC 6901), everything else one member's name.
// Nothing for a pointer with a wrong escape.
[[nodiscard]] std::optional<ClaimPath> parse_claim_path(std::string_view text);

// A view of nothing if a step leads nowhere.
[[nodiscard]] JsonView find_claim(JsonView root,
                                  const ClaimPath &path) noexcept;

}  // namespace id_token

#endif
