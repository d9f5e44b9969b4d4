// Rules on claims: each operator met, not met, negated, and absent.

#include "idt_token/claim_rule.h"

#include <initializer_list>
#include <string>
#include <vector>

#include "idt_token/claims.h"
#include "unit/support.h"

using namespace id_token;

namespace {

constexpr std::string_view kClaims = R"({
    "s": "admin", "empty": "", "n": 17, "r": 1.5, "t": true, "null": null,
    "a": ["admin", "staff", 7, true, null, ["nested"]], "none": [],
    "o": {"k": "v"}, "json": "[\"admin\"]",
    "large": 9007199254740993
})";

bool judge(std::string_view claim, std::string_view word,
           std::initializer_list<std::string_view> values) {
    auto claims = Claims::parse(kClaims);
    assert_true(bool(claims));

    std::string packed;
    ClaimValue::pack(packed, claims->find(claim));

    const auto op = parse_operator(word);
    assert_true(op.has_value());

    Operand operand;
    operand.claim = ClaimValue(packed);
    const std::vector<std::string_view> list(values);

    return meets(operand, *op, list);
}

// Meets the rule and not its negation, or the reverse.
void is(bool expected, std::string_view claim, std::string word,
        std::initializer_list<std::string_view> values) {
    assert_true(judge(claim, word, values) == expected);
    assert_true(judge(claim, "!" + word, values) != expected);
}

// Meets neither.
void neither(std::string_view claim, std::string word,
             std::initializer_list<std::string_view> values) {
    assert_false(judge(claim, word, values));
    assert_false(judge(claim, "!" + word, values));
}

void equality_is_exact(void **) {
    is(true, "s", "=", {"admin"});
    is(false, "s", "=", {"Admin"});
    is(false, "s", "=", {"admin "});
    is(false, "s", "=", {""});
    is(true, "empty", "=", {""});
    is(true, "n", "=", {"17"});
    is(false, "n", "=", {"17.0"});
    is(true, "t", "=", {"true"});
    neither("a", "=", {"admin"});
    neither("a", "=", {R"(["admin"])"});
    neither("o", "=", {"v"});
    is(true, "json", "=", {R"(["admin"])"});
}

void one_of_several(void **) {
    is(true, "s", "in", {"root", "admin"});
    is(false, "s", "in", {"root", "adm"});
    neither("a", "in", {"admin"});
}

void membership(void **) {
    is(true, "a", "has", {"admin"});
    is(true, "a", "has", {"root", "staff"});
    is(true, "a", "has", {"7"});
    is(false, "a", "has", {"nested"});
    is(false, "a", "has", {"adm"});
    is(false, "none", "has", {"admin"});
    is(true, "s", "has", {"admin"});
    is(false, "json", "has", {"admin"});
    neither("o", "has", {"v"});
}

void numbers(void **) {
    is(true, "n", ">", {"16"});
    is(false, "n", ">", {"17"});
    is(false, "n", "<", {"17"});
    is(true, "n", "<", {"17.5"});
    is(true, "r", ">", {"1"});
    neither("s", ">", {"1"});
    neither("n", ">", {"one"});
    neither("n", ">", {""});
    neither("n", ">", {"007"});
    neither("n", ">", {"16."});
    is(true, "n", ">", {"16.0"});
    neither("t", ">", {"0"});
}

// A double cannot tell 2^53 from 2^53 + 1.
void large_numbers_are_not_rounded(void **) {
    is(true, "large", ">", {"9007199254740992"});
    is(true, "large", ">", {"9007199254740992.0"});
    is(false, "large", ">", {"9007199254740993"});
    is(false, "large", "<", {"9007199254740993"});
    is(true, "large", "<", {"9007199254740994"});
    is(true, "large", "<", {"1e16"});
    is(true, "large", ">", {"-1e300"});
}

void presence(void **) {
    is(true, "s", "present", {});
    is(true, "empty", "present", {});
    is(true, "none", "present", {});
    is(false, "null", "present", {});
    is(false, "missing", "present", {});
}

void an_absent_claim_meets_no_negation(void **) {
    for (const char *claim : {"missing", "null"}) {
        neither(claim, "=", {"x"});
        neither(claim, "in", {"x"});
        neither(claim, "has", {"x"});
        neither(claim, "<", {"1"});
        neither(claim, ">", {"1"});
    }
}

void variables_are_text(void **) {
    const std::string_view values[] = {"a", "b"};
    Operand operand;

    operand.text = "b";
    assert_true(meets(operand, *parse_operator("in"), values));
    assert_true(meets(operand, *parse_operator("has"), values));
    operand.text = "";
    assert_false(meets(operand, *parse_operator("present"), {}));
    assert_false(meets(operand, *parse_operator("!in"), values));

    const std::string_view ten[] = {"10"};
    operand.text = "9.5";
    assert_true(meets(operand, *parse_operator("<"), ten));
    operand.text = "9.5x";
    assert_false(meets(operand, *parse_operator("<"), ten));
    assert_false(meets(operand, *parse_operator("!<"), ten));
}

void other_words_are_no_operators(void **) {
    for (const char *word : {"", "!", "==", "!!=", "is", "<=", "IN", "~*"}) {
        assert_false(parse_operator(word).has_value());
    }

    assert_true(parse_operator("!~").has_value());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(equality_is_exact),
        cmocka_unit_test(one_of_several),
        cmocka_unit_test(membership),
        cmocka_unit_test(numbers),
        cmocka_unit_test(presence),
        cmocka_unit_test(an_absent_claim_meets_no_negation),
        cmocka_unit_test(variables_are_text),
        cmocka_unit_test(other_words_are_no_operators),
        cmocka_unit_test(large_numbers_are_not_rounded),
    };

    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
