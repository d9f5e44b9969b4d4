#include "idt_jose/jws.h"

#include <cstring>
#include <utility>

#include "idt_base/ascii.h"
#include "idt_base/base64url.h"
#include "idt_jose/header_cost.h"
#include "idt_lib/payload.h"

namespace id_token {

namespace {

// The text before the next dot, which is taken off `rest` together with it;
// nothing if there is no dot.
std::optional<std::string_view> take_segment(std::string_view &rest) noexcept {
    if (rest.empty()) {
        return std::nullopt;
    }
    const void *dot = std::memchr(rest.data(), '.', rest.size());
    if (dot == nullptr) {
        return std::nullopt;
    }
    const auto size =
        static_cast<std::size_t>(static_cast<const char *>(dot) - rest.data());
    const std::string_view segment = rest.substr(0, size);
    rest.remove_prefix(size + 1);
    return segment;
}

bool names_jwt(std::string_view type) noexcept {
    return equal_ignoring_case(type, "jwt") ||
           equal_ignoring_case(type, "application/jwt");
}

// Absent or another content type; not a nested token, nor anything that might
// mean one.
bool cty_allowed(JsonView cty) noexcept {
    if (!cty) {
        return true;
    }
    const auto type = cty.string();
    return type && !names_jwt(*type);
}

bool names_logout_token(std::string_view type) noexcept {
    return equal_ignoring_case(type, "logout+jwt") ||
           equal_ignoring_case(type, "application/logout+jwt");
}

// A logout token may say what it is; "JOSE" is a word of ID tokens alone.
bool typ_allowed(JsonView typ, TokenType expected) noexcept {
    if (!typ) {
        return true;
    }
    const auto type = typ.string();
    if (!type || names_jwt(*type)) {
        return type.has_value();
    }
    return expected == TokenType::logout_token
               ? names_logout_token(*type)
               : equal_ignoring_case(*type, "jose");
}

// What is judged of a header. A member that is null is there: find() of a
// payload would call it absent.
struct Members {
    JsonView alg, crit, b64, zip, cty, kid, typ;
};

Members members_of(JsonView header) {
    Members members;
    const std::pair<std::string_view, JsonView *> wanted[] = {
        {"alg", &members.alg}, {"crit", &members.crit}, {"b64", &members.b64},
        {"zip", &members.zip}, {"cty", &members.cty},   {"kid", &members.kid},
        {"typ", &members.typ}};
    header.for_each_member([&](std::string_view name, JsonView value) {
        for (const auto &[known, to] : wanted) {
            if (name == known) {
                *to = value;
            }
        }
    });
    return members;
}

// `alg` (RFC 8725 3.1), extensions that must be understood (RFC 7515 4.1.11,
// RFC 7797), `kid`, and `typ` (RFC 8725 3.11).
Error check_header(const Members &header, const AlgorithmSet &allowed,
                   TokenType type, JoseHeader &out) noexcept {
    const auto alg = header.alg.string();
    if (!alg) {
        return Error::alg_missing;
    }
    out.algorithm = find_algorithm(*alg);
    if (out.algorithm == nullptr || !allowed.has(*out.algorithm)) {
        return Error::alg_not_allowed;
    }
    if (header.crit) {
        return Error::crit;
    }
    if (header.b64 && header.b64.boolean() != true) {
        return Error::b64;
    }
    if (header.zip) {
        return Error::zip;
    }
    if (!cty_allowed(header.cty)) {
        return Error::cty;
    }
    if (header.kid && !out.kid) {
        return Error::kid_type;
    }
    if (!typ_allowed(header.typ, type)) {
        return Error::typ;
    }
    return Error::ok;
}

}  // namespace

Result<Segments> parse_segments(std::string_view token) noexcept {
    if (token.size() > kMaxTokenBytes) {
        return Error::token_too_long;
    }

    std::string_view rest = token;
    const auto header = take_segment(rest);
    const auto payload = header ? take_segment(rest) : std::nullopt;
    if (!payload) {
        return Error::token_format;
    }
    // Four dots are an encrypted token, RFC 7516 7.1; else two are right.
    if (take_segment(rest)) {
        return take_segment(rest) && rest.find('.') == rest.npos
                   ? Error::token_encrypted
                   : Error::token_format;
    }
    if (header->empty() || rest.empty()) {
        return Error::token_format;
    }
    if (!is_base64url(*header) || !is_base64url(*payload) ||
        !is_base64url(rest)) {
        return Error::base64url;
    }

    return Segments{*header, *payload, rest,
                    token.substr(0, header->size() + 1 + payload->size())};
}

namespace {

Error header_error(PayloadError error) noexcept {
    switch (error) {
        case PayloadError::depth:
            return Error::header_depth;
        case PayloadError::duplicate:
            return Error::header_duplicate;
        case PayloadError::out_of_memory:
            return Error::out_of_memory;
        case PayloadError::syntax:
        case PayloadError::not_an_object:
            break;
    }
    return Error::header_json;
}

}  // namespace

// What a refusal is about, as it was written.
static std::string found_text(Error error, const Members &members) {
    std::string text;
    if (error == Error::alg_not_allowed) {
        members.alg.append_text(text);
    } else if (error == Error::typ) {
        members.typ.append_text(text);
    }
    return text;
}

Result<JoseHeader> parse_jose_header(std::string_view encoded,
                                     const AlgorithmSet &allowed,
                                     std::optional<std::string> *kid,
                                     TokenType type, std::string *found) {
    if (base64url_decoded_size(encoded.size()) > kMaxHeaderBytes) {
        return Error::header_size;
    }
    const auto text = base64url_decode(encoded);
    if (!text) {
        return Error::base64url;
    }
    if (!is_cheap_header(*text)) {
        return Error::header_size;
    }
    const auto json = Payload::parse(*text);
    if (!json) {
        return header_error(json.error());
    }
    // A payload is proven when it is read; of this, all is in doubt.
    if (json->has_spoiled()) {
        return Error::header_value;
    }

    const Members members = members_of(json->view());
    JoseHeader header;
    if (const auto value = members.kid.string()) {
        header.kid = *value;
    }
    if (kid != nullptr) {
        *kid = header.kid;
    }
    if (const Error error = check_header(members, allowed, type, header);
        error != Error::ok) {
        if (found != nullptr) {
            *found = found_text(error, members);
        }
        return error;
    }
    return header;
}

}  // namespace id_token
