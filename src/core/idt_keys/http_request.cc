#include "idt_keys/http_request.h"

#include <algorithm>

#include "idt_base/ascii.h"
#include "idt_base/escape.h"

namespace id_token {

namespace {

// Framing and routing (RFC 9110 7.6.1, 7.8, RFC 9112 6), and ours.
constexpr std::string_view kNotAdded[] = {"accept",
                                          "accept-encoding",
                                          "cache-control",
                                          "connection",
                                          "content-length",
                                          "expect",
                                          "host",
                                          "keep-alive",
                                          "proxy-authorization",
                                          "te",
                                          "trailer",
                                          "transfer-encoding",
                                          "upgrade",
                                          "user-agent",
                                          "proxy-connection",
                                          "cookie",
                                          "content-encoding",
                                          "range",
                                          "if-match",
                                          "if-none-match",
                                          "if-modified-since",
                                          "if-range",
                                          "if-unmodified-since"};

bool is_name_character(char c) noexcept {
    constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
    return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
           kOthers.find(c) != kOthers.npos;
}

}  // namespace

bool may_be_added(std::string_view name) noexcept {
    return !name.empty() &&
           std::all_of(name.begin(), name.end(), is_name_character) &&
           std::none_of(std::begin(kNotAdded), std::end(kNotAdded),
                        [&](std::string_view other) {
                            return equal_ignoring_case(name, other);
                        });
}

bool is_sendable(std::string_view value) noexcept {
    return !value.empty() && value.size() <= kMaxFieldValueBytes &&
           is_printable(value) && trim(value).size() == value.size();
}

std::string_view file_value(std::string_view content) noexcept {
    return content.substr(0, content.find_last_not_of(" \t\r\n") + 1);
}

std::string field_line(std::string_view name, std::string_view value) {
    std::string line(name);
    line += ": ";
    line += value;
    line += "\r\n";
    return line;
}

std::string basic_credentials(std::string_view user_and_password) {
    if (user_and_password.size() > kMaxFieldValueBytes ||
        user_and_password.find(':') == user_and_password.npos ||
        !is_printable(user_and_password)) {
        return {};
    }
    return field_line("Proxy-Authorization",
                      "Basic " + base64_encode(user_and_password));
}

namespace {

std::string request_line(std::string_view method, const Url &url,
                         const RequestOptions &options) {
    std::string text(method);
    text += ' ';
    if (options.through_proxy) {
        text += "http://" + url.authority();
    }
    text += url.target + " HTTP/1.1\r\n";
    text += field_line("Host", url.authority());
    text += "User-Agent: nginx-auth-id-token\r\n";
    return text;
}

}  // namespace

std::string get_request(const Url &url, const RequestOptions &options) {
    std::string text = request_line("GET", url, options);
    text +=
        "Accept: application/json, application/jwk-set+json\r\n"
        "Accept-Encoding: identity\r\n";
    if (options.no_cache) {
        text += "Cache-Control: no-cache\r\n";
    }
    text += options.lines;
    text += "Connection: close\r\n\r\n";
    return text;
}

std::string post_request(const Url &url, const RequestOptions &options,
                         std::string_view form) {
    std::string text = request_line("POST", url, options);
    text +=
        "Accept: application/json\r\n"
        "Accept-Encoding: identity\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n";
    text += field_line("Content-Length", std::to_string(form.size()));
    text += options.lines;
    text += "Connection: close\r\n\r\n";
    text += form;
    return text;
}

std::string connect_request(const Url &url, std::string_view lines) {
    std::string text = "CONNECT " + url.host_and_port() + " HTTP/1.1\r\n";
    text += field_line("Host", url.host_and_port());
    text += lines;
    text += "\r\n";
    return text;
}

bool same_origin(const Url &a, const Url &b) noexcept {
    return a.https == b.https && a.port == b.port && a.host == b.host;
}

}  // namespace id_token
