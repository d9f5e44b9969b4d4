#include "idt_base/escape.h"

#include <algorithm>

#include "idt_base/ascii.h"
#include "idt_base/base64url.h"

namespace id_token {

namespace {

std::string escape(std::string_view text, std::string_view symbols) {
    constexpr char kHex[] = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const char letter = lower(c);
        if (is_digit(c) || (letter >= 'a' && letter <= 'z') ||
            symbols.find(c) != symbols.npos) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out += '%';
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
    return out;
}

}  // namespace

std::string escape_uri(std::string_view text) {
    return escape(text, "-._~");
}

std::string escape_attribute(std::string_view text) {
    return escape(text, "!#$&+-.^_`|~");
}

std::string base64_encode(std::string_view bytes) {
    std::string out = base64url_encode(bytes);
    std::replace(out.begin(), out.end(), '-', '+');
    std::replace(out.begin(), out.end(), '_', '/');
    out.append((4 - out.size() % 4) % 4, '=');
    return out;
}

}  // namespace id_token
