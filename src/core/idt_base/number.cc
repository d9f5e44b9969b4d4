#include "idt_base/number.h"

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

template <class T>
std::optional<T> convert(std::string_view text) noexcept {
    T value{};
    const char *end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::optional<Number> parse_number(std::string_view text) noexcept {
    if (!is_number(text)) {
        return std::nullopt;
    }
    if (const auto integer = convert<std::int64_t>(text)) {
        return Number{static_cast<double>(*integer), integer};
    }
    const auto real = convert<double>(text);
    if (!real || !std::isfinite(*real)) {
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
