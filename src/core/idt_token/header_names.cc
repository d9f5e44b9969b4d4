#include "idt_token/header_names.h"

#include <algorithm>
#include <array>

#include "idt_base/ascii.h"

namespace id_token {

namespace {

bool is_alphanumeric(char c) noexcept {
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

char fold(char c) noexcept {
    return is_alphanumeric(c) ? lower(c) : '_';
}

// tchar of RFC 9110 5.6.2
bool is_name_char(char c) noexcept {
    constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
    return is_alphanumeric(c) || kOthers.find(c) != kOthers.npos;
}

// Read in another way, of the connection (RFC 9110 7.6.1), or nginx's own.
constexpr std::array<std::string_view, 17> kReserved = {
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "cookie2",
    "expect",
    "host",
    "keep-alive",
    "origin",
    "proxy",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
};

}  // namespace

bool passes_for_header(std::string_view name, std::string_view ours) noexcept {
    if (name.size() < ours.size() ||
        !std::equal(ours.begin(), ours.end(), name.begin(),
                    [](char a, char b) { return fold(a) == fold(b); })) {
        return false;
    }
    return name.size() == ours.size() || !is_name_char(name[ours.size()]);
}

bool may_carry_token(std::string_view name) noexcept {
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_name_char)) {
        return false;
    }
    const std::string lowered = lower(name);
    return !lowered.starts_with("sec-") && !lowered.starts_with("proxy-") &&
           std::find(kReserved.begin(), kReserved.end(), lowered) ==
               kReserved.end();
}

}  // namespace id_token
