#include "idt_token/credentials.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "idt_base/ascii.h"

namespace id_token {

namespace {

constexpr std::string_view kScheme = "bearer";

bool is_white(char c) noexcept {
    return c == ' ' || c == '\t';
}

bool is_token68_char(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
           c == '~' || c == '+' || c == '/';
}

// How many blocks of 16 characters that are all of token68, *"=" aside, `text`
// begins with: a vector a time, which makes a flood of garbage cheap.
constexpr std::size_t kBlock = 16;

std::size_t count_token68_blocks(std::string_view text) noexcept {
    using Block [[gnu::vector_size(kBlock)]] = unsigned char;
    std::size_t n = 0;
    for (; (n + 1) * kBlock <= text.size(); n++) {
        Block c;
        std::memcpy(&c, text.data() + n * kBlock, kBlock);
        const Block letter = (c | 0x20) - 'a';
        const Block other = c - '-';  // and . / 0 to 9 behind it
        const auto bad = (letter >= 26) & (other >= 13) & (c != '_') &
                         (c != '~') & (c != '+');
        std::uint64_t halves[2];
        std::memcpy(halves, &bad, kBlock);
        if ((halves[0] | halves[1]) != 0) {
            break;
        }
    }
    return n;
}

// White space before a value is none of it (RFC 9110 5.5). nginx drops spaces
// only, and none in HTTP/2; who gets the header next drops it all.
std::string_view without_leading_white(std::string_view value) noexcept {
    while (!value.empty() && is_white(value.front())) {
        value.remove_prefix(1);
    }
    return value;
}

}  // namespace

// The scheme's name and what ends it; "BearerX" is another scheme.
bool is_bearer(std::string_view value) noexcept {
    value = without_leading_white(value);
    if (value.size() < kScheme.size()) {
        return false;
    }
    for (std::size_t i = 0; i < kScheme.size(); i++) {
        if (lower(value[i]) != kScheme[i]) {
            return false;
        }
    }
    return value.size() == kScheme.size() || is_white(value[kScheme.size()]) ||
           value[kScheme.size()] == ',';
}

// RFC 9110 11.2: 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
bool is_token68(std::string_view text) noexcept {
    std::size_t i = count_token68_blocks(text) * kBlock;
    while (i < text.size() && is_token68_char(text[i])) {
        i++;
    }
    return i > 0 && text.find_first_not_of('=', i) == std::string_view::npos;
}

Result<std::optional<std::string_view>> split_bearer(
    std::string_view value) noexcept {
    value = without_leading_white(value);
    if (!is_bearer(value)) {
        return std::optional<std::string_view>();
    }
    std::string_view rest = value.substr(kScheme.size());
    std::size_t begin = rest.find_first_not_of(' ');
    if (begin == 0 || begin == std::string_view::npos) {
        return Error::credentials_malformed;
    }
    return std::optional(rest.substr(begin));
}

Result<std::optional<std::string_view>> parse_bearer(
    std::string_view value) noexcept {
    auto token = split_bearer(value);
    if (token && token->has_value() && !is_token68(**token)) {
        return Error::credentials_malformed;
    }
    return token;
}

std::string_view next_cookie_part(std::string_view &rest) noexcept {
    const std::size_t end = std::min(rest.find(';'), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

std::optional<CookiePair> next_cookie(std::string_view &rest) noexcept {
    while (!rest.empty()) {
        const std::string_view text = trim(next_cookie_part(rest));
        std::size_t equals = text.find('=');
        if (equals == std::string_view::npos) {
            continue;
        }
        CookiePair pair;
        pair.name = trim(text.substr(0, equals));
        pair.value = trim(text.substr(equals + 1));
        if (pair.value.size() >= 2 && pair.value.starts_with('"') &&
            pair.value.ends_with('"')) {
            pair.value = pair.value.substr(1, pair.value.size() - 2);
        }
        return pair;
    }
    return std::nullopt;
}

}  // namespace id_token
