// Claims as they are shown, found and judged by rules.
//
// Input: a line with the path of a claim, a line with an operator and values,
// separated by spaces, the claim set.

#include <jansson.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "idt_token/claim_rule.h"
#include "idt_token/claims.h"
#include "idt_lib/payload.h"
#include "fuzz/fuzz.h"

using namespace id_token;

namespace {

constexpr const char *kNames[] = {"roles", "a", "b", "0",   "1",
                                  "",      "~", "/", "a/b", "sub"};
constexpr const char *kValues[] = {R"("admin")",
                                   R"("a b")",
                                   R"("\u0000")",
                                   R"("\n")",
                                   R"("\u007f")",
                                   R"("\ud83d\ude00")",
                                   R"("")",
                                   "0",
                                   "-0",
                                   "-0.0",
                                   "1e22",
                                   "1e-7",
                                   "0.1",
                                   "5e-324",
                                   "1.7976931348623157e308",
                                   "12345678901234567890.0",
                                   "9223372036854775807",
                                   "-9223372036854775808",
                                   "true",
                                   "false",
                                   "null",
                                   "[]",
                                   "{}",
                                   R"(["admin",1,true,null,["x"]])",
                                   R"({"a":[1,{"b":2}]})"};
constexpr fuzz::Words kWords{kNames, kValues};

bool is_number(JsonView value) {
    return value.is(JsonKind::integer) || value.is(JsonKind::real);
}

// Numbers by value: a real may be printed without a fraction.
bool same(JsonView a, JsonView b) {
    if (is_number(a) && is_number(b)) {
        return a.number() == b.number();
    }
    if (a.is(JsonKind::null)) {
        return !b || b.is(JsonKind::null);
    }
    if (!a || !b || a.kind() != b.kind() ||
        (a.is(JsonKind::array) && a.size() != b.size()) ||
        a.string() != b.string() || a.boolean() != b.boolean()) {
        return false;
    }
    bool equal = true;
    for (std::size_t i = 0; a.is(JsonKind::array) && i < a.size(); i++) {
        equal = equal && same(a.at(i), b.at(i));
    }
    a.for_each_member([&](std::string_view name, JsonView member) {
        const JsonView other = b.find(name);
        equal = equal && (member.exact() ? same(member, other) : !other);
    });
    return equal;
}

// What is shown reads back the same.
void check_text(JsonView object) {
    std::string json;
    object.append_json(json);
    REQUIRE(!fuzz::has_control_byte(json));
    const auto again = Payload::parse(json);
    REQUIRE(again && same(object, again->view()));
}

void check_packed(JsonView value, ClaimValue packed) {
    if (!value.exact() || value.kind() == JsonKind::null) {
        REQUIRE(!packed.present() && !packed.printable());
        REQUIRE(packed.text().empty() && !packed.number());
        return;
    }
    REQUIRE(packed.present() && packed.kind() == value.kind());
    std::string text;
    value.append_text(text);
    REQUIRE(packed.text() == text);
    REQUIRE(packed.printable() == !fuzz::has_control_byte(text));
    const auto number = packed.number();
    REQUIRE(number.has_value() == value.number().has_value());
    REQUIRE(!number || number->real == *value.number());

    std::size_t scalars = 0;
    for (std::size_t i = 0; i < value.size(); i++) {
        const JsonView element = value.at(i);
        scalars += element && element.kind() != JsonKind::null &&
                   element.kind() != JsonKind::array &&
                   element.kind() != JsonKind::object;
    }
    std::size_t seen = 0;
    packed.any_element([&](ClaimValue element) {
        REQUIRE(element.present());
        seen++;
        return false;
    });
    REQUIRE(seen == scalars);
}

void check_number(std::string_view text) {
    const auto number = parse_number(text);
    REQUIRE(!number || std::isfinite(number->real));
    // jansson overlooks a NUL behind a number.
    if (text.find_first_of(std::string_view(" \t\r\n\0", 5)) != text.npos) {
        return;
    }
    json_t *plain =
        json_loadb(text.data(), text.size(),
                   JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, nullptr);
    if (json_is_real(plain)) {
        // The least reals may be said to be out of range.
        REQUIRE(number ? number->real == json_real_value(plain)
                       : std::fabs(json_real_value(plain)) < 1e-300);
    } else {
        REQUIRE(!number);
    }
    json_decref(plain);
    plain = json_loadb(text.data(), text.size(), JSON_DECODE_ANY, nullptr);
    REQUIRE(!json_is_integer(plain) ||
            number->integer == json_integer_value(plain));
    json_decref(plain);
}

bool is_judged(const Operand &operand, Operator op,
               std::span<const std::string_view> values) {
    if (op == Operator::is_present) {
        return true;
    }
    if (!operand.present()) {
        return false;
    }
    switch (op) {
        case Operator::less:
        case Operator::greater:
            return operand.number() && parse_number(values[0]);
        case Operator::has:
            return operand.text || operand.claim.kind() != JsonKind::object;
        default:
            return operand.scalar().has_value();
    }
}

void check_rule(const Operand &operand, std::string_view rule) {
    std::vector<std::string_view> words;
    while (!rule.empty()) {
        const std::size_t end = std::min(rule.find(' '), rule.size());
        words.push_back(rule.substr(0, end));
        rule.remove_prefix(std::min(end + 1, rule.size()));
    }
    const auto op = words.empty() ? std::nullopt : parse_operator(words[0]);
    for (const std::string_view word : words) {
        check_number(word);
    }
    if (!op || op->op == Operator::matches ||
        (op->one_value ? words.size() != 2
                       : (words.size() == 1) != op->no_value)) {
        return;
    }
    OperatorWord other = *op;
    other.negated = !op->negated;
    const std::span<const std::string_view> values(words.data() + 1,
                                                   words.size() - 1);
    const bool met = meets(operand, *op, values);
    const bool other_met = meets(operand, other, values);
    // Of what the operator judges, one of the two; of anything else, neither.
    if (is_judged(operand, op->op, values)) {
        REQUIRE(met != other_met);
    } else {
        REQUIRE(!met && !other_met);
    }
}

// RFC 6901 4, read the plain way.
void check_path(std::string_view text, const ClaimPath &path) {
    std::string joined;
    if (!text.starts_with('/')) {
        REQUIRE(path.size() == 1 && path[0] == text);
        return;
    }
    for (const std::string &step : path) {
        joined += '/';
        for (const char c : step) {
            joined += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
        }
    }
    REQUIRE(joined == text);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string_view rest = fuzz::text_of(data, size);
    const std::string_view path_text = fuzz::take_line(rest);
    const std::string_view rule = fuzz::take_line(rest);

    check_number(path_text);
    const auto path = parse_claim_path(path_text);
    if (path) {
        check_path(path_text, *path);
    } else {
        REQUIRE(path_text.starts_with('/'));
    }
    Operand text;
    text.text = path_text;
    check_rule(text, rule);

    const auto claims = Claims::parse(rest);
    if (!claims) {
        REQUIRE(claims.error() == Error::payload_json ||
                claims.error() == Error::payload_depth ||
                claims.error() == Error::payload_duplicate);
        return 0;
    }
    REQUIRE(rest.find('\0') == rest.npos);
    check_text(claims->root());
    std::vector<JsonView> views{claims->root(), JsonView()};
    if (path) {
        views.push_back(find_claim(claims->root(), *path));
    }
    claims->root().for_each_member(
        [&](std::string_view, JsonView member) { views.push_back(member); });
    for (const JsonView view : views) {
        std::string packed;
        ClaimValue::pack(packed, view);
        check_packed(view, ClaimValue(packed));
        Operand operand;
        operand.claim = ClaimValue(packed);
        check_rule(operand, rule);
    }
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    fuzz::Random random(seed);
    if (random() % 3 == 0) {
        return LLVMFuzzerMutate(data, size, max);
    }
    std::string_view rest = fuzz::text_of(data, size);
    const std::string path(fuzz::take_line(rest));
    const std::string rule(fuzz::take_line(rest));
    return fuzz::give_back(
        path + "\n" + rule + "\n" +
            fuzz::mutate_json(std::string(rest), kWords, max, random),
        data, size, max);
}
