// Which requests may be sent to the tenant and back (L2): those that a person
// waits for, at the top of a window.

#ifndef IDT_LOGIN_PAGE_LOAD_H
#define IDT_LOGIN_PAGE_LOAD_H

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace id_token {

// The fields of a request that tell; absent ones are nothing.
struct RequestLook {
    bool get_or_head = false;
    std::optional<std::string_view> mode;     // Sec-Fetch-Mode
    std::optional<std::string_view> dest;     // Sec-Fetch-Dest
    std::optional<std::string_view> site;     // Sec-Fetch-Site
    std::optional<std::string_view> purpose;  // Sec-Purpose, Purpose
    std::optional<std::string_view> accept;
};

// A navigation of a whole window, not one made ahead of its need. Without
// Sec-Fetch fields (http, old browsers) `Accept` has to prefer text/html.
[[nodiscard]] bool is_page_load(const RequestLook &look) noexcept;

// Whether text/html is named, and nothing before it or with more weight
// (RFC 9110 12.5.1).
[[nodiscard]] bool prefers_html(std::string_view accept) noexcept;

// Of a session that begins: longer ones, of twenty tabs, would not fit into a
// request.
inline constexpr std::size_t kMaxReturnPathBytes = 256;

// The request's URI as the place to come back to, or "/": a path of this very
// origin in printable ASCII, which no browser takes for another host.
[[nodiscard]] std::string_view return_path(std::string_view uri) noexcept;

}  // namespace id_token

#endif
