#include "idt_login/note.h"

#include "idt_base/base64url.h"
#include "idt_lib/digest.h"

namespace id_token {

namespace {

constexpr std::size_t kNameChars = 8;  // of the hash of the cookie's name

std::string_view label_of(NoteKind kind) noexcept {
    return kind == NoteKind::logins ? "oidc_logins 1" : "oidc_renewal 1";
}

std::string_view prefix_of(NoteKind kind) noexcept {
    return kind == NoteKind::logins ? "__Host-oidc_logins_"
                                    : "__Host-oidc_renewal_";
}

}  // namespace

std::string note_name(NoteKind kind, std::string_view cookie) {
    return std::string(prefix_of(kind)) +
           base64url_encode(sha256(cookie)).substr(0, kNameChars);
}

std::string seal_note(const LoginKeys &keys, NoteKind kind,
                      std::string_view cookie, const Note &note) {
    std::string text;
    append_field(text, cookie);
    append_field(text, note.until);
    append_field(text, note.count);
    return keys.seal(label_of(kind), text);
}

std::optional<Note> open_note(const LoginKeys &keys, NoteKind kind,
                              std::string_view cookie, std::string_view sealed,
                              std::int64_t now) {
    const auto text = keys.open(label_of(kind), sealed);
    if (!text) {
        return std::nullopt;
    }
    std::string_view rest = *text;
    const auto name = take_field(rest);
    const auto until = take_number(rest);
    const auto count = take_number(rest);
    if (!name || *name != cookie || !until || !count || !rest.empty() ||
        now >= *until) {
        return std::nullopt;
    }
    return Note{*until, *count};
}

Note count_login(const std::optional<Note> &before, std::int64_t now) noexcept {
    return before ? Note{before->until, before->count + 1}
                  : Note{now + kLoopSeconds, 1};
}

bool is_loop(const std::optional<Note> &logins) noexcept {
    return logins && logins->count >= kMaxLoopLogins;
}

bool is_renewal_due(double iat, double exp, int percent,
                    std::int64_t now) noexcept {
    const auto time = static_cast<double>(now);
    return percent > 0 && iat < exp && time >= iat && time < exp &&
           exp - time <= (exp - iat) * percent / 100;
}

}  // namespace id_token
