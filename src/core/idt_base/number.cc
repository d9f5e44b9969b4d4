#include "idt_base/number.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <system_error>

namespace id_token {

namespace {

// Takes digits off the front; how many there were.
std::size_t take_digits(std::string_view &rest) noexcept {
    std::size_t n = 0;
    while (n < rest.size() && rest[n] >= '0' && rest[n] <= '9') {
        n++;
    }
    rest.remove_prefix(n);
    return n;
}

bool take_one_of(std::string_view &rest, std::string_view characters) noexcept {
    if (rest.empty() || characters.find(rest.front()) == characters.npos) {
        return false;
    }
    rest.remove_prefix(1);
    return true;
}

// [ "-" ] int [ frac ] [ exp ]; std::from_chars takes more than that.
bool is_number(std::string_view text) noexcept {
    take_one_of(text, "-");
    if (!take_one_of(text, "0") && take_digits(text) == 0) {
        return false;
    }
    if (take_one_of(text, ".") && take_digits(text) == 0) {
        return false;
    }
    if (take_one_of(text, "eE")) {
        take_one_of(text, "+-");
        if (take_digits(text) == 0) {
            return false;
        }
    }
    return text.empty();
}

// Of a well-formed number out of range: whether it is next to 0, not beyond all
// doubles. What counts is the place of its first digit that is not 0.
bool is_tiny(std::string_view text) noexcept {
    const std::size_t e = text.find_first_of("eE");
    const std::string_view mantissa = text.substr(0, e);
    const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
    const std::size_t first = mantissa.find_first_of("123456789");
    const auto place =
        static_cast<long long>(point) - static_cast<long long>(first);
    if (first == mantissa.npos) {
        return true;
    }
    if (e == text.npos) {
        return place < 0;
    }
    text.remove_prefix(e + 1);
    const bool negative = text.starts_with('-');
    take_one_of(text, "+-");
    long long exponent = 0;
    const auto error =
        std::from_chars(text.data(), text.data() + text.size(), exponent).ec;
    if (error != std::errc()) {
        return negative;
    }
    return place < (negative ? exponent : -exponent);
}

std::optional<std::int64_t> whole(std::string_view text) noexcept {
    std::int64_t value = 0;
    const char *end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::optional<double> nearest_double(std::string_view number) noexcept {
    double value = 0;
    const auto error =
        std::from_chars(number.data(), number.data() + number.size(), value).ec;
    if (error == std::errc()) {
        return std::isfinite(value) ? std::optional(value) : std::nullopt;
    }
    if (is_tiny(number)) {
        return number.starts_with('-') ? -0.0 : 0.0;
    }
    return std::nullopt;
}

std::optional<Number> parse_number(std::string_view text) noexcept {
    if (!is_number(text)) {
        return std::nullopt;
    }
    if (const auto integer = whole(text)) {
        return Number{static_cast<double>(*integer), integer};
    }
    const auto real = nearest_double(text);
    if (!real) {
        return std::nullopt;
    }
    constexpr double kPastIntegers = 0x1p63;
    Number number{*real, std::nullopt};
    if (std::trunc(*real) == *real && *real >= -kPastIntegers &&
        *real < kPastIntegers) {
        number.integer = static_cast<std::int64_t>(*real);
    }
    return number;
}

}  // namespace id_token
