#include "idt_lib/json.h"

#include <jansson.h>

#include <new>

#include "unit/allocation.h"
#include "unit/support.h"

using namespace id_token;
using namespace std::string_view_literals;

namespace {

Json parse(std::string_view text) {
    auto json = Json::parse(text);
    if (!json) {
        print_error("refused: %s\n", std::string(text).c_str());
    }
    assert_true(static_cast<bool>(json));
    return std::move(*json);
}

void accept(std::string_view text) {
    parse(text);
}

void refuse(std::string_view text, JsonError reason = JsonError::syntax) {
    const auto json = Json::parse(text);
    if (json) {
        print_error("accepted: %s\n", std::string(text).c_str());
    }
    assert_false(static_cast<bool>(json));
    assert_int_equal(json.error(), reason);
}

std::string compact(std::string_view text) {
    std::string out;
    parse(text).view().append_json(out);
    return out;
}

// The text of the member "a".
std::string shown(std::string_view value) {
    const Json json = parse("{\"a\":" + std::string(value) + "}");
    std::string out;
    json.view().find("a").append_text(out);
    return out;
}

void only_an_object_is_a_document(void **) {
    accept("{}");
    accept(" \t\r\n{ } \n");
    for (const char *text :
         {"[]", "[{}]", "1", "1.5", "\"a\"", "true", "false", "null"}) {
        refuse(text, JsonError::not_an_object);
    }
    refuse("");
    refuse(" ");
}

void what_follows_the_object_is_refused(void **) {
    accept("{\"a\":1} ");
    for (const char *text :
         {"{}{}", "{},", "{} x", "{}]", "{}}", "{}\"\"", "{}//"}) {
        refuse(text);
    }
    refuse("{}\0"sv);
    refuse("{}\0{}"sv);
}

void what_is_not_json_is_refused(void **) {
    for (const char *text : {"{",
                             "}",
                             "{\"a\"}",
                             "{\"a\":}",
                             "{\"a\":1,}",
                             "{,}",
                             "{'a':1}",
                             "{a:1}",
                             "{\"a\":01}",
                             "{\"a\":+1}",
                             "{\"a\":.5}",
                             "{\"a\":1.}",
                             "{\"a\":1e}",
                             "{\"a\":NaN}",
                             "{\"a\":Infinity}",
                             "{\"a\":-}",
                             "{\"a\":0x1}",
                             "{\"a\":True}",
                             "{\"a\":[1,]}",
                             "{\"a\":[}",
                             "{\"a\":\"}",
                             "{\"a\":\"\\x\"}",
                             "{\"a\":\"\\u12\"}",
                             "{\"a\":\"\t\"}",
                             "{\"a\":\"\n\"}",
                             "/**/{}",
                             "{}#"}) {
        refuse(text);
    }
}

void a_member_twice_is_refused_at_any_depth(void **) {
    accept(R"({"a":1,"b":1})");
    refuse(R"({"a":1,"a":1})");
    refuse(R"({"a":1,"b":2,"a":3})");
    refuse(R"({"a":1,"\u0061":2})");
    refuse(R"({"o":{"a":1,"a":2}})");
    refuse(R"({"l":[{"l":[{"a":1,"a":2}]}]})");
    accept(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]})");
    accept(R"({"a":1,"A":2})");
}

void nul_is_refused(void **) {
    for (const char *value : {"1", "1.5", "true", "false", "null"}) {
        const std::string json = std::string(R"({"a":)") + value + "}";
        accept(json);
        // after the value, where jansson alone would overlook it
        std::string nul = json;
        nul.insert(nul.size() - 1, 1, '\0');
        refuse(nul);
    }
    refuse("{\"a\":\"x\0y\"}"sv);
    refuse("{\"a\0\":1}"sv);
    refuse("\0{}"sv);
    refuse("{\0}"sv);
    refuse(R"({"a":"x\u0000"})");
    refuse(R"({"\u0000":1})");
    accept(R"({"a":"x\u0001"})");
}

void a_bom_is_refused(void **) {
    refuse("\xef\xbb\xbf{}");
    accept("{\"a\":\"\xef\xbb\xbf\"}");
}

void bad_utf8_is_refused(void **) {
    for (const char *bytes :
         {"\x80", "\xbf", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe2\x82",
          "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
          "\xf0\x9f\x98", "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80",
          "\xff", "\xfe\xff"}) {
        refuse("{\"a\":\"" + std::string(bytes) + "\"}");
        refuse("{\"" + std::string(bytes) + "\":1}");
    }
    for (const char *bytes :
         {"\xc2\x80", "\xe2\x82\xac", "\xed\x9f\xbf", "\xee\x80\x80",
          "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
        assert_text(shown("\"" + std::string(bytes) + "\""), bytes);
    }
}

void lone_surrogates_are_refused(void **) {
    refuse(R"({"a":"\ud800"})");
    refuse(R"({"a":"\udc00"})");
    refuse(R"({"a":"\ud800\ud800"})");
    refuse(R"({"a":"\udc00\ud800"})");
    refuse(R"({"a":"\ud800x"})");
    assert_text(shown(R"("\ud83d\ude00")"), "\xf0\x9f\x98\x80");
}

std::string nested(std::size_t depth, char open, char close) {
    std::string text;
    for (std::size_t i = 1; i < depth; i++) {
        text += open == '[' ? "[" : "{\"a\":";
    }
    text += "0";
    for (std::size_t i = 1; i < depth; i++) {
        text += close;
    }
    return "{\"a\":" + text + "}";
}

void nesting_is_bounded(void **) {
    accept(nested(kMaxJsonDepth, '[', ']'));
    refuse(nested(kMaxJsonDepth + 1, '[', ']'), JsonError::depth);
    accept(nested(kMaxJsonDepth, '{', '}'));
    refuse(nested(kMaxJsonDepth + 1, '{', '}'), JsonError::depth);
    refuse(std::string(1'000'000, '['), JsonError::depth);
    refuse("{\"a\":" + std::string(1'000'000, '['), JsonError::depth);

    // Width is no depth, nor are brackets in a string.
    std::string wide = "{\"a\":[0";
    for (int i = 0; i < 1000; i++) {
        wide += ",[],{}";
    }
    accept(wide + "]}");
    accept("{\"a\":\"\\\"" + std::string(1000, '[') + "\"}");
    refuse("{\"a\":\"\\\\\"," + std::string(1000, '['), JsonError::depth);
}

void numbers_out_of_range_are_refused(void **) {
    accept(R"({"a":9223372036854775807,"b":-9223372036854775808})");
    refuse(R"({"a":9223372036854775808})");
    refuse(R"({"a":-9223372036854775809})");
    accept(R"({"a":1e308,"b":-1e308})");
    refuse(R"({"a":1e309})");
    refuse(R"({"a":-1e309})");
    accept(R"({"a":1e-400})");
}

void what_is_not_exact_may_be_let_be(void **) {
    const auto lossy = [](std::string_view text) {
        return static_cast<bool>(Json::parse(text, JsonValues::lossy));
    };
    for (const char *value :
         {"9223372036854775808", "-9223372036854775809",
          "123456789012345678901234567890", R"("x\u0000y")"}) {
        const std::string text = std::string(R"({"a":)") + value + "}";
        assert_true(lossy(text));
        refuse(text);
    }
    const auto json =
        Json::parse(R"({"a":"x\u0000y","b":1e1})", JsonValues::lossy);
    assert_true(json->view().find("a").string() == "x\0y"sv);

    for (const std::string_view text :
         {R"({"a":1e400})"sv, R"({"a":"\ud800"})"sv, R"({"\u0000":1})"sv,
          R"({"a":1,"a":2})"sv, R"({"a":01})"sv, "{\"a\":\"\xff\"}"sv,
          "{\"a\":1\0}"sv, "{} x"sv, "[]"sv}) {
        assert_false(lossy(text));
    }
    assert_true(lossy(nested(kMaxJsonDepth, '[', ']')));
    assert_false(lossy(nested(kMaxJsonDepth + 1, '[', ']')));
}

void values_have_their_kind(void **) {
    const Json json = parse(
        R"({"n":null,"t":true,"f":false,"i":-7,"r":2.5,"s":"x","l":[1,"y"],)"
        R"("o":{"k":1}})");
    const JsonView v = json.view();

    assert_true(v.find("n").is(JsonKind::null));
    assert_true(v.find("t").is(JsonKind::boolean));
    assert_true(v.find("f").is(JsonKind::boolean));
    assert_true(v.find("i").is(JsonKind::integer));
    assert_true(v.find("r").is(JsonKind::real));
    assert_true(v.find("s").is(JsonKind::string));
    assert_true(v.find("l").is(JsonKind::array));
    assert_true(v.find("o").is(JsonKind::object));

    assert_true(v.find("t").boolean() == true);
    assert_true(v.find("f").boolean() == false);
    assert_false(v.find("n").boolean().has_value());
    assert_true(v.find("i").number() == -7);
    assert_true(v.find("i").number() == -7.0);
    assert_true(v.find("r").number() == 2.5);
    assert_false(v.find("s").number().has_value());
    assert_true(v.find("s").string() == "x");
    assert_false(v.find("i").string().has_value());
    assert_int_equal(v.find("l").size(), 2);
    assert_true(v.find("l").at(1).string() == "y");
    assert_false(static_cast<bool>(v.find("l").at(2)));
    assert_false(static_cast<bool>(v.find("o").at(0)));
    assert_int_equal(v.find("o").size(), 1);
    assert_int_equal(v.find("s").size(), 0);
    assert_int_equal(v.size(), 8);
}

void nothing_answers_absent(void **) {
    const JsonView nothing;
    assert_false(static_cast<bool>(nothing));
    assert_false(nothing.is(JsonKind::null));
    assert_false(static_cast<bool>(nothing.find("a")));
    assert_false(static_cast<bool>(nothing.at(0)));
    assert_false(nothing.string() || nothing.boolean() || nothing.number());
    assert_int_equal(nothing.size(), 0);
    nothing.for_each_member(
        [](std::string_view, JsonView) { assert_true(false); });
    std::string out;
    nothing.append_json(out);
    nothing.append_text(out);
    assert_text(out, "");
}

void names_are_compared_byte_for_byte(void **) {
    const Json json = parse(R"({"a\u0062":1,"A":2,"":3})");
    assert_true(json.view().find("ab").number() == 1);
    assert_true(json.view().find("A").number() == 2);
    assert_true(json.view().find("").number() == 3);
    for (const auto name : {"a"sv, "abc"sv, "a\0"sv, "ab\0"sv, "Ab"sv}) {
        assert_false(static_cast<bool>(json.view().find(name)));
    }
    // A view into something longer.
    assert_true(json.view().find("abc"sv.substr(0, 2)).number() == 1);
}

void members_keep_the_order_of_the_document(void **) {
    std::string text = "{\"m0\":0";
    for (int i = 1; i < 200; i++) {
        text +=
            ",\"m" + std::to_string(i * 7919 % 200) + "\":" + std::to_string(i);
    }
    assert_text(compact(text + "}"), text + "}");
}

void compact_json(void **) {
    assert_text(compact(" { \"a\" : [ 1 , true , null , { } , [ ] ] } "),
                R"({"a":[1,true,null,{},[]]})");
    assert_text(compact(R"({"s":"\"\\\/\b\f\n\r\t\u0001\u001f\u007f\u00e9"})"),
                "{\"s\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f"
                "\xc3\xa9\"}");
    assert_text(compact(R"({"\n\"":1})"), R"({"\n\"":1})");
}

void numbers_in_their_shortest_exact_form(void **) {
    assert_text(shown("0"), "0");
    assert_text(shown("-0"), "0");
    assert_text(shown("9223372036854775807"), "9223372036854775807");
    assert_text(shown("-9223372036854775808"), "-9223372036854775808");
    assert_text(shown("9007199254740993"), "9007199254740993");
    assert_text(shown("1e3"), "1000");
    assert_text(shown("1000.0"), "1000");
    assert_text(shown("0.1"), "0.1");
    assert_text(shown("1.10"), "1.1");
    assert_text(shown("-2.5e-7"), "-2.5e-07");
    assert_text(shown("5e-324"), "5e-324");
    assert_text(shown("1.7976931348623157e308"), "1.7976931348623157e+308");
    assert_text(shown("0.30000000000000004"), "0.30000000000000004");
}

// Digits alone would be an integer that no parser of ours takes.
void reals_beyond_integers_have_an_exponent(void **) {
    assert_text(shown("12345678901234567890.0"), "1.2345678901234567e+19");
    assert_text(shown("-12345678901234567890.0"), "-1.2345678901234567e+19");
    assert_text(shown("9223372036854775808.0"), "9.223372036854776e+18");
    assert_text(shown("-9223372036854775808.0"), "-9223372036854775808");
    const std::string once = compact(R"({"n":[12345678901234567890.0,1e19]})");
    assert_text(compact(once), once);
}

void claims_are_shown_as_they_are(void **) {
    assert_text(shown("\"a \\u00e9\""), "a \xc3\xa9");
    assert_text(shown("\"a\\nb\""), "a\nb");
    assert_text(shown("true"), "true");
    assert_text(shown("null"), "null");
    assert_text(shown("[1, \"b\"]"), "[1,\"b\"]");
    assert_text(shown("{\"k\": 1}"), "{\"k\":1}");
}

void what_is_shown_reads_back_the_same(void **) {
    const std::string text = R"({"a":[1.5,"\u007f\u2028x\u0010",{"b":-1}],)"
                             R"("c":1e300,"d":true,"e":null})";
    const std::string once = compact(text);
    assert_text(compact(once), once);
}

void a_document_moves(void **) {
    Json a = parse(R"({"a":1})");
    Json b = std::move(a);
    assert_true(b.view().find("a").number() == 1);
    a = parse(R"({"a":2})");
    std::swap(a, b);
    assert_true(a.view().find("a").number() == 1);
    assert_true(b.view().find("a").number() == 2);
}

void a_failed_allocation_is_told_from_bad_json(void **) {
    // Long strings and names, so that the lexer's buffer grows within them.
    const std::string text = "{\"" + std::string(100, 'n') + "\":\"" +
                             std::string(1000, 'x') + "\",\"l\":[1,2.5,\"" +
                             std::string(5000, 'y') + "\",{\"o\":true}]}";
    for (const unit::Failing how :
         {unit::Failing::one, unit::Failing::all_from}) {
        const long failed = unit::with_each_allocation_failing(
            how, [&] { return Json::parse(text); },
            [&](const Result<Json, JsonError> &json, bool hit) {
                assert_int_equal(static_cast<bool>(json), !hit);
                if (hit) {
                    assert_int_equal(json.error(), JsonError::out_of_memory);
                    return;
                }
                std::string out;
                json->view().append_json(out);
                assert_text(out, text);
            });
        assert_true(failed > 20);
    }
    accept(text);
}

void jansson_keeps_its_allocation_functions(void **) {
    json_malloc_t malloc_before = nullptr;
    json_free_t free_before = nullptr;
    json_malloc_t malloc_after = nullptr;
    json_free_t free_after = nullptr;
    json_get_alloc_funcs(&malloc_before, &free_before);
    accept("{}");
    refuse("{");
    json_get_alloc_funcs(&malloc_after, &free_after);
    assert_true(malloc_before == malloc_after);
    assert_true(free_before == free_after);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(only_an_object_is_a_document),
        cmocka_unit_test(what_follows_the_object_is_refused),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(a_member_twice_is_refused_at_any_depth),
        cmocka_unit_test(nul_is_refused),
        cmocka_unit_test(a_bom_is_refused),
        cmocka_unit_test(bad_utf8_is_refused),
        cmocka_unit_test(lone_surrogates_are_refused),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(numbers_out_of_range_are_refused),
        cmocka_unit_test(what_is_not_exact_may_be_let_be),
        cmocka_unit_test(values_have_their_kind),
        cmocka_unit_test(nothing_answers_absent),
        cmocka_unit_test(names_are_compared_byte_for_byte),
        cmocka_unit_test(members_keep_the_order_of_the_document),
        cmocka_unit_test(compact_json),
        cmocka_unit_test(numbers_in_their_shortest_exact_form),
        cmocka_unit_test(reals_beyond_integers_have_an_exponent),
        cmocka_unit_test(claims_are_shown_as_they_are),
        cmocka_unit_test(what_is_shown_reads_back_the_same),
        cmocka_unit_test(a_document_moves),
        cmocka_unit_test(a_failed_allocation_is_told_from_bad_json),
        cmocka_unit_test(jansson_keeps_its_allocation_functions),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
