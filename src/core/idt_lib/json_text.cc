#include <charconv>

#include "idt_lib/json.h"

namespace id_token {

namespace {

template <class T>
void append_number(std::string &out, T value) {
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    out.append(buffer, end);
}

// The shortest form, but with an exponent where digits alone would be taken
// for an integer of more than 64 bits, which jansson and others refuse.
void append_real(std::string &out, double value) {
    constexpr double kPastIntegers = 0x1p63;
    if (value < kPastIntegers && value >= -kPastIntegers) {
        append_number(out, value);
        return;
    }
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value,
                                   std::chars_format::scientific)
                         .ptr;
    out.append(buffer, end);
}

// Two characters for a byte with a short escape, otherwise nothing.
std::string_view short_escape(char c) noexcept {
    switch (c) {
        case '"':
            return "\\\"";
        case '\\':
            return "\\\\";
        case '\b':
            return "\\b";
        case '\f':
            return "\\f";
        case '\n':
            return "\\n";
        case '\r':
            return "\\r";
        case '\t':
            return "\\t";
        default:
            return {};
    }
}

void append_escape(std::string &out, char c) {
    constexpr char kHex[] = "0123456789abcdef";
    if (const auto escape = short_escape(c); !escape.empty()) {
        out += escape;
        return;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += "\\u00";
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
}

// So many bytes at the front need no escape.
std::size_t plain_size(std::string_view text) noexcept {
    std::size_t n = 0;
    while (n < text.size()) {
        const auto byte = static_cast<unsigned char>(text[n]);
        if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f) {
            break;
        }
        n++;
    }
    return n;
}

}  // namespace

// An integer of a payload has no digit too many: only "-0" is not what jansson
// would write.
void JsonView::append_integer(std::string &out) const {
    if (node_ == nullptr) {
        append_number(out, jansson_integer());
        return;
    }
    out += node_->bytes() == "-0" ? "0" : node_->bytes();
}

void JsonView::append_array(std::string &out) const {
    char before = '[';
    for_each_element([&](JsonView element) {
        out += std::exchange(before, ',');
        element.append_json(out);
    });
    out += before == '[' ? "[]" : "]";
}

void JsonView::append_object(std::string &out) const {
    char before = '{';
    for_each_member([&](std::string_view name, JsonView value) {
        if (value.exact()) {
            out += std::exchange(before, ',');
            append_json_string(out, name);
            out += ':';
            value.append_json(out);
        }
    });
    out += before == '{' ? "{}" : "}";
}

// Recursion ends at kMaxJsonDepth.
void JsonView::append_json(std::string &out) const {
    if (!exact()) {
        return;
    }
    switch (kind()) {
        case JsonKind::null:
            out += "null";
            return;
        case JsonKind::boolean:
            out += *boolean() ? "true" : "false";
            return;
        case JsonKind::integer:
            append_integer(out);
            return;
        case JsonKind::real:
            append_real(out, *number());
            return;
        case JsonKind::string:
            append_json_string(out, *string());
            return;
        case JsonKind::array:
            append_array(out);
            return;
        case JsonKind::object:
            append_object(out);
            return;
        case JsonKind::spoiled:
            break;
    }
}

void JsonView::append_text(std::string &out) const {
    if (const auto text = string()) {
        out += *text;
        return;
    }
    append_json(out);
}

void append_json_string(std::string &out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const std::size_t plain = plain_size(text);
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (!text.empty()) {
            append_escape(out, text.front());
            text.remove_prefix(1);
        }
    }
    out += '"';
}

}  // namespace id_token
