#include "idt_mint/assertion.h"

#include <jwt.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>

#include "idt_base/base64url.h"
#include "idt_lib/openssl.h"

namespace id_token {

namespace {

using Text = std::unique_ptr<char, Free<std::free>>;  // libjwt's default

constexpr std::string_view kOurs[] = {
    "iss", "aud",       "exp",    "nbf", "iat", "jti",  // RFC 7519 4.1
    "typ", "token_use", "events",                       // kinds of tokens
};

// One call of libjwt.
struct Encoding {
    jwt_alg_t algorithm;
    const unsigned char *key;
    int key_size;
    const char *type;
    const char *kid;
    const char *payload;
    char *token;  // null: it failed
};

// Nothing in here has a destructor: see call_or_run_out_of_memory().
void encode(void *context) {
    auto *e = static_cast<Encoding *>(context);
    jwt_t *jwt = nullptr;
    if (jwt_new(&jwt) != 0) {
        return;
    }
    if (jwt_add_header(jwt, "typ", e->type) == 0 &&
        jwt_add_header(jwt, "kid", e->kid) == 0 &&
        jwt_add_grants_json(jwt, e->payload) == 0 &&
        jwt_set_alg(jwt, e->algorithm, e->key, e->key_size) == 0) {
        e->token = jwt_encode_str(jwt);
    }
    jwt_free(jwt);
}

Result<Text> encode_with_libjwt(Encoding e) {
    const bool enough = call_or_run_out_of_memory(encode, &e);
    Text token(e.token);
    if (!enough) {
        return Error::out_of_memory;
    }
    if (token == nullptr) {
        return Error::internal;
    }
    return token;
}

// libjwt 1.10 writes "typ":"JWT" over any other, and such an assertion could
// pass as an ID token. 1.17 keeps it.
bool libjwt_keeps_type() {
    static const bool keeps = [] {
        const unsigned char key[] = {'k'};
        const auto token = encode_with_libjwt(
            {JWT_ALG_HS256, key, 1, kAssertionType, "", "{}", nullptr});
        if (!token) {
            throw std::bad_alloc();
        }
        const std::string_view text = token->get();
        const auto header = base64url_decode(text.substr(0, text.find('.')));
        return header.has_value() &&
               header->find(kAssertionType) != std::string::npos;
    }();
    return keeps;
}

Result<std::string> sign_with_libjwt(const AssertionKey &key,
                                     const std::string &type,
                                     const std::string &payload) {
    const bool rsa = key.algorithm().key == KeyKind::rsa;
    const auto token = encode_with_libjwt(
        {rsa ? JWT_ALG_RS256 : JWT_ALG_ES256, key.pem().data(),
         static_cast<int>(key.pem().size()), type.c_str(), key.kid().c_str(),
         payload.c_str(), nullptr});
    if (!token) {
        return token.error();
    }
    return std::string(token->get());
}

Result<std::string> sign_with_openssl(const AssertionKey &key,
                                      const std::string &type,
                                      const std::string &payload) {
    const std::string input =
        base64url_encode(R"({"alg":")" + std::string(key.algorithm().name) +
                         R"(","kid":")" + key.kid() + R"(","typ":")" + type +
                         "\"}") +
        "." + base64url_encode(payload);

    Signer *signer = key.signer();
    if (signer == nullptr) {
        return Error::internal;
    }
    const std::string signature = signer->sign(input);
    if (signature.empty()) {
        key.drop_signer();
        return Error::internal;
    }
    return input + "." + base64url_encode(signature);
}

void append_member(std::string &out, std::string_view name) {
    out += out.size() > 1 ? "," : "";
    append_json_string(out, name);
    out += ':';
}

std::string payload_of(const AssertionPolicy &policy, const Claims &claims,
                       std::int64_t now, std::int64_t expires) {
    std::string out = "{";
    append_member(out, "iss");
    append_json_string(out, policy.issuer);
    append_member(out, "aud");
    append_json_string(out, policy.audience);
    append_member(out, "iat");
    out += std::to_string(now);
    append_member(out, "exp");
    out += std::to_string(expires);
    for (const std::string &name : policy.claims) {
        const JsonView value = claims.find(name);
        if (value.exact() && !value.is(JsonKind::null)) {
            append_member(out, name);
            value.append_json(out);
        }
    }
    return out + "}";
}

}  // namespace

bool is_assertion_claim(std::string_view name) noexcept {
    return std::find(std::begin(kOurs), std::end(kOurs), name) ==
           std::end(kOurs);
}

Result<Assertion> mint_assertion(const AssertionKey &key,
                                 const AssertionPolicy &policy,
                                 const Claims &claims, NumericDate id_token_exp,
                                 std::int64_t now) {
    Assertion assertion;
    assertion.expires = now + policy.lifetime;
    assertion.renew = now + (policy.lifetime + 1) / 2;

    if (id_token_exp < static_cast<NumericDate>(assertion.expires)) {
        if (id_token_exp < static_cast<NumericDate>(now + 1)) {
            return Error::expired;
        }
        assertion.expires = static_cast<std::int64_t>(std::floor(id_token_exp));
        assertion.renew = assertion.expires;
    }

    const ErrorQueueScope errors;
    const std::string payload =
        payload_of(policy, claims, now, assertion.expires);
    auto token = libjwt_keeps_type()
                     ? sign_with_libjwt(key, policy.type, payload)
                     : sign_with_openssl(key, policy.type, payload);
    // libjwt has jansson read the claims: no integers beyond 64 bits.
    if (!token && token.error() == Error::internal) {
        token = sign_with_openssl(key, policy.type, payload);
    }
    if (!token) {
        return errors.out_of_memory() ? Error::out_of_memory : token.error();
    }
    assertion.token = std::move(*token);
    return assertion;
}

}  // namespace id_token
