#include "idt_login/authorization.h"

#include <algorithm>
#include <iterator>

#include "idt_base/ascii.h"
#include "idt_keys/url.h"
#include "idt_login/form.h"
#include "idt_login/secret_chain.h"
#include "idt_token/origin.h"

namespace id_token {

namespace {

constexpr std::string_view kReserved[] = {"state",        "nonce", "client_id",
                                          "redirect_uri", "scope", "request",
                                          "request_uri"};
constexpr std::string_view kReservedBeginnings[] = {"response_",
                                                    "code_challenge"};

// RFC 6749 3.3.
bool is_scope_character(unsigned char c) noexcept {
    return c > 0x20 && c < 0x7f && c != '"' && c != '\\';
}

bool is_overridden(std::string_view name, const AuthorizationRequest &request) {
    return (name == "prompt" && request.silent) ||
           (name == "max_age" && request.max_age);
}

void append_parameters(std::string &query, const AuthorizationRequest &request,
                       const LoginParameters &parameters) {
    for (auto p = parameters.begin(); p != parameters.end(); ++p) {
        const bool again = std::any_of(
            p + 1, parameters.end(),
            [&](const auto &later) { return later.first == p->first; });
        if (!again && !p->second.empty() && !is_overridden(p->first, request)) {
            append_form_field(query, p->first, p->second);
        }
    }
}

void append_flow(std::string &query, const AuthorizationRequest &request) {
    if (request.flow == Flow::id_token) {
        append_form_field(query, "response_type", "id_token");
        append_form_field(query, "response_mode", "form_post");
        return;
    }
    append_form_field(query, "response_type", "code");
    append_form_field(query, "code_challenge",
                      pkce_challenge(pkce_verifier(request.secret)));
    append_form_field(query, "code_challenge_method", "S256");
}

}  // namespace

bool is_reserved_parameter(std::string_view name) noexcept {
    return std::find(std::begin(kReserved), std::end(kReserved), name) !=
               std::end(kReserved) ||
           std::any_of(
               std::begin(kReservedBeginnings), std::end(kReservedBeginnings),
               [&](std::string_view begin) { return name.starts_with(begin); });
}

bool is_login_scope(std::string_view scope) noexcept {
    bool openid = false;
    while (true) {
        const std::string_view word = scope.substr(0, scope.find(' '));
        if (word.empty() ||
            !std::all_of(word.begin(), word.end(), is_scope_character)) {
            return false;
        }
        openid = openid || word == "openid";
        if (word.size() == scope.size()) {
            return openid;
        }
        scope.remove_prefix(word.size() + 1);
    }
}

std::string authorization_url(const AuthorizationRequest &request,
                              const LoginParameters &parameters) {
    std::string query;
    append_flow(query, request);
    append_form_field(query, "client_id", request.client_id);
    append_form_field(query, "redirect_uri", request.redirect_uri);
    append_form_field(query, "scope", request.scope);
    append_form_field(query, "state", login_state(request.secret));
    append_form_field(query, "nonce", login_nonce(request.secret));
    if (request.silent) {
        append_form_field(query, "prompt", "none");
    }
    if (request.max_age) {
        append_form_field(query, "max_age", std::to_string(*request.max_age));
    }
    append_parameters(query, request, parameters);
    return with_query(request.endpoint, query);
}

std::string end_session_url(std::string_view endpoint,
                            std::string_view client_id,
                            std::string_view post_logout_redirect_uri,
                            std::string_view id_token_hint) {
    std::string query;
    append_form_field(query, "client_id", client_id);
    if (!post_logout_redirect_uri.empty()) {
        append_form_field(query, "post_logout_redirect_uri",
                          post_logout_redirect_uri);
    }
    if (!id_token_hint.empty()) {
        append_form_field(query, "id_token_hint", id_token_hint);
    }
    return with_query(endpoint, query);
}

std::string complete_uri(std::string_view configured, bool https,
                         std::string_view host) {
    if (!configured.starts_with('/')) {
        return std::string(configured);
    }
    std::string uri(https ? "https://" : "http://");
    uri += host;
    uri += configured;
    return uri;
}

bool is_loopback_host(std::string_view host) {
    const auto origin = own_origin(false, host);
    if (!origin) {
        return false;
    }
    std::string_view name = origin->host;
    if (name.starts_with('[')) {
        name = name.substr(1, name.size() - 2);
    }
    return name == "localhost" || name.ends_with(".localhost") ||
           is_loopback_address(name);
}

}  // namespace id_token
