#include "idt_login/token_request.h"

#include <algorithm>
#include <new>

#include "idt_base/escape.h"
#include "idt_lib/json.h"
#include "idt_login/form.h"
#include "idt_login/login_error.h"
#include "idt_mint/assertion.h"

namespace id_token {

namespace {

constexpr std::string_view kAssertionKind =
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";  // RFC 7523 2.2

}  // namespace

std::string token_request_body(const TokenRequest &request) {
    std::string body;
    append_form_field(body, "grant_type", "authorization_code");
    append_form_field(body, "code", request.code);
    append_form_field(body, "redirect_uri", request.redirect_uri);
    append_form_field(body, "code_verifier", request.verifier);
    if (request.auth == ClientAuth::secret_basic) {
        return body;
    }
    append_form_field(body, "client_id", request.client_id);
    if (request.auth == ClientAuth::secret_post) {
        append_form_field(body, "client_secret", request.credential);
    }
    if (request.auth == ClientAuth::private_key_jwt) {
        append_form_field(body, "client_assertion_type", kAssertionKind);
        append_form_field(body, "client_assertion", request.credential);
    }
    return body;
}

std::string token_request_authorization(const TokenRequest &request) {
    if (request.auth != ClientAuth::secret_basic) {
        return {};
    }
    // Each half is escaped first, RFC 6749 2.3.1: an ID may hold a colon.
    return "Basic " + base64_encode(escape_uri(request.client_id) + ":" +
                                    escape_uri(request.credential));
}

Result<std::string> client_assertion(const AssertionKey &key,
                                     std::string_view client_id,
                                     std::string_view issuer,
                                     std::string_view jti, std::int64_t now) {
    std::string text = R"({"sub":)";
    append_json_string(text, client_id);
    text += R"(,"jti":)";
    append_json_string(text, jti);
    text += '}';
    const auto claims = Claims::parse(text);
    if (!claims) {
        return claims.error();
    }
    const AssertionPolicy policy{std::string(client_id),
                                 std::string(issuer),
                                 {"sub", "jti"},
                                 kClientAssertionSeconds,
                                 "JWT"};
    const auto expires =
        static_cast<NumericDate>(now + kClientAssertionSeconds);
    auto assertion = mint_assertion(key, policy, *claims, expires, now);
    if (!assertion) {
        return assertion.error();
    }
    return std::move(assertion->token);
}

std::string_view parse_client_secret(std::string_view file) noexcept {
    if (file.ends_with('\n')) {
        file.remove_suffix(1);
    }
    if (file.ends_with('\r')) {
        file.remove_suffix(1);
    }
    const bool good =
        std::all_of(file.begin(), file.end(),
                    [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
    return good ? file : std::string_view();
}

TokenAnswer parse_token_answer(std::string_view body) {
    const auto json = Json::parse(body, JsonValues::lossy);
    if (!json) {
        if (json.error() == JsonError::out_of_memory) {
            throw std::bad_alloc();
        }
        return {};
    }
    const auto error = json->view().find("error").string();
    const auto token = json->view().find("id_token").string();
    if (error || !token) {
        return {{}, known_error_code(error.value_or(""))};
    }
    return {std::string(*token), {}};
}

}  // namespace id_token
