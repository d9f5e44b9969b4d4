// Texts of ours that browsers keep and cannot change (L2): the keys of
// id_token_login_key, and sealing with them.

#ifndef IDT_LOGIN_SEAL_H
#define IDT_LOGIN_SEAL_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "idt_base/result.h"
#include "idt_mint/signing_key.h"

namespace id_token {

inline constexpr std::size_t kMinLoginKeyBytes = 32;
inline constexpr std::size_t kMaxLoginKeyBytes = 4096;

// Why a file is not a login key. X(name, text)
#define ID_TOKEN_LOGIN_KEY_ERRORS(X)                                           \
    X(too_short, "has less than 32 bytes")                                     \
    X(too_long, "has more than 4096 bytes")                                    \
    X(guessable, "repeats a single byte")

enum class LoginKeyError : std::uint8_t {
#define X(name, text) name,
    ID_TOKEN_LOGIN_KEY_ERRORS(X)
#undef X
};

[[nodiscard]] std::string_view login_key_error_text(
    LoginKeyError error) noexcept;

// A key out of a file's bytes. A file of printable ASCII is a text: the line
// end behind it is no part of the key. Of every other file each byte counts.
[[nodiscard]] Result<Secret, LoginKeyError> parse_login_key(
    std::string_view file);

// The first seals, all open.
class LoginKeys {
  public:
    void add(Secret key) { keys_.push_back(std::move(key)); }
    [[nodiscard]] bool empty() const noexcept { return keys_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

    // `label` tells kinds of texts apart: what was sealed under one is not
    // opened under another. Only with at least one key.
    [[nodiscard]] std::string seal(std::string_view label,
                                   std::string_view text) const;

    // The text; nothing if it is not one that was sealed under the label by one
    // of the keys. Nothing is decoded before that is proven.
    [[nodiscard]] std::optional<std::string> open(
        std::string_view label, std::string_view sealed) const;

  private:
    std::vector<Secret> keys_;
};

// Fields one behind the other, any bytes: "LENGTH:BYTES".
void append_field(std::string &out, std::string_view value);
void append_field(std::string &out, std::int64_t value);

// Takes one off the front; nothing if there is none.
[[nodiscard]] std::optional<std::string_view> take_field(
    std::string_view &rest) noexcept;
[[nodiscard]] std::optional<std::int64_t> take_number(
    std::string_view &rest) noexcept;

}  // namespace id_token

#endif
