#include "idt_jose/header_cost.h"

#include <array>
#include <cstdint>

namespace id_token {

namespace {

// Characters that a reader skips in a string: all of ASCII but control
// characters, the quote and the backslash.
constexpr std::array<std::uint8_t, 256> make_dear() {
    std::array<std::uint8_t, 256> table{};
    for (unsigned c = 0; c < 256; c++) {
        table[c] = c < 0x20 || c > 0x7e || c == '"' || c == '\\' ? 1 : 0;
    }
    return table;
}

constexpr std::array<std::uint8_t, 256> kDear = make_dear();

std::size_t dear_bytes(std::string_view text) noexcept {
    std::size_t count = 0;
    for (const char c : text) {
        count += kDear[static_cast<unsigned char>(c)];
    }
    return count;
}

bool ends_in_escape(std::string_view text) noexcept {
    const std::size_t last = text.find_last_not_of('\\');
    const std::size_t backslashes =
        text.size() - (last == text.npos ? 0 : last + 1);
    return backslashes % 2 == 1;
}

// The length of what is left of a string up to its closing quote. All, if there
// is none or so many escaped ones that their own count is too high.
std::size_t rest_of_string(std::string_view text) noexcept {
    std::size_t end = text.find('"');
    for (std::size_t escaped = 0;
         end != text.npos && ends_in_escape(text.substr(0, end)); escaped++) {
        end = escaped < kMaxDearBytes ? text.find('"', end + 1) : text.npos;
    }
    return end == text.npos ? text.size() : end;
}

}  // namespace

// Outside of strings each byte counts, inside of them the dear ones do.
bool is_cheap_header(std::string_view text) noexcept {
    if (text.size() > kMaxHeaderBytes) {
        return false;
    }
    std::size_t dear = 0;
    while (dear <= kMaxDearBytes && !text.empty()) {
        const std::size_t open = text.find('"');
        if (open == text.npos) {
            return dear + text.size() <= kMaxDearBytes;
        }
        text.remove_prefix(open + 1);
        const std::size_t inside = rest_of_string(text);
        dear += open + 2 + dear_bytes(text.substr(0, inside));
        text.remove_prefix(inside + (inside < text.size() ? 1 : 0));
    }
    return dear <= kMaxDearBytes;
}

}  // namespace id_token
