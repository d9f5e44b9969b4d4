// Claim values as bytes: exact or absent.

#include "idt_token/claim_value.h"

#include <string>
#include <vector>

#include "unit/support.h"
#include "unit/tenant.h"

using namespace id_token;

namespace {

std::string pack(const std::string &json) {
    Claims claims = unit::parse_claims("{\"v\":" + json + "}");
    std::string out;
    ClaimValue::pack(out, claims.find("v"));
    return out;
}

void shows(const std::string &json, std::string_view text, JsonKind kind,
           bool printable = true) {
    std::string packed = pack(json);
    ClaimValue value(packed);
    assert_true(value.present());
    assert_true(value.kind() == kind);
    assert_text(value.text(), text);
    assert_int_equal(value.printable(), printable);
}

void what_is_not_there_is_absent(void **) {
    std::string out;
    ClaimValue::pack(out, JsonView());
    assert_true(out.empty());
    assert_true(pack("null").empty());
    ClaimValue absent;
    assert_false(absent.present());
    assert_false(absent.printable());
    assert_true(absent.text().empty());
    assert_false(absent.number().has_value());
    assert_false(absent.any_element([](ClaimValue) { return true; }));
}

void scalars_are_shown_as_they_are(void **) {
    shows(R"("a b\u00e9\/")", "a b\xc3\xa9/", JsonKind::string);
    shows(R"("")", "", JsonKind::string);
    shows("0", "0", JsonKind::integer);
    shows("-0", "0", JsonKind::integer);
    shows("9007199254740993", "9007199254740993", JsonKind::integer);
    shows("9223372036854775807", "9223372036854775807", JsonKind::integer);
    shows("true", "true", JsonKind::boolean);
    shows("false", "false", JsonKind::boolean);
    shows("0.1", "0.1", JsonKind::real);
    shows("1.5e3", "1500", JsonKind::real);
}

void arrays_and_objects_are_compact_json(void **) {
    shows(R"([ 1, "a" , null ])", R"([1,"a",null])", JsonKind::array);
    shows("[]", "[]", JsonKind::array);
    shows(R"({ "a" : [ true ] })", R"({"a":[true]})", JsonKind::object);
}

void what_could_become_a_header_line_is_told(void **) {
    shows(R"("a\nb")", "a\nb", JsonKind::string, false);
    shows(R"("\u001f")", "\x1f", JsonKind::string, false);
    shows(R"(" ")", " ", JsonKind::string);
    shows(R"("\u007f")", "\x7f", JsonKind::string, false);
    shows(R"("~")", "~", JsonKind::string);
    shows(R"("\u0080")", "\xc2\x80", JsonKind::string);
    // escaped inside JSON
    shows(R"(["a\nb"])", R"(["a\nb"])", JsonKind::array);
}

void numbers_can_be_compared(void **) {
    auto number = [](const std::string &json) {
        std::string packed = pack(json);
        const auto number = ClaimValue(packed).number();
        return number ? std::optional(number->real) : std::nullopt;
    };
    assert_true(number("12") == 12.0);
    assert_true(number("-1.25") == -1.25);
    assert_true(number("1e300") == 1e300);
    assert_true(number("9223372036854775807") == 9223372036854775808.0);
    assert_false(number(R"("12")").has_value());
    assert_false(number("true").has_value());
    assert_false(number("[12]").has_value());
}

std::string elements(const std::string &json) {
    std::string packed = pack(json);
    std::string out;
    ClaimValue(packed).any_element([&](ClaimValue e) {
        out += std::string(e.text()) + (e.number() ? "#|" : "|");
        return false;
    });
    return out;
}

void scalar_elements_are_walked(void **) {
    assert_string_equal(
        elements(R"(["a",1,true,"",null,[2],{"b":3},1.5])").c_str(),
        "a|1#|true||1.5#|");
    assert_text(elements("[]"), "");
    assert_text(elements(R"("a")"), "");
    assert_text(elements(R"({"a":1})"), "");
}

void a_walk_ends_at_the_first_match(void **) {
    std::string packed = pack(R"(["a","b","c"])");
    int seen = 0;
    assert_true(ClaimValue(packed).any_element([&](ClaimValue e) {
        seen++;
        return e.text() == "b";
    }));
    assert_int_equal(seen, 2);
}

void packing_appends(void **) {
    Claims claims = unit::parse_claims(R"({"a":["x"],"b":"y"})");
    std::string out;
    ClaimValue::pack(out, claims.find("a"));
    const std::size_t first = out.size();
    ClaimValue::pack(out, claims.find("b"));
    ClaimValue a(std::string_view(out).substr(0, first));
    ClaimValue b(std::string_view(out).substr(first));
    assert_true(a.text() == R"(["x"])");
    assert_true(a.any_element([](ClaimValue e) { return e.text() == "x"; }));
    assert_true(b.text() == "y");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_there_is_absent),
        cmocka_unit_test(scalars_are_shown_as_they_are),
        cmocka_unit_test(arrays_and_objects_are_compact_json),
        cmocka_unit_test(what_could_become_a_header_line_is_told),
        cmocka_unit_test(numbers_can_be_compared),
        cmocka_unit_test(scalar_elements_are_walked),
        cmocka_unit_test(a_walk_ends_at_the_first_match),
        cmocka_unit_test(packing_appends),
    };
    return cmocka_run_group_tests_name("claim_value", tests, nullptr, nullptr);
}
