#include "idt_lib/json_split.h"

#include <new>
#include <string>
#include <utility>
#include <vector>

#include "idt_base/json_string.h"
#include "unit/allocation.h"
#include "unit/support.h"

using namespace id_token;

namespace {

using Progress = JsonSplit::Progress;

void accept(const std::string &text) {
    JsonSplit split(text);
    assert_true(split.run() == Progress::done);
}

void refuse(const std::string &text,
            JsonSplitError error = JsonSplitError::syntax) {
    JsonSplit split(text);
    assert_true(split.run() == Progress::failed);
    assert_int_equal(static_cast<int>(split.error()), static_cast<int>(error));
}

void members_are_found_with_their_text(void **) {
    const std::string text =
        " {\"a\" : 1 ,\"b\":[1,{\"a\":2}],\n\"\":\"x\\\"}\",\"\\u0063\":{} }\t";
    JsonSplit split(text);
    assert_true(split.run() == Progress::done);
    const std::pair<const char *, const char *> expected[] = {
        {"a", "1"}, {"b", R"([1,{"a":2}])"}, {"", R"("x\"}")"}, {"c", "{}"}};
    assert_int_equal(split.members().size(), 4);
    for (std::size_t i = 0; i < 4; i++) {
        assert_text(split.members()[i].name, expected[i].first);
        assert_text(split.members()[i].value, expected[i].second);
    }
    assert_ptr_equal(split.find("c"), &split.members()[3]);
    assert_null(split.find("d"));
    assert_text(split.find_string("").value(), "x\"}");
    assert_false(split.find_string("a").has_value());
    assert_false(split.has_array());
}

void an_array_is_split(void **) {
    const std::string text =
        R"({"x":[{"kid":"no"}],"keys":[1,{"a":[{"kid":"no"}],"kid":"k\u0041"},)"
        R"({"kid":["no"]},[{"kid":"no"}],{"b":"no","kid":7}],"y":[2]})";
    JsonSplit split(text, "keys", "kid", 4);
    assert_true(split.run() == Progress::done);
    assert_true(split.has_array());
    assert_int_equal(split.element_count(), 5);
    const auto &elements = split.elements();
    assert_int_equal(elements.size(), 4);
    assert_text(elements[0].value, "1");
    assert_text(elements[1].value, R"({"a":[{"kid":"no"}],"kid":"k\u0041"})");
    assert_text(elements[2].value, R"({"kid":["no"]})");
    assert_text(elements[3].value, R"([{"kid":"no"}])");
    assert_text(elements[1].label.value(), "kA");
    for (const int i : {0, 2, 3}) {
        assert_false(elements[i].label.has_value());
    }
}

void only_an_array_of_the_name_is_split(void **) {
    for (const char *text :
         {R"({"keys":{"keys":[1]}})", R"({"x":{"keys":[1]}})",
          R"({"x":[["keys"]],"keys":"[1]"})", R"({"kEys":[1]})"}) {
        JsonSplit split(text, "keys", "kid", 4);
        assert_true(split.run() == Progress::done);
        assert_false(split.has_array());
        assert_int_equal(split.element_count(), 0);
    }
    JsonSplit split(R"({"\u006beys":[]})", "keys", "kid", 4);
    assert_true(split.run() == Progress::done);
    assert_true(split.has_array());
}

void the_grammar_is_kept(void **) {
    for (const char *value :
         {"0", "-0", "10", "1.5", "1e5", "1E+5", "0.0e-0", "true", "false",
          "null", "\"\"", "[]", "{}", "[ 1 , 2 ]", R"({"a":[],"b":{}})",
          "123456789012345678901234567890", "1e999"}) {
        accept("{\"x\":" + std::string(value) + "}");
    }
    for (const char *value :
         {"",      "00",        "01",       "-",          "+1",   ".5",
          "1.",    "1e",        "1e+",      "0x1",        "NaN",  "Infinity",
          "tru",   "TRUE",      "nul",      "'a'",        "[1,]", "[,1]",
          "[1 2]", "{\"a\"}",   "{\"a\":}", "{\"a\":1,}", "{,}",  "{1:1}",
          "{a:1}", "{\"a\" 1}", "[1}",      "{\"a\":1]",  "[",    "{",
          "\"",    "1,",        "1 1",      "/**/1",      "1//"}) {
        refuse("{\"x\":" + std::string(value) + "}");
    }
    for (const char *text : {"", " ", "{", "}", "{}x", "{}{}", "{},", "x",
                             "\xef\xbb\xbf{}", "]"}) {
        refuse(text);
    }
    for (const char *text : {"[]", "1", "null", "\"x\"", "[{\"a\":1}]"}) {
        refuse(text, JsonSplitError::not_an_object);
    }
    refuse(std::string("{}\0", 3));
    refuse(std::string("{\"x\":1\0}", 8));
}

void strings_are_utf8_without_control_characters(void **) {
    for (const char *body :
         {"a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
          "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
          "\xf4\x8f\xbf\xbf", R"(\"\\\/\b\f\n\r\t)", R"(\u00e4\uD83D\uDE00)"}) {
        accept("{\"x\":\"" + std::string(body) + "\"}");
        accept("{\"" + std::string(body) + "\":1}");
    }
    for (const char *body :
         {"\x1f", "\n", "\x80", "\xc1\xbf", "\xc2", "\xc2x", "\xe0\x9f\xbf",
          "\xed\xa0\x80", "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
          "\xf5\x80\x80\x80", "\xff", R"(\x)", R"(\u12)", R"(\u12g4)",
          R"(\U0041)", R"(\)"}) {
        refuse("{\"x\":\"" + std::string(body) + "\"}");
        refuse("{\"" + std::string(body) + "\":1}");
    }
}

void escapes_are_undone(void **) {
    assert_text(json_unescape(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
    assert_text(json_unescape(R"(\u0041\u00e4\u20AC\ud83D\uDe00)"),
                "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_text(json_unescape(R"(a\u0000b)"), std::string("a\0b", 3));
    assert_text(json_unescape(R"(\ud83dx)"), "\xed\xa0\xbdx");
    assert_text(json_unescape("\xc3\xa4"), "\xc3\xa4");
}

void a_member_twice_is_refused_at_any_depth(void **) {
    accept(R"({"a":{"b":1},"b":{"b":1,"c":[{"b":1},{"b":1}]}})");
    for (const char *text :
         {R"({"a":1,"a":1})", R"({"a":1,"b":2,"\u0061":1})",
          R"({"x":[[{"a":1,"b":1,"a":1}]]})", R"({"":1,"":1})",
          R"({"\ud83d":1,"\ud83d":1})", R"({"\u0000":1,"\u0000":1})"}) {
        refuse(text, JsonSplitError::duplicate);
    }
    accept(R"({"\ud83d":1,"\ud83e":1,"a\u0000":1,"a":1})");
}

void members_are_bounded(void **) {
    const auto object = [](std::size_t n) {
        std::string text;
        for (std::size_t i = 0; i < n; i++) {
            text += (i == 0 ? "{\"" : ",\"") + std::to_string(i * 7919 % n) +
                    "x" + std::to_string(i) + "\":1";
        }
        return text + "}";
    };
    accept(object(kMaxJsonMembers));
    refuse(object(kMaxJsonMembers + 1), JsonSplitError::members);
}

void nesting_is_bounded(void **) {
    const auto nested = [](std::size_t n) {
        return "{\"x\":" + std::string(n - 1, '[') + std::string(n - 1, ']') +
               "}";
    };
    accept(nested(kMaxJsonDepth));
    refuse(nested(kMaxJsonDepth + 1), JsonSplitError::depth);
    refuse(std::string(1'000'000, '['), JsonSplitError::depth);
}

void flaws_are_told_where_they_are(void **) {
    const std::string text =
        R"({"a":"\ud83d","b":"\ud83d\ude00","\udc00":1,"c\u0000":{"d":1},)"
        R"("e":[{"\u0000":"\ud800\ud800"}],"f":"\u0000","keys":[)"
        R"("\ud800",1,{"\u0000":1},2]})";
    JsonSplit split(text, "keys", "kid", 10);
    assert_true(split.run() == Progress::done);
    const auto shown = [](const JsonFlaws &f) {
        return std::string(f.surrogate ? "s" : "") + (f.nul_name ? "n" : "");
    };
    std::string members;
    for (std::size_t i = 0; i < 6; i++) {
        members += shown(split.members()[i].flaws) + ",";
    }
    assert_text(members, "s,,s,n,sn,,");
    std::string elements;
    for (const auto &e : split.elements()) {
        elements += shown(e.flaws) + ",";
    }
    assert_text(elements, "s,,n,,");
    assert_false(split.find_string("a").has_value());
    assert_text(split.find_string("f").value(), std::string(1, '\0'));
}

Progress in_steps(JsonSplit &split, std::size_t work, std::size_t *steps) {
    Progress progress = Progress::more;
    for (*steps = 0; progress == Progress::more; (*steps)++) {
        std::size_t left = work;
        progress = split.step(left);
        assert_true(left == 0 || progress != Progress::more);
    }
    return progress;
}

// Whatever the steps, the same comes out of it.
void it_can_stop_anywhere(void **) {
    const std::string good =
        R"({"a\n":"\ud83d\ude00 \u00e4","b":[-1.5e7,true,null,{"c":"d"}],)"
        "\"keys\":[{\"kid\":\"\xf0\x9f\x98\x80\"}, 12 ]} ";
    std::size_t steps = 0;
    for (std::size_t work = 1; work < good.size() + 2; work++) {
        JsonSplit split(good, "keys", "kid", 10);
        assert_true(in_steps(split, work, &steps) == Progress::done);
        assert_true(steps >= good.size() / (work + 11));
        assert_int_equal(split.members().size(), 3);
        assert_text(split.members()[1].value,
                    R"([-1.5e7,true,null,{"c":"d"}])");
        assert_text(split.elements()[0].label.value(), "\xf0\x9f\x98\x80");
    }
    for (std::size_t n = 0; n < good.size() - 1; n++) {
        JsonSplit split(std::string_view(good).substr(0, n));
        assert_true(in_steps(split, 1, &steps) == Progress::failed);
    }
    const std::string text(100'000, 'x');
    const std::string longer = "{\"x\":\"" + text + "\"}";
    JsonSplit split(longer);
    assert_true(in_steps(split, 1000, &steps) == Progress::done);
    assert_true(steps >= 100);
}

void a_failed_allocation_is_thrown(void **) {
    const std::string text =
        R"({"a\n":{"b":1,"c":1},"keys":[{"kid":"a kid that is long enough"}]})";
    const long failed = unit::with_each_allocation_failing(
        unit::Failing::one,
        [&] {
            try {
                JsonSplit split(text, "keys", "kid", 10);
                return split.run() == Progress::done ? 1 : 0;
            } catch (const std::bad_alloc &) {
                return 2;
            }
        },
        [](int answer, bool hit) { assert_int_equal(answer, hit ? 2 : 1); });
    assert_true(failed > 5);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(members_are_found_with_their_text),
        cmocka_unit_test(an_array_is_split),
        cmocka_unit_test(only_an_array_of_the_name_is_split),
        cmocka_unit_test(the_grammar_is_kept),
        cmocka_unit_test(strings_are_utf8_without_control_characters),
        cmocka_unit_test(escapes_are_undone),
        cmocka_unit_test(a_member_twice_is_refused_at_any_depth),
        cmocka_unit_test(members_are_bounded),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(flaws_are_told_where_they_are),
        cmocka_unit_test(it_can_stop_anywhere),
        cmocka_unit_test(a_failed_allocation_is_thrown),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
