// The signed identity for upstreams: its key, its key set, its claims.

#include "idt_mint/assertion.h"

#include <climits>
#include <cstring>
#include <memory>
#include <new>
#include <string>

#include "idt_base/base64url.h"
#include "idt_jose/jwks.h"
#include "idt_jose/jws.h"
#include "idt_lib/openssl.h"
#include "idt_jose/signature.h"
#include "idt_token/validator.h"
#include "unit/allocation.h"
#include "unit/support.h"
#include "unit/tenant.h"

using namespace id_token;
using unit::kNow;

namespace {

std::string pem(const std::string &name, bool secret = true) {
    return mint::to_pem(unit::key(name), secret);
}

AssertionKey key(const std::string &name) {
    auto k = AssertionKey::parse(Secret(pem(name)));
    assert_true(static_cast<bool>(k));
    return std::move(*k);
}

void refuse(const std::string &text, AssertionKeyError expected) {
    auto k = AssertionKey::parse(Secret(text));
    assert_false(static_cast<bool>(k));
    assert_text(assertion_key_error_text(k.error()),
                assertion_key_error_text(expected));
}

AssertionPolicy app() {
    return {"https://gateway.example", "app", {"sub", "email"}, 60};
}

Assertion mint_one(const AssertionPolicy &policy, const Claims &claims,
                   NumericDate exp = kNow + 3600,
                   const std::string &name = "ec1") {
    auto a = mint_assertion(key(name), policy, claims, exp, kNow);
    assert_true(static_cast<bool>(a));
    return std::move(*a);
}

std::string part(const std::string &token, int n) {
    const auto s = parse_segments(token);
    assert_true(static_cast<bool>(s));
    return base64url_decode(n == 0 ? s->header : s->payload).value();
}

// With our own verifier, which shares no code with libjwt but OpenSSL.
bool verifies(const std::string &token, const std::string &jwks) {
    const auto s = parse_segments(token);
    const auto json = Json::parse(part(token, 0));
    const std::string kid(json->view().find("kid").string().value());
    const Algorithm *a =
        find_algorithm(json->view().find("alg").string().value());
    auto keys = unit::parse_keys(jwks);
    std::string signature = base64url_decode(s->signature).value();
    const auto found = keys->find(*a, &kid, signature.size());
    assert_int_equal(found.count, 1);
    return SignatureVerifier().verify(
               *a, *found.keys[0], s->signing_input,
               {reinterpret_cast<unsigned char *>(signature.data()),
                signature.size()}) == Error::ok;
}

void a_key_set_verifies_what_is_signed(void **) {
    for (const char *name : {"ec1", "rsa1"}) {
        const Assertion a = mint_one(app(), unit::claims(), kNow + 3600, name);
        assert_true(verifies(a.token, key(name).jwks()));
        const std::string other = name[0] == 'e' ? "ec2" : "rsa2";
        std::string wrong = key(other).jwks();
        wrong.replace(wrong.find(key(other).kid()), 43, key(name).kid());
        assert_false(verifies(a.token, wrong));
    }
}

void a_key_set_is_public_and_complete(void **) {
    const auto json = Json::parse(key("ec1").jwks());
    const JsonView k = json->view().find("keys").at(0);
    assert_int_equal(json->view().find("keys").size(), 1);
    assert_text(k.find("kty").string().value(), "EC");
    assert_text(k.find("crv").string().value(), "P-256");
    assert_text(k.find("alg").string().value(), "ES256");
    assert_text(k.find("use").string().value(), "sig");
    assert_int_equal(k.find("x").string()->size(), 43);
    assert_int_equal(k.find("y").string()->size(), 43);
    assert_int_equal(k.size(), 7);
    const auto rsa = Json::parse(key("rsa1").jwks());
    assert_int_equal(rsa->view().find("keys").at(0).size(), 6);
    assert_text(rsa->view().find("keys").at(0).find("alg").string().value(),
                "RS256");
}

// RFC 7638 3.1
void the_kid_is_the_thumbprint(void **) {
    const auto jwks = Json::parse(key("rsa1").jwks());
    const JsonView k = jwks->view().find("keys").at(0);
    const std::string text = R"({"e":")" +
                             std::string(k.find("e").string().value()) +
                             R"(","kty":"RSA","n":")" +
                             std::string(k.find("n").string().value()) + "\"}";
    unsigned char digest[32];
    assert_int_equal(EVP_Q_digest(nullptr, "SHA256", nullptr, text.data(),
                                  text.size(), digest, nullptr),
                     1);
    assert_text(key("rsa1").kid(),
                base64url_encode(std::span<const unsigned char>(digest)));
    assert_int_equal(key("ec1").kid().size(), 43);
    assert_string_not_equal(key("ec1").kid().c_str(), key("ec2").kid().c_str());
}

void the_header_names_type_key_and_algorithm(void **) {
    const std::string token = mint_one(app(), unit::claims()).token;
    const auto json = Json::parse(part(token, 0));
    assert_int_equal(json->view().size(), 3);
    assert_text(json->view().find("typ").string().value(), "id-assertion+jwt");
    assert_text(json->view().find("alg").string().value(), "ES256");
    assert_text(json->view().find("kid").string().value(), key("ec1").kid());
}

void only_named_claims_are_held(void **) {
    const Claims claims = unit::claims(
        {{"email", "\"a@b\""}, {"groups", "[\"x\"]"}, {"nonce", "\"n\""}});
    const auto json = Json::parse(part(mint_one(app(), claims).token, 1));
    assert_int_equal(json->view().size(), 6);
    assert_text(json->view().find("iss").string().value(),
                "https://gateway.example");
    assert_text(json->view().find("aud").string().value(), "app");
    assert_text(json->view().find("email").string().value(), "a@b");
    assert_true(json->view().find("sub").is(JsonKind::string));
    assert_true(json->view().find("iat").number() == kNow);
    assert_true(json->view().find("exp").number() == kNow + 60);
}

void absent_and_null_claims_stay_absent(void **) {
    const Claims claims = unit::claims({{"email", "null"}});
    AssertionPolicy policy = app();
    policy.claims = {"email", "phone"};
    const auto json = Json::parse(part(mint_one(policy, claims).token, 1));
    assert_int_equal(json->view().size(), 4);
}

void values_keep_their_types(void **) {
    const std::string text =
        R"({"a":{"x":[1,null,"\u0007"]},"b":true,"d":0.1,)"
        R"("https://example.com/roles":["r"],"i":9223372036854775807,)"
        R"("s":"\"\\\u00e4\u007f","z":false})";
    AssertionPolicy policy = app();
    policy.claims = {"a", "b", "d", "https://example.com/roles", "i", "s", "z"};
    const Claims claims = unit::parse_claims(text);
    const auto json = Json::parse(part(mint_one(policy, claims).token, 1));
    for (const std::string &name : policy.claims) {
        std::string expected;
        std::string actual;
        claims.find(name).append_json(expected);
        json->view().find(name).append_json(actual);
        assert_text(actual, expected);
    }
}

// Exact or absent, also where libjwt's JSON library knows no such integer.
void values_beyond_jansson_are_exact_or_absent(void **) {
    AssertionPolicy policy = app();
    policy.claims = {"big", "half", "list", "s"};
    const Claims claims = unit::parse_claims(
        R"({"big":18446744073709551616,"half":"\ud83d","list":[1e400],)"
        R"("s":"x"})");
    const std::string payload = part(mint_one(policy, claims).token, 1);
    const auto json = Payload::parse(payload);
    assert_int_equal(json->view().size(), 6);
    assert_true(json->view().find("s").string() == "x");
    std::string big;
    json->view().find("big").append_json(big);
    assert_text(big, "18446744073709551616");
}

void names_and_values_of_the_configuration_are_escaped(void **) {
    AssertionPolicy policy = app();
    policy.audience = "a\",\"sub\":\"root";
    policy.claims = {"x\":1,\"y"};
    const Claims claims = unit::parse_claims(R"({"x\":1,\"y":7})");
    const auto json = Json::parse(part(mint_one(policy, claims).token, 1));
    assert_int_equal(json->view().size(), 5);
    assert_text(json->view().find("aud").string().value(), policy.audience);
    assert_false(static_cast<bool>(json->view().find("sub")));
}

void claims_of_ours_cannot_be_named(void **) {
    for (const char *name : {"iss", "aud", "exp", "nbf", "iat", "jti", "typ",
                             "token_use", "events"}) {
        assert_false(is_assertion_claim(name));
    }
    for (const char *name : {"sub", "email", "Iss", "acr", "issuer", ""}) {
        assert_true(is_assertion_claim(name));
    }
}

void it_never_outlives_the_id_token(void **) {
    const Claims claims = unit::claims();
    const auto expires = [&](NumericDate exp) {
        return mint_one(app(), claims, exp).expires - kNow;
    };
    assert_int_equal(expires(kNow + 1e300), 60);
    assert_int_equal(expires(kNow + 61), 60);
    assert_int_equal(expires(kNow + 60), 60);
    assert_int_equal(expires(kNow + 59.9), 59);
    assert_int_equal(expires(kNow + 1), 1);
    for (const NumericDate exp : {kNow + 0.9, kNow + 0.0, kNow - 5.0, -1e300}) {
        const auto a = mint_assertion(key("ec1"), app(), claims, exp, kNow);
        assert_false(static_cast<bool>(a));
        assert_reason(a.error(), Error::expired);
    }
}

void it_is_renewed_at_half_its_life(void **) {
    const Claims claims = unit::claims();
    assert_int_equal(mint_one(app(), claims).renew, kNow + 30);
    AssertionPolicy shortest = app();
    shortest.lifetime = 1;
    assert_int_equal(mint_one(shortest, claims).renew, kNow + 1);
    // No newer one could live longer.
    assert_int_equal(mint_one(app(), claims, kNow + 59).renew, kNow + 59);
}

void it_cannot_pass_as_an_id_token(void **) {
    Policy policy = unit::policy();
    AssertionPolicy lookalike = app();
    lookalike.issuer = policy.issuer;
    lookalike.audience = policy.client_id;
    const Claims claims = unit::claims();
    const std::string token = mint_one(lookalike, claims).token;
    const auto keys = unit::parse_keys(key("ec1").jwks());
    Validator validator({}, 0);
    assert_reason(validator.validate(policy, *keys, token, kNow).error,
                  Error::typ);

    // The same payload under another type does pass.
    const std::string twin =
        unit::token("ec1", "ES256", unit::header("ES256", key("ec1").kid()),
                    part(token, 1));
    assert_reason(validator.validate(policy, *keys, twin, kNow).error,
                  Error::ok);
}

void keys_of_another_kind_are_refused(void **) {
    refuse(pem("ec384"), AssertionKeyError::kind);
    refuse(pem("ec521"), AssertionKeyError::kind);
    refuse(pem("ed1"), AssertionKeyError::kind);
    key("rsa3072");
    const mint::Key weak = mint::generate_key("RS256", 1024);
    refuse(mint::to_pem(weak, true), AssertionKeyError::rsa_size);
    const mint::Key koblitz = mint::generate_key("ES256K", 0);
    refuse(mint::to_pem(koblitz, true), AssertionKeyError::kind);
}

void what_is_no_private_key_is_refused(void **) {
    refuse("", AssertionKeyError::not_pem);
    refuse("c2VjcmV0", AssertionKeyError::not_pem);
    refuse(pem("ec1", false), AssertionKeyError::not_pem);
    refuse(unit::jwk("ec1", {.secret = true}), AssertionKeyError::not_pem);
    refuse(pem("ec1").substr(0, 100), AssertionKeyError::not_pem);
    refuse(std::string(kMaxPrivateKeyBytes + 1, 'x'),
           AssertionKeyError::too_long);
    refuse(std::string(kMaxPrivateKeyBytes, 'x'), AssertionKeyError::not_pem);
}

std::string encrypted(const EVP_PKEY *pkey) {
    const Bio bio(BIO_new(BIO_s_mem()));
    const unsigned char word[] = "pass";
    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(
                         bio.get(), pkey, EVP_aes_128_cbc(), nullptr, 0,
                         nullptr, const_cast<unsigned char *>(word)),
                     1);
    char *text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    return std::string(text, static_cast<std::size_t>(size));
}

void encrypted_keys_are_refused_and_nobody_is_asked(void **) {
    refuse(encrypted(unit::key("ec1").pkey.get()),
           AssertionKeyError::encrypted);
    refuse(encrypted(unit::key("rsa1").pkey.get()),
           AssertionKeyError::encrypted);
}

void halves_must_fit(void **) {
    // SEC 1: the private number of ec1, the point of ec2
    const auto sec1 = [](const char *name) {
        const Bio bio(BIO_new(BIO_s_mem()));
        assert_int_equal(
            i2d_PrivateKey_bio(bio.get(), unit::key(name).pkey.get()), 1);
        char *text = nullptr;
        const long size = BIO_get_mem_data(bio.get(), &text);
        return std::string(text, static_cast<std::size_t>(size));
    };
    std::string der = sec1("ec1");
    const std::string other = sec1("ec2");
    der.replace(der.size() - 64, 64, other, other.size() - 64, 64);
    const Bio bio(BIO_new(BIO_s_mem()));
    assert_true(PEM_write_bio(bio.get(), "EC PRIVATE KEY", "",
                              reinterpret_cast<unsigned char *>(der.data()),
                              static_cast<long>(der.size())) > 0);
    char *text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text);
    refuse(std::string(text, static_cast<std::size_t>(size)),
           AssertionKeyError::mismatch);
}

void openssls_errors_are_left_as_found(void **) {
    ERR_clear_error();
    ERR_raise(ERR_LIB_USER, 7);
    refuse("x", AssertionKeyError::not_pem);
    mint_one(app(), unit::claims());
    assert_int_equal(ERR_GET_REASON(ERR_get_error()), 7);
    assert_int_equal(ERR_get_error(), 0);
}

void a_secret_moves_and_leaves_nothing(void **) {
    Secret a(std::string_view("abc"));
    Secret b(std::move(a));
    assert_int_equal(a.size(), 0);
    assert_int_equal(b.size(), 3);
    assert_memory_equal(b.data(), "abc", 3);
    a = std::move(b);
    assert_int_equal(a.size(), 3);
}

constexpr long kStep = 17;
constexpr long kLast = 150;

template <class Work>
long count_allocations(Work work) {
    const unit::FailingAllocation none(LONG_MAX, unit::Failing::one);
    work();
    return LONG_MAX - 1 - unit::plan.left;
}

// OpenSSL makes thousands of allocations to read a PEM: every 17th fails, and
// each of the last, among which are those of the signature.
template <class Work>
void starve(Work work) {
    const long count = count_allocations(work);
    for (const auto how : {unit::Failing::one, unit::Failing::all_from}) {
        bool hit = true;
        for (long nth = 1; hit; nth += nth < count - kLast ? kStep : 1) {
            bool good = false;
            {
                const unit::FailingAllocation failing(nth, how);
                try {
                    good = work();
                } catch (const std::bad_alloc &) {
                }
                hit = failing.hit();
            }
            // A failure that OpenSSL gets over leaves a good answer.
            assert_true(good || hit);
        }
    }
}

void a_failed_allocation_signs_nothing_wrong(void **) {
    const Claims claims = unit::claims({{"email", "\"a@b\""}});
    for (const char *name : {"ec1", "rsa1"}) {
        const AssertionKey k = key(name);
        starve([&] {
            const auto a = mint_assertion(k, app(), claims, kNow + 3600, kNow);
            unit::plan.armed = false;
            if (a) {
                assert_true(verifies(a->token, k.jwks()));
                assert_non_null(std::strstr(part(a->token, 1).c_str(), "a@b"));
            } else {
                // OpenSSL does not always tell that it had no memory.
                assert_true(a.error() == Error::out_of_memory ||
                            a.error() == Error::internal);
            }
            return static_cast<bool>(a);
        });
    }
}

void a_failed_allocation_loads_no_wrong_key(void **) {
    const std::string text = pem("ec1");
    const std::string kid = key("ec1").kid();
    starve([&] {
        const auto k = AssertionKey::parse(Secret(text));
        unit::plan.armed = false;
        assert_true(!k || k->kid() == kid);
        return static_cast<bool>(k);
    });
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_key_set_verifies_what_is_signed),
        cmocka_unit_test(a_key_set_is_public_and_complete),
        cmocka_unit_test(the_kid_is_the_thumbprint),
        cmocka_unit_test(the_header_names_type_key_and_algorithm),
        cmocka_unit_test(only_named_claims_are_held),
        cmocka_unit_test(absent_and_null_claims_stay_absent),
        cmocka_unit_test(values_keep_their_types),
        cmocka_unit_test(values_beyond_jansson_are_exact_or_absent),
        cmocka_unit_test(names_and_values_of_the_configuration_are_escaped),
        cmocka_unit_test(claims_of_ours_cannot_be_named),
        cmocka_unit_test(it_never_outlives_the_id_token),
        cmocka_unit_test(it_is_renewed_at_half_its_life),
        cmocka_unit_test(it_cannot_pass_as_an_id_token),
        cmocka_unit_test(keys_of_another_kind_are_refused),
        cmocka_unit_test(what_is_no_private_key_is_refused),
        cmocka_unit_test(encrypted_keys_are_refused_and_nobody_is_asked),
        cmocka_unit_test(halves_must_fit),
        cmocka_unit_test(openssls_errors_are_left_as_found),
        cmocka_unit_test(a_secret_moves_and_leaves_nothing),
        cmocka_unit_test(a_failed_allocation_signs_nothing_wrong),
        cmocka_unit_test(a_failed_allocation_loads_no_wrong_key),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
