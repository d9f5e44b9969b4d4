// What we accept, others accept, too: libjwt where it knows the algorithm, and
// a plain check with its own base64, jansson as it is and EVP_DigestVerify.
//
// Input: a byte of options, the token.

#include <jansson.h>
#include <jwt.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include <map>
#include <memory>
#include <optional>

#include "idt_token/validator.h"
#include "fuzz/fuzz_token.h"
#include "unit/support.h"

using namespace id_token;

namespace {

std::string decode(std::string_view text) {
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string bytes;
    unsigned bits = 0;
    unsigned value = 0;
    for (const char c : text) {
        const std::size_t digit = kAlphabet.find(c);
        REQUIRE(digit != kAlphabet.npos);
        value = (value << 6 | static_cast<unsigned>(digit)) & 0xffffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(value >> bits);
        }
    }
    return bytes;
}

std::string text_member(const mint::Json &object, const char *name) {
    const json_t *value = json_object_get(object.get(), name);
    return json_is_string(value) ? std::string(json_string_value(value),
                                               json_string_length(value))
                                 : std::string();
}

struct DigestFree {
    void operator()(EVP_MD_CTX *p) const noexcept { EVP_MD_CTX_free(p); }
};

std::string to_der(const std::string &raw) {
    const auto *bytes = reinterpret_cast<const unsigned char *>(raw.data());
    const int half = static_cast<int>(raw.size() / 2);
    ECDSA_SIG *sig = ECDSA_SIG_new();
    ECDSA_SIG_set0(sig, BN_bin2bn(bytes, half, nullptr),
                   BN_bin2bn(bytes + half, half, nullptr));
    unsigned char *der = nullptr;
    const int size = i2d_ECDSA_SIG(sig, &der);
    std::string out(reinterpret_cast<char *>(der),
                    static_cast<std::size_t>(size));
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    return out;
}

bool plain_verify(EVP_PKEY *key, const std::string &alg, std::string signature,
                  std::string_view input) {
    const std::string digest = "SHA" + alg.substr(2);
    const bool eddsa = alg == "EdDSA" || alg == "Ed25519";
    if (alg.starts_with("ES")) {
        signature = to_der(signature);
    }
    const std::unique_ptr<EVP_MD_CTX, DigestFree> ctx(EVP_MD_CTX_new());
    EVP_PKEY_CTX *options = nullptr;
    bool ok = EVP_DigestVerifyInit_ex(ctx.get(), &options,
                                      eddsa ? nullptr : digest.c_str(), nullptr,
                                      nullptr, key, nullptr) == 1;
    if (ok && alg.starts_with("PS")) {
        ok = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1;
    }
    ok = ok && EVP_DigestVerify(
                   ctx.get(),
                   reinterpret_cast<const unsigned char *>(signature.data()),
                   signature.size(),
                   reinterpret_cast<const unsigned char *>(input.data()),
                   input.size()) == 1;
    ERR_clear_error();
    return ok;
}

bool key_can(const std::string &alg, EVP_PKEY *key) {
    const char *kind = alg.starts_with("Ed")   ? "ED25519"
                       : alg.starts_with("ES") ? "EC"
                                               : "RSA";
    return EVP_PKEY_is_a(key, kind) == 1;
}

// The name of the key that proves it.
std::optional<std::string> proven_by(const std::string &alg,
                                     const std::string &kid, bool by_kid,
                                     const std::string &signature,
                                     std::string_view input) {
    for (const char *name : fuzz::key_names()) {
        const mint::Key &key = unit::key(name);
        if ((!by_kid || key.kid == kid) && key_can(alg, key.pkey.get()) &&
            plain_verify(key.pkey.get(), alg, signature, input)) {
            return name;
        }
    }
    return std::nullopt;
}

bool holds(const json_t *aud, std::string_view client) {
    if (json_is_string(aud)) {
        return client == json_string_value(aud);
    }
    std::size_t i;
    json_t *element;
    json_array_foreach(const_cast<json_t *>(aud), i, element) {
        if (json_is_string(element) && client == json_string_value(element)) {
            return true;
        }
    }
    return false;
}

void check_claims(const mint::Json &claims) {
    REQUIRE(json_is_object(claims.get()));
    REQUIRE(text_member(claims, "iss") == fuzz::kIssuer);
    REQUIRE(holds(json_object_get(claims.get(), "aud"), fuzz::kClient));
    REQUIRE(!text_member(claims, "sub").empty());
    REQUIRE(json_number_value(json_object_get(claims.get(), "exp")) >
            static_cast<double>(fuzz::kNow - 30));
    REQUIRE(json_number_value(json_object_get(claims.get(), "iat")) <=
            static_cast<double>(fuzz::kNow + 30));
    if (const json_t *nbf = json_object_get(claims.get(), "nbf")) {
        REQUIRE(json_number_value(nbf) <= static_cast<double>(fuzz::kNow + 30));
    }
}

const std::string &pem(const std::string &name) {
    static std::map<std::string, std::string> pems;
    std::string &text = pems[name];
    if (text.empty()) {
        text = mint::to_pem(unit::key(name), false);
    }
    return text;
}

// libjwt has no EdDSA, PS* only with keys whose PEM says so, and "typ" must be
// JWT.
void check_libjwt(const std::string &token, const std::string &key,
                  const std::string &alg, const mint::Json &header) {
    const std::string typ = text_member(header, "typ");
    if (alg[1] != 'S' || alg[0] == 'P' ||
        (json_object_get(header.get(), "typ") != nullptr && typ != "JWT" &&
         typ != "jwt")) {
        return;
    }
    jwt_t *jwt = nullptr;
    const int error =
        jwt_decode(&jwt, token.c_str(),
                   reinterpret_cast<const unsigned char *>(pem(key).data()),
                   static_cast<int>(pem(key).size()));
    REQUIRE(error == 0);
    const char *iss = jwt_get_grant(jwt, "iss");
    REQUIRE(iss != nullptr && iss == fuzz::kIssuer);
    jwt_free(jwt);
    ERR_clear_error();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string_view token = fuzz::text_of(data, size);
    const unsigned options = fuzz::take_byte(token);
    static const auto with = KeySet::parse(fuzz::key_set(true), 1);
    static const auto without = KeySet::parse(fuzz::key_set(false), 2);
    const bool kids = (options & fuzz::kNoKids) == 0;
    static Validator validator({}, 0);
    const Verdict verdict = validator.validate(
        fuzz::policy(options), kids ? **with : **without, token, fuzz::kNow);
    if (verdict.error != Error::ok) {
        return 0;
    }

    const std::size_t a = token.find('.');
    const std::size_t b = token.find('.', a + 1);
    REQUIRE(a != token.npos && b != token.npos);
    REQUIRE(token.find('.', b + 1) == token.npos);
    const std::string header_text = decode(token.substr(0, a));
    const std::string payload_text = decode(token.substr(a + 1, b - a - 1));
    const mint::Json header(
        json_loadb(header_text.data(), header_text.size(), 0, nullptr));
    const mint::Json claims(
        json_loadb(payload_text.data(), payload_text.size(), 0, nullptr));
    REQUIRE(json_is_object(header.get()));
    const std::string alg = text_member(header, "alg");
    const auto key = proven_by(alg, text_member(header, "kid"),
                               json_object_get(header.get(), "kid") != nullptr,
                               decode(token.substr(b + 1)), token.substr(0, b));
    REQUIRE(key.has_value());
    check_claims(claims);
    check_libjwt(std::string(token), *key, alg, header);
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    return fuzz::mutate_token(data, size, max, seed);
}
