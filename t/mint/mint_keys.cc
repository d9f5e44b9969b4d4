#include "mint/mint_keys.h"

#include <fcntl.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

namespace mint {

namespace {

constexpr char kAlphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct Curve {
    const char *crv;    // RFC 7518 6.2.1.1, RFC 8812
    const char *group;  // OpenSSL's name
    std::size_t coordinate;
    const char *alg;
};

constexpr std::array<Curve, 4> kCurves{{
    {"P-256", "prime256v1", 32, "ES256"},
    {"P-384", "secp384r1", 48, "ES384"},
    {"P-521", "secp521r1", 66, "ES512"},
    {"secp256k1", "secp256k1", 32, "ES256K"},
}};

struct RsaMember {
    const char *jwk;
    const char *param;
    bool secret;
};

constexpr std::array<RsaMember, 8> kRsaMembers{{
    {"n", OSSL_PKEY_PARAM_RSA_N, false},
    {"e", OSSL_PKEY_PARAM_RSA_E, false},
    {"d", OSSL_PKEY_PARAM_RSA_D, true},
    {"p", OSSL_PKEY_PARAM_RSA_FACTOR1, true},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2, true},
    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1, true},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2, true},
    {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1, true},
}};

template <auto Free>
struct Deleter {
    template <typename T>
    void operator()(T *p) const noexcept {
        Free(p);
    }
};
using Bn = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;
using PkeyCtx = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using Mem = std::unique_ptr<BIO, Deleter<BIO_free_all>>;

void need(bool ok, const std::string &what) {
    if (!ok) {
        throw std::runtime_error(what);
    }
}

const unsigned char *bytes_of(const std::string &s) {
    return reinterpret_cast<const unsigned char *>(s.data());
}

std::string member(const json_t *jwk, const char *name) {
    const json_t *value = json_object_get(jwk, name);
    need(json_is_string(value), std::string("key has no ") + name);
    return json_string_value(value);
}

Bn bignum(const json_t *jwk, const char *name) {
    std::string raw = base64url_decode(member(jwk, name));
    Bn bn(BN_bin2bn(bytes_of(raw), static_cast<int>(raw.size()), nullptr));
    need(bn != nullptr, "BN_bin2bn failed");
    return bn;
}

Pkey from_params(const char *type, OSSL_PARAM_BLD *builder, int selection) {
    Params params(OSSL_PARAM_BLD_to_param(builder));
    PkeyCtx ctx(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY *pkey = nullptr;
    need(params != nullptr && ctx != nullptr &&
             EVP_PKEY_fromdata_init(ctx.get()) == 1 &&
             EVP_PKEY_fromdata(ctx.get(), &pkey, selection, params.get()) == 1,
         std::string("OpenSSL refuses this ") + type + " key");
    return Pkey(pkey);
}

Pkey rsa_from_jwk(const json_t *jwk) {
    Builder builder(OSSL_PARAM_BLD_new());
    std::vector<Bn> kept;
    bool secret = json_object_get(jwk, "d") != nullptr;
    for (const RsaMember &m : kRsaMembers) {
        if (json_object_get(jwk, m.jwk) == nullptr) {
            continue;
        }
        kept.push_back(bignum(jwk, m.jwk));
        need(OSSL_PARAM_BLD_push_BN(builder.get(), m.param,
                                    kept.back().get()) == 1,
             "OSSL_PARAM_BLD_push_BN failed");
    }
    return from_params("RSA", builder.get(),
                       secret ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
}

Pkey ec_from_jwk(const json_t *jwk) {
    std::string crv = member(jwk, "crv");
    for (const Curve &curve : kCurves) {
        if (crv != curve.crv) {
            continue;
        }
        std::string point = "\x04" + base64url_decode(member(jwk, "x")) +
                            base64url_decode(member(jwk, "y"));
        bool secret = json_object_get(jwk, "d") != nullptr;
        Bn d = secret ? bignum(jwk, "d") : Bn();
        Builder builder(OSSL_PARAM_BLD_new());
        need(OSSL_PARAM_BLD_push_utf8_string(builder.get(),
                                             OSSL_PKEY_PARAM_GROUP_NAME,
                                             curve.group, 0) == 1 &&
                 OSSL_PARAM_BLD_push_octet_string(
                     builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                     point.size()) == 1 &&
                 (!secret ||
                  OSSL_PARAM_BLD_push_BN(
                      builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, d.get()) == 1),
             "OSSL_PARAM_BLD failed");
        return from_params("EC", builder.get(),
                           secret ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
    }
    throw std::runtime_error("unknown curve " + crv);
}

Pkey okp_from_jwk(const json_t *jwk) {
    std::string crv = member(jwk, "crv");
    bool secret = json_object_get(jwk, "d") != nullptr;
    std::string raw = base64url_decode(member(jwk, secret ? "d" : "x"));
    Pkey pkey(
        secret ? EVP_PKEY_new_raw_private_key_ex(nullptr, crv.c_str(), nullptr,
                                                 bytes_of(raw), raw.size())
               : EVP_PKEY_new_raw_public_key_ex(nullptr, crv.c_str(), nullptr,
                                                bytes_of(raw), raw.size()));
    need(pkey != nullptr, "OpenSSL refuses this " + crv + " key");
    return pkey;
}

Pkey from_jwk(const json_t *jwk) {
    std::string kty = member(jwk, "kty");
    if (kty == "RSA") {
        return rsa_from_jwk(jwk);
    }
    if (kty == "EC") {
        return ec_from_jwk(jwk);
    }
    need(kty == "OKP", "unknown kty " + kty);
    return okp_from_jwk(jwk);
}

const Curve &curve_of(const EVP_PKEY *pkey) {
    char group[64] = "";
    std::size_t len = 0;
    need(EVP_PKEY_get_group_name(pkey, group, sizeof(group), &len) == 1,
         "EC key without a group name");
    for (const Curve &curve : kCurves) {
        if (std::string_view(group, len) == curve.group) {
            return curve;
        }
    }
    throw std::runtime_error(std::string("unknown group ") + group);
}

std::string usual_alg(const EVP_PKEY *pkey) {
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        return "RS256";
    }
    if (EVP_PKEY_is_a(pkey, "RSA-PSS")) {
        return "PS256";
    }
    return EVP_PKEY_is_a(pkey, "EC") ? curve_of(pkey).alg : "EdDSA";
}

Pkey from_pem(const std::string &text) {
    Mem bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    Pkey pkey(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    if (pkey == nullptr) {
        bio.reset(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
        pkey.reset(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    }
    need(pkey != nullptr, "no PEM key in the file");
    return pkey;
}

std::string bn_param(const EVP_PKEY *pkey, const char *name, std::size_t pad) {
    BIGNUM *raw = nullptr;
    if (EVP_PKEY_get_bn_param(pkey, name, &raw) != 1) {
        return "";
    }
    Bn bn(raw);
    std::size_t len = static_cast<std::size_t>(BN_num_bytes(bn.get()));
    std::string out(std::max(len, pad), '\0');
    need(BN_bn2binpad(bn.get(), reinterpret_cast<unsigned char *>(out.data()),
                      static_cast<int>(out.size())) >= 0,
         "BN_bn2binpad failed");
    return out;
}

void set_text(json_t *object, const char *name, const std::string &text) {
    json_object_set_new(object, name, json_string(text.c_str()));
}

void set_raw(json_t *object, const char *name, const std::string &raw) {
    if (!raw.empty()) {
        set_text(object, name, base64url(raw));
    }
}

void add_rsa(json_t *jwk, const EVP_PKEY *pkey, bool secret) {
    for (const RsaMember &m : kRsaMembers) {
        if (secret || !m.secret) {
            set_raw(jwk, m.jwk, bn_param(pkey, m.param, 0));
        }
    }
}

void add_ec(json_t *jwk, const EVP_PKEY *pkey, bool secret) {
    const Curve &curve = curve_of(pkey);
    set_text(jwk, "crv", curve.crv);
    set_raw(jwk, "x",
            bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_X, curve.coordinate));
    set_raw(jwk, "y",
            bn_param(pkey, OSSL_PKEY_PARAM_EC_PUB_Y, curve.coordinate));
    if (secret) {
        set_raw(jwk, "d",
                bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, curve.coordinate));
    }
}

void add_okp(json_t *jwk, const EVP_PKEY *pkey, bool secret) {
    unsigned char raw[64];
    std::size_t len = sizeof(raw);
    const char *crv = nullptr;
    for (const char *name : {"Ed25519", "Ed448", "X25519", "X448"}) {
        crv = EVP_PKEY_is_a(pkey, name) ? name : crv;
    }
    need(crv != nullptr, "key of an unknown kind");
    set_text(jwk, "crv", crv);
    need(EVP_PKEY_get_raw_public_key(pkey, raw, &len) == 1,
         "key of an unknown kind");
    set_raw(jwk, "x", std::string(reinterpret_cast<char *>(raw), len));
    len = sizeof(raw);
    if (secret && EVP_PKEY_get_raw_private_key(pkey, raw, &len) == 1) {
        set_raw(jwk, "d", std::string(reinterpret_cast<char *>(raw), len));
    }
}

}  // namespace

std::string base64url(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() * 4 / 3 + 3);
    unsigned buffer = 0;
    int bits = 0;
    for (char c : bytes) {
        buffer = (buffer << 8) | static_cast<unsigned char>(c);
        for (bits += 8; bits >= 6; bits -= 6) {
            out += kAlphabet[(buffer >> (bits - 6)) & 63];
        }
    }
    if (bits > 0) {
        out += kAlphabet[(buffer << (6 - bits)) & 63];
    }
    return out;
}

std::string base64url_decode(std::string_view text) {
    std::string out;
    unsigned buffer = 0;
    int bits = 0;
    for (char c : text) {
        std::size_t digit = std::string_view(kAlphabet, 64).find(c);
        need(digit != std::string_view::npos, "not base64url");
        buffer = (buffer << 6) | static_cast<unsigned>(digit);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out += static_cast<char>((buffer >> bits) & 255);
        }
    }
    return out;
}

std::string read_file(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    need(in.good(), "cannot read " + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_secret(const std::string &path, std::string_view text) {
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    need(fd >= 0, "cannot write " + path);
    // Before the first byte of it; what is no file has no mode of ours.
    struct stat info;
    bool ok = fstat(fd, &info) == 0;
    if (ok && S_ISREG(info.st_mode)) {
        ok = fchmod(fd, 0600) == 0 && ftruncate(fd, 0) == 0;
    }
    while (ok && !text.empty()) {
        const ssize_t n = write(fd, text.data(), text.size());
        ok = n > 0;
        text.remove_prefix(ok ? static_cast<std::size_t>(n) : 0);
    }
    ok = close(fd) == 0 && ok;
    need(ok, "cannot write " + path);
}

Json parse_json(std::string_view text, const char *what) {
    json_error_t error;
    Json value(json_loadb(text.data(), text.size(),
                          JSON_DECODE_ANY | JSON_ALLOW_NUL, &error));
    need(value != nullptr, std::string(what) + ": " + error.text);
    return value;
}

std::string dump_json(const json_t *value) {
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    need(text != nullptr, "json_dumps failed");
    std::string out(text);
    free(text);
    return out;
}

Key load_key(const std::string &spec, const std::string &vectors) {
    bool named = spec.starts_with('@');
    std::string path = named ? vectors : spec;
    std::string text = read_file(path);
    Key key;
    if (text.find("-----BEGIN") != std::string::npos) {
        key.pkey = from_pem(text);
    } else {
        Json file = parse_json(text, path.c_str());
        const json_t *jwk = file.get();
        if (named) {
            const json_t *entry = json_object_get(jwk, spec.c_str() + 1);
            need(entry != nullptr, "no key " + spec + " in " + path);
            key.kid = member(entry, "kid");
            jwk = json_object_get(entry, "jwk");
        }
        key.pkey = from_jwk(jwk);
        if (json_is_string(json_object_get(jwk, "kid"))) {
            key.kid = member(jwk, "kid");
        }
        if (json_is_string(json_object_get(jwk, "alg"))) {
            key.alg = member(jwk, "alg");
        }
    }
    if (key.alg.empty()) {
        key.alg = usual_alg(key.pkey.get());
    }
    return key;
}

Key generate_key(const std::string &alg, unsigned bits) {
    Key key;
    key.alg = alg;
    if (alg.starts_with("RS") || alg.starts_with("PS")) {
        key.pkey.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA",
                                         static_cast<std::size_t>(bits)));
    } else if (alg == "EdDSA" || alg == "Ed25519") {
        key.pkey.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    }
    for (const Curve &curve : kCurves) {
        if (alg == curve.alg) {
            key.pkey.reset(
                EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.group));
        }
    }
    need(key.pkey != nullptr, "cannot make a key for " + alg);
    return key;
}

std::string to_pem(const Key &key, bool secret) {
    Mem bio(BIO_new(BIO_s_mem()));
    int ok = secret ? PEM_write_bio_PKCS8PrivateKey(bio.get(), key.pkey.get(),
                                                    nullptr, nullptr, 0,
                                                    nullptr, nullptr)
                    : PEM_write_bio_PUBKEY(bio.get(), key.pkey.get());
    char *data = nullptr;
    long len = BIO_get_mem_data(bio.get(), &data);
    need(ok == 1 && len > 0, "cannot write the key as PEM");
    return {data, static_cast<std::size_t>(len)};
}

Json to_jwk(const Key &key, const JwkOptions &options) {
    const EVP_PKEY *pkey = key.pkey.get();
    bool rsa = EVP_PKEY_is_a(pkey, "RSA") || EVP_PKEY_is_a(pkey, "RSA-PSS");
    bool ec = EVP_PKEY_is_a(pkey, "EC");
    Json jwk(json_object());
    set_text(jwk.get(), "kty", rsa ? "RSA" : ec ? "EC" : "OKP");
    if (options.kid && !key.kid.empty()) {
        set_text(jwk.get(), "kid", key.kid);
    }
    if (options.use) {
        set_text(jwk.get(), "use", "sig");
    }
    if (options.alg) {
        set_text(jwk.get(), "alg", key.alg);
    }
    (rsa ? add_rsa : ec ? add_ec : add_okp)(jwk.get(), pkey, options.secret);
    return jwk;
}

}  // namespace mint
