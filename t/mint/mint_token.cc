#include "mint/mint_token.h"

#include <jwt.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <thread>

namespace mint {

namespace {

struct Algorithm {
    const char *name;
    const char *digest;      // nullptr: the key's own (EdDSA)
    std::size_t coordinate;  // ES*: half of the signature
    bool pss;
};

constexpr std::array<Algorithm, 12> kAlgorithms{{
    {"RS256", "SHA256", 0, false},
    {"RS384", "SHA384", 0, false},
    {"RS512", "SHA512", 0, false},
    {"PS256", "SHA256", 0, true},
    {"PS384", "SHA384", 0, true},
    {"PS512", "SHA512", 0, true},
    {"ES256", "SHA256", 32, false},
    {"ES384", "SHA384", 48, false},
    {"ES512", "SHA512", 66, false},
    {"ES256K", "SHA256", 32, false},
    {"EdDSA", nullptr, 0, false},
    {"Ed25519", nullptr, 0, false},
}};

struct MdCtxFree {
    void operator()(EVP_MD_CTX *p) const noexcept { EVP_MD_CTX_free(p); }
};
struct EcdsaFree {
    void operator()(ECDSA_SIG *p) const noexcept { ECDSA_SIG_free(p); }
};
struct JwtFree {
    void operator()(jwt_t *p) const noexcept { jwt_free(p); }
};
using MdCtx = std::unique_ptr<EVP_MD_CTX, MdCtxFree>;
using EcdsaSig = std::unique_ptr<ECDSA_SIG, EcdsaFree>;
using Jwt = std::unique_ptr<jwt_t, JwtFree>;

const Algorithm &find_algorithm(const std::string &name) {
    for (const Algorithm &a : kAlgorithms) {
        if (name == a.name) {
            return a;
        }
    }
    throw std::runtime_error("unknown algorithm " + name);
}

const unsigned char *in(const std::string &s) {
    return reinterpret_cast<const unsigned char *>(s.data());
}

unsigned char *out(std::string &s) {
    return reinterpret_cast<unsigned char *>(s.data());
}

// SALT is OpenSSL's: RSA_PSS_SALTLEN_DIGEST or a number of bytes.
std::string evp_sign(const Key &key, const Algorithm &a,
                     const std::string &input, int salt) {
    MdCtx ctx(EVP_MD_CTX_new());
    EVP_PKEY_CTX *pctx = nullptr;
    std::size_t len = 0;
    bool ok = EVP_DigestSignInit_ex(ctx.get(), &pctx, a.digest, nullptr,
                                    nullptr, key.pkey.get(), nullptr) == 1;
    if (ok && a.pss) {
        ok = EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, salt) == 1;
    }
    ok = ok &&
         EVP_DigestSign(ctx.get(), nullptr, &len, in(input), input.size()) == 1;
    std::string signature(len, '\0');
    ok = ok && EVP_DigestSign(ctx.get(), out(signature), &len, in(input),
                              input.size()) == 1;
    if (!ok) {
        throw std::runtime_error(std::string("cannot sign with ") + a.name);
    }
    signature.resize(len);
    return signature;
}

std::string der_to_raw(const std::string &der, std::size_t coordinate) {
    const unsigned char *p = in(der);
    EcdsaSig sig(d2i_ECDSA_SIG(nullptr, &p, static_cast<long>(der.size())));
    std::string raw(2 * coordinate, '\0');
    int len = static_cast<int>(coordinate);
    if (sig == nullptr ||
        BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), out(raw), len) != len ||
        BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), out(raw) + coordinate, len) !=
            len) {
        throw std::runtime_error("the key's curve does not fit the algorithm");
    }
    return raw;
}

std::string hmac_sha256(const std::string &secret, const std::string &input) {
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
             in(input), input.size(), mac, &len) == nullptr) {
        throw std::runtime_error("HMAC failed");
    }
    return {reinterpret_cast<char *>(mac), len};
}

std::string with_signature(const std::string &input,
                           const std::string &signature) {
    return input + "." + base64url(signature);
}

void set_text(json_t *object, const char *name, const std::string &text) {
    json_object_set_new(object, name, json_string(text.c_str()));
}

struct Segments {
    std::string header;
    std::string payload;
    std::string signature;

    explicit Segments(const std::string &token) {
        std::size_t a = token.find('.');
        std::size_t b = token.rfind('.');
        header = token.substr(0, a);
        payload = token.substr(a + 1, b - a - 1);
        signature = token.substr(b + 1);
    }

    [[nodiscard]] std::string input() const { return header + "." + payload; }
    [[nodiscard]] std::string whole() const {
        return input() + "." + signature;
    }
    [[nodiscard]] Json header_json() const {
        return parse_json(base64url_decode(header), "header");
    }
    [[nodiscard]] const Algorithm &algorithm() const {
        Json json = header_json();
        const char *alg = json_string_value(json_object_get(json.get(), "alg"));
        return find_algorithm(alg == nullptr ? "" : alg);
    }
    void set_header(const json_t *json) { header = base64url(dump_json(json)); }
};

std::string break_sig(const Key &, Segments s) {
    std::string raw = base64url_decode(s.signature);
    raw[raw.size() / 2] = static_cast<char>(raw[raw.size() / 2] ^ 1);
    return with_signature(s.input(), raw);
}

std::string break_sig_empty(const Key &, Segments s) {
    return s.input() + ".";
}

std::string break_sig_short(const Key &, Segments s) {
    std::string raw = base64url_decode(s.signature);
    raw.pop_back();
    return with_signature(s.input(), raw);
}

std::string break_sig_long(const Key &, Segments s) {
    return with_signature(s.input(), base64url_decode(s.signature) + '\0');
}

std::string break_sig_der(const Key &key, Segments s) {
    const Algorithm &a = s.algorithm();
    if (a.coordinate == 0) {
        throw std::runtime_error("sig-der is for ES*");
    }
    return with_signature(s.input(), evp_sign(key, a, s.input(), 0));
}

std::string break_pss_salt(const Key &key, Segments s) {
    const Algorithm &a = s.algorithm();
    if (!a.pss) {
        throw std::runtime_error("pss-salt is for PS*");
    }
    return with_signature(s.input(), evp_sign(key, a, s.input(), 8));
}

std::string break_spare_bits(const Key &, Segments s) {
    if (s.signature.size() % 4 == 0) {
        throw std::runtime_error("this signature has no spare bits");
    }
    s.signature.back() = static_cast<char>(s.signature.back() + 1);
    return s.whole();
}

std::string break_padding(const Key &, Segments s) {
    return s.whole() + "=";
}

std::string break_alg_none(const Key &, Segments s) {
    Json header = s.header_json();
    set_text(header.get(), "alg", "none");
    s.set_header(header.get());
    return s.input() + ".";
}

std::string break_alg_none_sig(const Key &, Segments s) {
    Json header = s.header_json();
    set_text(header.get(), "alg", "none");
    s.set_header(header.get());
    return s.whole();
}

std::string break_hs256_pem(const Key &key, Segments s) {
    Json header = s.header_json();
    set_text(header.get(), "alg", "HS256");
    s.set_header(header.get());
    return with_signature(s.input(),
                          hmac_sha256(to_pem(key, false), s.input()));
}

std::string break_embedded_jwk(const Key &key, Segments s) {
    Json header = s.header_json();
    std::string alg = s.algorithm().name;
    Key own = generate_key(alg, 2048);
    own.kid = key.kid;
    json_object_set_new(header.get(), "jwk", to_jwk(own, {}).release());
    return encode_with_openssl(own, alg, dump_json(header.get()),
                               base64url_decode(s.payload));
}

std::string break_payload(const Key &, Segments s) {
    Json payload = parse_json(base64url_decode(s.payload), "payload");
    set_text(payload.get(), "sub", "somebody-else");
    s.payload = base64url(dump_json(payload.get()));
    return s.whole();
}

std::string break_header(const Key &, Segments s) {
    Json header = s.header_json();
    set_text(header.get(), "x", "added");
    s.set_header(header.get());
    return s.whole();
}

std::string break_two_segments(const Key &, Segments s) {
    return s.input();
}

std::string break_four_segments(const Key &, Segments s) {
    return s.whole() + ".QQ";
}

std::string break_five_segments(const Key &, Segments s) {
    return s.whole() + ".QQ.QQ";
}

struct Break {
    const char *kind;
    std::string (*make)(const Key &, Segments);
};

constexpr std::array<Break, 17> kBreaks{{
    {"sig", break_sig},
    {"sig-empty", break_sig_empty},
    {"sig-short", break_sig_short},
    {"sig-long", break_sig_long},
    {"sig-der", break_sig_der},
    {"pss-salt", break_pss_salt},
    {"spare-bits", break_spare_bits},
    {"padding", break_padding},
    {"alg-none", break_alg_none},
    {"alg-none-sig", break_alg_none_sig},
    {"hs256-pem", break_hs256_pem},
    {"embedded-jwk", break_embedded_jwk},
    {"payload", break_payload},
    {"header", break_header},
    {"two-segments", break_two_segments},
    {"four-segments", break_four_segments},
    {"five-segments", break_five_segments},
}};

// Empty for a key that OpenSSL holds but cannot write, as one without primes.
std::string private_pem(const Key &key) {
    try {
        return to_pem(key, true);
    } catch (const std::runtime_error &) {
        return "";
    }
}

}  // namespace

std::string sign(const Key &key, const std::string &alg,
                 const std::string &input) {
    const Algorithm &a = find_algorithm(alg);
    std::string signature = evp_sign(key, a, input, RSA_PSS_SALTLEN_DIGEST);
    return a.coordinate == 0 ? signature : der_to_raw(signature, a.coordinate);
}

std::string encode_with_libjwt(const Key &key, const std::string &alg,
                               const json_t *header, const json_t *payload) {
    jwt_alg_t id = jwt_str_alg(alg.c_str());
    const char *own = json_string_value(json_object_get(header, "alg"));
    const char *typ = json_string_value(json_object_get(header, "typ"));
    // libjwt 1.10 writes JWT over any other type.
    if (id == JWT_ALG_INVAL || !json_is_object(payload) || own == nullptr ||
        alg != own || typ == nullptr || strcmp(typ, "JWT") != 0) {
        return "";
    }
    jwt_t *raw = nullptr;
    if (jwt_new(&raw) != 0) {
        throw std::bad_alloc();
    }
    Jwt jwt(raw);
    Json rest(json_copy(const_cast<json_t *>(header)));
    json_object_del(rest.get(), "alg");
    std::string pem = private_pem(key);
    if (pem.empty() ||
        jwt_add_headers_json(jwt.get(), dump_json(rest.get()).c_str()) != 0 ||
        jwt_add_grants_json(jwt.get(), dump_json(payload).c_str()) != 0 ||
        jwt_set_alg(jwt.get(), id, in(pem), static_cast<int>(pem.size())) !=
            0) {
        return "";
    }
    char *text = jwt_encode_str(jwt.get());
    std::string token = text == nullptr ? "" : text;
    free(text);
    return token;
}

std::string encode_with_openssl(const Key &key, const std::string &alg,
                                const std::string &header,
                                const std::string &payload) {
    std::string input = base64url(header) + "." + base64url(payload);
    return with_signature(input, sign(key, alg, input));
}

std::vector<std::string> encode_many(const Key &key, const std::string &alg,
                                     const json_t *header,
                                     const json_t *payload, unsigned count) {
    const std::string head = dump_json(header);
    const char *sub = json_string_value(json_object_get(payload, "sub"));
    const std::string stem = sub == nullptr ? "" : std::string(sub) + "-";
    std::vector<std::string> payloads;
    Json claims(json_copy(const_cast<json_t *>(payload)));
    for (unsigned i = 0; i < count; i++) {
        set_text(claims.get(), "sub", stem + std::to_string(i));
        set_text(claims.get(), "jti", "jti-" + std::to_string(i));
        payloads.push_back(dump_json(claims.get()));
    }

    std::vector<std::string> tokens(count);
    unsigned workers = std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::thread> threads;
    std::vector<std::exception_ptr> failures(workers);
    for (unsigned w = 0; w < workers; w++) {
        threads.emplace_back([&, w] {
            try {
                for (unsigned i = w; i < count; i += workers) {
                    tokens[i] =
                        encode_with_openssl(key, alg, head, payloads[i]);
                }
            } catch (...) {
                failures[w] = std::current_exception();
            }
        });
    }
    for (std::thread &t : threads) {
        t.join();
    }
    for (const std::exception_ptr &failure : failures) {
        if (failure != nullptr) {
            std::rethrow_exception(failure);
        }
    }
    return tokens;
}

std::string break_token(const Key &key, const std::string &token,
                        const std::string &kind) {
    for (const Break &b : kBreaks) {
        if (kind == b.kind) {
            return b.make(key, Segments(token));
        }
    }
    throw std::runtime_error("--break takes one of: " +
                             std::string(break_kinds()));
}

const char *break_kinds() {
    static const std::string kinds = [] {
        std::string all;
        for (const Break &b : kBreaks) {
            all += (all.empty() ? "" : " ") + std::string(b.kind);
        }
        return all;
    }();
    return kinds.c_str();
}

}  // namespace mint
