#include "idt_token/policy.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "idt_base/ascii.h"

namespace id_token {

namespace {

// OIDC Core 2: no longer than 255 ASCII characters.
constexpr std::size_t kMaxSubjectBytes = 255;

bool holds(const std::vector<std::string> &names,
           std::string_view name) noexcept {
    return std::find(names.begin(), names.end(), name) != names.end();
}

// A view of nothing for null, too.
JsonView claim(const Claims &c, std::string_view name) noexcept {
    const JsonView value = c.find(name);
    return value.is(JsonKind::null) ? JsonView() : value;
}

// What `aud` says beside our client ID.
struct Audiences {
    bool well_formed = true;  // a string or an array of nothing but strings
    bool ours = false;
    bool untrusted = false;

    void add(JsonView value, const Policy &p) noexcept {
        std::optional<std::string_view> name = value.string();
        if (!name) {
            well_formed = false;
        } else if (*name == p.client_id) {
            ours = true;
        } else if (!p.trust_any_audience &&
                   !holds(p.trusted_audiences, *name)) {
            untrusted = true;
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
    aud.for_each_element([&](JsonView value) { result.add(value, p); });
    return result;
}

// C0, DEL, and C1, which is C2 80 to C2 9F in UTF-8.
bool has_control_character(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) {
        return static_cast<unsigned char>(text[i]);
    };
    for (std::size_t i = 0; i < text.size(); i++) {
        if (byte(i) < 0x20 || byte(i) == 0x7f ||
            (byte(i) == 0xc2 && i + 1 < text.size() && byte(i + 1) < 0xa0)) {
            return true;
        }
    }
    return false;
}

// What a claim may say in an ID token, where it is present.
enum class Allows : std::uint8_t {
    nothing,   // only tokens of other kinds have it
    us,        // our client ID
    word,      // one of two words, as it is written
    any_case,  // the same, in any case
};

struct KindRow {
    std::string_view claim;
    Allows allows;
    Error reason;
    std::string_view word = {};
    std::string_view other_word = word;
};

// In the order of the reasons.
constexpr KindRow kKindRows[] = {
    // Whom the token was issued to: AD FS and Entra v1; Okta; RFC 9068 2.2.
    {"appid", Allows::us, Error::kind_client},
    {"cid", Allows::us, Error::kind_client},
    {"client_id", Allows::us, Error::kind_client},
    // Security events (RFC 8417 2.2) and logout tokens.
    {"events", Allows::nothing, Error::kind_events},
    // Cognito.
    {"token_use", Allows::word, Error::kind_token_use, "id"},
    // Keycloak: Bearer, Refresh, Offline, Logout.
    {"typ", Allows::any_case, Error::kind_typ, "id", "jwt"},
    // ForgeRock and others.
    {"tokenName", Allows::word, Error::kind_token_name, "id_token"},
    {"token_name", Allows::word, Error::kind_token_name, "id_token"},
    {"token_type", Allows::word, Error::kind_token_name, "ID", "id_token"},
    // Entra puts these into access tokens alone.
    {"idtyp", Allows::nothing, Error::kind_access_token},
    {"appidacr", Allows::nothing, Error::kind_access_token},
    {"azpacr", Allows::nothing, Error::kind_access_token},
};

bool allows(const KindRow &row, JsonView value, const Policy &p) noexcept {
    const std::optional<std::string_view> text = value.string();
    if (!text) {
        return false;
    }
    switch (row.allows) {
        case Allows::us:
            return *text == p.client_id;
        case Allows::word:
            return *text == row.word || *text == row.other_word;
        case Allows::any_case:
            return equal_ignoring_case(*text, row.word) ||
                   equal_ignoring_case(*text, row.other_word);
        case Allows::nothing:
            break;
    }
    return false;
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

// Item 4 and 5 of OIDC Core 3.1.3.7 leave this to us (errata set 2): a token
// that was issued to somebody else is not for us.
Error check_azp(const Claims &c, const Policy &p) noexcept {
    const JsonView azp = claim(c, "azp");
    if (!azp) {
        return p.trust_any_audience ? Error::azp_missing : Error::ok;
    }
    const std::optional<std::string_view> name = azp.string();
    const bool ours =
        name && (*name == p.client_id || holds(p.authorized_parties, *name));
    return ours ? Error::ok : Error::azp;
}

Error check_subject(const Claims &c) noexcept {
    const std::optional<std::string_view> sub = c.find("sub").string();
    if (!sub || sub->empty() || sub->size() > kMaxSubjectBytes ||
        has_control_character(*sub)) {
        return Error::subject;
    }
    return Error::ok;
}

Error check_kind(const Claims &c, const Policy &p) noexcept {
    for (const KindRow &row : kKindRows) {
        const JsonView value = claim(c, row.claim);
        if (value && !allows(row, value, p)) {
            return row.reason;
        }
    }
    // What an access token may do, RFC 9068 2.2.3. A login that sends a nonce
    // finds it in the ID token alone (OIDC Core 2).
    if ((claim(c, "scope") || claim(c, "scp")) && !c.find("nonce").string()) {
        return Error::kind_scope;
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

    if (const JsonView nbf = claim(c, "nbf")) {
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

std::optional<std::int64_t> seconds_of(Error error, const Times &times,
                                       std::int64_t now) noexcept {
    constexpr double kTooFar = 1000.0 * 366 * 24 * 60 * 60;
    const auto at = static_cast<double>(now);
    double seconds = kTooFar;
    switch (error) {
        case Error::expired:
            seconds = at - times.exp;
            break;
        case Error::iat_future:
            seconds = times.iat - at;
            break;
        case Error::too_old:
            seconds = at - times.iat;
            break;
        case Error::not_yet_valid:
            seconds = times.nbf.value_or(kTooFar + at) - at;
            break;
        case Error::auth_too_old:
            seconds = at - times.auth_time.value_or(-kTooFar);
            break;
        default:
            break;
    }
    if (!(seconds < kTooFar && seconds > -kTooFar)) {
        return std::nullopt;
    }
    return static_cast<std::int64_t>(seconds);
}

}  // namespace id_token
