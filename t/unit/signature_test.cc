#include "idt_jose/signature.h"

#include <new>
#include <string>
#include <vector>

#include "unit/allocation.h"
#include "unit/support.h"

using namespace id_token;

namespace {

struct Case {
    const char *alg;
    const char *key;
    const char *other_key;  // of the same kind
};

constexpr Case kCases[] = {
    {"RS256", "rsa1", "rsa2"},     {"RS384", "rsa1", "rsa2"},
    {"RS512", "rsa1", "rsa2"},     {"PS256", "rsa1", "rsa2"},
    {"PS384", "rsa1", "rsa2"},     {"PS512", "rsa1", "rsa2"},
    {"ES256", "ec1", "ec2"},       {"ES384", "ec384", nullptr},
    {"ES512", "ec521", nullptr},   {"EdDSA", "ed1", "ed2"},
    {"Ed25519", "ed1", "ed2"},     {"RS256", "rsa_e3", nullptr},
    {"RS256", "rsa3072", nullptr}, {"PS512", "rsa4096", nullptr},
    {"RS512", "rsa8192", nullptr}, {"ES256", "ec_x0", nullptr},
};

// One for each way of verifying.
constexpr Case kWays[] = {{"RS256", "rsa1", "rsa2"},
                          {"PS256", "rsa1", "rsa2"},
                          {"ES256", "ec1", "ec2"},
                          {"EdDSA", "ed1", "ed2"}};

const std::string kInput = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1In0";

Jwk load(const char *name) {
    const auto json = Json::parse(unit::jwk(name, {.alg = false}));
    CurveCheck curves;
    auto key = parse_jwk(json->view(), curves);
    assert_true(static_cast<bool>(key));
    return std::move(*key);
}

std::string sign(const Case &c, const std::string &input = kInput) {
    return mint::sign(unit::key(c.key), c.alg, input);
}

Error verify(SignatureVerifier &verifier, const char *alg, Jwk &key,
             const std::string &signature, const std::string &input = kInput) {
    return verifier.verify(
        *find_algorithm(alg), key, input,
        {reinterpret_cast<const unsigned char *>(signature.data()),
         signature.size()});
}

Error verify(const char *alg, Jwk &key, const std::string &signature,
             const std::string &input = kInput) {
    SignatureVerifier verifier;
    return verify(verifier, alg, key, signature, input);
}

void flip(std::string &bytes, std::size_t bit) {
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ 1 << bit % 8);
}

void every_algorithm_verifies(void **) {
    SignatureVerifier verifier;
    for (const Case &c : kCases) {
        Jwk key = load(c.key);
        assert_reason(verify(verifier, c.alg, key, sign(c)), Error::ok);
        assert_reason(verify(verifier, c.alg, key, sign(c, ""), ""), Error::ok);
        const std::string large(100'000, 'x');
        assert_reason(verify(verifier, c.alg, key, sign(c, large), large),
                      Error::ok);
    }
}

void every_bit_of_a_signature_counts(void **) {
    SignatureVerifier verifier;
    for (const Case &c : kWays) {
        Jwk key = load(c.key);
        std::string signature = sign(c);
        for (std::size_t bit = 0; bit < 8 * signature.size(); bit++) {
            flip(signature, bit);
            assert_reason(verify(verifier, c.alg, key, signature),
                          Error::signature);
            flip(signature, bit);
        }
        assert_reason(verify(verifier, c.alg, key, signature), Error::ok);
    }
}

void every_bit_of_the_input_counts(void **) {
    SignatureVerifier verifier;
    for (const Case &c : kWays) {
        Jwk key = load(c.key);
        const std::string signature = sign(c);
        std::string input = kInput;
        for (std::size_t bit = 0; bit < 8 * input.size(); bit++) {
            flip(input, bit);
            assert_reason(verify(verifier, c.alg, key, signature, input),
                          Error::signature);
            flip(input, bit);
        }
        assert_reason(verify(verifier, c.alg, key, signature, input + "x"),
                      Error::signature);
        input.pop_back();
        assert_reason(verify(verifier, c.alg, key, signature, input),
                      Error::signature);
    }
}

void another_length_is_refused(void **) {
    SignatureVerifier verifier;
    for (const Case &c : kCases) {
        Jwk key = load(c.key);
        const std::string good = sign(c);
        for (const std::string &bad :
             {std::string(), good.substr(1), good.substr(0, good.size() - 1),
              good + '\0', '\0' + good, good + good}) {
            assert_reason(verify(verifier, c.alg, key, bad),
                          Error::signature_length);
        }
    }
}

void a_der_signature_is_refused(void **) {
    const std::string token =
        unit::token("ec1", "ES256", R"({"alg":"ES256"})", "{}");
    const std::string der =
        mint::break_token(unit::key("ec1"), token, "sig-der");
    Jwk key = load("ec1");
    assert_reason(verify("ES256", key,
                         mint::base64url_decode(der.substr(der.rfind('.') + 1)),
                         der.substr(0, der.rfind('.'))),
                  Error::signature_length);
}

void another_key_is_refused(void **) {
    for (const Case &c : kCases) {
        if (c.other_key != nullptr) {
            Jwk key = load(c.other_key);
            assert_reason(verify(c.alg, key, sign(c)), Error::signature);
        }
    }
}

void another_algorithm_is_refused(void **) {
    for (const Case &c : kCases) {
        Jwk key = load(c.key);
        const std::string signature = sign(c);
        const Algorithm &own = *find_algorithm(c.alg);
        for (const Algorithm &a : algorithms()) {
            const Error error = verify(a.name.data(), key, signature);
            // Two names of the same.
            const bool same = &a == &own || (a.scheme == Scheme::eddsa &&
                                             own.scheme == Scheme::eddsa);
            assert_reason(error, same ? Error::ok : Error::signature);
        }
    }
}

void the_algorithm_of_the_key_counts(void **) {
    const auto json = Json::parse(unit::jwk("rsa1"));
    CurveCheck curves;
    auto key = parse_jwk(json->view(), curves);
    assert_text(key->algorithm->name, "RS256");
    assert_reason(verify("RS256", *key, sign({"RS256", "rsa1", nullptr})),
                  Error::ok);
    assert_reason(verify("RS512", *key, sign({"RS512", "rsa1", nullptr})),
                  Error::signature);
    assert_reason(verify("PS256", *key, sign({"PS256", "rsa1", nullptr})),
                  Error::signature);
}

// Signature bytes that are no signature at all.
void extreme_numbers_are_refused(void **) {
    SignatureVerifier verifier;
    for (const Case &c : kCases) {
        Jwk key = load(c.key);
        const std::size_t size = key.signature_size;
        const std::string zero(size, '\0');
        const std::string ones(size, '\xff');
        std::string one = zero;
        one.back() = 1;
        for (const std::string &bad : {zero, ones, one}) {
            assert_reason(verify(verifier, c.alg, key, bad), Error::signature);
        }
    }
}

// The order of each curve.
constexpr struct {
    Case c;
    const char *order;
} kOrders[] = {
    {{"ES256", "ec1", nullptr},
     "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551"},
    {{"ES384", "ec384", nullptr},
     "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
     "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973"},
    {{"ES512", "ec521", nullptr},
     "01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
     "FA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409"},
};

std::string unhex(const char *hex) {
    long size = 0;
    unsigned char *bytes = OPENSSL_hexstr2buf(hex, &size);
    std::string out(reinterpret_cast<char *>(bytes),
                    static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return out;
}

void ecdsa_halves_are_between_zero_and_the_order(void **) {
    for (const auto &[c, order] : kOrders) {
        Jwk key = load(c.key);
        const std::string n = unhex(order);
        const std::string good = sign(c);
        const std::string r = good.substr(0, n.size());
        const std::string s = good.substr(n.size());
        const std::string zero(n.size(), '\0');
        std::string above = n;
        above.back() = static_cast<char>(above.back() + 1);

        assert_reason(verify(c.alg, key, r + s), Error::ok);
        for (const std::string &bad : {zero + s, r + zero, zero + zero, n + s,
                                       r + n, above + s, r + above, s + r}) {
            assert_reason(verify(c.alg, key, bad), Error::signature);
        }
    }
}

// s and n - s are both right: a token that verified has a second spelling,
// which is why nothing may be keyed by signature bytes alone.
void the_other_ecdsa_root_verifies(void **) {
    for (const auto &[c, order] : kOrders) {
        Jwk key = load(c.key);
        const std::string n = unhex(order);
        const std::string good = sign(c);
        const std::string s = good.substr(n.size());
        const Bignum a(
            BN_bin2bn(reinterpret_cast<const unsigned char *>(n.data()),
                      static_cast<int>(n.size()), nullptr));
        const Bignum b(
            BN_bin2bn(reinterpret_cast<const unsigned char *>(s.data()),
                      static_cast<int>(s.size()), nullptr));
        assert_int_equal(BN_sub(a.get(), a.get(), b.get()), 1);
        std::string other(n.size(), '\0');
        BN_bn2binpad(a.get(), reinterpret_cast<unsigned char *>(other.data()),
                     static_cast<int>(other.size()));
        assert_reason(verify(c.alg, key, good.substr(0, n.size()) + other),
                      Error::ok);
    }
}

// Short numbers in r || s are padded with zero bytes: among a few hundred
// signatures some have one.
void padded_ecdsa_numbers_verify(void **) {
    SignatureVerifier verifier;
    int padded = 0;
    for (const auto &[c, order] : kOrders) {
        Jwk key = load(c.key);
        for (int i = 0; i < 300; i++) {
            const std::string signature = sign(c);
            padded += signature[0] == 0 || signature[signature.size() / 2] == 0
                          ? 1
                          : 0;
            assert_reason(verify(verifier, c.alg, key, signature), Error::ok);
        }
    }
    assert_true(padded > 0);
}

// RFC 8032 5.1.7: S + L would be a second spelling of S.
void eddsa_scalars_are_reduced(void **) {
    const std::string order = unhex(
        "EDD3F55C1A631258D69CF7A2DEF9DE1400000000000000000000000000000010");
    Jwk key = load("ed1");
    std::string signature = sign({"EdDSA", "ed1", nullptr});
    assert_reason(verify("EdDSA", key, signature), Error::ok);
    unsigned carry = 0;
    for (std::size_t i = 0; i < 32; i++) {
        carry += static_cast<unsigned char>(signature[32 + i]) +
                 static_cast<unsigned char>(order[i]);
        signature[32 + i] = static_cast<char>(carry);
        carry >>= 8;
    }
    assert_reason(verify("EdDSA", key, signature), Error::signature);
}

void another_pss_salt_is_refused(void **) {
    const std::string token =
        unit::token("rsa1", "PS256", R"({"alg":"PS256"})", "{}");
    const std::string bad =
        mint::break_token(unit::key("rsa1"), token, "pss-salt");
    Jwk key = load("rsa1");
    for (const std::string &t : {token, bad}) {
        assert_reason(verify("PS256", key,
                             mint::base64url_decode(t.substr(t.rfind('.') + 1)),
                             t.substr(0, t.rfind('.'))),
                      t == token ? Error::ok : Error::signature);
    }
}

// Contexts are kept: what one signature left behind must not help another.
void verifications_do_not_disturb_each_other(void **) {
    SignatureVerifier verifier;
    std::vector<Jwk> keys;
    std::vector<std::string> signatures;
    for (const Case &c : kCases) {
        keys.push_back(load(c.key));
        signatures.push_back(sign(c));
    }
    for (int round = 0; round < 20; round++) {
        for (std::size_t i = 0; i < keys.size(); i++) {
            const char *alg = kCases[i].alg;
            std::string bad = signatures[i];
            flip(bad, static_cast<std::size_t>(round) * 7);
            assert_reason(verify(verifier, alg, keys[i], bad),
                          Error::signature);
            assert_reason(verify(verifier, alg, keys[i], signatures[i]),
                          Error::ok);
            assert_reason(verify(verifier, alg, keys[i], bad.substr(1)),
                          Error::signature_length);
            assert_reason(verify(verifier, alg, keys[i], signatures[i]),
                          Error::ok);
            assert_reason(
                verify(verifier, alg, keys[i], signatures[i], "other"),
                Error::signature);
        }
    }
}

void the_error_queue_is_left_as_found(void **) {
    SignatureVerifier verifier;
    for (const bool filled : {false, true}) {
        for (const Case &c : kCases) {
            Jwk key = load(c.key);
            const std::string good = sign(c);
            ERR_clear_error();
            unsigned long before = 0;
            if (filled) {
                ERR_raise(ERR_LIB_USER, 7);
                before = ERR_peek_error();
            }
            (void)verify(verifier, c.alg, key, good);
            (void)verify(verifier, c.alg, key, std::string(good.size(), '\0'));
            (void)verify(verifier, c.alg, key,
                         std::string(good.size(), '\xff'));
            (void)verify(verifier, c.alg, key, good, "other");
            (void)verify(verifier, c.alg, key, "");
            assert_int_equal(ERR_get_error(), before);
            assert_int_equal(ERR_get_error(), 0);
        }
    }
}

// Somebody else's failure to allocate says nothing of our signature.
void errors_from_before_are_not_ours(void **) {
    SignatureVerifier verifier;
    for (const Case &c : kWays) {
        Jwk key = load(c.key);
        const std::string good = sign(c);
        for (const int reason : {7, ERR_R_MALLOC_FAILURE}) {
            ERR_clear_error();
            ERR_raise(ERR_LIB_USER, reason);
            const unsigned long before = ERR_peek_error();
            assert_reason(verify(verifier, c.alg, key, good), Error::ok);
            assert_reason(verify(verifier, c.alg, key, good, "other"),
                          Error::signature);
            assert_int_equal(ERR_get_error(), before);
            assert_int_equal(ERR_get_error(), 0);
        }
    }
}

void a_lack_of_memory_is_told_from_the_errors_of_a_scope(void **) {
    ERR_clear_error();
    for (const bool filled : {false, true}) {
        if (filled) {
            ERR_raise(ERR_LIB_USER, 7);
        }
        const ErrorQueueScope scope;
        assert_false(scope.out_of_memory());
        ERR_raise(ERR_LIB_EVP, 7);
        assert_false(scope.out_of_memory());
        ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
        assert_true(scope.out_of_memory());
    }
    ERR_clear_error();
    const ErrorQueueScope scope;
    ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
    ERR_raise(ERR_LIB_EVP, 7);
    assert_true(scope.out_of_memory());
}

Error verify_unless_out_of_memory(SignatureVerifier *verifier, const char *alg,
                                  Jwk &key, const std::string &signature) {
    try {
        if (verifier != nullptr) {
            return verify(*verifier, alg, key, signature);
        }
        return verify(alg, key, signature);
    } catch (const std::bad_alloc &) {
        return Error::out_of_memory;
    }
}

void a_failed_allocation_never_verifies(void **) {
    SignatureVerifier kept;
    for (const Case &c : kCases) {
        const std::string good = sign(c);
        std::string bad = good;
        flip(bad, 100);
        // The first time a key makes its context; OpenSSL loads what it needs
        // once before.
        Jwk warm = load(c.key);
        assert_reason(verify(kept, c.alg, warm, good), Error::ok);
        for (const unit::Failing how :
             {unit::Failing::one, unit::Failing::all_from}) {
            for (const bool fresh : {false, true}) {
                Jwk key = load(c.key);
                unit::with_each_allocation_failing(
                    how,
                    [&] {
                        return verify_unless_out_of_memory(
                            fresh ? nullptr : &kept, c.alg, key, bad);
                    },
                    [](Error error, bool hit) {
                        if (!hit || error != Error::out_of_memory) {
                            assert_reason(error, Error::signature);
                        }
                    });
                Jwk again = load(c.key);
                unit::with_each_allocation_failing(
                    how,
                    [&] {
                        return verify_unless_out_of_memory(
                            fresh ? nullptr : &kept, c.alg, again, good);
                    },
                    [](Error error, bool hit) {
                        if (!hit) {
                            assert_reason(error, Error::ok);
                        }
                    });
                // Nothing is left broken.
                assert_reason(verify(kept, c.alg, again, good), Error::ok);
                assert_reason(verify(kept, c.alg, key, bad), Error::signature);
            }
        }
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_verifies),
        cmocka_unit_test(every_bit_of_a_signature_counts),
        cmocka_unit_test(every_bit_of_the_input_counts),
        cmocka_unit_test(another_length_is_refused),
        cmocka_unit_test(a_der_signature_is_refused),
        cmocka_unit_test(another_key_is_refused),
        cmocka_unit_test(another_algorithm_is_refused),
        cmocka_unit_test(the_algorithm_of_the_key_counts),
        cmocka_unit_test(extreme_numbers_are_refused),
        cmocka_unit_test(ecdsa_halves_are_between_zero_and_the_order),
        cmocka_unit_test(the_other_ecdsa_root_verifies),
        cmocka_unit_test(padded_ecdsa_numbers_verify),
        cmocka_unit_test(eddsa_scalars_are_reduced),
        cmocka_unit_test(another_pss_salt_is_refused),
        cmocka_unit_test(verifications_do_not_disturb_each_other),
        cmocka_unit_test(the_error_queue_is_left_as_found),
        cmocka_unit_test(errors_from_before_are_not_ours),
        cmocka_unit_test(a_lack_of_memory_is_told_from_the_errors_of_a_scope),
        cmocka_unit_test(a_failed_allocation_never_verifies),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
