// ASCII text, whatever the locale: comparing, trimming, judging.

#ifndef IDT_BASE_ASCII_H
#define IDT_BASE_ASCII_H

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace id_token {

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

[[nodiscard]] inline std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return lower(c); });
    return out;
}

// Whether it may stand in a header: no line break, no other control character.
[[nodiscard]] inline bool is_printable(std::string_view text) noexcept {
    return std::none_of(text.begin(), text.end(),
                        [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

[[nodiscard]] inline bool equal_ignoring_case(std::string_view a,
                                              std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

// Without spaces and tabs at both ends: a view into `text`, an empty one, too.
[[nodiscard]] inline std::string_view trim(std::string_view text) noexcept {
    constexpr std::string_view kSpace = " \t";
    text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
    return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

// The usual slip with issuers.
[[nodiscard]] inline bool differs_by_slash(std::string_view a,
                                           std::string_view b) noexcept {
    if (a.size() < b.size()) {
        std::swap(a, b);
    }
    return a.size() == b.size() + 1 && a.ends_with('/') && a.starts_with(b);
}

}  // namespace id_token

#endif
