#include "idt_keys/discovery.h"

#include <utility>

#include "idt_base/ascii.h"
#include "idt_lib/json_split.h"

namespace id_token {

namespace {

constexpr std::string_view kTexts[] = {
#define X(name, text) text,
    ID_TOKEN_DISCOVERY_ERRORS(X)
#undef X
};

// Schemes are compared in any case (RFC 3986 3.1).
bool has_scheme(std::string_view url, std::string_view scheme) noexcept {
    return equal_ignoring_case(url.substr(0, scheme.size()), scheme);
}

bool is_https(std::string_view url) noexcept {
    return has_scheme(url, "https://");
}

DiscoveryError refusal(JsonSplitError error) noexcept {
    switch (error) {
        case JsonSplitError::depth:
            return DiscoveryError::depth;
        case JsonSplitError::not_an_object:
            return DiscoveryError::not_an_object;
        case JsonSplitError::duplicate:
            return DiscoveryError::duplicate;
        case JsonSplitError::members:
            return DiscoveryError::members;
        case JsonSplitError::syntax:
            break;
    }
    return DiscoveryError::syntax;
}

}  // namespace

std::string_view discovery_error_text(DiscoveryError error) noexcept {
    return kTexts[static_cast<std::size_t>(error)];
}

std::optional<std::string> discovery_url(std::string_view issuer) {
    if (!is_https(issuer) && !has_scheme(issuer, "http://")) {
        return std::nullopt;
    }
    if (issuer.find_first_of("?#") != issuer.npos) {
        return std::nullopt;
    }
    if (issuer.ends_with('/')) {
        issuer.remove_suffix(1);
    }
    if (issuer.ends_with('/')) {
        return std::nullopt;  // no host, or an empty path segment
    }
    return std::string(issuer) + "/.well-known/openid-configuration";
}

Result<std::string, DiscoveryError> parse_discovery(std::string_view document,
                                                    std::string_view issuer,
                                                    std::string *other) {
    JsonSplit json(document);
    if (json.run() != JsonSplit::Progress::done) {
        return refusal(json.error());
    }

    const auto theirs = json.find_string("issuer");
    if (!theirs) {
        return DiscoveryError::issuer_missing;
    }
    if (*theirs != issuer) {
        if (other != nullptr) {
            *other = *theirs;
        }
        return differs_by_slash(*theirs, issuer)
                   ? DiscoveryError::issuer_slash
                   : DiscoveryError::issuer_differs;
    }

    auto url = json.find_string("jwks_uri");
    if (!url || url->empty()) {
        return DiscoveryError::jwks_uri_missing;
    }
    if (is_https(issuer) && !is_https(*url)) {
        return DiscoveryError::jwks_uri_transport;
    }
    return std::move(*url);
}

}  // namespace id_token
