#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
#include <limits>
#include <string>
#include <type_traits>
extern "C" {
#include <cmocka.h>
}

#include "idt_revoke/revocation.h"

using namespace id_token;

namespace {

static_assert(std::is_trivially_copyable_v<Revocation>);
static_assert(std::is_trivially_copyable_v<TokenMarks>);

const RevocationDigest kProvider = provider_digest("https://t/", "app");

std::string hex(const RevocationDigest &digest) {
    constexpr char kHex[] = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : digest) {
        text.push_back(kHex[byte >> 4]);
        text.push_back(kHex[byte & 15]);
    }
    return text;
}

TokenNames names_of(std::optional<std::string_view> nonce,
                    std::optional<std::string_view> jti) {
    return {"s1", "ann", nonce, jti, "a.b.c", 1000};
}

// They stand in files: another version has to find them again.
void digests_stay_as_they_are(void **) {
    assert_string_equal(hex(kProvider).c_str(),
                        "5b70adf28207ecce035bee951900f041");
    assert_string_equal(
        hex(value_digest(kProvider, RevokedKind::sub, "ann")).c_str(),
        "100a76019f6b410b6bfe0583c2d73a0c");
}

void providers_are_told_apart(void **) {
    assert_true(kProvider == provider_digest("https://t/", "app"));
    assert_true(kProvider != provider_digest("https://t/", "apq"));
    assert_true(kProvider != provider_digest("https://u/", "app"));
    // No name runs into the next.
    assert_true(kProvider != provider_digest("https://t/a", "pp"));
}

void values_are_told_apart(void **) {
    const RevocationDigest sub =
        value_digest(kProvider, RevokedKind::sub, "ann");
    assert_true(sub ==
                value_digest(kProvider, RevokedKind::sub_without_sid, "ann"));
    assert_true(sub != value_digest(kProvider, RevokedKind::sid, "ann"));
    assert_true(sub != value_digest(kProvider, RevokedKind::jti, "ann"));
    assert_true(sub != value_digest(kProvider, RevokedKind::seen, "ann"));
    assert_true(sub != value_digest(kProvider, RevokedKind::sub, "anm"));
    assert_true(sub != value_digest(provider_digest("https://t/", "other"),
                                    RevokedKind::sub, "ann"));
}

void a_cut_is_never_early(void **) {
    assert_int_equal(cut_at(1000), 1000);
    assert_int_equal(cut_at(1000.25), 1001);
    assert_int_equal(cut_at(-5), 0);
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    assert_int_equal(cut_at(1e300), std::int64_t{1} << 53);
    assert_int_equal(cut_at(kInfinity), std::int64_t{1} << 53);
    assert_int_equal(cut_at(std::numeric_limits<double>::quiet_NaN()),
                     std::int64_t{1} << 53);
}

void marks_are_the_digests_of_names(void **) {
    const TokenMarks marks = mark_token(kProvider, names_of("n", "j"));
    assert_true(marks.provider == kProvider);
    assert_true(marks.sub == value_digest(kProvider, RevokedKind::sub, "ann"));
    assert_true(marks.has_sid);
    assert_true(marks.sid == value_digest(kProvider, RevokedKind::sid, "s1"));
    assert_true(marks.has_jti);
    assert_true(marks.jti == value_digest(kProvider, RevokedKind::jti, "j"));
    assert_true(marks.iat == 1000);

    const TokenMarks few = mark_token(
        kProvider, {std::nullopt, "ann", std::nullopt, std::nullopt, "t", 1});
    assert_false(few.has_sid || few.has_jti || few.has_nonce);
}

void a_session_goes_by_nonce_then_jti_then_token(void **) {
    const TokenMarks by_nonce = mark_token(kProvider, names_of("n", "j"));
    Revocation r = revoke_session(by_nonce, 2000);
    assert_true(r.kind == RevokedKind::session);
    assert_true(r.value == by_nonce.session);
    assert_true(r.owner == by_nonce.sub);
    assert_int_equal(r.cut, 1000);
    assert_int_equal(r.until, 2000);

    const TokenMarks by_jti =
        mark_token(kProvider, names_of(std::nullopt, "j"));
    r = revoke_session(by_jti, 2000);
    assert_true(r.kind == RevokedKind::jti);
    assert_true(r.value == by_jti.jti);

    const TokenMarks by_token =
        mark_token(kProvider, names_of(std::nullopt, std::nullopt));
    r = revoke_session(by_token, 2000);
    assert_true(r.kind == RevokedKind::session);
    assert_true(r.value == by_token.session);
}

void sessions_are_told_apart(void **) {
    const TokenMarks a = mark_token(kProvider, names_of("n", {}));
    assert_true(a.session == mark_token(kProvider, names_of("n", {})).session);
    assert_true(a.session != mark_token(kProvider, names_of("m", {})).session);

    // Who logs in with another one's nonce does not end the other's session.
    TokenNames other = names_of("n", {});
    other.sub = "bob";
    assert_true(a.session != mark_token(kProvider, other).session);

    // Nor with a sub that is another one's token.
    TokenNames odd = names_of("", {});
    odd.sub = odd.token;
    assert_true(mark_token(kProvider, odd).session !=
                mark_token(kProvider, names_of({}, {})).session);
    TokenNames newer = names_of({}, {});
    newer.token = "a.b.d";
    assert_true(mark_token(kProvider, newer).session !=
                mark_token(kProvider, names_of({}, {})).session);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(digests_stay_as_they_are),
        cmocka_unit_test(providers_are_told_apart),
        cmocka_unit_test(values_are_told_apart),
        cmocka_unit_test(a_cut_is_never_early),
        cmocka_unit_test(marks_are_the_digests_of_names),
        cmocka_unit_test(a_session_goes_by_nonce_then_jti_then_token),
        cmocka_unit_test(sessions_are_told_apart),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
