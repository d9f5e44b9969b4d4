// Whether a request that came with a cookie was made by our own pages: a cookie
// comes along whoever sent the browser here (L3).

#ifndef IDT_TOKEN_CSRF_H
#define IDT_TOKEN_CSRF_H

#include <cstddef>
#include <span>
#include <string_view>

#include "idt_token/origin.h"

namespace id_token {

// A request header: how often it came, and its value, of the last one.
struct Field {
    std::size_t count = 0;
    std::string_view value;

    [[nodiscard]] bool once() const noexcept { return count == 1; }
};

// Whether a request changes nothing: a safe method (RFC 9110 9.2.1), and no
// handshake to a WebSocket, which is a GET that opens a way to change things.
// Other protocols of Upgrade are none that a page of another site can speak.
[[nodiscard]] bool changes_nothing(bool safe_method, Field upgrade) noexcept;

// What browsers tell of where a request comes from.
struct Evidence {
    Field site;    // Sec-Fetch-Site
    Field origin;  // Origin
    bool https = false;
    Field host;  // Host, or what stands for it
};

// Same-origin by Sec-Fetch-Site; else by an Origin that is one of `named`; or,
// from a browser that knows no Sec-Fetch-Site, our own. Throws std::bad_alloc.
[[nodiscard]] bool is_same_origin(const Evidence &evidence,
                                  std::span<const Origin> named);

// What a CORS preflight is asked (Fetch 3.2.2 and 4.8).
struct PreflightFields {
    bool options = false;      // the method
    bool credentials = false;  // Authorization
    bool body = false;
    Field origin;
    Field method;  // Access-Control-Request-Method
    Field cookie;
};

// A preflight and nothing else: browsers never send credentials along.
[[nodiscard]] bool is_preflight(const PreflightFields &fields) noexcept;

}  // namespace id_token

#endif
