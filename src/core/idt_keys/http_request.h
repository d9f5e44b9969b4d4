// The requests of the key client as text, RFC 9112: GET of a document,
// POST of a form, CONNECT through a proxy, and the fields that a configuration
// may add.

#ifndef IDT_KEYS_HTTP_REQUEST_H
#define IDT_KEYS_HTTP_REQUEST_H

#include <cstddef>
#include <string>
#include <string_view>

#include "idt_keys/url.h"

namespace id_token {

// Of one field's value, or of a proxy's credentials.
inline constexpr std::size_t kMaxFieldValueBytes = 16 * 1024;

// Whether a configuration may send a field of that name: a token (RFC 9110
// 5.1), and none that frames or routes the message or that is sent anyway.
[[nodiscard]] bool may_be_added(std::string_view name) noexcept;

// A line that is the same to every reader: not empty, no control character,
// no blank at its ends (RFC 9110 5.5).
[[nodiscard]] bool is_sendable(std::string_view value) noexcept;

// What a file holds, without the blanks and line ends behind it.
[[nodiscard]] std::string_view file_value(std::string_view content) noexcept;

// "name: value\r\n"
[[nodiscard]] std::string field_line(std::string_view name,
                                     std::string_view value);

// Proxy-Authorization of "user:password", RFC 7617; empty if it is no such
// pair: there is a colon, and no control character.
[[nodiscard]] std::string basic_credentials(std::string_view user_and_password);

struct RequestOptions {
    bool through_proxy = false;  // plain http only: the absolute form
    bool no_cache = false;       // an answer from a cache is of no use
    std::string_view lines;      // whole field lines to add
};

// All throw std::bad_alloc only.
[[nodiscard]] std::string get_request(const Url &url,
                                      const RequestOptions &options);
// A form, for a token endpoint.
[[nodiscard]] std::string post_request(const Url &url,
                                       const RequestOptions &options,
                                       std::string_view form);
[[nodiscard]] std::string connect_request(const Url &url,
                                          std::string_view lines);

// Whether both lead to the same server by the same way (RFC 6454 4): what is
// meant for the one may be told to the other.
[[nodiscard]] bool same_origin(const Url &a, const Url &b) noexcept;

}  // namespace id_token

#endif
