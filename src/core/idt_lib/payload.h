// The payload of a token whose signature is proven: read in one pass into
// an arena, strictly, but for values that nobody may ever look at.
//
// RFC 7519 4 wants claims that are not understood to be ignored. A string with
// a NUL or a lone surrogate and a real that overflows therefore spoil
// themselves only (JsonKind::spoiled), a spoiled name its member, and integers
// keep their digits. All else that jansson refuses is refused here, too.

#ifndef IDT_LIB_PAYLOAD_H
#define IDT_LIB_PAYLOAD_H

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "idt_lib/json.h"
#include "idt_lib/payload_node.h"
#include "idt_lib/payload_reader.h"
#include "idt_base/result.h"

namespace id_token {

class Payload {
  public:
    // An object in UTF-8 and nothing behind it, no member twice at any depth.
    [[nodiscard]] static Result<Payload, PayloadError> parse(
        std::string_view text) noexcept;

    [[nodiscard]] JsonView view() const noexcept {
        return JsonView(nodes_.data());
    }

    // Whether a value or a name in it is spoiled, at any depth.
    [[nodiscard]] bool has_spoiled() const noexcept;

  private:
    Payload(std::unique_ptr<char[]> text,
            std::vector<PayloadNode> nodes) noexcept
        : text_(std::move(text)), nodes_(std::move(nodes)) {}

    std::unique_ptr<char[]> text_;  // strings unescaped in place
    std::vector<PayloadNode> nodes_;
};

}  // namespace id_token

#endif
