// libjwt judges the signatures that we accept: it shares no code with ours.
// It has no EdDSA; PS* it has not in 1.10, and later only for keys whose PEM
// says RSA-PSS, which a JWK cannot say.

#include <jansson.h>
#include <jwt.h>

#include <optional>
#include <string>

#include "idt_base/base64url.h"
#include "idt_jose/jwks.h"
#include "idt_jose/signature.h"
#include "unit/support.h"

using namespace id_token;

namespace {

constexpr const char *kFiles[] = {
    "algorithms",         "claims",  "headers",   "attacks", "malformed",
    "signatures",         "keysets", "providers", "oidf_rp", "wycheproof_jws",
    "wycheproof_idtoken", "rfc",     "kjdev"};

// The PEM of the key that proves a token, empty if none does.
std::string proven_by(KeySet &keys, std::string_view token) {
    const auto segments = parse_segments(token);
    if (!segments) {
        return "";
    }
    const auto header =
        parse_jose_header(segments->header, unit::any_algorithm());
    if (!header) {
        return "";
    }
    const auto signature = base64url_decode(segments->signature);
    SignatureVerifier verifier;
    const auto found =
        keys.find(*header->algorithm, header->kid ? &*header->kid : nullptr,
                  signature->size());
    for (std::size_t i = 0; i < found.count; i++) {
        Jwk &key = *found.keys[i];
        const Error error = verifier.verify(
            *header->algorithm, key, segments->signing_input,
            {reinterpret_cast<const unsigned char *>(signature->data()),
             signature->size()});
        if (error == Error::ok) {
            mint::Key pem;
            EVP_PKEY_up_ref(key.key.get());
            pem.pkey.reset(key.key.get());
            return mint::to_pem(pem, false);
        }
    }
    return "";
}

bool libjwt_accepts(const std::string &pem, const std::string &token) {
    jwt_t *jwt = nullptr;
    const int error =
        jwt_decode(&jwt, token.c_str(),
                   reinterpret_cast<const unsigned char *>(pem.data()),
                   static_cast<int>(pem.size()));
    jwt_free(jwt);
    return error == 0;
}

// What libjwt can judge at all: its algorithms, and "typ" JWT or none, and a
// claim set.
bool libjwt_can_judge(const std::string &token) {
    const auto segments = parse_segments(token);
    const auto text = base64url_decode(segments->header);
    const auto header = Json::parse(*text);
    const auto typ = header->view().find("typ").string();
    const auto payload = base64url_decode(segments->payload);
    const auto alg = *header->view().find("alg").string();
    return (alg.starts_with("RS") || alg.starts_with("ES")) &&
           (!typ || *typ == "JWT" || *typ == "jwt") && Json::parse(*payload);
}

std::unique_ptr<KeySet> key_set(const std::string &document) {
    auto set = KeySet::parse(document, 1);
    return set ? std::move(*set) : nullptr;
}

void libjwt_accepts_what_we_accept(void **) {
    int agreed = 0;
    int not_judged = 0;
    for (const char *file : kFiles) {
        const mint::Json vectors = unit::load_vectors(file);
        const json_t *sets = json_object_get(vectors.get(), "jwks_sets");
        std::size_t i = 0;
        json_t *c = nullptr;
        json_array_foreach(json_object_get(vectors.get(), "cases"), i, c) {
            const std::string token = unit::member(c, "token");
            const auto keys = key_set(unit::document(
                json_object_get(sets, unit::member(c, "jwks").c_str())));
            const std::string pem =
                keys == nullptr ? "" : proven_by(*keys, token);
            if (pem.empty()) {
                continue;
            }
            if (!libjwt_can_judge(token)) {
                not_judged++;
                continue;
            }
            if (!libjwt_accepts(pem, token)) {
                print_error("%s\n", unit::member(c, "id").c_str());
            }
            assert_true(libjwt_accepts(pem, token));
            agreed++;
        }
    }
    print_message("libjwt agreed on %d, cannot judge %d\n", agreed, not_judged);
    assert_true(agreed > 100);
}

struct Case {
    const char *alg;
    const char *key;
};

constexpr Case kCases[] = {{"RS256", "rsa1"},  {"RS384", "rsa1"},
                           {"RS512", "rsa1"},  {"PS256", "rsa1"},
                           {"PS384", "rsa1"},  {"PS512", "rsa1"},
                           {"ES256", "ec1"},   {"ES384", "ec384"},
                           {"ES512", "ec521"}, {"RS256", "rsa4096"}};

void we_accept_what_libjwt_signs(void **) {
    int judged = 0;
    for (const Case &c : kCases) {
        const std::string header = R"({"alg":")" + std::string(c.alg) +
                                   R"(","kid":")" + unit::key(c.key).kid +
                                   R"(","typ":"JWT"})";
        const std::string token = mint::encode_with_libjwt(
            unit::key(c.key), c.alg, mint::parse_json(header, "header").get(),
            mint::parse_json(R"({"sub":"u","n":1})", "payload").get());
        if (token.empty()) {
            continue;
        }
        const auto keys = key_set(unit::jwks({c.key}, {.alg = false}));
        assert_false(proven_by(*keys, token).empty());
        judged++;
    }
    assert_true(judged >= 4);
}

void both_refuse_a_changed_token(void **) {
    for (const Case &c : kCases) {
        const mint::Key &key = unit::key(c.key);
        const std::string good = unit::token(
            c.key, c.alg, unit::header(c.alg, key.kid), R"({"sub":"u"})");
        const auto keys = key_set(unit::jwks({c.key}, {.alg = false}));
        const std::string pem = mint::to_pem(key, false);
        const bool judged = libjwt_can_judge(good);
        assert_false(proven_by(*keys, good).empty());
        assert_int_equal(libjwt_accepts(pem, good), judged);

        for (const char *kind :
             {"sig", "sig-empty", "sig-short", "payload", "header", "alg-none",
              "hs256-pem", "two-segments"}) {
            const std::string bad = mint::break_token(key, good, kind);
            assert_true(proven_by(*keys, bad).empty());
            // libjwt lets the token choose the algorithm, so that a public
            // key serves it as an HMAC secret: why it judges no request.
            if (kind != std::string_view("hs256-pem")) {
                assert_false(libjwt_accepts(pem, bad));
            }
        }
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(libjwt_accepts_what_we_accept),
        cmocka_unit_test(we_accept_what_libjwt_signs),
        cmocka_unit_test(both_refuse_a_changed_token),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
