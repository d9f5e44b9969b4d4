#include "idt_keys/saved_keys.h"

#include <charconv>
#include <new>
#include <optional>

#include "idt_lib/digest.h"

namespace id_token {

namespace {

constexpr std::string_view kTexts[] = {
#define X(name, text) text,
    ID_TOKEN_KEY_STATE_ERRORS(X)
#undef X
};

constexpr std::string_view kMagic = "id-token-keys 1\n";
constexpr std::string_view kDigest = "sha256 ";
constexpr std::string_view kFetchedAt = "fetched_at ";

void append_line(std::string &out, std::string_view name,
                 std::string_view value) {
    out.append(name);
    out.append(" ");
    out.append(std::to_string(value.size()));
    out.append(" ");
    out.append(value);
    out.append("\n");
}

std::string origin_lines(const KeyOrigin &origin) {
    std::string lines;
    append_line(lines, "issuer", origin.issuer);
    append_line(lines, "url", origin.url);
    append_line(lines, "trust", origin.trust);
    lines.append("\n");
    return lines;
}

bool skip(std::string_view &text, std::string_view prefix) noexcept {
    if (!text.starts_with(prefix)) {
        return false;
    }
    text.remove_prefix(prefix.size());
    return true;
}

// The rest of a line, without its end.
std::optional<std::string_view> take_line(std::string_view &text) noexcept {
    const std::size_t end = text.find('\n');
    if (end == text.npos) {
        return std::nullopt;
    }
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

std::optional<std::int64_t> parse_time(std::string_view s) noexcept {
    std::int64_t value = 0;
    const auto [end, error] =
        std::from_chars(s.data(), s.data() + s.size(), value);
    if (error != std::errc() || end != s.data() + s.size()) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::string_view key_state_error_text(KeyStateError error) noexcept {
    return kTexts[static_cast<std::size_t>(error)];
}

std::string format_key_state(const KeyOrigin &origin, std::int64_t fetched_at,
                             std::string_view document) {
    std::string rest(kFetchedAt);
    rest.append(std::to_string(fetched_at));
    rest.append("\n");
    rest.append(origin_lines(origin));
    rest.append(document);

    std::string text(kMagic);
    text.append(kDigest);
    text.append(sha256_hex(rest));
    text.append("\n");
    text.append(rest);
    return text;
}

Result<KeyState, KeyStateError> parse_key_state(std::string_view text,
                                                const KeyOrigin &origin,
                                                std::int64_t now,
                                                std::int64_t max_stale) {
    if (!skip(text, kMagic) || !skip(text, kDigest)) {
        return KeyStateError::damaged;
    }
    const auto digest = take_line(text);
    if (!digest || *digest != sha256_hex(text)) {
        return KeyStateError::damaged;
    }

    if (!skip(text, kFetchedAt)) {
        return KeyStateError::damaged;
    }
    const auto line = take_line(text);
    const auto fetched_at = line ? parse_time(*line) : std::nullopt;
    if (!fetched_at) {
        return KeyStateError::damaged;
    }

    if (!skip(text, origin_lines(origin))) {
        return KeyStateError::foreign;
    }
    if (*fetched_at < 0) {
        return KeyStateError::too_old;
    }
    if (*fetched_at > now) {
        return KeyStateError::future;
    }
    if (now - *fetched_at >= max_stale) {
        return KeyStateError::too_old;
    }
    return KeyState{*fetched_at, text};
}

}  // namespace id_token
