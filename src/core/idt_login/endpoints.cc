#include "idt_login/endpoints.h"

#include <new>

#include "idt_keys/url.h"
#include "idt_lib/json.h"
#include "idt_login/seal.h"

namespace id_token {

namespace {

DiscoveryError refusal(JsonError error) {
    switch (error) {
        case JsonError::syntax:
            return DiscoveryError::syntax;
        case JsonError::depth:
            return DiscoveryError::depth;
        case JsonError::not_an_object:
            return DiscoveryError::not_an_object;
        case JsonError::out_of_memory:
            break;
    }
    throw std::bad_alloc();
}

std::string endpoint(JsonView document, std::string_view name,
                     std::string_view issuer) {
    const auto url = document.find(name).string();
    return url && is_usable_endpoint(*url, issuer) ? std::string(*url)
                                                   : std::string();
}

// Discovery 3: an array of strings. Another kind says nothing.
bool names_type(JsonView types, std::string_view type) noexcept {
    if (!types.is(JsonKind::array)) {
        return true;
    }
    for (std::size_t i = 0; i < types.size(); i++) {
        if (types.at(i).string() == type) {
            return true;
        }
    }
    return false;
}

}  // namespace

bool is_usable_endpoint(std::string_view url, std::string_view issuer) {
    const auto parsed = parse_url(url);
    if (!parsed) {
        return false;
    }
    const auto ours = parse_url(issuer);
    return parsed->https || (ours && !ours->https);
}

Result<Endpoints, DiscoveryError> parse_endpoints(std::string_view document,
                                                  std::string_view issuer) {
    const auto json = Json::parse(document);
    if (!json) {
        return refusal(json.error());
    }
    const JsonView root = json->view();
    const JsonView types = root.find("response_types_supported");
    Endpoints e;
    e.authorization = endpoint(root, "authorization_endpoint", issuer);
    e.token = endpoint(root, "token_endpoint", issuer);
    e.end_session = endpoint(root, "end_session_endpoint", issuer);
    e.issuer_in_answer =
        root.find("authorization_response_iss_parameter_supported")
            .boolean()
            .value_or(false);
    e.id_token = names_type(types, "id_token");
    e.code = names_type(types, "code");
    return e;
}

std::string pack_endpoints(const Endpoints &e) {
    std::string out;
    append_field(out, e.authorization);
    append_field(out, e.token);
    append_field(out, e.end_session);
    append_field(out, std::int64_t{e.issuer_in_answer});
    append_field(out, std::int64_t{e.id_token});
    append_field(out, std::int64_t{e.code});
    return out;
}

std::optional<Endpoints> unpack_endpoints(std::string_view packed) {
    const auto authorization = take_field(packed);
    const auto token = take_field(packed);
    const auto end_session = take_field(packed);
    const auto issuer_in_answer = take_number(packed);
    const auto id_token = take_number(packed);
    const auto code = take_number(packed);
    if (!code || !packed.empty()) {
        return std::nullopt;
    }
    return Endpoints{std::string(*authorization),
                     std::string(*token),
                     std::string(*end_session),
                     *issuer_in_answer == 1,
                     *id_token == 1,
                     *code == 1};
}

}  // namespace id_token
