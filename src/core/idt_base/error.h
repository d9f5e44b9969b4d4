// The closed list of reasons for which a request is not let through.
//
// One row makes the enumerator, the log text, the value of $id_token_error,
// the description in WWW-Authenticate and the status code; the README's table
// is checked against it. The order of rows is the order of the checks, but that
// a time of the wrong type is told before one that is over.

#ifndef IDT_BASE_ERROR_H
#define IDT_BASE_ERROR_H

#include <cstdint>
#include <string_view>

namespace id_token {

// What kind of answer a reason calls for.
enum class Answer : std::uint8_t {
    none,       // nothing is wrong
    missing,    // 401, challenge without an error code (RFC 6750 3.1)
    malformed,  // 400, error="invalid_request"
    invalid,    // 401, error="invalid_token"
    forbidden,  // 403, error="insufficient_scope" where a rule on claims failed
    not_found,  // 404, for rules that hide what they guard
    unavailable,  // 503 with Retry-After
    internal,     // 500
};

// X(name, answer, description)
//
// name         enumerator and $id_token_error
// description  WWW-Authenticate error_description and log; only characters of
//              RFC 6750 3 (no '"', no '\'), no part of the token
#define ID_TOKEN_ERRORS(X)                                                     \
    X(ok, none, "the token is valid")                                          \
    /* presenting it: RFC 6750 2, RFC 7515 7.1 */                              \
    X(token_missing, missing, "no token was presented")                        \
    X(credentials_malformed, malformed, "the credentials are malformed")       \
    X(credentials_ambiguous, malformed, "more than one token was presented")   \
    X(token_too_long, invalid, "the token is too long")                        \
    X(token_format, invalid, "the token is not a compact JWS")                 \
    X(token_encrypted, invalid, "encrypted tokens are not accepted")           \
    /* decoding: RFC 7515 2 and 4 */                                           \
    X(base64url, invalid, "a part of the token is not base64url")              \
    X(header_size, invalid, "the token header is too large")                   \
    X(header_json, invalid, "the token header is not a valid JSON object")     \
    X(header_depth, invalid, "the token header is nested too deeply")          \
    X(header_duplicate, invalid, "the token header has a member twice")        \
    X(header_value, invalid, "the token header has a value that is not exact") \
    /* header: RFC 7515 4.1, RFC 8725 3.1 and 3.11 */                          \
    X(alg_missing, invalid, "the token names no algorithm")                    \
    X(alg_not_allowed, invalid, "the token algorithm is not allowed")          \
    X(crit, invalid, "critical header extensions are not supported")           \
    X(b64, invalid, "unencoded payloads are not supported")                    \
    X(zip, invalid, "compressed tokens are not supported")                     \
    X(cty, invalid, "nested tokens are not supported")                         \
    X(kid_type, invalid, "the key ID of the token is not a string")            \
    X(typ, invalid, "the token is of another type")                            \
    /* signature: RFC 7515 5.2, RFC 7518 3 */                                  \
    X(key_unknown, invalid, "the signing key is unknown")                      \
    X(signature_length, invalid, "the signature has the wrong length")         \
    X(signature, invalid, "the signature is wrong")                            \
    /* claims: OIDC Core 2 and 3.1.3.7 */                                      \
    X(payload_json, invalid, "the token payload is not a valid JSON object")   \
    X(payload_depth, invalid, "the token payload is nested too deeply")        \
    X(payload_duplicate, invalid, "the token payload has a member twice")      \
    X(issuer, invalid, "the issuer is wrong")                                  \
    X(issuer_slash, invalid, "the issuer differs by a trailing slash")         \
    X(audience, invalid, "the token is for another audience")                  \
    X(audience_untrusted, invalid, "the token has an untrusted audience")      \
    X(azp, invalid, "the token was issued to another client")                  \
    X(azp_missing, invalid,                                                    \
      "no authorized party, but any audience is trusted")                      \
    X(subject, invalid, "the subject is missing or invalid")                   \
    X(exp, invalid, "the expiry is missing or invalid")                        \
    X(expired, invalid, "the token has expired")                               \
    X(iat, invalid, "the issue time is missing or invalid")                    \
    X(iat_future, invalid, "the token was issued in the future")               \
    X(too_old, invalid, "the token was issued too long ago")                   \
    X(nbf, invalid, "the not-before time is invalid")                          \
    X(not_yet_valid, invalid, "the token is not valid yet")                    \
    X(auth_time, invalid, "the authentication time is missing or invalid")     \
    X(auth_too_old, invalid, "the authentication was too long ago")            \
    X(kind_client, invalid, "the token was issued to another application")     \
    X(kind_events, invalid, "the token is a security event or logout token")   \
    X(kind_token_use, invalid, "the token is not for use as an ID token")      \
    X(kind_typ, invalid, "the payload names another type of token")            \
    X(kind_token_name, invalid, "the token does not call itself an ID token")  \
    X(kind_access_token, invalid, "the token is an access token")              \
    X(kind_scope, invalid, "scope without nonce: let the login send a nonce")  \
    X(nonce, invalid, "the nonce does not match")                              \
    X(revoked, invalid, "the session has ended")                               \
    /* rules of the location */                                                \
    X(csrf, forbidden, "no proof of a same-origin request")                    \
    X(claim_rule, forbidden, "a required claim does not match")                \
    X(claim_rule_401, invalid, "a required claim does not match")              \
    X(claim_rule_404, not_found, "a required claim does not match")            \
    X(provider_unknown, forbidden, "no such provider")                         \
    /* keys */                                                                 \
    X(keys_unavailable, unavailable, "the signing keys are unavailable")       \
    X(keys_refetch_failed, unavailable, "the signing keys cannot be updated")  \
    X(keys_refetch_pending, unavailable,                                       \
      "the signing keys are fetched in a moment")                              \
    X(keys_wait_timeout, unavailable,                                          \
      "waiting for the signing keys timed out")                                \
    X(keys_wait_full, unavailable, "too many requests wait for signing keys")  \
    /* ourselves */                                                            \
    X(out_of_memory, internal, "out of memory")                                \
    X(internal, internal, "internal error")

enum class Error : std::uint8_t {
#define X(name, answer, description) name,
    ID_TOKEN_ERRORS(X)
#undef X
};

struct ErrorRow {
    std::string_view name;
    Answer answer;
    std::string_view description;
};

// Never fails: every enumerator has its row.
[[nodiscard]] const ErrorRow &error_row(Error error) noexcept;

}  // namespace id_token

#endif
