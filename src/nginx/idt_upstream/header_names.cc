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
    ngx_uint_t  i;
    header_t   *header;

    if (headers == NULL) {
        return 0;
    }

    header = static_cast<header_t *>(headers->elts);

    for (i = 0; i < headers->nelts; i++) {
        if (same_name(header[i].name, key)) {
            return 1;
        }
    }

    return 0;
}


}  // namespace id_token::nginx
