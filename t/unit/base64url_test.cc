#include "idt_base/base64url.h"

#include <vector>

#include "unit/support.h"

using namespace id_token;

namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void accept(std::string_view text, std::string_view bytes) {
    assert_true(is_base64url(text));
    const auto decoded = base64url_decode(text);
    assert_true(decoded.has_value());
    assert_text(*decoded, bytes);
    assert_text(base64url_encode(bytes), text);
}

void refuse(std::string_view text) {
    assert_false(is_base64url(text));
    assert_false(base64url_decode(text).has_value());
}

// RFC 4648 10, without padding.
void the_examples_of_the_rfc(void **) {
    accept("", "");
    accept("Zg", "f");
    accept("Zm8", "fo");
    accept("Zm9v", "foo");
    accept("Zm9vYg", "foob");
    accept("Zm9vYmE", "fooba");
    accept("Zm9vYmFy", "foobar");
    // RFC 7515 C
    accept("A-z_4ME", "\x03\xec\xff\xe0\xc1");
}

void every_character_of_the_alphabet_counts(void **) {
    for (std::size_t place = 0; place < 4; place++) {
        for (std::size_t value = 0; value < 64; value++) {
            std::string text = "AAAA";
            text[place] = kAlphabet[value];
            const auto bits =
                static_cast<std::uint32_t>(value << (18 - 6 * place));
            const char bytes[] = {static_cast<char>(bits >> 16),
                                  static_cast<char>(bits >> 8),
                                  static_cast<char>(bits)};
            accept(text, {bytes, 3});
        }
    }
}

// At every place of groups and of tails of both lengths.
void no_other_byte_is_accepted(void **) {
    for (const std::string whole : {"AAAA", "AAAAAAAA", "AAAAAA", "AAAAAAA"}) {
        assert_true(is_base64url(whole));
        for (std::size_t place = 0; place < whole.size(); place++) {
            for (int byte = 0; byte < 256; byte++) {
                if (kAlphabet.find(static_cast<char>(byte)) != kAlphabet.npos) {
                    continue;
                }
                std::string text = whole;
                text[place] = static_cast<char>(byte);
                refuse(text);
            }
        }
    }
}

void padding_and_white_space_are_refused(void **) {
    for (const char *text : {"Zg==", "Zm8=", "Zg=", "=", "Zm9v=", "Zm9v====",
                             "Zm 9v", "Zm9v\n", "\tZm9v", "Zm9+", "Zm9/"}) {
        refuse(text);
    }
}

void a_length_of_one_mod_four_is_refused(void **) {
    refuse("A");
    refuse("AAAAA");
    refuse("Zm9vY");
    // nor does what lies behind the end complete it
    refuse(std::string_view("AAAAAA", 5));
    accept("AAAA", std::string_view("\0\0\0", 3));
}

void spare_bits_are_refused(void **) {
    int accepted = 0;
    for (const char c : kAlphabet) {
        accepted += is_base64url(std::string("Q") + c) ? 1 : 0;
        accepted += base64url_decode(std::string("Q") + c) ? 1 : 0;
    }
    assert_int_equal(accepted, 2 * 4);

    accepted = 0;
    for (const char c : kAlphabet) {
        accepted += is_base64url(std::string("QQ") + c) ? 1 : 0;
        accepted += base64url_decode(std::string("QQ") + c) ? 1 : 0;
    }
    assert_int_equal(accepted, 2 * 16);

    accept("QQ", "A");
    refuse("QR");
    refuse("Qf");
    accept("QUE", "AA");
    refuse("QUF");
    refuse("QUH");
}

void every_byte_string_comes_back(void **) {
    std::string bytes;
    std::uint32_t random = 1;
    for (std::size_t size = 0; size < 300; size++) {
        const std::string text = base64url_encode(bytes);
        assert_int_equal(base64url_decoded_size(text.size()), size);
        accept(text, bytes);
        random = random * 1664525 + 1013904223;
        bytes += static_cast<char>(random >> 24);
    }
}

void decoding_into_a_buffer(void **) {
    std::vector<unsigned char> buffer(8, 0xee);
    assert_int_equal(base64url_decode("Zm9vYg", buffer).value(), 4);
    assert_memory_equal(buffer.data(), "foob\xee\xee\xee\xee", 8);

    // Too small a buffer is not overrun.
    assert_false(
        base64url_decode("Zm9vYg", std::span(buffer).first(3)).has_value());
    assert_true(
        base64url_decode("Zm9vYg", std::span(buffer).first(4)).has_value());
    assert_true(base64url_decode("", std::span<unsigned char>()).has_value());
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_rfc),
        cmocka_unit_test(every_character_of_the_alphabet_counts),
        cmocka_unit_test(no_other_byte_is_accepted),
        cmocka_unit_test(padding_and_white_space_are_refused),
        cmocka_unit_test(a_length_of_one_mod_four_is_refused),
        cmocka_unit_test(spare_bits_are_refused),
        cmocka_unit_test(every_byte_string_comes_back),
        cmocka_unit_test(decoding_into_a_buffer),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
