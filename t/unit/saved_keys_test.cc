#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
extern "C" {
#include <cmocka.h>
}

#include "idt_keys/saved_keys.h"

using namespace id_token;

namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr std::int64_t kDay = 86'400;
const KeyOrigin kOrigin{"https://op.example.com", "https://op.example.com/k",
                        "system"};
constexpr std::string_view kDocument = "{\"keys\":\n[]}\n";

std::string written(std::int64_t fetched_at = kNow) {
    return format_key_state(kOrigin, fetched_at, kDocument);
}

void refuse(std::string_view text, KeyStateError error,
            const KeyOrigin &origin = kOrigin, std::int64_t now = kNow) {
    const auto state = parse_key_state(text, origin, now, kDay);
    assert_false(bool(state));
    assert_int_equal(static_cast<int>(state.error()), static_cast<int>(error));
    assert_false(key_state_error_text(error).empty());
}

void accept(std::string_view text) {
    assert_true(bool(parse_key_state(text, kOrigin, kNow, kDay)));
}

void what_was_written_is_read(void **) {
    const std::string text = written();
    const auto state = parse_key_state(text, kOrigin, kNow + 5, kDay);
    assert_true(bool(state));
    assert_true(state->fetched_at == kNow);
    assert_true(state->document == kDocument);
    assert_true(text.size() <= kDocument.size() + kMaxKeyStateHeader);
}

void every_changed_byte_is_noticed(void **) {
    const std::string text = written();
    for (std::size_t i = 0; i < text.size(); ++i) {
        for (int bit = 0; bit < 8; ++bit) {
            std::string damaged = text;
            damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
            refuse(damaged, KeyStateError::damaged);
        }
    }
}

void every_truncation_is_noticed(void **) {
    const std::string text = written();
    for (std::size_t size = 0; size < text.size(); ++size) {
        refuse(text.substr(0, size), KeyStateError::damaged);
    }
    refuse(text + "x", KeyStateError::damaged);
}

void a_true_digest_over_nonsense_is_damage(void **) {
    for (const char *rest :
         {"", "x", "fetched_at ", "fetched_at 1", "fetched_at x\n",
          "fetched_at 1 \n", "fetched_at 99999999999999999999\n",
          "fetched_at\n"}) {
        refuse("id-token-keys 1\nsha256 " + sha256_hex(rest) + "\n" + rest,
               KeyStateError::damaged);
    }
}

void another_source_s_keys_are_not_taken(void **) {
    const std::string text = written();
    refuse(text, KeyStateError::foreign,
           {"https://op.example.org", kOrigin.url, kOrigin.trust});
    refuse(text, KeyStateError::foreign,
           {kOrigin.issuer, "https://op.example.com/other", kOrigin.trust});
    refuse(text, KeyStateError::foreign,
           {kOrigin.issuer, kOrigin.url, "ca.pem"});
}

void lines_cannot_be_forged_by_an_issuer(void **) {
    const KeyOrigin a{"i\nurl 1 u", "v", "t"};
    const KeyOrigin b{"i", "u\nurl 1 v", "t"};
    refuse(format_key_state(a, kNow, kDocument), KeyStateError::foreign, b);
}

void times_have_their_limits(void **) {
    refuse(written(kNow + 1), KeyStateError::future);
    accept(written(kNow));
    refuse(written(kNow - kDay), KeyStateError::too_old);
    accept(written(kNow - kDay + 1));
    refuse(written(-1), KeyStateError::too_old);
    refuse(written(INT64_MIN), KeyStateError::too_old);
    refuse(written(INT64_MAX), KeyStateError::future);
}

void sha256_is_sha256(void **) {
    assert_string_equal(
        sha256_hex("abc").c_str(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(every_changed_byte_is_noticed),
        cmocka_unit_test(every_truncation_is_noticed),
        cmocka_unit_test(a_true_digest_over_nonsense_is_damage),
        cmocka_unit_test(another_source_s_keys_are_not_taken),
        cmocka_unit_test(lines_cannot_be_forged_by_an_issuer),
        cmocka_unit_test(times_have_their_limits),
        cmocka_unit_test(sha256_is_sha256),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
