#include "idt_login/login_error.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace id_token {

namespace {

constexpr LoginErrorRow kRows[] = {
#define X(name, page, text) {#name, Page::page, text},
    ID_TOKEN_LOGIN_ERRORS(X)
#undef X
};

constexpr std::string_view kNeedsUser[] = {
    "interaction_required", "login_required", "account_selection_required",
    "consent_required"};

constexpr std::string_view kCodes[] = {
    // OIDC Core 3.1.2.6, the rest
    "invalid_request_uri", "invalid_request_object", "request_not_supported",
    "request_uri_not_supported", "registration_not_supported",
    // RFC 6749 4.1.2.1
    "invalid_request", "unauthorized_client", "access_denied",
    "unsupported_response_type", "invalid_scope", "server_error",
    "temporarily_unavailable",
    // RFC 6749 5.2, the rest
    "invalid_client", "invalid_grant", "unsupported_grant_type"};

constexpr std::string_view kUnknown = "unknown_error";

}  // namespace

const LoginErrorRow &login_error_row(LoginError error) noexcept {
    return kRows[static_cast<std::size_t>(error)];
}

bool needs_the_user(std::string_view code) noexcept {
    return std::find(std::begin(kNeedsUser), std::end(kNeedsUser), code) !=
           std::end(kNeedsUser);
}

std::string_view known_error_code(std::string_view code) noexcept {
    for (const auto known : kNeedsUser) {
        if (known == code) {
            return known;
        }
    }
    const auto *found = std::find(std::begin(kCodes), std::end(kCodes), code);
    return found == std::end(kCodes) ? kUnknown : *found;
}

}  // namespace id_token
