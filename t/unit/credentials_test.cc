// Where a token is presented: RFC 6750 2.1, RFC 9110 11, RFC 6265 4.2.

#include "idt_token/credentials.h"

#include <string>

#include "unit/support.h"

using namespace id_token;

namespace {

void is_token(std::string_view value, std::string_view token) {
    auto result = parse_bearer(value);
    assert_true(bool(result));
    assert_true(result->has_value());
    assert_true(**result == token);
}

void is_missing(std::string_view value) {
    auto result = parse_bearer(value);
    assert_true(bool(result));
    assert_false(result->has_value());
}

void is_malformed(std::string_view value) {
    auto result = parse_bearer(value);
    assert_false(bool(result));
    assert_reason(result.error(), Error::credentials_malformed);
}

void the_scheme_is_read_in_any_case(void **) {
    is_token("Bearer abc.def.ghi", "abc.def.ghi");
    is_token("bearer a", "a");
    is_token("BEARER a", "a");
    is_token("bEaReR a", "a");
}

void white_space_before_the_value_is_none_of_it(void **) {
    is_token(" Bearer abc", "abc");
    is_token("\t \tBearer abc", "abc");
    is_malformed("\tBearer");
    is_missing("\tBasic abc");
    is_missing(" \t");
}

void another_scheme_is_no_token(void **) {
    is_missing("");
    is_missing("Basic dXNlcjpwYXNz");
    is_missing("BearerX abc");
    is_missing("Beare abc");
    is_missing("Bear");
    is_missing("DPoP abc");
    is_missing("abc.def.ghi");
    is_missing("Bearer\"abc\"");
}

void one_or_more_spaces_stand_between(void **) {
    is_token("Bearer   abc", "abc");
    is_malformed("Bearer\tabc");
    is_malformed("Bearer \tabc");
    is_malformed("Bearer\t abc");
}

void a_scheme_without_a_token_is_malformed(void **) {
    is_malformed("Bearer");
    is_malformed("Bearer ");
    is_malformed("Bearer   ");
    is_malformed("Bearer,abc");
}

void only_token68_is_a_token(void **) {
    is_token("Bearer AZaz09-._~+/", "AZaz09-._~+/");
    is_token("Bearer abc=", "abc=");
    is_token("Bearer abc==", "abc==");
    is_malformed("Bearer =");
    is_malformed("Bearer a=b");
    is_malformed("Bearer token=abc");
    is_malformed("Bearer \"abc\"");
    is_malformed("Bearer abc def");
    is_malformed("Bearer abc ");
    is_malformed("Bearer abc,");
    is_malformed("Bearer abc, Bearer abc");
    is_malformed("Bearer abc%2e");
    is_malformed("Bearer abc\xc3\xa9");
    is_malformed(std::string_view("Bearer abc\0", 11));
    is_malformed("Bearer abc\x7f");
}

// Long values are judged in blocks: every byte at every place of some.
void every_place_of_a_long_token_is_judged(void **) {
    constexpr std::string_view kAllowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
    for (std::size_t at = 0; at < 37; at++) {
        for (int c = 0; c < 256; c++) {
            std::string token(37, 'x');
            token[at] = static_cast<char>(c);
            if (kAllowed.find(static_cast<char>(c)) != std::string_view::npos ||
                (c == '=' && at == 36)) {
                is_token("Bearer " + token, token);
            } else if (c != ' ' || at != 0) {
                is_malformed("Bearer " + token);
            }
        }
    }
}

void a_cookie_header_is_split_at_semicolons(void **) {
    std::string_view rest = "a=1; b=2;c=3 ;\td=4";
    for (std::string_view expected : {"a=1", "b=2", "c=3", "d=4"}) {
        auto pair = next_cookie(rest);
        assert_true(pair.has_value());
        assert_true(pair->name == expected.substr(0, 1));
        assert_true(pair->value == expected.substr(2));
    }
    assert_false(next_cookie(rest).has_value());
    assert_false(next_cookie(rest).has_value());
}

void a_comma_does_not_split(void **) {
    std::string_view rest = "a=1, b=2";
    auto pair = next_cookie(rest);
    assert_true(pair.has_value() && pair->value == "1, b=2");
    assert_false(next_cookie(rest).has_value());
}

void what_is_no_pair_is_passed_over(void **) {
    for (std::string_view text : {"", ";", " ; ;; ", "a", "a;b", "a; ;b "}) {
        assert_false(next_cookie(text).has_value());
    }
    std::string_view rest = "junk;; =x; a=1;";
    assert_true(next_cookie(rest)->name.empty());
    assert_true(next_cookie(rest)->name == "a");
    assert_false(next_cookie(rest).has_value());
}

void quotes_around_a_value_are_dropped(void **) {
    auto value = [](std::string_view text) {
        return std::string(next_cookie(text)->value);
    };
    assert_text(value("a=\"xyz\""), "xyz");
    assert_text(value("a=\"\""), "");
    assert_text(value("a=\""), "\"");
    assert_text(value("a=\"xyz"), "\"xyz");
    assert_text(value("a=xyz\""), "xyz\"");
    assert_text(value("a="), "");
    assert_text(value("a=b=c"), "b=c");
    assert_text(value("a = b "), "b");
}

void a_pair_is_a_part_of_the_header(void **) {
    std::string header = "x=1; tok=\"abc\" ; y=2";
    std::string_view rest = header;
    (void)next_cookie(rest);
    auto pair = next_cookie(rest);
    assert_ptr_equal(pair->name.data(), header.data() + 5);
    assert_true(pair->name == "tok");
    assert_ptr_equal(pair->value.data(), header.data() + 10);
    assert_true(pair->value == "abc");
}

// An empty name or value has a place, too: nothing is cut where it is not.
void what_is_empty_lies_in_the_header(void **) {
    std::string header = " = ; a=\t";
    std::string_view rest = header;
    auto pair = next_cookie(rest);
    assert_true(pair->name.empty() && pair->value.empty());
    assert_ptr_equal(pair->name.data(), header.data() + 1);
    assert_ptr_equal(pair->value.data(), header.data() + 2);
    pair = next_cookie(rest);
    assert_true(pair->value.empty());
    assert_ptr_equal(pair->value.data(), header.data() + 7);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_scheme_is_read_in_any_case),
        cmocka_unit_test(white_space_before_the_value_is_none_of_it),
        cmocka_unit_test(another_scheme_is_no_token),
        cmocka_unit_test(one_or_more_spaces_stand_between),
        cmocka_unit_test(a_scheme_without_a_token_is_malformed),
        cmocka_unit_test(only_token68_is_a_token),
        cmocka_unit_test(every_place_of_a_long_token_is_judged),
        cmocka_unit_test(a_cookie_header_is_split_at_semicolons),
        cmocka_unit_test(a_comma_does_not_split),
        cmocka_unit_test(what_is_no_pair_is_passed_over),
        cmocka_unit_test(quotes_around_a_value_are_dropped),
        cmocka_unit_test(a_pair_is_a_part_of_the_header),
        cmocka_unit_test(what_is_empty_lies_in_the_header),
    };
    return cmocka_run_group_tests_name("credentials", tests, nullptr, nullptr);
}
