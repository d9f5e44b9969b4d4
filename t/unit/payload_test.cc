// The reader of proven payloads: what it takes, refuses and lets be.

#include "idt_lib/payload.h"

#include <jansson.h>

#include <random>
#include <string>
#include <vector>

#include "idt_token/claim_value.h"
#include "idt_token/claims.h"
#include "unit/allocation.h"
#include "unit/payload_reference.h"
#include "unit/support.h"

using namespace id_token;
using namespace std::string_view_literals;

namespace {

Payload read(std::string_view text) {
    auto payload = Payload::parse(text);
    if (!payload) {
        print_error("refused: %s\n", std::string(text).c_str());
    }
    assert_true(bool(payload));
    return std::move(*payload);
}

void accept(std::string_view text) {
    read(text);
    assert_text(unit::difference_from_jansson(text), "");
}

void refuse(std::string_view text, PayloadError reason = PayloadError::syntax) {
    const auto payload = Payload::parse(text);
    if (payload) {
        print_error("accepted: %s\n", std::string(text).c_str());
    }
    assert_false(bool(payload));
    assert_int_equal(payload.error(), reason);
    assert_text(unit::difference_from_jansson(text), "");
}

std::string compact(std::string_view text) {
    std::string out;
    read(text).view().append_json(out);
    return out;
}

std::string with(std::string_view value) {
    return R"({"a":)" + std::string(value) + "}";
}

void an_object_and_nothing_behind_it(void **) {
    accept("{}");
    accept(" \t\r\n{ } \n");
    accept(R"({ "a" : [ 1 , { "b" : null } ] , "c" : "" })");
    for (const char *text :
         {"", " ", "[]", "1", "\"a\"", "null", "\xef\xbb\xbf{}"}) {
        refuse(text, PayloadError::not_an_object);
    }
    for (const std::string_view text :
         {"{}{}"sv, "{},"sv, "{} x"sv, "{}}"sv, "{}\0"sv, "{\0}"sv, "{"sv,
          "{\"a\":1"sv, "{\"a\":1\0}"sv, "{\"a"sv, "{\"a\\"sv,
          "{\"a\":\"\\u00"sv}) {
        refuse(text);
    }
}

void what_is_not_json_is_refused(void **) {
    for (const char *value :
         {"",      "1,",    ",",       "x",       "[1,]",     "[,]",
          "[1 2]", "[",     "[1}",     "{\"b\"}", "{\"b\":}", "{\"b\":1,}",
          "{,}",   "{b:1}", "{'b':1}", "tru",     "trux",     "True",
          "truex", "nul",   "fals",    "01",      "-01",      "-",
          "+1",    ".5",    "1.",      "1.e1",    "1e",       "1e+",
          "1e1.5", "1x",    "0x1",     "NaN",     "Infinity", "1 1"}) {
        refuse(with(value));
    }
    for (const char *value :
         {"[1]", "[[],{}]", "{\"b\":1}", "true", "null", "0", "-0", "10", "0.5",
          "1.0e1", "1e+1", "1E-1"}) {
        accept(with(value));
    }
}

void strings_are_unescaped(void **) {
    const Payload p = read(
        R"({"\u0061b":"\"\\\/\b\f\n\r\t","u":"\u00e9\u20ac\ud83d\ude00\u007F"})");
    assert_true(p.view().find("ab").string() == "\"\\/\b\f\n\r\t");
    assert_true(p.view().find("u").string() ==
                "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f");
    for (const char *escape : {"\\x", "\\", "\\u12", "\\u12g4", "\\u 123",
                               "\\U0041", "\\'", "\\0"}) {
        refuse(with("\"" + std::string(escape) + "\""));
    }
    for (const char *bytes : {"\t", "\n", "\x1f", "\x01"}) {
        refuse(with("\"1234567" + std::string(bytes) + "\""));
    }
    accept(with("\"1234567\x7f\""));
    // Wherever it stands in the steps of eight bytes.
    for (std::size_t i = 0; i < 20; i++) {
        const std::string text(i, 'x');
        const Payload q = read(with("\"" + text + "\\n" + text + "\""));
        assert_true(q.view().find("a").string() == text + "\n" + text);
    }
}

void bad_utf8_is_refused(void **) {
    for (const char *bytes :
         {"\x80", "\xbf", "\xc3", "\xc0\x80", "\xc1\xbf", "\xe2\x82", "\xe2x",
          "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
          "\xf0\x9f\x98", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80",
          "\xf5\x80\x80\x80", "\xff", "\xc3\xc3\xa9"}) {
        refuse(with("\"" + std::string(bytes) + "\""));
        refuse("{\"" + std::string(bytes) + "\":1}");
    }
    for (const char *bytes :
         {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xe2\x82\xac",
          "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80",
          "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf", "\xef\xbb\xbf"}) {
        accept(with("\"" + std::string(bytes) + "\""));
        accept("{\"" + std::string(bytes) + "\":1}");
    }
}

std::string object_of(std::size_t members, std::string_view last) {
    std::string text = "{";
    for (std::size_t i = 1; i < members; i++) {
        text += "\"m" + std::to_string(i) + "\":[" + std::to_string(i) + "],";
    }
    return text + "\"" + std::string(last) + "\":0}";
}

void a_member_twice_is_refused_at_any_depth(void **) {
    const auto twice = [](std::string_view text) {
        refuse(text, PayloadError::duplicate);
    };
    accept(R"({"a":1,"A":2,"":3,"ab":4})");
    twice(R"({"a":1,"a":1})");
    twice(R"({"a":1,"b":{"c":[2]},"a":3})");
    twice(R"({"a":1,"\u0061":2})");
    twice(R"({"":1,"":2})");
    twice(R"({"o":{"a":1,"a":2}})");
    twice(R"({"l":[{"l":[{"a":null,"a":null}]}]})");
    accept(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":1}]})");
    // Names that are spoiled, too: the same only if they are.
    twice(R"({"\ud800":1,"\ud800":2})");
    twice(R"({"\u0000":1,"\u0000":2})");
    accept(R"({"\ud800":1,"\ud801":2,"\udc00":3,"\u0000":4,"":5,"\u0000x":6})");
    // Both sides of where the way to find them changes.
    for (const std::size_t members : {2u, 31u, 32u, 33u, 34u, 100u, 1000u}) {
        accept(object_of(members, "m0"));
        twice(object_of(members, "m1"));
        twice(object_of(members, "m" + std::to_string(members - 1)));
        twice(R"({"o":)" + object_of(members, "m1") + "}");
    }
}

std::string nested(std::size_t depth, std::string_view open, char close) {
    std::string text = "{\"a\":";
    for (std::size_t i = 1; i < depth; i++) {
        text += open;
    }
    return text + "0" + std::string(depth - 1, close) + "}";
}

void nesting_is_bounded(void **) {
    accept(nested(kMaxJsonDepth, "[", ']'));
    refuse(nested(kMaxJsonDepth + 1, "[", ']'), PayloadError::depth);
    accept(nested(kMaxJsonDepth, "{\"a\":", '}'));
    refuse(nested(kMaxJsonDepth + 1, "{\"a\":", '}'), PayloadError::depth);
    refuse("{\"a\":" + std::string(1'000'000, '['), PayloadError::depth);
    std::string wide = "{\"a\":[0";
    for (int i = 0; i < 1000; i++) {
        wide += ",[],{}";
    }
    accept(wide + "]}");
    accept(with("\"" + std::string(1000, '[') + "\""));
}

void values_have_their_kind(void **) {
    const Payload p =
        read(R"({"t":true,"f":false,"i":-7,"r":2.5,"s":"x","l":[1,["y"],2],)"
             R"("o":{"k":1}})");
    const JsonView v = p.view();
    assert_true(v.find("t").boolean() == true);
    assert_true(v.find("f").boolean() == false);
    assert_true(v.find("i").is(JsonKind::integer));
    assert_true(v.find("i").number() == -7);
    assert_true(v.find("r").is(JsonKind::real));
    assert_true(v.find("r").number() == 2.5);
    assert_true(v.find("s").string() == "x");
    assert_true(v.find("l").is(JsonKind::array));
    assert_true(v.find("o").is(JsonKind::object));
    assert_false(v.find("s").number() || v.find("i").string() ||
                 v.find("l").boolean());
    assert_int_equal(v.size(), 7);
    assert_int_equal(v.find("l").size(), 3);
    assert_int_equal(v.find("s").size(), 0);
    assert_true(v.find("l").at(1).at(0).string() == "y");
    assert_true(v.find("l").at(2).number() == 2);
    assert_false(v.find("l").at(3) || v.find("o").at(0) || v.at(0) ||
                 v.find("l").find("k") || v.find("x"));
}

// RULES: a member whose value is null is absent; an element is not.
void a_member_that_is_null_is_absent(void **) {
    const Payload p = read(R"({"n":null,"l":[null],"o":{"n":null,"m":0}})");
    assert_false(bool(p.view().find("n")));
    assert_false(bool(p.view().find("o").find("n")));
    assert_true(bool(p.view().find("o").find("m")));
    assert_true(p.view().find("l").at(0).is(JsonKind::null));
    assert_text(compact(R"({"n":null})"), R"({"n":null})");
}

void numbers_keep_their_digits(void **) {
    for (const char *integer :
         {"0", "-1", "9223372036854775807", "-9223372036854775808",
          "9223372036854775808", "18446744073709551615",
          "-123456789012345678901234567890"}) {
        const std::string text = with(integer);
        assert_text(compact(text), text);
        assert_true(read(text).view().find("a").is(JsonKind::integer));
    }
    assert_true(read(with("9223372036854775808")).view().find("a").number() ==
                0x1p63);
    assert_text(compact(with("-0")), with("0"));
    assert_text(compact(with("1e3")), with("1000"));
    assert_text(compact(with("1.10")), with("1.1"));
    assert_text(compact(with("1e-400")), with("0"));
    assert_text(compact(with("5e-324")), with("5e-324"));
    assert_text(compact(with("1e30")), with("1e+30"));
    // Exact as a text, but no double is near.
    const Payload p = read(with(std::string(400, '9')));
    assert_text(compact(with(std::string(400, '9'))),
                with(std::string(400, '9')));
    assert_false(p.view().find("a").number().has_value());
}

// A value that is spoiled is there, of no kind, and spoils nothing else.
void a_spoiled_value_spoils_one_member(void **) {
    for (const char *value :
         {R"("Ann \ud83d")", R"("\udc00")", R"("\ud800\ud800")", R"("\ud800x")",
          R"("x\u0000y")", "1e400", "-1e309", "1.5e99999999999999999999"}) {
        const std::string text =
            R"({"a":)" + std::string(value) + R"(,"b":"c"})";
        accept(text);
        const Payload p = read(text);
        const JsonView a = p.view().find("a");
        assert_true(a && a.is(JsonKind::spoiled) && !a.exact());
        assert_false(a.string() || a.number() || a.boolean());
        assert_true(p.view().find("b").string() == "c");
        assert_text(compact(text), R"({"b":"c"})");
        std::string packed;
        ClaimValue::pack(packed, a);
        a.append_text(packed);
        assert_text(packed, "");
    }
    for (const char *value :
         {R"("\ud83d\ude00")", R"("x\u0001y")", "1e308", "1e-400", "\"\""}) {
        const Payload p = read(with(value));
        assert_true(p.view().find("a").exact());
        assert_false(p.view().find("a").is(JsonKind::spoiled));
    }
}

// An array cannot be shown without one of its elements: it is absent as a
// whole, and so is an array that holds it. An object is shown without its
// spoiled members. What is not spoiled can be read by its path.
void a_spoiled_element_spoils_its_array(void **) {
    const Payload p =
        read(R"({"l":["x",1e400],"m":[[1e400],2],"o":{"s":"\ud800","t":[1]},)"
             R"("k":[{"s":1e400,"u":1}]})");
    const JsonView v = p.view();
    for (const char *name : {"l", "m"}) {
        std::string packed;
        ClaimValue::pack(packed, v.find(name));
        assert_text(packed, "");
        assert_true(v.find(name).is(JsonKind::array));
        assert_false(v.find(name).exact());
    }
    assert_true(find_claim(v, {"l", "0"}).string() == "x");
    assert_true(find_claim(v, {"m", "1"}).number() == 2);
    std::string json;
    v.append_json(json);
    assert_text(json, R"({"o":{"t":[1]},"k":[{"u":1}]})");
}

void nobody_reads_a_member_with_a_spoiled_name(void **) {
    const Payload p = read(R"({"a\u0000":1,"\ud800":{"b":2},"c":3})");
    assert_false(p.view().find("a\0"sv) || p.view().find("\xed\xa0\x80"));
    assert_true(p.view().find("c").number() == 3);
    std::string json;
    p.view().append_json(json);
    assert_text(json, R"({"c":3})");
}

void a_payload_moves(void **) {
    Payload a = read(R"({"a":"1"})");
    Payload b = std::move(a);
    assert_true(b.view().find("a").string() == "1");
    a = read(R"({"a":"2"})");
    std::swap(a, b);
    assert_true(a.view().find("a").string() == "1");
    assert_true(b.view().find("a").string() == "2");
}

void without_memory_it_says_so(void **) {
    const std::string text = R"({"s":"\n","o":)" + object_of(300, "m0") + "}";
    for (const unit::Failing how :
         {unit::Failing::one, unit::Failing::all_from}) {
        const long failed = unit::with_each_allocation_failing(
            how, [&] { return Payload::parse(text); },
            [&](const Result<Payload, PayloadError> &payload, bool hit) {
                assert_int_equal(bool(payload), !hit);
                if (hit) {
                    assert_int_equal(payload.error(),
                                     PayloadError::out_of_memory);
                }
            });
        assert_true(failed >= 4);
    }
}

constexpr const char *kSeeds[] = {
    R"({"iss":"https://a.example/","aud":["x","y"],"exp":1700000000,"n":null})",
    R"({"a":"\ud83d\ude00 \"q\" \u00e9","b":[1,-2.5e3,true,{}],"c":{"d":[[]]}})",
    R"({ "name" : "Ann \ud83d" , "id":18446744073709551615,"x":1e400, "y" : 1e-5 })",
    "{\"\xc3\xa9\":\"\xf0\x9f\x98\x80\",\"\xe2\x82\xac\":{\"a\":1,\"b\":{\"a\":"
    "2}}}",
    R"({"a":0,"b":0,"c":0,"d":0,"e":0,"f":0,"g":0,"h":0,"i":0,"j":0,"k":0,"l":0,)"
    R"("m":0,"n":0,"o":0,"p":0,"q":0,"r":0,"s":0,"t":0,"u":0,"v":0,"w":0,"x":0,)"
    R"("y":0,"z":0,"A":0,"B":0,"C":0,"D":0,"E":0,"F":0,"G":0,"H":0})",
};

constexpr std::string_view kPieces[] = {
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "0",
    "1",
    "-",
    ".",
    "e",
    "E+",
    " ",
    "\n",
    "\t",
    "\0"sv,
    "\x1f",
    "\x7f",
    "\x80",
    "\xc0",
    "\xc3\xa9",
    "\xed",
    "\xa0\x80",
    "\xf4\x8f",
    "\xff",
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "\\u00",
    "\\ud83d\\ude00",
    "\\n",
    "\\/",
    "true",
    "false",
    "null",
    "1e400",
    "-0",
    "1e-999",
    "99999999999999999999",
    "9223372036854775807",
    "0.1",
    "{}",
    "[]",
    "\"a\":1,",
    ",\"a\":0",
    "\"\":[]",
    "\xef\xbb\xbf",
    "12345678",
    "xxxxxxxxx",
};

std::string mutated(std::string text, std::mt19937 &random) {
    const auto below = [&random](std::size_t n) { return random() % n; };
    for (std::size_t n = 1 + below(3); n > 0; n--) {
        const std::size_t at = below(text.size() + 1);
        const std::size_t size =
            below(std::min<std::size_t>(9, text.size() - at + 1));
        switch (below(5)) {
            case 0:
                text.erase(at, size);
                break;
            case 1:
                text.insert(below(text.size() + 1), text.substr(at, size));
                break;
            case 2:
                if (at < text.size()) {
                    text[at] = static_cast<char>(below(256));
                }
                break;
            default:
                text.replace(at, below(2) * size,
                             kPieces[below(std::size(kPieces))]);
        }
    }
    return text;
}

void jansson_agrees_about_mutated_texts(void **) {
    std::mt19937 random(14);
    std::size_t accepted = 0;
    for (int i = 0; i < 100'000; i++) {
        const std::string text =
            mutated(kSeeds[random() % std::size(kSeeds)], random);
        const std::string difference = unit::difference_from_jansson(text);
        if (!difference.empty()) {
            print_error("%s: %s\n", difference.c_str(), text.c_str());
        }
        assert_text(difference, "");
        accepted += bool(Payload::parse(text)) ? 1 : 0;
    }
    // Both answers occur often.
    assert_in_range(accepted, 10'000, 90'000);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_object_and_nothing_behind_it),
        cmocka_unit_test(what_is_not_json_is_refused),
        cmocka_unit_test(strings_are_unescaped),
        cmocka_unit_test(bad_utf8_is_refused),
        cmocka_unit_test(a_member_twice_is_refused_at_any_depth),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(values_have_their_kind),
        cmocka_unit_test(a_member_that_is_null_is_absent),
        cmocka_unit_test(numbers_keep_their_digits),
        cmocka_unit_test(a_spoiled_value_spoils_one_member),
        cmocka_unit_test(a_spoiled_element_spoils_its_array),
        cmocka_unit_test(nobody_reads_a_member_with_a_spoiled_name),
        cmocka_unit_test(a_payload_moves),
        cmocka_unit_test(without_memory_it_says_so),
        cmocka_unit_test(jansson_agrees_about_mutated_texts),
    };
    return cmocka_run_group_tests_name("payload", tests, nullptr, nullptr);
}
