// Claim values kept as bytes, for answers and rules without a JSON tree.

#ifndef IDT_TOKEN_CLAIM_VALUE_H
#define IDT_TOKEN_CLAIM_VALUE_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "idt_lib/json.h"
#include "idt_base/number.h"

namespace id_token {

// One value in packed form; a view into bytes that somebody else owns.
class ClaimValue {
  public:
    ClaimValue() noexcept = default;
    // `packed` was made by pack().
    explicit ClaimValue(std::string_view packed) noexcept : packed_(packed) {}

    // Appends the packed form of a value; nothing at all (an absent claim) for
    // a view of nothing, for JSON null and for what is not exact.
    static void pack(std::string &out, JsonView value);

    [[nodiscard]] bool present() const noexcept { return !packed_.empty(); }
    [[nodiscard]] JsonKind kind() const noexcept;  // of a present one

    // Strings as they are, numbers and booleans as JSON, arrays and objects as
    // compact JSON.
    [[nodiscard]] std::string_view text() const noexcept;

    // Whether the text may stand in a header: no byte < 0x20 and no 0x7f.
    // A value that may not is shown to nobody ("exact or absent").
    [[nodiscard]] bool printable() const noexcept;

    [[nodiscard]] std::optional<Number> number() const noexcept;

    // Calls f(ClaimValue) for each element of an array until it returns true;
    // returns whether it did. Elements that are arrays, objects or null are
    // passed over.
    template <class F>
    bool any_element(F &&f) const {
        return !all_elements(
            [&f](ClaimValue v) { return !v.present() || !f(v); });
    }

    // Calls f(ClaimValue) for each element of an array until it returns false;
    // returns whether it never did. An array, an object or null is absent.
    template <class F>
    bool all_elements(F &&f) const {
        std::string_view rest = elements();
        while (!rest.empty()) {
            if (!f(ClaimValue(next_element(rest)))) {
                return false;
            }
        }
        return true;
    }

  private:
    [[nodiscard]] std::string_view elements() const noexcept;
    static std::string_view next_element(std::string_view &rest) noexcept;

    std::string_view packed_;
};

}  // namespace id_token

#endif
