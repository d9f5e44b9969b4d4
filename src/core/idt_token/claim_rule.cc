#include "idt_token/claim_rule.h"

#include <algorithm>
#include <iterator>

namespace id_token {

namespace {

constexpr struct {
    std::string_view word;
    OperatorWord op;
} kOperators[] = {
    {"=", {Operator::equals, false, true, false}},
    {"in", {Operator::one_of, false, false, false}},
    {"has", {Operator::has, false, false, false}},
    {"~", {Operator::matches, false, true, false}},
    {"<", {Operator::less, false, true, false}},
    {">", {Operator::greater, false, true, false}},
    {"present", {Operator::is_present, false, false, true}},
};

bool contains(std::span<const std::string_view> values,
              std::string_view text) noexcept {
    return std::find(values.begin(), values.end(), text) != values.end();
}

bool has_one_of(const Operand &operand,
                std::span<const std::string_view> values) noexcept {
    if (const auto scalar = operand.scalar()) {
        return contains(values, *scalar);
    }

    return operand.claim.any_element(
        [&](ClaimValue element) { return contains(values, element.text()); });
}

}  // namespace

std::string operator_words() {
    std::string words;
    for (const auto &row : kOperators) {
        words += words.empty()                      ? ""
                 : &row == std::end(kOperators) - 1 ? " or "
                                                    : ", ";
        words += row.word;
    }
    return words;
}

std::optional<OperatorWord> parse_operator(std::string_view word) noexcept {
    const bool negated = word.starts_with('!');

    if (negated) {
        word.remove_prefix(1);
    }

    for (const auto &row : kOperators) {
        if (row.word == word) {
            OperatorWord op = row.op;
            op.negated = negated;
            return op;
        }
    }

    return std::nullopt;
}

std::optional<std::string_view> Operand::scalar() const noexcept {
    if (text) {
        return text;
    }

    if (!claim.present() || claim.kind() == JsonKind::array ||
        claim.kind() == JsonKind::object) {
        return std::nullopt;
    }

    return claim.text();
}

std::optional<Number> Operand::number() const noexcept {
    return text ? parse_number(*text) : claim.number();
}

bool meets(const Operand &operand, OperatorWord op,
           std::span<const std::string_view> values) noexcept {
    if (op.op == Operator::is_present) {
        return operand.present() != op.negated;
    }

    if (!operand.present()) {
        return false;
    }

    if (op.op == Operator::less || op.op == Operator::greater) {
        const auto left = operand.number();
        const auto right = parse_number(values.front());

        if (!left || !right) {
            return false;
        }

        return (op.op == Operator::less ? *left < *right : *right < *left) !=
               op.negated;
    }

    if (op.op == Operator::has) {
        if (!operand.text && operand.claim.kind() == JsonKind::object) {
            return false;
        }

        return has_one_of(operand, values) != op.negated;
    }

    const auto scalar = operand.scalar();

    return scalar && contains(values, *scalar) != op.negated;
}

}  // namespace id_token
