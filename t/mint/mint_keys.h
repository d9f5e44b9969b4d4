// Private and public keys of the token minter: JWK, PEM, OpenSSL.
#pragma once

#include <jansson.h>
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace mint {

struct PkeyFree {
    void operator()(EVP_PKEY *p) const noexcept { EVP_PKEY_free(p); }
};
struct JsonFree {
    void operator()(json_t *p) const noexcept { json_decref(p); }
};
using Pkey = std::unique_ptr<EVP_PKEY, PkeyFree>;
using Json = std::unique_ptr<json_t, JsonFree>;

struct Key {
    Pkey pkey;
    std::string kid;
    std::string alg;  // never empty: the usual one of the key's kind
};

struct JwkOptions {
    bool kid = true;
    bool alg = true;
    bool use = true;
    bool secret = false;
};

std::string base64url(std::string_view bytes);
std::string base64url_decode(std::string_view text);

std::string read_file(const std::string &path);
// For the owner's eyes only, a file that was there before, too.
void write_secret(const std::string &path, std::string_view text);
Json parse_json(std::string_view text, const char *what);
std::string dump_json(const json_t *value);

// SPEC is a file (PEM or JWK) or @NAME, a key of the vectors' keys.json.
Key load_key(const std::string &spec, const std::string &vectors);
Key generate_key(const std::string &alg, unsigned bits);

std::string to_pem(const Key &key, bool secret);
Json to_jwk(const Key &key, const JwkOptions &options);

}  // namespace mint
