#include "idt_jose/jwk.h"

#include <jansson.h>

#include <new>
#include <string>

#include "unit/allocation.h"
#include "unit/support.h"

using namespace id_token;

namespace {

// A JWK to be changed. Values are JSON.
class Entry {
  public:
    explicit Entry(const char *name)
        : jwk_(mint::to_jwk(unit::key(name),
                            {.kid = true, .alg = false, .use = false})) {}

    Entry with(const char *name, const std::string &value) const {
        Entry copy(*this);
        json_t *parsed =
            json_loadb(value.data(), value.size(), JSON_DECODE_ANY, nullptr);
        assert_non_null(parsed);
        json_object_set_new(copy.jwk_.get(), name, parsed);
        return copy;
    }
    Entry with_text(const char *name, const std::string &text) const {
        return with(name, "\"" + text + "\"");
    }
    Entry with_bytes(const char *name, const std::string &bytes) const {
        return with_text(name, mint::base64url(bytes));
    }
    Entry without(const char *name) const {
        Entry copy(*this);
        json_object_del(copy.jwk_.get(), name);
        return copy;
    }
    std::string bytes(const char *name) const {
        return mint::base64url_decode(unit::member(jwk_.get(), name));
    }
    std::string text() const { return mint::dump_json(jwk_.get()); }

    Entry(const Entry &other) : jwk_(json_deep_copy(other.jwk_.get())) {}

  private:
    mint::Json jwk_;
};

Result<Jwk, JwkError> parse(const std::string &text) {
    const auto json = Json::parse("{\"key\":" + text + "}");
    assert_true(static_cast<bool>(json));
    CurveCheck curves;
    return parse_jwk(json->view().find("key"), curves);
}

Jwk accept(const Entry &entry) {
    auto key = parse(entry.text());
    if (!key) {
        assert_text(jwk_error_row(key.error()).name, "accepted");
    }
    assert_false(key->key.made());
    assert_non_null(key->key.get());
    assert_true(key->key.made());
    return std::move(*key);
}

void refuse_text(const std::string &text, JwkError reason) {
    const auto key = parse(text);
    assert_text(key ? "accepted" : jwk_error_row(key.error()).name,
                jwk_error_row(reason).name);
}

void refuse(const Entry &entry, JwkError reason) {
    refuse_text(entry.text(), reason);
}

void each_kind_of_key(void **) {
    const Jwk rsa = accept(Entry("rsa1"));
    assert_true(rsa.kind == KeyKind::rsa);
    assert_int_equal(rsa.signature_size, 256);
    assert_text(rsa.kid.value(), unit::key("rsa1").kid);
    assert_null(rsa.algorithm);
    assert_int_equal(accept(Entry("rsa3072")).signature_size, 384);
    assert_int_equal(accept(Entry("rsa4096")).signature_size, 512);
    assert_int_equal(accept(Entry("rsa8192")).signature_size, 1024);

    const Jwk p256 = accept(Entry("ec1"));
    assert_true(p256.kind == KeyKind::p256);
    assert_int_equal(p256.signature_size, 64);
    assert_true(accept(Entry("ec384")).kind == KeyKind::p384);
    assert_true(accept(Entry("ec521")).kind == KeyKind::p521);
    assert_int_equal(accept(Entry("ec521")).signature_size, 132);

    const Jwk ed = accept(Entry("ed1"));
    assert_true(ed.kind == KeyKind::ed25519);
    assert_int_equal(ed.signature_size, 64);
}

void the_key_is_the_one_that_was_written(void **) {
    for (const char *name :
         {"rsa1", "ec1", "ec384", "ec521", "ed1", "rsa_e3", "ec_x0"}) {
        Jwk key = accept(Entry(name));
        assert_int_equal(EVP_PKEY_eq(key.key.get(), unit::key(name).pkey.get()),
                         1);
    }
}

void what_is_no_key_of_ours(void **) {
    for (const char *text : {"null", "1", "\"k\"", "[]", "true"}) {
        refuse_text(text, JwkError::not_an_object);
    }
    refuse_text("{}", JwkError::kty_missing);
    refuse(Entry("rsa1").with("kty", "1"), JwkError::kty_missing);
    refuse(Entry("rsa1").with("kty", "null"), JwkError::kty_missing);
    for (const char *kty : {"rsa", "Rsa", "ec", "AKP", "", "OCT"}) {
        refuse(Entry("rsa1").with_text("kty", kty), JwkError::kty_unknown);
    }
    refuse(Entry("ec1").with_text("crv", "P-192"), JwkError::crv_unknown);
    refuse(Entry("ec1").with_text("crv", "p-256"), JwkError::crv_unknown);
    refuse(Entry("ec1").with_text("crv", "prime256v1"), JwkError::crv_unknown);
    refuse(Entry("k256"), JwkError::crv_unknown);
    refuse(Entry("ed448"), JwkError::crv_unknown);
    refuse(Entry("x25519"), JwkError::crv_unknown);
    refuse(Entry("ed1").with_text("crv", "Ed448"), JwkError::crv_unknown);
    refuse(Entry("ed1").with_text("crv", "P-256"), JwkError::crv_unknown);
    refuse(Entry("ec1").with_text("crv", "Ed25519"), JwkError::crv_unknown);
}

void symmetric_keys_are_refused(void **) {
    refuse_text(R"({"kty":"oct","k":"c2VjcmV0","alg":"HS256"})",
                JwkError::symmetric);
    refuse_text(R"({"kty":"oct"})", JwkError::symmetric);
    refuse(Entry("rsa1").with_bytes("k", "secret"), JwkError::private_members);
}

void private_members_are_refused(void **) {
    for (const char *name : {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}) {
        refuse(Entry("rsa1").with_text(name, "AQ"), JwkError::private_members);
        refuse(Entry("rsa1").with(name, "\"\""), JwkError::private_members);
        accept(Entry("rsa1").with(name, "null"));
    }
    refuse(Entry("ec1").with_text("d", "AQ"), JwkError::private_members);
    refuse(Entry("ed1").with_text("d", "AQ"), JwkError::private_members);
    accept(Entry("rsa1").with_text("D", "AQ").with("x5c", "[\"AQ\"]"));
}

void use_is_absent_or_sig(void **) {
    accept(Entry("rsa1").with_text("use", "sig"));
    accept(Entry("rsa1").with("use", "null"));
    for (const char *use : {"enc", "SIG", "", "sig "}) {
        refuse(Entry("rsa1").with_text("use", use), JwkError::use);
    }
    refuse(Entry("rsa1").with("use", "1"), JwkError::use);
    refuse(Entry("rsa1").with("use", "[\"sig\"]"), JwkError::use);
}

void key_ops_are_absent_or_hold_verify(void **) {
    accept(Entry("rsa1").with("key_ops", "[\"verify\"]"));
    accept(Entry("rsa1").with("key_ops", "[1,\"sign\",\"verify\"]"));
    accept(Entry("rsa1").with("key_ops", "null"));
    for (const char *ops : {"[]", "[\"sign\"]", "[\"encrypt\"]", "\"verify\"",
                            "{\"verify\":1}", "1", "[[\"verify\"]]"}) {
        refuse(Entry("rsa1").with("key_ops", ops), JwkError::key_ops);
    }
}

void kid_is_absent_or_a_string(void **) {
    assert_false(accept(Entry("rsa1").without("kid")).kid.has_value());
    assert_false(accept(Entry("rsa1").with("kid", "null")).kid.has_value());
    assert_text(accept(Entry("rsa1").with("kid", "\"\"")).kid.value(), "");
    for (const char *kid : {"1", "true", "[\"k\"]", "{}"}) {
        refuse(Entry("rsa1").with("kid", kid), JwkError::kid_type);
    }
}

struct Kind {
    const char *key;
    KeyKind kind;
};

void alg_must_fit_the_key(void **) {
    for (const Kind &k :
         {Kind{"rsa1", KeyKind::rsa}, Kind{"ec1", KeyKind::p256},
          Kind{"ec384", KeyKind::p384}, Kind{"ec521", KeyKind::p521},
          Kind{"ed1", KeyKind::ed25519}}) {
        for (const Algorithm &a : algorithms()) {
            const Entry entry =
                Entry(k.key).with_text("alg", std::string(a.name));
            if (a.key != k.kind) {
                refuse(entry, JwkError::alg);
                continue;
            }
            const Jwk key = accept(entry);
            assert_ptr_equal(key.algorithm, &a);
            for (const Algorithm &other : algorithms()) {
                assert_int_equal(key.fits(other), &other == &a);
            }
        }
        // Any algorithm of its kind.
        const Jwk key = accept(Entry(k.key).with("alg", "null"));
        for (const Algorithm &a : algorithms()) {
            assert_int_equal(key.fits(a), a.key == k.kind);
        }
    }
    for (const char *alg : {"RSA-OAEP", "HS256", "none", "", "rs256"}) {
        refuse(Entry("rsa1").with_text("alg", alg), JwkError::alg);
    }
    refuse(Entry("rsa1").with("alg", "1"), JwkError::alg);
}

void members_are_base64url(void **) {
    for (const char *name : {"n", "e"}) {
        refuse(Entry("rsa1").without(name), JwkError::member_invalid);
        for (const char *value : {"null", "1", "[]", "\"\"", "\"A\"",
                                  "\"AQ==\"", "\"AA\"", "\"AR\"", "\"+w\""}) {
            refuse(Entry("rsa1").with(name, value), JwkError::member_invalid);
        }
    }
    for (const char *name : {"x", "y"}) {
        refuse(Entry("ec1").without(name), JwkError::member_invalid);
        for (const char *value : {"null", "1", "\"\"", "\"AQ\""}) {
            refuse(Entry("ec1").with(name, value), JwkError::member_invalid);
        }
    }
    for (const char *value : {"null", "1", "\"\"", "\"AQ\""}) {
        refuse(Entry("ed1").with("x", value), JwkError::member_invalid);
    }
    refuse(Entry("ed1").without("x"), JwkError::member_invalid);
    refuse(Entry("ec1").without("crv"), JwkError::member_invalid);
    refuse(Entry("ed1").with("crv", "1"), JwkError::member_invalid);
}

// An odd number of `bits` bits.
std::string number(std::size_t bits) {
    std::string bytes((bits + 7) / 8, '\x01');
    bytes[0] = static_cast<char>(1U << (bits - 1) % 8);
    return bytes;
}

void rsa_size_is_bounded(void **) {
    const Entry key("rsa1");
    refuse(key.with_bytes("n", number(2047)), JwkError::rsa_size);
    accept(key.with_bytes("n", number(2048)));
    assert_int_equal(accept(key.with_bytes("n", number(2049))).signature_size,
                     257);
    accept(key.with_bytes("n", number(8192)));
    refuse(key.with_bytes("n", number(8193)), JwkError::rsa_size);
    refuse(key.with_bytes("n", number(500'000)), JwkError::rsa_size);
    for (const char *name : {"rsa512", "rsa1024", "rsa2040"}) {
        refuse(Entry(name), JwkError::rsa_size);
    }
    refuse(key.with_bytes("n", "\x01"), JwkError::rsa_size);
}

void leading_zero_bytes_are_tolerated(void **) {
    const Entry key("rsa1");
    for (const std::size_t zeros : {1, 2, 300}) {
        Jwk parsed = accept(
            key.with_bytes("n", std::string(zeros, '\0') + key.bytes("n"))
                .with_bytes("e", std::string(zeros, '\0') + key.bytes("e")));
        assert_int_equal(parsed.signature_size, 256);
        assert_int_equal(
            EVP_PKEY_eq(parsed.key.get(), unit::key("rsa1").pkey.get()), 1);
    }
}

void modulus_and_exponent_are_odd(void **) {
    const Entry key("rsa1");
    std::string n = key.bytes("n");
    n.back() = static_cast<char>(n.back() ^ 1);
    refuse(key.with_bytes("n", n), JwkError::rsa_modulus);

    refuse(key.with_bytes("e", "\x01"), JwkError::rsa_exponent);
    refuse(key.with_bytes("e", "\x02"), JwkError::rsa_exponent);
    accept(key.with_bytes("e", "\x03"));
    refuse(key.with_bytes("e", "\x04"), JwkError::rsa_exponent);
    refuse(key.with_bytes("e", std::string("\x01\0\0", 3)),
           JwkError::rsa_exponent);
    refuse(Entry("rabin"), JwkError::rsa_exponent);
    accept(Entry("rsa_e3"));
}

void the_exponent_is_bounded(void **) {
    const Entry key("rsa1");
    accept(key.with_bytes("e", number(64)));
    refuse(key.with_bytes("e", number(65)), JwkError::rsa_exponent_size);
    refuse(key.with_bytes("e", key.bytes("n")), JwkError::rsa_exponent_size);
    refuse(key.with_bytes("e", number(40'000)), JwkError::rsa_exponent_size);

    const Entry below = key.with_bytes("n", number(4096));
    accept(below.with_bytes("e", number(64)));
    const Entry above = key.with_bytes("n", number(4097));
    accept(above.with_bytes("e", number(32)));
    refuse(above.with_bytes("e", number(33)), JwkError::rsa_exponent_size);
}

void coordinates_have_full_length(void **) {
    for (const char *name : {"ec1", "ec384", "ec521"}) {
        const Entry key(name);
        for (const char *member : {"x", "y"}) {
            const std::string bytes = key.bytes(member);
            refuse(key.with_bytes(member, '\0' + bytes),
                   JwkError::member_invalid);
            refuse(key.with_bytes(member, bytes.substr(1)),
                   JwkError::member_invalid);
        }
    }
    // Its x starts with a zero byte, which is part of it.
    const Entry zero("ec_x0");
    assert_int_equal(zero.bytes("x")[0], 0);
    accept(zero);
    refuse(zero.with_bytes("x", zero.bytes("x").substr(1)),
           JwkError::member_invalid);
}

void points_are_on_the_curve(void **) {
    for (const char *name : {"ec1", "ec384", "ec521"}) {
        const Entry key(name);
        std::string y = key.bytes("y");
        y.back() = static_cast<char>(y.back() ^ 1);
        refuse(key.with_bytes("y", y), JwkError::point);
        refuse(
            key.with_bytes("x", key.bytes("y")).with_bytes("y", key.bytes("x")),
            JwkError::point);
        const std::string zero(y.size(), '\0');
        refuse(key.with_bytes("x", zero).with_bytes("y", zero),
               JwkError::point);
        const std::string ones(y.size(), '\xff');
        refuse(key.with_bytes("x", ones), JwkError::point);
    }
    // A point of another curve with coordinates of the same length.
    refuse(Entry("k256").with_text("crv", "P-256"), JwkError::point);
}

std::string ed_point(unsigned char first, char middle, unsigned char last) {
    std::string point(32, middle);
    point.front() = static_cast<char>(first);
    point.back() = static_cast<char>(last);
    return point;
}

void points_of_small_order_are_refused(void **) {
    const Entry key("ed1");
    for (const unsigned char sign : {0x00, 0x80}) {
        for (const unsigned char y : {0, 1}) {
            refuse(key.with_bytes("x", ed_point(y, '\0', sign)),
                   JwkError::small_order);
        }
        accept(key.with_bytes("x", ed_point(2, '\0', sign)));

        // p - 1, p, p + 1
        for (const unsigned char y : {0xec, 0xed, 0xee}) {
            refuse(key.with_bytes("x", ed_point(y, '\xff', 0x7f | sign)),
                   JwkError::small_order);
        }
        accept(key.with_bytes("x", ed_point(0xeb, '\xff', 0x7f | sign)));
        accept(key.with_bytes("x", ed_point(0xef, '\xff', 0x7f | sign)));
    }
    for (std::string y :
         {"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
          "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"}) {
        long size = 0;
        unsigned char *bytes = OPENSSL_hexstr2buf(y.c_str(), &size);
        std::string point(reinterpret_cast<char *>(bytes), 32);
        OPENSSL_free(bytes);
        refuse(key.with_bytes("x", point), JwkError::small_order);
        point.back() = static_cast<char>(point.back() ^ 0x80);
        refuse(key.with_bytes("x", point), JwkError::small_order);
        point.front() = static_cast<char>(point.front() ^ 1);
        accept(key.with_bytes("x", point));
    }
}

void ed25519_keys_have_32_bytes(void **) {
    const Entry key("ed1");
    refuse(key.with_bytes("x", key.bytes("x") + '\x01'),
           JwkError::member_invalid);
    refuse(key.with_bytes("x", key.bytes("x").substr(1)),
           JwkError::member_invalid);
}

void the_error_queue_is_left_as_found(void **) {
    ERR_clear_error();
    refuse(Entry("ec1").with_bytes("x", Entry("ec1").bytes("y")),
           JwkError::point);
    assert_int_equal(ERR_peek_error(), 0);

    ERR_raise(ERR_LIB_USER, 7);
    const unsigned long before = ERR_peek_error();
    refuse(Entry("ec1").with_bytes("x", Entry("ec1").bytes("y")),
           JwkError::point);
    accept(Entry("ec1"));
    assert_int_equal(ERR_get_error(), before);
    assert_int_equal(ERR_get_error(), 0);
}

void every_reason_has_its_row(void **) {
#define X(reason, words, worth)                                                \
    assert_text(jwk_error_row(JwkError::reason).name, #reason);                \
    assert_text(jwk_error_row(JwkError::reason).text, words);                  \
    assert_int_equal(jwk_error_row(JwkError::reason).warn, worth);
    ID_TOKEN_JWK_ERRORS(X)
#undef X
}

void a_failed_allocation_makes_no_bad_key(void **) {
    for (const char *name : {"rsa1", "ec1", "ec521", "ed1"}) {
        const auto json = Json::parse(Entry(name).text());
        // OpenSSL loads what it needs only once.
        CurveCheck curves;
        (void)parse_jwk(json->view(), curves)->key.get();
        const long failed = unit::with_each_allocation_failing(
            unit::Failing::one,
            [&]() -> std::string_view {
                try {
                    CurveCheck fresh;
                    auto key = parse_jwk(json->view(), fresh);
                    if (!key) {
                        return jwk_error_row(key.error()).name;
                    }
                    return key->key.get() != nullptr ? "ok" : "no key";
                } catch (const std::bad_alloc &) {
                    return "bad_alloc";
                }
            },
            [&](std::string_view answer, bool hit) {
                // Some of OpenSSL's allocations can be done without.
                if (!hit || answer != "ok") {
                    assert_text(answer, hit ? "bad_alloc" : "ok");
                }
            });
        assert_true(failed > 5);
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_key),
        cmocka_unit_test(the_key_is_the_one_that_was_written),
        cmocka_unit_test(what_is_no_key_of_ours),
        cmocka_unit_test(symmetric_keys_are_refused),
        cmocka_unit_test(private_members_are_refused),
        cmocka_unit_test(use_is_absent_or_sig),
        cmocka_unit_test(key_ops_are_absent_or_hold_verify),
        cmocka_unit_test(kid_is_absent_or_a_string),
        cmocka_unit_test(alg_must_fit_the_key),
        cmocka_unit_test(members_are_base64url),
        cmocka_unit_test(rsa_size_is_bounded),
        cmocka_unit_test(leading_zero_bytes_are_tolerated),
        cmocka_unit_test(modulus_and_exponent_are_odd),
        cmocka_unit_test(the_exponent_is_bounded),
        cmocka_unit_test(coordinates_have_full_length),
        cmocka_unit_test(points_are_on_the_curve),
        cmocka_unit_test(points_of_small_order_are_refused),
        cmocka_unit_test(ed25519_keys_have_32_bytes),
        cmocka_unit_test(the_error_queue_is_left_as_found),
        cmocka_unit_test(every_reason_has_its_row),
        cmocka_unit_test(a_failed_allocation_makes_no_bad_key),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
