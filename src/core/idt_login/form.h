// application/x-www-form-urlencoded (L2): bodies and query strings that come,
// RFC 6749 appendix B, and those that go.

#ifndef IDT_LOGIN_FORM_H
#define IDT_LOGIN_FORM_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "idt_base/result.h"

namespace id_token {

inline constexpr std::size_t kMaxFormBytes = std::size_t{64} * 1024;
// An answer of a tenant has a handful; some add fields of their own.
inline constexpr std::size_t kMaxFormFields = 64;

enum class FormError : std::uint8_t {
    too_long,
    too_many,   // more than kMaxFormFields
    malformed,  // a '%' without two hexadecimal digits
    twice,      // one name twice (RFC 6749 3.1)
};

class Form {
  public:
    // Throws std::bad_alloc only.
    [[nodiscard]] static Result<Form, FormError> parse(std::string_view text);

    // The value, decoded; any bytes. Empty as well as absent (RFC 6749 3.1)
    // is nothing.
    [[nodiscard]] std::optional<std::string_view> find(
        std::string_view name) const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }

  private:
    Form() = default;

    std::vector<std::pair<std::string, std::string>> fields_;
};

// Appends NAME=VALUE, escaped, behind an '&' if `out` holds a field already.
void append_form_field(std::string &out, std::string_view name,
                       std::string_view value);

// The URL with more of a query: behind '?' or, where it has one, '&'.
[[nodiscard]] std::string with_query(std::string_view url,
                                     std::string_view query);

}  // namespace id_token

#endif
