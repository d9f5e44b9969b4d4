#include "idt_login/form.h"

#include "unit/support.h"

using namespace id_token;

namespace {

Form form_of(std::string_view text) {
    auto form = Form::parse(text);
    assert_true(bool(form));
    return std::move(*form);
}

void refuse(std::string_view text, FormError error) {
    const auto form = Form::parse(text);
    assert_false(bool(form));
    assert_int_equal(static_cast<int>(form.error()), static_cast<int>(error));
}

void fields_are_found(void **) {
    const Form form = form_of("state=abc&id_token=a.b.c&x");
    assert_true(form.find("state") == "abc");
    assert_true(form.find("id_token") == "a.b.c");
    assert_int_equal(form.size(), 3);
    assert_false(form.find("x").has_value());  // empty
    assert_false(form.find("y").has_value());
    assert_false(form.find("State").has_value());
}

void values_are_decoded(void **) {
    const Form form = form_of("a=%41%2b+%2F%00&%62=%3D%26&c==&d=a%3db");
    assert_true(form.find("a") == std::string("A+ /\0", 5));
    assert_true(form.find("b") == "=&");
    assert_true(form.find("c") == "=");
    assert_true(form.find("d") == "a=b");
}

void empty_fields_are_none(void **) {
    assert_int_equal(form_of("").size(), 0);
    assert_int_equal(form_of("&&a=1&&").size(), 1);
}

void a_wrong_escape_is_refused(void **) {
    assert_true(form_of("a=%20").find("a") == " ");
    for (std::string_view text :
         {"a=%", "a=%2", "a=%2&b=c", "a=%g0", "a=%0g", "%zz=1", "a=%%20"}) {
        refuse(text, FormError::malformed);
    }
}

void no_field_comes_twice(void **) {
    assert_int_equal(form_of("a=1&A=1").size(), 2);
    refuse("a=1&a=1", FormError::twice);
    refuse("a=1&b=2&a=", FormError::twice);
    refuse("a=1&%61=2", FormError::twice);
}

void there_are_limits(void **) {
    std::string text;
    for (std::size_t i = 0; i < kMaxFormFields; i++) {
        text += "f" + std::to_string(i) + "=1&";
    }
    assert_int_equal(form_of(text).size(), kMaxFormFields);
    refuse(text + "last=1", FormError::too_many);

    const std::string longest = "a=" + std::string(kMaxFormBytes - 2, 'x');
    assert_int_equal(form_of(longest).find("a")->size(), kMaxFormBytes - 2);
    refuse(longest + "x", FormError::too_long);
}

void what_is_written_is_read(void **) {
    std::string all;
    for (int c = 0; c < 256; c++) {
        all += static_cast<char>(c);
    }
    std::string text;
    append_form_field(text, "a&", all);
    append_form_field(text, "b", "~-._Zz9");
    assert_true(text.ends_with("&b=~-._Zz9"));
    assert_true(form_of(text).find("a&") == all);
}

void a_query_is_added(void **) {
    assert_text(with_query("https://x/y", "a=b"), "https://x/y?a=b");
    assert_text(with_query("https://x/y?p=1", "a=b"), "https://x/y?p=1&a=b");
    assert_text(with_query("https://x/y", ""), "https://x/y");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_found),
        cmocka_unit_test(values_are_decoded),
        cmocka_unit_test(empty_fields_are_none),
        cmocka_unit_test(a_wrong_escape_is_refused),
        cmocka_unit_test(no_field_comes_twice),
        cmocka_unit_test(there_are_limits),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_query_is_added),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
