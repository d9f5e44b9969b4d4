/* Names of headers, in whatever spelling an upstream takes for them. */

#include "idt_upstream/upstream.h"

#include "idt_token/header_names.h"


namespace id_token::nginx {


bool
same_name(const ngx_str_t &ours, const ngx_str_t &name) noexcept
{
    return passes_for_header(view(name), view(ours));
}


ngx_uint_t
is_listed(ngx_array_t *headers, const ngx_str_t &key) noexcept
{
    for (const header_t &header : items<header_t>(headers)) {
        if (same_name(header.name, key)) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
is_reserved(const ngx_str_t &name) noexcept
{
    ngx_uint_t          i;
    ngx_http_header_t  *h;

    static ngx_str_t  reserved[] = {
        ngx_string("Host"),
        ngx_string("Connection"),
        ngx_string("Content-Length"),
        ngx_string("Content-Type"),
        ngx_string("Transfer-Encoding"),
        ngx_string("TE"),
        ngx_string("Trailer"),
        ngx_string("Upgrade"),
        ngx_string("Expect"),
        ngx_string("Keep-Alive"),
        ngx_string("Proxy"),
        ngx_string("Proxy-Connection"),
        ngx_string("Proxy-Authorization"),
        ngx_string("HTTP2-Settings"),
        ngx_string("Authorization"),
        ngx_string("Cookie"),
        ngx_null_string
    };

    for (i = 0; reserved[i].len; i++) {
        if (same_name(name, reserved[i])) {
            return 1;
        }
    }

    for (h = ngx_http_headers_in; h->name.len; h++) {
        if (same_name(name, h->name)) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
is_field_name(const ngx_str_t &name) noexcept
{
    std::string_view  symbols("!#$%&'*+-.^_`|~");

    for (unsigned char c : view(name)) {
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z')
            && !(c >= 'A' && c <= 'Z')
            && symbols.find(static_cast<char>(c)) == std::string_view::npos)
        {
            return 0;
        }
    }

    return name.len != 0;
}


}  // namespace id_token::nginx
