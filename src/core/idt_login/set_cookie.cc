#include "idt_login/set_cookie.h"

#include <algorithm>

#include "idt_base/ascii.h"

namespace id_token {

namespace {

constexpr std::string_view kHostPrefix = "__Host-";
constexpr std::string_view kOwnPrefix = "__Host-oidc_";

std::string piece_name(std::string_view name, std::size_t number) {
    return std::string(name) + "." + std::to_string(number);
}

// RFC 9110 5.6.2, which RFC 6265 4.1.1 points to.
bool is_token_character(unsigned char c) noexcept {
    constexpr std::string_view kSeparators = "()<>@,;:\\\"/[]?={}";
    return c > 0x20 && c < 0x7f &&
           kSeparators.find(static_cast<char>(c)) == kSeparators.npos;
}

}  // namespace

std::string set_cookie(std::string_view name, std::string_view value,
                       std::int64_t max_age, SameSite same_site) {
    std::string out(name);
    out += '=';
    out += value;
    out += "; Path=/; Max-Age=";
    out += std::to_string(max_age);
    out += "; Secure; HttpOnly; SameSite=";
    out += same_site == SameSite::none ? "None" : "Lax";
    return out;
}

std::string expire_cookie(std::string_view name, SameSite same_site) {
    return set_cookie(name, "", 0, same_site);
}

std::optional<std::vector<std::string>> session_cookies(std::string_view name,
                                                        std::string_view token,
                                                        std::string_view secret,
                                                        std::int64_t max_age) {
    std::vector<std::string> out;
    std::size_t pieces = 0;
    if (name.size() + 1 + token.size() <= kMaxCookieBytes) {
        out.push_back(set_cookie(name, token, max_age, SameSite::lax));
    } else {
        const std::size_t room =
            kMaxCookieBytes - piece_name(name, 0).size() - 1;
        pieces = (token.size() + room - 1) / room;
        if (pieces > kMaxSessionPieces) {
            return std::nullopt;
        }
        for (std::size_t i = 0; i < pieces; i++) {
            out.push_back(set_cookie(piece_name(name, i),
                                     token.substr(i * room, room), max_age,
                                     SameSite::lax));
        }
        out.push_back(expire_cookie(name, SameSite::lax));
    }
    for (std::size_t i = pieces; i < kMaxSessionPieces; i++) {
        out.push_back(expire_cookie(piece_name(name, i), SameSite::lax));
    }
    out.push_back(set_cookie(std::string(name) + std::string(kBindingSuffix),
                             secret, max_age, SameSite::lax));
    return out;
}

std::vector<std::string> expire_session(std::string_view name) {
    std::vector<std::string> out;
    out.push_back(expire_cookie(name, SameSite::lax));
    for (std::size_t i = 0; i < kMaxSessionPieces; i++) {
        out.push_back(expire_cookie(piece_name(name, i), SameSite::lax));
    }
    out.push_back(expire_cookie(std::string(name) + std::string(kBindingSuffix),
                                SameSite::lax));
    return out;
}

bool is_session_cookie_name(std::string_view name) noexcept {
    constexpr std::size_t kMaxNameBytes = 128;
    return name.starts_with(kHostPrefix) && name.size() > kHostPrefix.size() &&
           name.size() <= kMaxNameBytes && !name.starts_with(kOwnPrefix) &&
           !name.ends_with(kBindingSuffix) &&
           std::all_of(name.begin(), name.end(), is_token_character);
}

bool is_login_cookie(std::string_view name) noexcept {
    return name.starts_with(kOwnPrefix);
}

bool is_binding_cookie(std::string_view name,
                       std::string_view cookie) noexcept {
    return name.size() == cookie.size() + kBindingSuffix.size() &&
           name.starts_with(cookie) && name.ends_with(kBindingSuffix);
}

}  // namespace id_token
