#include "fuzz/fuzz_token.h"

#include <jansson.h>

#include <array>

#include "mint/mint_token.h"
#include "unit/support.h"

namespace fuzz {

namespace {

constexpr const char *kHeaderNames[] = {"alg", "kid", "typ", "crit", "b64",
                                        "zip", "cty", "jku", "jwk",  "x5c"};
constexpr const char *kHeaderValues[] = {R"("RS256")",
                                         R"("PS256")",
                                         R"("ES256")",
                                         R"("ES384")",
                                         R"("ES512")",
                                         R"("EdDSA")",
                                         R"("Ed25519")",
                                         R"("none")",
                                         R"("HS256")",
                                         R"("JWT")",
                                         R"("at+jwt")",
                                         R"("application/jwt")",
                                         R"("JOSE")",
                                         R"("logout+jwt")",
                                         R"("pub-ed1-909c3206")",
                                         R"("pub-ec1-ee19d840")",
                                         R"("pub-ec2-2538d72a")",
                                         R"("pub-rsa1-090c727a")",
                                         R"("")",
                                         R"(["exp"])",
                                         "[]",
                                         "{}",
                                         "null",
                                         "true",
                                         "false",
                                         "1"};
constexpr Words kHeaderWords{kHeaderNames, kHeaderValues};

constexpr const char *kClaimNames[] = {
    "iss",   "aud",       "sub",        "exp",    "iat",       "nbf",
    "azp",   "auth_time", "nonce",      "events", "token_use", "typ",
    "scope", "scp",       "client_id",  "roles",  "email",     "appid",
    "cid",   "tokenName", "token_type", "idtyp",  "appidacr"};
constexpr const char *kClaimValues[] = {
    R"("https://issuer.example.org/realms/demo")",
    R"("https://issuer.example.org/realms/demo/")",
    R"("demo-web-client")",
    R"(["demo-web-client"])",
    R"(["demo-web-client","urn:trusted"])",
    R"(["urn:other","demo-web-client"])",
    R"(["demo-web-client",1])",
    R"("urn:trusted")",
    "1800000000",
    "1799999970",
    "1799999971",
    "1800000030",
    "1800000031",
    "1799963970",
    "1799913570",
    "1799963969",
    "1799913569",
    "1800003600",
    "4102444800",
    "1800000000.5",
    "1e300",
    "-1e300",
    "0",
    "-1",
    "-0.0",
    "9223372036854775807",
    "1e-400",
    R"("1800000000")",
    R"("id")",
    R"("access")",
    R"("id_token")",
    R"("JWT")",
    R"("ID")",
    R"("at+jwt")",
    R"("")",
    R"("\u0000")",
    R"("\u0001")",
    R"("a\nb")",
    R"("\u007f")",
    R"("e\u0301")",
    "null",
    "true",
    "false",
    "[]",
    "{}",
    R"({"a":{"b":["c",1.5]}})",
    R"(["admin","user"])"};
constexpr Words kClaimWords{kClaimNames, kClaimValues};

constexpr std::string_view kDefaultHeader = R"({"alg":"EdDSA"})";
constexpr std::string_view kDefaultClaims =
    R"({"iss":"https://issuer.example.org/realms/demo",)"
    R"("aud":"demo-web-client","sub":"u","exp":1800003600,"iat":1799999000})";

// Who signs what.
struct Signer {
    std::string_view alg;
    const char *key;
};

constexpr std::array<Signer, 12> kSigners{{{"EdDSA", "ed1"},
                                           {"ES256", "ec1"},
                                           {"Ed25519", "ed1"},
                                           {"ES256", "ec2"},
                                           {"ES384", "ec384"},
                                           {"ES512", "ec521"},
                                           {"RS256", "rsa1"},
                                           {"RS384", "rsa1"},
                                           {"RS512", "rsa1"},
                                           {"PS256", "rsa1"},
                                           {"PS384", "rsa1"},
                                           {"PS512", "rsa1"}}};

std::string text_member(const mint::Json &object, const char *name) {
    const json_t *value = json_object_get(object.get(), name);
    return json_is_string(value) ? json_string_value(value) : "";
}

// By kid and algorithm, by algorithm, or any.
const Signer &signer_for(const mint::Json &header, Random &random) {
    const std::string alg = text_member(header, "alg");
    const std::string kid = text_member(header, "kid");
    const Signer *found = nullptr;
    for (const Signer &s : kSigners) {
        if (s.alg == alg) {
            if (found == nullptr || unit::key(s.key).kid == kid) {
                found = &s;
            }
        }
    }
    return found != nullptr ? *found : kSigners[random() % 4];
}

// What the header says of the key is set right now and then; an RSA
// signature costs so much that most tokens move to a cheaper key.
void settle(mint::Json &header, Random &random) {
    const std::string alg = text_member(header, "alg");
    const bool dear = alg.starts_with("RS") || alg.starts_with("PS");
    if (!json_is_object(header.get()) || random() % 3 == 0) {
        return;
    }
    if ((dear && random() % 8 != 0) || random() % 8 == 0) {
        const Signer &s = kSigners[random() % 6];
        json_object_set_new(header.get(), "alg",
                            json_stringn(s.alg.data(), s.alg.size()));
    }
    if (random() % 2 == 0) {
        json_object_del(header.get(), "kid");
    } else {
        json_object_set_new(
            header.get(), "kid",
            json_string(unit::key(signer_for(header, random).key).kid.c_str()));
    }
}

mint::Json parse(const std::string &text) {
    return mint::Json(json_loadb(text.data(), text.size(), 0, nullptr));
}

std::string signed_token(const std::string &header, const std::string &payload,
                         Random &random) {
    const Signer &signer = signer_for(parse(header), random);
    return mint::encode_with_openssl(unit::key(signer.key),
                                     std::string(signer.alg), header, payload);
}

}  // namespace

id_token::Policy policy(unsigned options) {
    id_token::Policy p;
    p.id = 1;
    p.issuer = kIssuer;
    p.client_id = kClient;
    for (const id_token::Algorithm &a : id_token::algorithms()) {
        if ((options & kFewAlgorithms) == 0 || a.name == "EdDSA" ||
            a.name == "ES256") {
            p.algorithms.add(a);
        }
    }
    if ((options & kMaxAge) != 0) {
        p.max_age = 36000;
    }
    if ((options & kMaxAuthAge) != 0) {
        p.max_auth_age = 86400;
    }
    if ((options & kTrustedAudience) != 0) {
        p.trusted_audiences.emplace_back(kTrusted);
    }
    return p;
}

const std::vector<const char *> &key_names() {
    static const std::vector<const char *> names{"ed1",   "ec1",   "ec2",
                                                 "ec384", "ec521", "rsa1"};
    return names;
}

const std::string &key_set(bool kids) {
    static const auto make = [](bool with_kid) {
        std::string text;
        for (const char *name : key_names()) {
            text += (text.empty() ? "" : ",") +
                    unit::jwk(name, {.kid = with_kid, .alg = false});
        }
        return R"({"keys":[)" + text + "]}";
    };
    static const std::string with = make(true);
    static const std::string without = make(false);
    return kids ? with : without;
}

bool split(std::string_view token, Parts &parts) {
    const std::size_t a = token.find('.');
    const std::size_t b = token.rfind('.');
    if (a == token.npos || a == b) {
        return false;
    }
    try {
        parts.header = mint::base64url_decode(token.substr(0, a));
        parts.payload = mint::base64url_decode(token.substr(a + 1, b - a - 1));
        parts.signature = mint::base64url_decode(token.substr(b + 1));
    } catch (const std::exception &) {
        return false;
    }
    return true;
}

std::size_t mutate_token(std::uint8_t *data, std::size_t size, std::size_t max,
                         unsigned seed) {
    Random random(seed);
    if (size == 0 || random() % 6 == 0) {
        return LLVMFuzzerMutate(data, size, max);
    }
    std::string_view token = text_of(data, size);
    unsigned options = take_byte(token);
    if (random() % 8 == 0) {
        options ^= 1U << random() % 5;
    }
    Parts parts;
    if (!split(token, parts)) {
        parts.header = kDefaultHeader;
        parts.payload = kDefaultClaims;
    }
    if (random() % 4 == 0) {
        parts.header = mutate_json(parts.header, kHeaderWords, max, random);
    } else {
        parts.payload = mutate_json(parts.payload, kClaimWords, max, random);
    }
    if (mint::Json header = parse(parts.header)) {
        settle(header, random);
        parts.header = mint::dump_json(header.get());
    }
    std::string made(1, static_cast<char>(options));
    made += signed_token(parts.header, parts.payload, random);
    return give_back(made, data, size, max);
}

}  // namespace fuzz
