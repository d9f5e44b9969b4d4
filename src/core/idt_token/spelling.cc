#include "idt_token/spelling.h"

#include <algorithm>
#include <array>
#include <utility>

#include "idt_base/ascii.h"
#include "idt_base/escape.h"
#include "idt_base/utf8.h"

namespace id_token {

namespace {

// White_Space of Unicode beyond ASCII, and U+FEFF, which ECMAScript trims.
constexpr std::array<std::string_view, 20> kWideSpaces = {
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80",
    "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84",
    "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88",
    "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9",
    "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80", "\xef\xbb\xbf",
};

// Latin-1's, of which the last two may in UTF-8 be the end of a letter.
bool is_narrow_space(char c) noexcept {
    return std::string_view(" \t\xa0\x85").find(c) != std::string_view::npos;
}

bool is_utf8(const std::string &text) noexcept {
    for (std::size_t i = 0; i < text.size();) {
        const bool ascii = static_cast<unsigned char>(text[i]) < 0x80;
        const std::size_t size = ascii ? 1 : utf8_size(&text[i]);
        if (size == 0) {
            return false;
        }
        i += size;
    }
    return true;
}

// Between slashes of either kind.
bool has_dot_segment(std::string_view text) noexcept {
    for (;;) {
        const std::string_view segment =
            text.substr(0, text.find_first_of("/\\"));
        if (segment == "." || segment == "..") {
            return true;
        }
        if (segment.size() == text.size()) {
            return false;
        }
        text.remove_prefix(segment.size() + 1);
    }
}

bool is_exact_element(ClaimValue value) noexcept {
    return value.printable() && value.kind() != JsonKind::array &&
           value.kind() != JsonKind::object && !value.text().empty() &&
           !has_outer_space(value.text());
}

// Overlapping ones, too: "a-" and "b" joined by "--" can be split in two ways.
std::size_t count_of(std::string_view text, std::string_view part) noexcept {
    std::size_t count = 0;
    for (auto at = text.find(part); at != text.npos;
         at = text.find(part, at + 1)) {
        count++;
    }
    return count;
}

}  // namespace

std::optional<Encoding> find_encoding(std::string_view name) noexcept {
    constexpr std::pair<std::string_view, Encoding> kNames[] = {
        {"percent", Encoding::percent},
        {"base64", Encoding::base64},
        {"rfc8187", Encoding::rfc8187},
    };
    for (const auto &known : kNames) {
        if (known.first == name) {
            return known.second;
        }
    }
    return std::nullopt;
}

std::string uri_segment(std::string_view text) {
    const bool inert =
        !text.empty() && is_printable(text) && !has_dot_segment(text);
    return inert ? escape_uri(text) : std::string(kNoSegment);
}

bool has_outer_space(std::string_view text) noexcept {
    return !text.empty() &&
           (is_narrow_space(text.front()) || is_narrow_space(text.back()) ||
            std::any_of(kWideSpaces.begin(), kWideSpaces.end(),
                        [text](std::string_view space) {
                            return text.starts_with(space) ||
                                   text.ends_with(space);
                        }));
}

bool is_exact_value(std::string_view text) noexcept {
    return is_printable(text) && !has_outer_space(text);
}

bool is_separator(std::string_view text) noexcept {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c >= 0x20 && c < 0x7f;
    });
}

std::optional<std::string> join_elements(ClaimValue value,
                                         std::string_view separator) {
    std::string joined;
    std::size_t elements = 0;
    const auto append = [&](ClaimValue element) {
        if (!is_exact_element(element)) {
            return false;
        }
        joined += elements++ == 0 ? std::string_view() : separator;
        joined += element.text();
        return true;
    };
    if (!value.present()) {
        return std::nullopt;
    }
    const bool exact = value.kind() == JsonKind::array
                           ? value.all_elements(append)
                           : append(value);
    if (!exact ||
        count_of(joined, separator) + 1 != std::max<std::size_t>(elements, 1)) {
        return std::nullopt;
    }
    return joined;
}

std::optional<std::string> header_text(std::string_view text,
                                       Encoding encoding) {
    if (!is_printable(text)) {
        return std::nullopt;
    }
    std::string out(text);
    switch (encoding) {
        case Encoding::percent:
            return escape_uri(out);
        case Encoding::base64:
            return base64_encode(out);
        case Encoding::rfc8187:
            if (!is_utf8(out)) {
                return std::nullopt;
            }
            return "UTF-8''" + escape_attribute(out);
        case Encoding::plain:
            break;
    }
    return is_exact_value(out) ? std::optional(out) : std::nullopt;
}

}  // namespace id_token
