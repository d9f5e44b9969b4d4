// The closed list of reasons for which a logout that somebody asks us for does
// not happen (L0).

#ifndef IDT_LOGOUT_LOGOUT_ERROR_H
#define IDT_LOGOUT_LOGOUT_ERROR_H

#include <cstdint>
#include <string_view>

namespace id_token {

// What kind of answer a reason calls for.
enum class LogoutAnswer : std::uint8_t {
    none,         // it happened
    malformed,    // 400, the request (OIDC Back-Channel Logout 2.8)
    forbidden,    // 403, nothing shows that a page of ours asked
    unavailable,  // 503: it may be sent again
    internal,     // 500
};

// X(name, answer, text): text is the error_description and for the log. The
// order of rows is the order of the checks.
#define ID_TOKEN_LOGOUT_ERRORS(X)                                              \
    X(none, none, "the logout was accepted")                                   \
    X(logout_method, malformed, "the request has the wrong method")            \
    X(logout_origin, forbidden, "no proof of a same-origin request")           \
    X(logout_type, malformed, "the request has the wrong content type")        \
    X(logout_too_long, malformed, "the request is too long")                   \
    X(logout_form, malformed, "the request is malformed")                      \
    X(logout_twice, malformed, "a field of the request comes twice")           \
    X(logout_token_missing, malformed, "the request has no logout_token")      \
    X(logout_token, malformed, "the logout token was refused")                 \
    X(logout_too_old, malformed,                                               \
      "the logout token has no expiry and was not issued just now")            \
    X(logout_jti, malformed, "the token ID is missing or invalid")             \
    X(logout_events, malformed, "the token is of no back-channel logout")      \
    X(logout_sid, malformed, "the session ID is invalid")                      \
    X(logout_nobody, malformed, "neither a subject nor a session is named")    \
    X(logout_nonce, malformed, "a logout token has no nonce")                  \
    X(logout_issuer, malformed, "the issuer is missing or wrong")              \
    X(logout_sid_missing, malformed, "the session ID is missing or invalid")   \
    X(logout_provider, malformed, "no such provider")                          \
    X(logout_whom, malformed, "not one of sub, sid, jti and all is named")     \
    X(logout_keys, unavailable, "the signing keys are unavailable")            \
    X(logout_full, unavailable, "too many logouts without proof are kept")     \
    X(logout_state, unavailable, "it counts here, but could not be written")   \
    X(logout_memory, internal, "out of memory")

enum class LogoutError : std::uint8_t {
#define X(name, answer, text) name,
    ID_TOKEN_LOGOUT_ERRORS(X)
#undef X
};

struct LogoutErrorRow {
    std::string_view name;
    LogoutAnswer answer;
    std::string_view text;
};

// Never fails: every enumerator has its row.
[[nodiscard]] const LogoutErrorRow &logout_error_row(
    LogoutError error) noexcept;

}  // namespace id_token

#endif
