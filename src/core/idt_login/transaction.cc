#include "idt_login/transaction.h"

#include <algorithm>

#include "idt_lib/digest.h"
#include "idt_login/secret_chain.h"

namespace id_token {

namespace {

// A changed order of fields needs another label.
constexpr std::string_view kLabel = "oidc_tx 1";
constexpr std::size_t kStateChars = 8;  // in the name

bool take_into(std::string &out, std::string_view &rest) {
    const auto field = take_field(rest);
    if (field) {
        out = *field;
    }
    return field.has_value();
}

bool take_into(std::int64_t &out, std::string_view &rest) noexcept {
    const auto number = take_number(rest);
    out = number.value_or(0);
    return number.has_value();
}

// Clocks of nodes that have the same keys.
constexpr std::int64_t kSkewSeconds = 60;

// An end that is further away than any that is given is none.
bool is_alive(std::int64_t expires, std::int64_t now) noexcept {
    return now < expires && expires <= now + kTransactionSeconds + kSkewSeconds;
}

struct Age {
    std::int64_t expires;  // 0: it is not whole
    std::string_view name;
};

Age age_of(const LoginKeys &keys, const CookiePair &cookie, std::int64_t now) {
    const auto transaction = open_transaction(keys, cookie.value);
    const bool whole = transaction && is_alive(transaction->expires, now) &&
                       transaction_cookie_name(
                           login_state(transaction->secret)) == cookie.name;
    return {whole ? transaction->expires : 0, cookie.name};
}

}  // namespace

std::string transaction_cookie_name(std::string_view state) {
    return std::string(kTransactionPrefix) +
           std::string(state.substr(0, kStateChars));
}

std::string seal_transaction(const LoginKeys &keys, const Transaction &t) {
    std::string text;
    append_field(text, t.secret);
    append_field(text, t.expires);
    append_field(text, t.provider);
    append_field(text, static_cast<std::int64_t>(t.flow));
    append_field(text, t.host);
    append_field(text, t.redirect_uri);
    append_field(text, t.cookie);
    append_field(text, t.return_path);
    append_field(text, t.renews);
    return keys.seal(kLabel, text);
}

std::optional<Transaction> open_transaction(const LoginKeys &keys,
                                            std::string_view sealed) {
    const auto text = keys.open(kLabel, sealed);
    if (!text) {
        return std::nullopt;
    }
    std::string_view rest = *text;
    Transaction t;
    std::int64_t flow = 0;
    const bool whole =
        take_into(t.secret, rest) && take_into(t.expires, rest) &&
        take_into(t.provider, rest) && take_into(flow, rest) &&
        take_into(t.host, rest) && take_into(t.redirect_uri, rest) &&
        take_into(t.cookie, rest) && take_into(t.return_path, rest) &&
        take_into(t.renews, rest) && rest.empty();
    if (!whole || (flow != static_cast<std::int64_t>(Flow::id_token) &&
                   flow != static_cast<std::int64_t>(Flow::code))) {
        return std::nullopt;
    }
    t.flow = static_cast<Flow>(flow);
    return t;
}

LoginError check_transaction(const Transaction &t, const CallbackPlace &place,
                             std::string_view state, std::int64_t now) {
    if (!is_alive(t.expires, now)) {
        return LoginError::transaction_expired;
    }
    if (t.provider != place.provider || t.flow != place.flow) {
        return LoginError::transaction_provider;
    }
    if (t.host != place.host || t.redirect_uri != place.redirect_uri) {
        return LoginError::transaction_host;
    }
    if (!equal_in_constant_time(login_state(t.secret), state)) {
        return LoginError::state_differs;
    }
    return LoginError::none;
}

std::vector<std::string> surplus_transactions(
    const LoginKeys &keys, std::span<const CookiePair> cookies,
    std::int64_t now) {
    std::vector<std::string> names;
    if (cookies.size() <= kMaxTransactions) {
        return names;
    }
    std::vector<Age> ages;
    for (const CookiePair &cookie : cookies) {
        ages.push_back(age_of(keys, cookie, now));
    }
    std::stable_sort(ages.begin(), ages.end(), [](const Age &a, const Age &b) {
        return a.expires > b.expires;
    });
    for (std::size_t i = 0; i < ages.size(); i++) {
        if (i >= kMaxTransactions || ages[i].expires == 0) {
            names.emplace_back(ages[i].name);
        }
    }
    return names;
}

}  // namespace id_token
