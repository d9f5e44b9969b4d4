// The file that keeps the last good key set over a restart.
//
//     id-token-keys 1
//     sha256 <hex of all that follows this line>
//     fetched_at <seconds since the epoch>
//     issuer <length> <issuer>
//     url <length> <where the keys, or the way to them, are>
//     trust <length> <what the transport was told to trust>
//
//     <the document>

#ifndef IDT_KEYS_SAVED_KEYS_H
#define IDT_KEYS_SAVED_KEYS_H

#include <cstdint>
#include <string>
#include <string_view>

#include "idt_base/result.h"
#include "idt_lib/digest.h"

namespace id_token {

// Whose keys they are: a set is never taken for another source's.
struct KeyOrigin {
    std::string_view issuer;
    std::string_view url;
    std::string_view trust;
};

// X(name, text)
#define ID_TOKEN_KEY_STATE_ERRORS(X)                                           \
    X(damaged, "is damaged")                                                   \
    X(foreign, "belongs to another key source")                                \
    X(future, "is from the future")                                            \
    X(too_old, "is too old")

enum class KeyStateError : std::uint8_t {
#define X(name, text) name,
    ID_TOKEN_KEY_STATE_ERRORS(X)
#undef X
};

[[nodiscard]] std::string_view key_state_error_text(
    KeyStateError error) noexcept;

// What the header and the lengths in it add to a document, at most, for
// origins of up to 8 KiB.
inline constexpr std::size_t kMaxKeyStateHeader = 32 * 1024;

struct KeyState {
    std::int64_t fetched_at;    // seconds since the epoch
    std::string_view document;  // into the parsed text
};

[[nodiscard]] std::string format_key_state(const KeyOrigin &origin,
                                           std::int64_t fetched_at,
                                           std::string_view document);

// `now` and `max_stale` in seconds. Nothing is said about the document but
// that it is the one that was written.
[[nodiscard]] Result<KeyState, KeyStateError> parse_key_state(
    std::string_view text, const KeyOrigin &origin, std::int64_t now,
    std::int64_t max_stale);

}  // namespace id_token

#endif
