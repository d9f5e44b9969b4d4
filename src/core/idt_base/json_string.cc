#include "idt_base/json_string.h"

#include "idt_base/ascii.h"

namespace id_token {

namespace {

constexpr std::string_view kEscapes = "\"\\/bfnrt";
constexpr std::string_view kEscaped = "\"\\/\b\f\n\r\t";

// -1: not a hexadecimal digit.
constexpr int hex_value(char c) noexcept {
    if (is_digit(c)) {
        return c - '0';
    }
    const char low = lower(c);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// Of the four digits at the start of `text`; nothing if they are none.
std::optional<unsigned> hex4(std::string_view text) noexcept {
    if (text.size() < 4) {
        return std::nullopt;
    }
    unsigned number = 0;
    for (const char c : text.substr(0, 4)) {
        const int digit = hex_value(c);
        if (digit < 0) {
            return std::nullopt;
        }
        number = number * 16 + static_cast<unsigned>(digit);
    }
    return number;
}

constexpr bool is_high(unsigned unit) noexcept {
    return unit >= 0xd800 && unit < 0xdc00;
}

constexpr bool is_low(unsigned unit) noexcept {
    return unit >= 0xdc00 && unit < 0xe000;
}

// The other half of a pair: the escape at the start of `text`.
std::optional<unsigned> low_half(std::string_view text) noexcept {
    if (!text.starts_with("\\u")) {
        return std::nullopt;
    }
    const auto unit = hex4(text.substr(2));
    return unit && is_low(*unit) ? unit : std::nullopt;
}

constexpr unsigned joined(unsigned high, unsigned low) noexcept {
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

void append_utf8(std::string &out, unsigned code) {
    const auto tail = [&](unsigned shift) {
        out += static_cast<char>(0x80 | (code >> shift & 0x3f));
    };
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xc0 | code >> 6);
        tail(0);
    } else if (code < 0x10000) {
        out += static_cast<char>(0xe0 | code >> 12);
        tail(6);
        tail(0);
    } else {
        out += static_cast<char>(0xf0 | code >> 18);
        tail(12);
        tail(6);
        tail(0);
    }
}

}  // namespace

std::size_t utf8_size(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) -> unsigned {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
    };
    const unsigned first = at(0);
    unsigned low = 0x80;
    unsigned high = 0xbf;
    std::size_t size = 0;
    if (first >= 0xc2 && first <= 0xdf) {
        size = 2;
    } else if (first >= 0xe0 && first <= 0xef) {
        size = 3;
        low = first == 0xe0 ? 0xa0 : low;
        high = first == 0xed ? 0x9f : high;
    } else if (first >= 0xf0 && first <= 0xf4) {
        size = 4;
        low = first == 0xf0 ? 0x90 : low;
        high = first == 0xf4 ? 0x8f : high;
    }
    for (std::size_t i = 1; i < size; i++) {
        if (at(i) < low || at(i) > high) {
            return 0;
        }
        low = 0x80;
        high = 0xbf;
    }
    return size;
}

std::optional<JsonEscape> read_json_escape(std::string_view text) noexcept {
    if (text.size() < 2 || text[0] != '\\') {
        return std::nullopt;
    }
    const std::size_t simple = kEscapes.find(text[1]);
    if (simple != kEscapes.npos) {
        return JsonEscape{2, static_cast<unsigned char>(kEscaped[simple])};
    }
    const auto unit = text[1] == 'u' ? hex4(text.substr(2)) : std::nullopt;
    if (!unit) {
        return std::nullopt;
    }
    if (is_high(*unit)) {
        if (const auto low = low_half(text.substr(6))) {
            return JsonEscape{12, joined(*unit, *low)};
        }
    }
    return JsonEscape{6, *unit};
}

std::string json_unescape(std::string_view raw) {
    std::string out;
    out.reserve(raw.size());
    while (!raw.empty()) {
        const auto escape = read_json_escape(raw);
        if (escape) {
            append_utf8(out, escape->code);
        } else {
            out += raw[0];
        }
        raw.remove_prefix(escape ? escape->size : 1);
    }
    return out;
}

}  // namespace id_token
