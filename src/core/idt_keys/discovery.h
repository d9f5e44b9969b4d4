// OpenID Connect Discovery 1.0, the part that leads to the keys.

#ifndef IDT_KEYS_DISCOVERY_H
#define IDT_KEYS_DISCOVERY_H

#include <optional>
#include <string>
#include <string_view>

#include "idt_base/result.h"

namespace id_token {

// Why a document does not lead to a key set.
// X(name, text)
#define ID_TOKEN_DISCOVERY_ERRORS(X)                                           \
    X(syntax, "is not valid JSON")                                             \
    X(depth, "is nested too deeply")                                           \
    X(not_an_object, "is not a JSON object")                                   \
    X(duplicate, "has a member twice in one object")                           \
    X(members, "has more than 4096 members in one object")                     \
    X(issuer_missing, "has no \"issuer\"")                                     \
    X(issuer_slash, "names the \"issuer\" with, or without, a trailing slash") \
    X(issuer_differs, "names another \"issuer\"")                              \
    X(jwks_uri_missing, "has no \"jwks_uri\"")                                 \
    X(jwks_uri_transport,                                                      \
      "leads from an https issuer to a \"jwks_uri\" "                          \
      "that is not https")

enum class DiscoveryError : std::uint8_t {
#define X(name, text) name,
    ID_TOKEN_DISCOVERY_ERRORS(X)
#undef X
};

[[nodiscard]] std::string_view discovery_error_text(
    DiscoveryError error) noexcept;

// Where the document of an issuer is (Discovery 4): one terminating slash is
// removed, the well-known path appended. Nothing if the issuer is no http or
// https URL, or has a query or a fragment.
[[nodiscard]] std::optional<std::string> discovery_url(std::string_view issuer);

// What nobody reads decides nothing: a member that is not looked for may hold
// any value that JSON allows. One that is null is absent.
//
// The document's jwks_uri, whose issuer has to equal ours byte for byte
// (Discovery 4.3): if it does not, it is in `other`. That the URL is
// well-formed, and what plain http may reach, is for the caller to judge.
// Throws std::bad_alloc only.
[[nodiscard]] Result<std::string, DiscoveryError> parse_discovery(
    std::string_view document, std::string_view issuer,
    std::string *other = nullptr);

}  // namespace id_token

#endif
