#include "idt_revoke/stream_key.h"

#include "idt_lib/digest.h"
#include "unit/support.h"

using namespace id_token;

namespace {

constexpr std::string_view kOld = "the old secret of all the nodes..";
constexpr std::string_view kNew = "the new secret of all the nodes..";
constexpr SealNonce kNonce{1, 2, 3};

StreamKeys ring(std::initializer_list<std::string_view> secrets) {
    StreamKeys keys;
    for (const std::string_view secret : secrets) {
        keys.add(StreamKey(secret));
    }
    return keys;
}

Revocation revocation() {
    Revocation r;
    r.provider.fill(0x11);
    r.value.fill(0x22);
    r.owner.fill(0x33);
    r.kind = RevokedKind::sub;
    r.cut = 1'800'000'000;
    r.until = INT64_MAX;
    return r;
}

void keys_are_derived_by_rfc_5869(void **) {
    // A.1, the first 32 bytes
    const std::string key(22, '\x0b');
    const std::string salt(
        "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c", 13);
    const std::string info("\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9");
    const Sha256 expected = {0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a,
                             0x90, 0x43, 0x4f, 0x64, 0xd0, 0x36, 0x2f, 0x2a,
                             0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c,
                             0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf};
    assert_true(hkdf_sha256(key, salt, info) == expected);
    // A.3: neither salt nor info
    const Sha256 bare = {0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f,
                         0x71, 0x5f, 0x80, 0x2a, 0x06, 0x3c, 0x5a, 0x31,
                         0xb8, 0xa1, 0x1f, 0x5c, 0x5e, 0xe1, 0x87, 0x9e,
                         0xc3, 0x45, 0x4e, 0x5f, 0x3c, 0x73, 0x8d, 0x2d};
    assert_true(hkdf_sha256(key, "", "") == bare);
}

void what_is_sealed_is_opened(void **) {
    const StreamKeys keys = ring({kOld});
    for (const auto kind :
         {RevokedKind::sid, RevokedKind::sub, RevokedKind::session,
          RevokedKind::all, RevokedKind::sub_without_sid, RevokedKind::jti}) {
        Revocation r = revocation();
        r.kind = kind;
        const std::string sealed = keys.seal("s", r, kNonce);
        assert_int_equal(sealed.size(), kSealedBytes);
        const auto opened = keys.open("s", sealed);
        assert_true(opened && *opened == r);
    }
    Revocation early = revocation();
    early.cut = -1;
    const auto opened = keys.open("s", keys.seal("s", early, kNonce));
    assert_true(opened && opened->cut == -1);
}

void what_concerns_one_node_is_not_told(void **) {
    const StreamKeys keys = ring({kOld});
    for (const auto kind : {RevokedKind::none, RevokedKind::watermark,
                            RevokedKind::seen, static_cast<RevokedKind>(9)}) {
        Revocation r = revocation();
        r.kind = kind;
        const auto opened = keys.open("s", keys.seal("s", r, kNonce));
        assert_true(!opened && opened.error() == SealError::no_logout);
    }
}

void each_bit_counts(void **) {
    const StreamKeys keys = ring({kOld});
    const std::string sealed = keys.seal("s", revocation(), kNonce);
    for (std::size_t bit = 0; bit < sealed.size() * 8; bit++) {
        std::string other = sealed;
        other[bit / 8] = static_cast<char>(other[bit / 8] ^ 1 << bit % 8);
        const auto opened = keys.open("s", other);
        assert_false(bool(opened));
        assert_true(opened.error() == (bit < 8    ? SealError::malformed
                                       : bit < 72 ? SealError::unknown_key
                                                  : SealError::forged));
    }
}

void each_byte_counts(void **) {
    const StreamKeys keys = ring({kOld});
    const std::string sealed = keys.seal("s", revocation(), kNonce);
    for (std::size_t size = 0; size < sealed.size(); size++) {
        assert_true(keys.open("s", sealed.substr(0, size)).error() ==
                    SealError::malformed);
    }
    assert_true(keys.open("s", sealed + "x").error() == SealError::malformed);
}

void a_record_is_of_its_stream(void **) {
    const StreamKeys keys = ring({kOld});
    const std::string sealed = keys.seal("s", revocation(), kNonce);
    assert_true(keys.open("t", sealed).error() == SealError::forged);
    assert_true(bool(keys.open("s", sealed)));
}

void nothing_is_told_in_clear(void **) {
    const StreamKeys keys = ring({kOld});
    const std::string sealed = keys.seal("s", revocation(), kNonce);
    assert_true(sealed.find("\x22\x22") == sealed.npos);
    assert_true(sealed.find("\x11\x11") == sealed.npos);
    assert_true(keys.seal("s", revocation(), {9}) != sealed);
}

void a_key_is_changed_in_three_steps(void **) {
    const StreamKeys before = ring({kOld});
    const StreamKeys added = ring({kOld, kNew});
    const StreamKeys first = ring({kNew, kOld});
    const StreamKeys after = ring({kNew});
    const StreamKeys *steps[] = {&before, &added, &first, &after};
    for (int i = 0; i + 1 < 4; i++) {
        const std::string old = steps[i]->seal("s", revocation(), kNonce);
        const std::string young = steps[i + 1]->seal("s", revocation(), kNonce);
        assert_true(bool(steps[i]->open("s", young)) || i == 3);
        assert_true(bool(steps[i + 1]->open("s", old)));
    }
    assert_true(
        after.open("s", before.seal("s", revocation(), kNonce)).error() ==
        SealError::unknown_key);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_derived_by_rfc_5869),
        cmocka_unit_test(what_is_sealed_is_opened),
        cmocka_unit_test(what_concerns_one_node_is_not_told),
        cmocka_unit_test(each_bit_counts),
        cmocka_unit_test(each_byte_counts),
        cmocka_unit_test(a_record_is_of_its_stream),
        cmocka_unit_test(nothing_is_told_in_clear),
        cmocka_unit_test(a_key_is_changed_in_three_steps),
    };
    return cmocka_run_group_tests_name("stream_key", tests, nullptr, nullptr);
}
