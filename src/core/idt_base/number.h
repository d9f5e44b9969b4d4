// Numbers as JSON writes them, RFC 8259 6.

#ifndef IDT_BASE_NUMBER_H
#define IDT_BASE_NUMBER_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace id_token {

struct Number {
    double real = 0;  // the nearest; finite
    // A whole number of 64 bits, exactly: beyond 2^53 several share a double.
    std::optional<std::int64_t> integer;

    friend bool operator<(const Number &a, const Number &b) noexcept {
        return a.integer && b.integer ? *a.integer < *b.integer
                                      : a.real < b.real;
    }
};

// The double next to a well-formed number, which may be 0; nothing if none is
// near.
[[nodiscard]] std::optional<double> nearest_double(
    std::string_view number) noexcept;

// Nothing for another text and for a number that no double comes near.
[[nodiscard]] std::optional<Number> parse_number(
    std::string_view text) noexcept;

}  // namespace id_token

#endif
