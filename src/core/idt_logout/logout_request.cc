#include "idt_logout/logout_request.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "idt_lib/json.h"
#include "idt_login/form.h"

namespace id_token {

namespace {

LogoutError refusal(FormError error) noexcept {
    switch (error) {
        case FormError::too_long:
            return LogoutError::logout_too_long;
        case FormError::twice:
            return LogoutError::logout_twice;
        case FormError::too_many:
        case FormError::malformed:
            break;
    }
    return LogoutError::logout_form;
}

constexpr std::pair<std::string_view, RevokedKind> kOperatorKinds[] = {
    {"sub", RevokedKind::sub},
    {"sid", RevokedKind::sid},
    {"jti", RevokedKind::jti},
    {"all", RevokedKind::all}};

// One member of an operator's object.
LogoutError take_member(OperatorLogout &out, std::string_view name,
                        JsonView value) {
    const std::string_view text = value.string().value_or("");
    if (name == "provider") {
        out.provider = text;
        return LogoutError::none;
    }
    const auto *row =
        std::find_if(std::begin(kOperatorKinds), std::end(kOperatorKinds),
                     [&](const auto &known) { return known.first == name; });
    if (row == std::end(kOperatorKinds)) {
        return LogoutError::logout_form;
    }
    const bool named = row->second == RevokedKind::all ? value.boolean() == true
                                                       : is_session_id(text);
    if (!named || out.kind != RevokedKind::none) {
        return LogoutError::logout_whom;
    }
    out.kind = row->second;
    out.value = text;
    return LogoutError::none;
}

Revocation make(RevokedKind kind, std::string_view value,
                const LogoutScope &scope, std::int64_t cut) {
    Revocation entry;
    entry.provider = scope.provider;
    entry.kind = kind;
    entry.cut = cut;
    // From then on every token with iat <= cut is too old.
    entry.until = cut + scope.keep + scope.leeway + 1;
    if (kind != RevokedKind::all) {
        entry.value = value_digest(scope.provider, kind, value);
    }
    if (kind == RevokedKind::sub || kind == RevokedKind::sub_without_sid) {
        entry.owner = entry.value;
    }
    return entry;
}

}  // namespace

Result<std::string, LogoutError> read_logout_form(std::string_view body) {
    const auto form = Form::parse(body);
    if (!form) {
        return refusal(form.error());
    }
    const auto token = form->find("logout_token");
    if (!token) {
        return LogoutError::logout_token_missing;
    }
    return std::string(*token);
}

Result<std::string, LogoutError> read_logout_query(std::string_view query,
                                                   std::string_view issuer) {
    const auto form = Form::parse(query);
    if (!form) {
        return refusal(form.error());
    }
    if (form->find("iss") != issuer) {
        return LogoutError::logout_issuer;
    }
    const auto sid = form->find("sid");
    if (!sid || !is_session_id(*sid)) {
        return LogoutError::logout_sid_missing;
    }
    return std::string(*sid);
}

Result<OperatorLogout, LogoutError> read_operator_logout(
    std::string_view body) {
    if (body.size() > kMaxOperatorBytes) {
        return LogoutError::logout_too_long;
    }
    const auto json = Json::parse(body);
    if (!json) {
        return json.error() == JsonError::out_of_memory
                   ? LogoutError::logout_memory
                   : LogoutError::logout_form;
    }
    OperatorLogout out;
    LogoutError error = LogoutError::none;
    json->view().for_each_member([&](std::string_view name, JsonView value) {
        if (error == LogoutError::none) {
            error = take_member(out, name, value);
        }
    });
    if (error != LogoutError::none) {
        return error;
    }
    if (out.provider.empty()) {
        return LogoutError::logout_provider;
    }
    if (out.kind == RevokedKind::none) {
        return LogoutError::logout_whom;
    }
    return out;
}

std::vector<Revocation> revocations_of(const LogoutClaims &claims,
                                       const LogoutScope &scope) {
    std::vector<Revocation> entries;
    if (claims.session) {
        entries.push_back(
            make(RevokedKind::sid, *claims.session, scope, claims.issued_at));
    }
    if (claims.subject) {
        entries.push_back(make(
            claims.session ? RevokedKind::sub_without_sid : RevokedKind::sub,
            *claims.subject, scope, claims.issued_at));
        entries.front().owner = entries.back().owner;
    }
    Revocation seen =
        make(RevokedKind::seen, claims.id, scope, claims.issued_at);
    seen.cut = 0;
    seen.until = std::min(seen.until, claims.expires);
    entries.push_back(seen);
    return entries;
}

Revocation revocation_of(RevokedKind kind, std::string_view value,
                         const LogoutScope &scope, std::int64_t now) {
    return make(kind, value, scope, now + scope.leeway);
}

std::string logout_error_json(const LogoutRefusal &refusal) {
    std::string json = R"({"error":"invalid_request","error_description":)";
    append_json_string(json, refusal.error == LogoutError::logout_token
                                 ? error_row(refusal.reason).description
                                 : logout_error_row(refusal.error).text);
    json += "}\n";
    return json;
}

}  // namespace id_token
