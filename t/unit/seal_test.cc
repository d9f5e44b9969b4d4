#include "idt_login/seal.h"

#include "unit/support.h"

using namespace id_token;

namespace {

const std::string kOne = "0123456789abcdef0123456789abcdef";
const std::string kTwo = "0123456789abcdef0123456789abcdeg";

LoginKeys keys_of(std::initializer_list<std::string> texts) {
    LoginKeys keys;
    for (const auto &text : texts) {
        keys.add(Secret(text));
    }
    return keys;
}

std::string key_of(std::string_view file) {
    const auto key = parse_login_key(file);
    assert_true(bool(key));
    return {reinterpret_cast<const char *>(key->data()), key->size()};
}

void refuse_key(std::string_view file, LoginKeyError error) {
    const auto key = parse_login_key(file);
    assert_false(bool(key));
    assert_int_equal(static_cast<int>(key.error()), static_cast<int>(error));
    assert_false(login_key_error_text(error).empty());
}

void a_text_ends_before_its_line_end(void **) {
    assert_text(key_of(kOne), kOne);
    assert_text(key_of(kOne + "\n"), kOne);
    assert_text(key_of(kOne + "\r\n"), kOne);
}

void of_other_bytes_each_counts(void **) {
    const std::string binary = kOne.substr(1) + "\n";
    assert_text(key_of('\x01' + binary), '\x01' + binary);
    assert_text(key_of(kOne + "\n\n"), kOne + "\n\n");
}

void a_short_key_is_refused(void **) {
    refuse_key("", LoginKeyError::too_short);
    refuse_key("\n", LoginKeyError::too_short);
    refuse_key(kOne.substr(1), LoginKeyError::too_short);
    refuse_key(kOne.substr(1) + "\n", LoginKeyError::too_short);
}

void a_long_or_a_plain_one_is_refused(void **) {
    std::string longest(kMaxLoginKeyBytes, 'a');
    longest.back() = 'b';
    assert_text(key_of(longest), longest);
    refuse_key(longest + "c", LoginKeyError::too_long);
    refuse_key(std::string(kMaxLoginKeyBytes, 'a'), LoginKeyError::guessable);
    refuse_key(std::string(64, '\0'), LoginKeyError::guessable);
}

void what_is_sealed_is_opened(void **) {
    const LoginKeys keys = keys_of({kOne});
    for (const auto &text : {std::string(), std::string("a"),
                             std::string("\0\n.", 3), std::string(500, 'x')}) {
        assert_true(keys.open("l", keys.seal("l", text)) == text);
    }
    // It may stand in a cookie.
    assert_true(keys.seal("l", "\xff;\" ,\\").find_first_of(";\", \\=") ==
                std::string::npos);
}

void every_changed_byte_is_noticed(void **) {
    const LoginKeys keys = keys_of({kOne});
    const std::string sealed = keys.seal("l", "some text");
    for (std::size_t i = 0; i < sealed.size(); i++) {
        std::string other = sealed;
        other[i] = other[i] == 'A' ? 'B' : 'A';
        assert_false(keys.open("l", other).has_value());
        assert_false(keys.open("l", sealed.substr(0, i)).has_value());
    }
    assert_false(keys.open("l", sealed + "A").has_value());
    assert_false(keys.open("l", sealed + ".").has_value());
    assert_true(keys.open("l", sealed).has_value());
}

void a_label_opens_its_own_only(void **) {
    const LoginKeys keys = keys_of({kOne});
    assert_true(keys.open("l", keys.seal("l", "x")).has_value());
    assert_false(keys.open("m", keys.seal("l", "x")).has_value());
}

void the_first_key_seals_and_all_open(void **) {
    const LoginKeys before = keys_of({kOne});
    const LoginKeys change = keys_of({kTwo, kOne});
    const LoginKeys after = keys_of({kTwo});
    assert_true(change.open("l", before.seal("l", "x")) == "x");
    assert_true(after.open("l", change.seal("l", "x")) == "x");
    assert_false(after.open("l", before.seal("l", "x")).has_value());
    assert_false(LoginKeys().open("l", before.seal("l", "x")).has_value());
}

void what_is_long_is_not_even_hashed(void **) {
    const LoginKeys keys = keys_of({kOne});
    assert_true(keys.open("l", keys.seal("l", std::string(6000, 'x'))) ==
                std::string(6000, 'x'));
    assert_false(
        keys.open("l", keys.seal("l", std::string(6200, 'x'))).has_value());
}

void fields_are_read_as_written(void **) {
    std::string text;
    append_field(text, "a:b");
    append_field(text, "");
    append_field(text, std::int64_t{-7});
    std::string_view rest = text;
    assert_true(take_field(rest) == "a:b");
    assert_true(take_field(rest) == "");
    assert_true(take_number(rest) == -7);
    assert_true(rest.empty());
    assert_false(take_field(rest).has_value());
}

void broken_fields_are_none(void **) {
    for (std::string_view text :
         {"", "1", "2:a", ":a", "-1:a", "x:a", "1x:a", "+1:a", " 1:a",
          "99999999999999999999:a", "18446744073709551615:a"}) {
        assert_false(take_field(text).has_value());
    }
    std::string_view good = "1:a";
    assert_true(take_field(good) == "a");
    for (std::string_view text : {"1:a", "0:", "2:1 ", "2:+1"}) {
        assert_false(take_number(text).has_value());
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_text_ends_before_its_line_end),
        cmocka_unit_test(of_other_bytes_each_counts),
        cmocka_unit_test(a_short_key_is_refused),
        cmocka_unit_test(a_long_or_a_plain_one_is_refused),
        cmocka_unit_test(what_is_sealed_is_opened),
        cmocka_unit_test(every_changed_byte_is_noticed),
        cmocka_unit_test(a_label_opens_its_own_only),
        cmocka_unit_test(the_first_key_seals_and_all_open),
        cmocka_unit_test(what_is_long_is_not_even_hashed),
        cmocka_unit_test(fields_are_read_as_written),
        cmocka_unit_test(broken_fields_are_none),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
