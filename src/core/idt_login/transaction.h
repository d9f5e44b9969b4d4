// The transaction cookie (L3): what the browser keeps of a login while it is
// at the tenant, sealed, so that no state is held here.

#ifndef IDT_LOGIN_TRANSACTION_H
#define IDT_LOGIN_TRANSACTION_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "idt_login/login_error.h"
#include "idt_login/seal.h"
#include "idt_token/credentials.h"

namespace id_token {

// How the ID token comes back.
enum class Flow : std::uint8_t {
    id_token,  // in a form that the browser posts (OIDC Core 3.2)
    code,      // for a code, from the token endpoint (OIDC Core 3.1)
};

inline constexpr std::int64_t kTransactionSeconds = 600;

// Twenty restored tabs begin at once: so many of their cookies may stay, or
// the next request ends in "400 header too large".
inline constexpr std::size_t kMaxTransactions = 5;

inline constexpr std::string_view kTransactionPrefix = "__Host-oidc_tx_";

struct Transaction {
    std::string secret;        // r, see secret_chain.h
    std::int64_t expires = 0;  // seconds since the epoch
    std::string provider;
    Flow flow = Flow::id_token;
    std::string host;  // as the request named it, with a port if it had one
    std::string redirect_uri;
    std::string cookie;  // name of the session cookie
    std::string return_path;
    // Of a renewal without the user (prompt=none): when the session that is
    // to be renewed ends. 0 in a login.
    std::int64_t renews = 0;
};

[[nodiscard]] std::string transaction_cookie_name(std::string_view state);

[[nodiscard]] std::string seal_transaction(const LoginKeys &keys,
                                           const Transaction &transaction);

// Nothing if it was not sealed here, or by an older version. That it is of
// this callback is for check_transaction() to judge.
[[nodiscard]] std::optional<Transaction> open_transaction(
    const LoginKeys &keys, std::string_view sealed);

// Where an answer came in.
struct CallbackPlace {
    std::string_view provider;
    Flow flow;
    std::string_view host;
    std::string_view redirect_uri;
};

// LoginError::none if the answer with that state belongs to the transaction.
[[nodiscard]] LoginError check_transaction(const Transaction &transaction,
                                           const CallbackPlace &place,
                                           std::string_view state,
                                           std::int64_t now);

// Of the transaction cookies in a request, those that have to go: none as long
// as there are no more than kMaxTransactions, else all but the youngest of them
// that are whole.
[[nodiscard]] std::vector<std::string> surplus_transactions(
    const LoginKeys &keys, std::span<const CookiePair> cookies,
    std::int64_t now);

}  // namespace id_token

#endif
