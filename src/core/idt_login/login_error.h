// The closed list of ways in which a login fails (L0), and of the pages that
// say so.

#ifndef IDT_LOGIN_LOGIN_ERROR_H
#define IDT_LOGIN_LOGIN_ERROR_H

#include <cstdint>
#include <string_view>

namespace id_token {

// The pages of ours, see pages.h.
enum class Page : std::uint8_t {
    none,
    malformed,       // the answer is none
    no_transaction,  // too late, reloaded, cookies blocked, another's
    tenant_error,    // the tenant says no
    refused,         // the token is no good
    unavailable,     // the tenant cannot be reached
    loop,
    too_long,
    logged_out,
    confirm_logout,
    logout_refused,
    again,  // a moment later
};

// X(name, page, text): name is the value of $id_token_login_error, text is for
// the log. The order of rows is the order of the checks.
#define ID_TOKEN_LOGIN_ERRORS(X)                                               \
    X(none, none, "the login succeeded")                                       \
    X(answer_method, malformed, "the answer came by the wrong method")         \
    X(answer_type, malformed, "the answer is not a form")                      \
    X(answer_too_long, malformed, "the answer is too long")                    \
    X(answer_form, malformed, "the answer is malformed")                       \
    X(answer_twice, malformed, "a field of the answer comes twice")            \
    X(state_missing, malformed, "the answer has no state of ours")             \
    X(transaction_missing, no_transaction,                                     \
      "no transaction cookie belongs to the answer")                           \
    X(transaction_seal, no_transaction,                                        \
      "the transaction cookie was not made with one of the login keys")        \
    X(transaction_expired, no_transaction, "the transaction is over")          \
    X(transaction_provider, no_transaction,                                    \
      "the transaction is of another provider")                                \
    X(transaction_host, no_transaction, "the transaction is of another host")  \
    X(state_differs, no_transaction, "the state is of another transaction")    \
    X(answer_issuer, refused, "the answer is of another issuer")               \
    X(tenant_error, tenant_error, "the provider answered with an error")       \
    X(answer_empty, malformed, "the answer has neither token nor error")       \
    X(token_endpoint, unavailable, "the token endpoint could not be asked")    \
    X(token_answer, refused, "the token endpoint's answer has no ID token")    \
    X(token_refused, refused, "the ID token was refused")                      \
    X(keys_unavailable, unavailable, "the signing keys are unavailable")       \
    X(token_too_long, too_long, "the ID token is too long for cookies")        \
    X(endpoint_missing, unavailable, "the provider's endpoint is not known")   \
    X(host_unknown, malformed, "the host is none of the server's names")       \
    X(plain_http, malformed, "browsers would drop the cookies: no https")      \
    X(loop, loop, "three logins within half a minute led to no session")

enum class LoginError : std::uint8_t {
#define X(name, page, text) name,
    ID_TOKEN_LOGIN_ERRORS(X)
#undef X
};

struct LoginErrorRow {
    std::string_view name;
    Page page;
    std::string_view text;
};

// Never fails: every enumerator has its row.
[[nodiscard]] const LoginErrorRow &login_error_row(LoginError error) noexcept;

// An error code of the tenant as a text of ours: OIDC Core 3.1.2.6, RFC 6749
// 4.1.2.1 and 5.2; "unknown_error" for every other.
[[nodiscard]] std::string_view known_error_code(std::string_view code) noexcept;

// Whether the tenant says that it needs the user (OIDC Core 3.1.2.6): what a
// renewal without the user may meet.
[[nodiscard]] bool needs_the_user(std::string_view code) noexcept;

}  // namespace id_token

#endif
