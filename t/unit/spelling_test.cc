// Values as they leave: safe where they arrive, or absent.

#include "idt_token/spelling.h"

#include <string>

#include "idt_base/escape.h"
#include "unit/support.h"
#include "unit/tenant.h"

using namespace id_token;

namespace {

void segment(std::string_view text, std::string_view expected) {
    assert_text(uri_segment(text), expected);
}

void a_segment_stays_one(void **) {
    segment("aZ09-._~", "aZ09-._~");
    segment("/a..b/.c", "%2Fa..b%2F.c");
    segment("a?b c%#", "a%3Fb%20c%25%23");
    segment("\xc3\xbc", "%C3%BC");
    segment("...", "...");
    segment(".a", ".a");
    for (const char *text :
         {"", ".", "..", "/../", "a/..", "./a", "a\\..\\b", "a\nb", "\x7f"}) {
        segment(text, "%7F");
    }
}

void header(std::string_view text, Encoding encoding,
            std::string_view expected) {
    const auto out = header_text(text, encoding);
    assert_true(out.has_value());
    assert_text(*out, expected);
}

void each_encoding(void **) {
    header("R\xc3\xbc d", Encoding::plain, "R\xc3\xbc d");
    header("R\xc3\xbc d!", Encoding::percent, "R%C3%BC%20d%21");
    header("R\xc3\xbc d!'", Encoding::rfc8187, "UTF-8''R%C3%BC%20d!%27");
    header("", Encoding::base64, "");
    header("f", Encoding::base64, "Zg==");
    header("fo", Encoding::base64, "Zm8=");
    header("foo", Encoding::base64, "Zm9v");
    header("\xff\xfb\xf0", Encoding::base64, "//vw");
    header(" a ", Encoding::percent, "%20a%20");
    assert_false(header_text("\xff", Encoding::rfc8187).has_value());
    for (auto encoding : {Encoding::plain, Encoding::percent, Encoding::base64,
                          Encoding::rfc8187}) {
        assert_false(header_text("a\nb", encoding).has_value());
    }
    assert_true(find_encoding("percent") == Encoding::percent);
    assert_true(find_encoding("base64") == Encoding::base64);
    assert_true(find_encoding("rfc8187") == Encoding::rfc8187);
    assert_false(find_encoding("plain").has_value());
}

void what_is_trimmed_is_absent(void **) {
    for (const char *text :
         {" a", "a ",
          "\xa0"
          "a",
          "a\xa0",
          "\x85"
          "a",
          "a\x85",
          "\xc2\xa0"
          "a",
          "a\xc2\xa0",
          "\xc2\x85"
          "a",
          "\xe2\x80\x83"
          "a",
          "a\xe2\x80\x83", "a\xef\xbb\xbf", "Piet\xc3\xa0"}) {
        assert_true(has_outer_space(text));
        assert_false(header_text(text, Encoding::plain).has_value());
        assert_true(header_text(text, Encoding::base64).has_value());
    }
    for (const char *text : {"", "a b",
                             "a\xa0"
                             "b",
                             "\xc3\xa9",
                             "\xc2\xa1"
                             "a",
                             "a\xc2\xa1"}) {
        assert_false(has_outer_space(text));
    }
}

std::optional<std::string> join(const std::string &json,
                                std::string_view separator) {
    Claims claims = unit::parse_claims("{\"v\":" + json + "}");
    std::string packed;
    ClaimValue::pack(packed, claims.find("v"));
    return join_elements(ClaimValue(packed), separator);
}

void elements_are_joined_exactly(void **) {
    assert_text(join(R"(["a","b c",1,true])", ",").value(), "a,b c,1,true");
    assert_text(join(R"(["a","b"])", ", ").value(), "a, b");
    assert_text(join(R"(["a-","b"])", "-+").value(), "a--+b");
    assert_text(join("[]", ",").value(), "");
    assert_text(join(R"("a")", ",").value(), "a");
    assert_text(join(R"(["a"])", ",").value(), "a");
    for (const char *json :
         {R"(["a,b"])", R"("a,b")", R"(["a",null])", R"(["a",["b"]])",
          R"(["a",{}])", R"([""])", R"("")", R"(["a",""])", R"(["a"," b"])",
          R"(["a\n"])", R"({"a":1})", "null"}) {
        assert_false(join(json, ",").has_value());
    }
    assert_false(join(R"(["a-","b"])", "--").has_value());
}

void a_separator_is_printable(void **) {
    for (const char *text : {",", " ", "; ", "~"}) {
        assert_true(is_separator(text));
    }
    for (const char *text : {"", "\t", "\x7f", "\xc3\xbc"}) {
        assert_false(is_separator(text));
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_stays_one),
        cmocka_unit_test(each_encoding),
        cmocka_unit_test(what_is_trimmed_is_absent),
        cmocka_unit_test(elements_are_joined_exactly),
        cmocka_unit_test(a_separator_is_printable),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
