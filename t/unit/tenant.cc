#include "unit/tenant.h"

#include <cstdlib>

#include "unit/support.h"

namespace unit {

namespace {

const char *key_name(const std::string &alg) {
    return alg == "ES256" ? "ec1" : "rsa1";
}

}  // namespace

std::string claims_text(const Changes &changes) {
    Changes members = {{"iss", R"("https://op.example/")"},
                       {"aud", R"("web")"},
                       {"sub", R"("alice")"},
                       {"exp", std::to_string(kNow + 3600)},
                       {"iat", std::to_string(kNow - 60)}};
    for (const auto &[name, value] : changes) {
        bool known = false;
        for (auto &member : members) {
            if (member.first == name) {
                member.second = value;
                known = true;
            }
        }
        if (!known) {
            members.emplace_back(name, value);
        }
    }
    std::string text;
    for (const auto &[name, value] : members) {
        if (!value.empty()) {
            text += (text.empty() ? "{\"" : ",\"") + name + "\":" + value;
        }
    }
    return text.empty() ? "{}" : text + "}";
}

id_token::Claims parse_claims(std::string_view json) {
    id_token::Result<id_token::Claims> claims = id_token::Claims::parse(json);
    if (!claims) {
        std::abort();
    }
    return std::move(*claims);
}

id_token::Claims claims(const Changes &changes) {
    return parse_claims(claims_text(changes));
}

id_token::Policy policy() {
    id_token::Policy p;
    p.id = 1;
    p.issuer = "https://op.example/";
    p.client_id = "web";
    p.algorithms.add(*id_token::find_algorithm("RS256"));
    p.algorithms.add(*id_token::find_algorithm("ES256"));
    p.leeway = 10;
    return p;
}

std::unique_ptr<id_token::KeySet> parse_keys(std::string_view document,
                                             std::uint64_t id) {
    auto keys = id_token::KeySet::parse(document, id);
    if (!keys) {
        std::abort();
    }
    return std::move(*keys);
}

std::unique_ptr<id_token::KeySet> tenant_keys(std::uint64_t id) {
    return parse_keys(jwks({"rsa1", "ec1"}), id);
}

std::string tenant_token(const std::string &alg, const std::string &header,
                         const std::string &payload) {
    return token(key_name(alg), alg, header, payload);
}

std::string tenant_token(const Changes &changes, const std::string &alg) {
    return tenant_token(alg, header(alg, key(key_name(alg)).kid),
                        claims_text(changes));
}

}  // namespace unit
