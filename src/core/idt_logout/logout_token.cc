#include "idt_logout/logout_token.h"

#include <utility>

#include "idt_revoke/revocation.h"

namespace id_token {

namespace {

constexpr std::string_view kEvent =
    "http://schemas.openid.net/event/backchannel-logout";

// A view of nothing for null, too.
JsonView claim(const Claims &c, std::string_view name) noexcept {
    const JsonView value = c.find(name);
    return value.is(JsonKind::null) ? JsonView() : value;
}

// As of an ID token, OIDC Core 3.1.3.7. A subject may be missing here.
Error check_names(const Claims &c, const Policy &p) noexcept {
    Error error = check_issuer(c, p);
    if (error == Error::ok) {
        error = check_audience(c, p);
    }
    if (error == Error::ok) {
        error = check_azp(c, p);
    }
    if (error == Error::ok && claim(c, "sub")) {
        error = check_subject(c);
    }
    return error;
}

struct LogoutTimes {
    double iat = 0;
    std::optional<double> exp;
    std::optional<double> nbf;
};

Result<LogoutTimes> read_times(const Claims &c) noexcept {
    LogoutTimes times;
    if (const JsonView exp = claim(c, "exp")) {
        times.exp = exp.number();
        if (!times.exp) {
            return Error::exp;
        }
    }
    const std::optional<double> iat = c.find("iat").number();
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
    return times;
}

// 2.4 wants an expiry. A tenant that sends none is held to sending at once.
LogoutRefusal check_times(const LogoutTimes &t, const Policy &p,
                          std::int64_t now) noexcept {
    const auto at = static_cast<double>(now);
    const auto leeway = static_cast<double>(p.leeway);
    if (t.exp && !(at < *t.exp + leeway)) {
        return Error::expired;
    }
    if (!(t.iat <= at + leeway)) {
        return Error::iat_future;
    }
    if (t.nbf && !(at + leeway >= *t.nbf)) {
        return Error::not_yet_valid;
    }
    if (!t.exp && !(at - t.iat <= static_cast<double>(kMaxLogoutAge))) {
        return LogoutError::logout_too_old;
    }
    return LogoutError::none;
}

// 2.4, what makes it a logout token.
LogoutError check_logout(const Claims &c) noexcept {
    const std::optional<std::string_view> jti = c.find("jti").string();
    if (!jti || jti->empty()) {
        return LogoutError::logout_jti;
    }
    if (!c.find("events").find(kEvent).is(JsonKind::object)) {
        return LogoutError::logout_events;
    }
    if (claim(c, "sid") &&
        !is_session_id(c.find("sid").string().value_or(""))) {
        return LogoutError::logout_sid;
    }
    if (!claim(c, "sub") && !claim(c, "sid")) {
        return LogoutError::logout_nobody;
    }
    // What has a nonce may be an ID token that somebody wants to pass off.
    return claim(c, "nonce") ? LogoutError::logout_nonce : LogoutError::none;
}

std::optional<std::string> text_of(JsonView value) {
    const auto text = value.string();
    return text ? std::optional<std::string>(*text) : std::nullopt;
}

}  // namespace

bool is_session_id(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kMaxSessionIdBytes;
}

Result<LogoutClaims, LogoutRefusal> judge_logout_claims(const Claims &claims,
                                                        const Policy &policy,
                                                        std::int64_t now) {
    const Error names = check_names(claims, policy);
    if (names != Error::ok) {
        return LogoutRefusal(names);
    }
    const Result<LogoutTimes> times = read_times(claims);
    if (!times) {
        return LogoutRefusal(times.error());
    }
    LogoutRefusal refusal = check_times(*times, policy, now);
    if (refusal.error == LogoutError::none) {
        refusal = check_logout(claims);
    }
    if (refusal.error != LogoutError::none) {
        return refusal;
    }
    return LogoutClaims{
        text_of(claims.find("sub")), text_of(claims.find("sid")),
        std::string(*claims.find("jti").string()), cut_at(times->iat),
        cut_at(times->exp ? *times->exp + static_cast<double>(policy.leeway)
                          : times->iat + kMaxLogoutAge + 1)};
}

LogoutVerdict judge_logout_token(Validator &validator, const Policy &policy,
                                 const KeySet *keys, std::string_view token,
                                 std::int64_t now, Diagnosis *diagnosis) {
    if (keys == nullptr) {
        const Error error = validator.check_before_keys(
            policy, token, diagnosis, TokenType::logout_token);
        return {
            error == Error::ok ? Error::keys_unavailable : error, {}, {}, {}};
    }
    SignedClaims read = validator.read_signed(
        policy, *keys, token, TokenType::logout_token, diagnosis);
    if (read.error != Error::ok) {
        return {read.error, {}, read.refetch, std::move(read.kid)};
    }
    auto claims = judge_logout_claims(*read.claims, policy, now);
    if (!claims) {
        return {claims.error(), {}, {}, {}};
    }
    return {LogoutError::none, std::move(*claims), {}, {}};
}

}  // namespace id_token
