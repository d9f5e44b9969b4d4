// Rules on claims and other values: auth_id_token_require.
//
// An absent claim meets no rule but "not present": negation cannot turn the
// lack of a claim into a permission.

#ifndef IDT_TOKEN_CLAIM_RULE_H
#define IDT_TOKEN_CLAIM_RULE_H

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "idt_token/claim_value.h"
#include "idt_base/number.h"

namespace id_token {

enum class Operator : std::uint8_t {
    equals,      // =    a scalar, equal to the value
    one_of,      // in   a scalar, equal to one of the values
    has,         // has  an array with an element equal to one of the values, or
                 //      a scalar equal to one of them
    matches,     // ~    a scalar, matched by the regular expression
    less,        // <    a JSON number below the value, which is one, too
    greater,     // >    one above the value
    is_present,  // present
};

struct OperatorWord {
    Operator op;
    bool negated;
    bool one_value;  // takes exactly one
    bool no_value;   // takes none
};

// "=", "!=", "in", "!in" ...; nothing for another word.
[[nodiscard]] std::optional<OperatorWord> parse_operator(
    std::string_view word) noexcept;

// The words of the operators, for a message: "=, in, ... or present".
[[nodiscard]] std::string operator_words();

// What a rule is about: a claim, or the text of a variable (empty = absent).
struct Operand {
    ClaimValue claim;
    std::optional<std::string_view> text;

    [[nodiscard]] bool present() const noexcept {
        return text ? !text->empty() : claim.present();
    }
    // Of a scalar; nothing for arrays, objects and absent ones.
    [[nodiscard]] std::optional<std::string_view> scalar() const noexcept;
    [[nodiscard]] std::optional<Number> number() const noexcept;
};

// Judges all operators but `matches`. An operand that is absent or of a kind
// that the operator does not judge (an array for =, a string for <), or a value
// that is no number where one is needed, meets neither the rule nor its
// negation.
[[nodiscard]] bool meets(const Operand &operand, OperatorWord op,
                         std::span<const std::string_view> values) noexcept;

}  // namespace id_token

#endif
