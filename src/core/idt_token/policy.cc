#include "idt_token/policy.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "idt_base/ascii.h"

namespace id_token {

namespace {

// OIDC Core 2: no longer than 255 ASCII characters.
constexpr std::size_t kMaxSubjectBytes = 255;

bool is_trusted(std::string_view audience, const Policy &p) noexcept {
    return std::find(p.trusted_audiences.begin(), p.trusted_audiences.end(),
                     audience) != p.trusted_audiences.end();
}

// What `aud` says beside our client ID.
struct Audiences {
    bool well_formed = true;  // a string or an array of nothing but strings
    bool ours = false;
    bool others = false;
    bool untrusted = false;

    void add(JsonView value, const Policy &p) noexcept {
        std::optional<std::string_view> name = value.string();
        if (!name) {
            well_formed = false;
        } else if (*name == p.client_id) {
            ours = true;
        } else {
            others = true;
            untrusted = untrusted || !is_trusted(*name, p);
        }
    }
};

Audiences audiences_of(const Claims &c, const Policy &p) noexcept {
    Audiences result;
    JsonView aud = c.find("aud");
    if (!aud.is(JsonKind::array)) {
        result.add(aud, p);
        return result;
    }
    for (std::size_t i = 0; i < aud.size(); i++) {
        result.add(aud.at(i), p);
    }
    return result;
}

}  // namespace

Error check_issuer(const Claims &c, const Policy &p) noexcept {
    std::optional<std::string_view> iss = c.find("iss").string();
    if (!iss) {
        return Error::issuer;
    }
    if (*iss == p.issuer) {
        return Error::ok;
    }
    return differs_by_slash(*iss, p.issuer) ? Error::issuer_slash
                                            : Error::issuer;
}

Error check_audience(const Claims &c, const Policy &p) noexcept {
    Audiences audiences = audiences_of(c, p);
    if (!audiences.well_formed || !audiences.ours) {
        return Error::audience;
    }
    return audiences.untrusted ? Error::audience_untrusted : Error::ok;
}

Error check_azp(const Claims &c, const Policy &p) noexcept {
    JsonView azp = c.find("azp");
    if (azp) {
        return azp.string() == p.client_id ? Error::ok : Error::azp;
    }
    return audiences_of(c, p).others ? Error::azp_missing : Error::ok;
}

Error check_subject(const Claims &c) noexcept {
    std::optional<std::string_view> sub = c.find("sub").string();
    if (!sub || sub->empty() || sub->size() > kMaxSubjectBytes ||
        sub->find('\0') != std::string_view::npos) {
        return Error::subject;
    }
    return Error::ok;
}

Error check_kind(const Claims &c) noexcept {
    if (c.find("events")) {
        return Error::kind_events;
    }
    JsonView token_use = c.find("token_use");
    if (token_use && token_use.string() != "id") {
        return Error::kind_token_use;
    }
    if (JsonView typ = c.find("typ")) {
        std::string_view name = typ.string().value_or("");
        if (!equal_ignoring_case(name, "id") &&
            !equal_ignoring_case(name, "jwt")) {
            return Error::kind_typ;
        }
    }
    // The shape of an access token, RFC 9068 2.2, which has no nonce; null or
    // a number is none either.
    if ((c.find("scope") || c.find("scp")) && c.find("client_id") &&
        !c.find("nonce").string()) {
        return Error::kind_access_token;
    }
    return Error::ok;
}

Result<Times> parse_times(const Claims &c) noexcept {
    Times times;
    std::optional<double> exp = c.find("exp").number();
    if (!exp) {
        return Error::exp;
    }
    times.exp = *exp;

    std::optional<double> iat = c.find("iat").number();
    if (!iat) {
        return Error::iat;
    }
    times.iat = *iat;

    if (JsonView nbf = c.find("nbf")) {
        times.nbf = nbf.number();
        if (!times.nbf) {
            return Error::nbf;
        }
    }

    times.auth_time = c.find("auth_time").number();
    return times;
}

Error check_times(const Times &t, const Policy &p, std::int64_t now) noexcept {
    const auto at = static_cast<double>(now);
    const auto leeway = static_cast<double>(p.leeway);
    if (!(at < t.exp + leeway)) {
        return Error::expired;
    }
    if (!(t.iat <= at + leeway)) {
        return Error::iat_future;
    }
    if (p.max_age &&
        !(at - t.iat <= static_cast<double>(*p.max_age) + leeway)) {
        return Error::too_old;
    }
    if (t.nbf && !(at + leeway >= *t.nbf)) {
        return Error::not_yet_valid;
    }
    if (!p.max_auth_age) {
        return Error::ok;
    }
    if (!t.auth_time || !(*t.auth_time <= at + leeway)) {
        return Error::auth_time;
    }
    if (!(at - *t.auth_time <= static_cast<double>(*p.max_auth_age) + leeway)) {
        return Error::auth_too_old;
    }
    return Error::ok;
}

}  // namespace id_token
