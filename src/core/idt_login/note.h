// Notes that the browser keeps for us, sealed (L3): how many logins it has
// just had, and until when a renewal is not to be tried.

#ifndef IDT_LOGIN_NOTE_H
#define IDT_LOGIN_NOTE_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "idt_login/seal.h"

namespace id_token {

enum class NoteKind : std::uint8_t { logins, renewal };

inline constexpr std::int64_t kLoopSeconds = 30;
inline constexpr std::int64_t kMaxLoopLogins = 3;
inline constexpr std::int64_t kRenewalPauseSeconds = 60;

struct Note {
    std::int64_t until = 0;  // seconds since the epoch
    std::int64_t count = 0;
};

// One for each session cookie: applications on one host do not meet.
[[nodiscard]] std::string note_name(NoteKind kind, std::string_view cookie);

[[nodiscard]] std::string seal_note(const LoginKeys &keys, NoteKind kind,
                                    std::string_view cookie, const Note &note);

// Nothing if it was not sealed here, for that cookie, or is over.
[[nodiscard]] std::optional<Note> open_note(const LoginKeys &keys,
                                            NoteKind kind,
                                            std::string_view cookie,
                                            std::string_view sealed,
                                            std::int64_t now);

// With one login more: the half minute begins with the first.
[[nodiscard]] Note count_login(const std::optional<Note> &before,
                               std::int64_t now) noexcept;

// Whether another redirect would go on with a loop.
[[nodiscard]] bool is_loop(const std::optional<Note> &logins) noexcept;

// Whether a session is in the last `percent` of its life; never before its
// issue, never when it is over.
[[nodiscard]] bool is_renewal_due(double iat, double exp, int percent,
                                  std::int64_t now) noexcept;

}  // namespace id_token

#endif
