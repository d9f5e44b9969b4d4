#include "idt_lib/payload_string.h"

#include <bit>
#include <cstring>

#include "idt_base/utf8.h"

namespace id_token {

namespace {

constexpr std::uint64_t each_byte(unsigned char byte) noexcept {
    return byte * std::uint64_t{0x0101010101010101};
}

// The high bit of each byte that ends a run of plain ASCII: quote, backslash,
// control character, another alphabet. Right up to the first one; a borrow may
// mark more behind it.
std::uint64_t special(std::uint64_t bytes) noexcept {
    const std::uint64_t quote = bytes ^ each_byte('"');
    const std::uint64_t backslash = bytes ^ each_byte('\\');
    return ((quote - each_byte(1)) | (backslash - each_byte(1)) |
            (bytes - each_byte(0x20)) | bytes) &
           each_byte(0x80);
}

bool is_plain(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

char *skip_plain(char *p) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        std::uint64_t bytes;
        for (std::memcpy(&bytes, p, sizeof bytes);;
             std::memcpy(&bytes, p += sizeof bytes, sizeof bytes)) {
            if (const std::uint64_t found = special(bytes)) {
                return p + std::countr_zero(found) / 8;
            }
        }
    }
    while (is_plain(*p)) {
        p++;
    }
    return p;
}

// Of four hexadecimal digits; -1 if they are none.
int code_unit(const char *p) noexcept {
    int value = 0;
    for (int i = 0; i < 4; i++) {
        const char c = p[i];
        const char lower = static_cast<char>(c | 0x20);
        if (c >= '0' && c <= '9') {
            value = value * 16 + (c - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            value = value * 16 + (lower - 'a' + 10);
        } else {
            return -1;
        }
    }
    return value;
}

// What stands for a letter behind a backslash; NUL: nothing does.
char unescaped(char letter) noexcept {
    switch (letter) {
        case '"':
        case '\\':
        case '/':
            return letter;
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return '\0';
    }
}

// `to` follows `p`: no escape is shorter than the bytes it stands for.
bool unescape_unicode(char *&p, char *&to, bool &spoiled) noexcept {
    const int unit = code_unit(p + 2);
    if (unit < 0) {
        return false;
    }
    p += 6;

    auto code = static_cast<std::uint32_t>(unit);
    if (is_high_surrogate(code) && p[0] == '\\' && p[1] == 'u') {
        const auto low = static_cast<std::uint32_t>(code_unit(p + 2));
        if (is_low_surrogate(low)) {
            code = join_surrogates(code, low);
            p += 6;
        }
    }
    spoiled = spoiled || code == 0 || is_surrogate(code);
    to = put_utf8(to, code);
    return true;
}

bool unescape(char *&p, char *&to, bool &spoiled) noexcept {
    if (p[1] == 'u') {
        return unescape_unicode(p, to, spoiled);
    }
    const char c = unescaped(p[1]);
    if (c == '\0') {
        return false;
    }
    *to++ = c;
    p += 2;
    return true;
}

bool copy_character(char *&p, char *&to) noexcept {
    const std::size_t size = utf8_size(p);
    std::memmove(to, p, size);
    to += size;
    p += size;
    return size > 0;
}

}  // namespace

bool read_string(char *&p, PayloadString &out) noexcept {
    char *begin = p + 1;
    char *to = p = skip_plain(begin);
    bool spoiled = false;

    while (*p != '"') {
        const bool good =
            *p == '\\' ? unescape(p, to, spoiled) : copy_character(p, to);
        if (!good) {
            return false;
        }
        char *plain = p;
        p = skip_plain(p);
        std::memmove(to, plain, static_cast<std::size_t>(p - plain));
        to += p - plain;
    }
    p++;
    out = {begin, static_cast<std::uint32_t>(to - begin), spoiled};
    return true;
}

}  // namespace id_token
