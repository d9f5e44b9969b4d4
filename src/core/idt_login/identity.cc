#include "idt_login/identity.h"

#include <algorithm>
#include <iterator>

#include "idt_base/base64url.h"
#include "idt_jose/jws.h"
#include "idt_lib/json.h"

namespace id_token {

namespace {

constexpr std::string_view kProtocol[] = {
    "aud",        "azp",       "exp",    "nbf",    "iat",    "jti",
    "nonce",      "at_hash",   "c_hash", "s_hash", "sid",    "typ",
    "token_type", "token_use", "ver",    "rh",     "uti",    "aio",
    "cid",        "appid",     "scp",    "scope",  "events", "client_id"};

void append_member(std::string &out, std::string_view name, JsonView value) {
    if (!value || value.is(JsonKind::null)) {
        return;
    }
    out += out.size() > 1 ? "," : "";
    append_json_string(out, name);
    out += ':';
    value.append_json(out);
}

}  // namespace

bool is_protocol_claim(std::string_view name) noexcept {
    return std::find(std::begin(kProtocol), std::end(kProtocol), name) !=
           std::end(kProtocol);
}

std::string identity_json(const Claims &claims,
                          const std::vector<std::string> &names) {
    std::string out = "{";
    for (const std::string &name : names) {
        append_member(out, name, claims.find(name));
    }
    if (names.empty()) {
        claims.root().for_each_member(
            [&](std::string_view name, JsonView value) {
                if (!is_protocol_claim(name)) {
                    append_member(out, name, value);
                }
            });
    }
    return out + "}";
}

std::optional<Claims> claims_of_proven(std::string_view token) {
    const auto segments = parse_segments(token);
    const auto payload =
        segments ? base64url_decode(segments->payload) : std::nullopt;
    if (!payload) {
        return std::nullopt;
    }
    auto claims = Claims::parse(*payload);
    if (!claims) {
        return std::nullopt;
    }
    return std::move(*claims);
}

}  // namespace id_token
