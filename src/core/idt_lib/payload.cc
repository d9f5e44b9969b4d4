#include "idt_lib/payload.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

#include "idt_lib/payload_string.h"

namespace id_token {

Result<Payload, PayloadError> Payload::parse(std::string_view text) noexcept
    try {
    if (text.size() > std::numeric_limits<std::uint32_t>::max() / 2) {
        return PayloadError::syntax;
    }

    auto copy =
        std::make_unique_for_overwrite<char[]>(text.size() + kPayloadPadding);
    text.copy(copy.get(), text.size());
    std::memset(copy.get() + text.size(), 0, kPayloadPadding);

    std::vector<PayloadNode> nodes;
    PayloadReader reader(copy.get(), text.size(), nodes);
    if (const auto error = reader.read()) {
        return *error;
    }
    return Payload(std::move(copy), std::move(nodes));
} catch (const std::bad_alloc &) {
    return PayloadError::out_of_memory;
}

bool Payload::has_spoiled() const noexcept {
    return std::any_of(nodes_.begin(), nodes_.end(), [](const PayloadNode &n) {
        return n.kind == JsonKind::spoiled || n.nameless;
    });
}

}  // namespace id_token
