// Strings of a payload, unescaped where they are.

#ifndef IDT_LIB_PAYLOAD_STRING_H
#define IDT_LIB_PAYLOAD_STRING_H

#include <cstddef>
#include <cstdint>

namespace id_token {

// So many zeros follow a text: steps of eight bytes may look past it.
inline constexpr std::size_t kPayloadPadding = 8;

struct PayloadString {
    const char *bytes = nullptr;
    std::uint32_t size = 0;
    // A NUL or a lone surrogate is in it. They are kept, so that two strings
    // have the same bytes only if all of their code units are the same.
    bool spoiled = false;
};

// Reads from the opening quote at `p` and moves behind the closing one. False:
// it is no string in UTF-8, and `p` is somewhere in it.
[[nodiscard]] bool read_string(char *&p, PayloadString &out) noexcept;

}  // namespace id_token

#endif
