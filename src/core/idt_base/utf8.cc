#include "idt_base/utf8.h"

namespace id_token {

namespace {

bool continues(const char *p) noexcept {
    return (static_cast<unsigned char>(*p) & 0xc0) == 0x80;
}

}  // namespace

// RFC 3629 4: the second byte is what excludes overlong forms, surrogates and
// numbers beyond the last.
std::size_t utf8_size(const char *p) noexcept {
    const auto first = static_cast<unsigned char>(p[0]);
    if (first < 0xc2 || first > 0xf4 || !continues(p + 1)) {
        return 0;
    }
    if (first < 0xe0) {
        return 2;
    }
    const auto second = static_cast<unsigned char>(p[1]);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f) ||
        !continues(p + 2)) {
        return 0;
    }
    if (first < 0xf0) {
        return 3;
    }
    return continues(p + 3) ? 4 : 0;
}

char *put_utf8(char *to, std::uint32_t code) noexcept {
    const auto put = [&to](std::uint32_t byte) {
        *to++ = static_cast<char>(byte);
    };
    if (code < 0x80) {
        put(code);
        return to;
    }
    if (code < 0x800) {
        put(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            put(0xe0 | code >> 12);
        } else {
            put(0xf0 | code >> 18);
            put(0x80 | (code >> 12 & 0x3f));
        }
        put(0x80 | (code >> 6 & 0x3f));
    }
    put(0x80 | (code & 0x3f));
    return to;
}

}  // namespace id_token
