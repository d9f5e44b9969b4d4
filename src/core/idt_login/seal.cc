#include "idt_login/seal.h"

#include <algorithm>
#include <charconv>

#include "idt_base/base64url.h"
#include "idt_lib/digest.h"

namespace id_token {

namespace {

constexpr std::string_view kTexts[] = {
#define X(name, text) text,
    ID_TOKEN_LOGIN_KEY_ERRORS(X)
#undef X
};

// A cookie of ours is shorter: browsers keep 4096 bytes.
constexpr std::size_t kMaxSealedBytes = 8192;

std::string_view bytes_of(const Secret &key) noexcept {
    return {reinterpret_cast<const char *>(key.data()), key.size()};
}

std::string_view without_line_end(std::string_view text) noexcept {
    if (text.ends_with('\n')) {
        text.remove_suffix(1);
    }
    if (text.ends_with('\r')) {
        text.remove_suffix(1);
    }
    return text;
}

bool is_text(std::string_view bytes) noexcept {
    return std::all_of(bytes.begin(), bytes.end(),
                       [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

// `encoded` has no '\n': the label ends where it says.
std::string mac_of(const Secret &key, std::string_view label,
                   std::string_view encoded) {
    std::string input(label);
    input += '\n';
    input += encoded;
    return base64url_encode(hmac_sha256(bytes_of(key), input));
}

template <class Value>
std::optional<Value> read_decimal(std::string_view text) noexcept {
    Value value = 0;
    const char *end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

std::string_view login_key_error_text(LoginKeyError error) noexcept {
    return kTexts[static_cast<std::size_t>(error)];
}

Result<Secret, LoginKeyError> parse_login_key(std::string_view file) {
    const std::string_view text = without_line_end(file);
    const std::string_view key = is_text(text) ? text : file;
    if (key.size() < kMinLoginKeyBytes) {
        return LoginKeyError::too_short;
    }
    if (key.size() > kMaxLoginKeyBytes) {
        return LoginKeyError::too_long;
    }
    if (key.find_first_not_of(key.front()) == key.npos) {
        return LoginKeyError::guessable;
    }
    return Secret(key);
}

std::string LoginKeys::seal(std::string_view label,
                            std::string_view text) const {
    std::string sealed = base64url_encode(text);
    const std::string mac = mac_of(keys_.front(), label, sealed);
    return sealed + "." + mac;
}

std::optional<std::string> LoginKeys::open(std::string_view label,
                                           std::string_view sealed) const {
    const std::size_t dot = sealed.find('.');
    if (dot == sealed.npos || sealed.size() > kMaxSealedBytes) {
        return std::nullopt;
    }
    const std::string_view encoded = sealed.substr(0, dot);
    const std::string_view mac = sealed.substr(dot + 1);
    const bool ours = std::any_of(keys_.begin(), keys_.end(), [&](auto &key) {
        return equal_in_constant_time(mac_of(key, label, encoded), mac);
    });
    if (!ours) {
        return std::nullopt;
    }
    return base64url_decode(encoded);
}

void append_field(std::string &out, std::string_view value) {
    out += std::to_string(value.size());
    out += ':';
    out += value;
}

void append_field(std::string &out, std::int64_t value) {
    append_field(out, std::string_view(std::to_string(value)));
}

std::optional<std::string_view> take_field(std::string_view &rest) noexcept {
    const std::size_t colon = rest.find(':');
    if (colon == rest.npos) {
        return std::nullopt;
    }
    const auto size = read_decimal<std::size_t>(rest.substr(0, colon));
    const std::string_view behind = rest.substr(colon + 1);
    if (!size || *size > behind.size()) {
        return std::nullopt;
    }
    rest = behind.substr(*size);
    return behind.substr(0, *size);
}

std::optional<std::int64_t> take_number(std::string_view &rest) noexcept {
    const auto field = take_field(rest);
    return field ? read_decimal<std::int64_t>(*field) : std::nullopt;
}

}  // namespace id_token
