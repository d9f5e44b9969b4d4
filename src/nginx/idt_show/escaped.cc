/* Claims for a URI: $id_token_escaped_claim_NAME, escape=uri. */

#include "idt_show/variables.h"

#include "idt_token/spelling.h"


namespace id_token::nginx {


/* what is shown plainly, escaped; never empty: a path keeps its segments */

static ngx_int_t
set_escaped(ngx_http_request_t *r, ngx_http_variable_value_t *v)
{
    std::string_view  text;

    if (!v->not_found) {
        text = view(v->data, v->len);
    }

    v->not_found = 0;

    return set_copy(r, v, uri_segment(text));
}


ngx_int_t
escaped_slot_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    v->not_found = 0;

    if (slot_variable(r, v, data) != NGX_OK) {
        return NGX_ERROR;
    }

    return set_escaped(r, v);
}


ngx_int_t
escaped_claim_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t         *full, name;

    full = reinterpret_cast<ngx_str_t *>(data);

    /* claim_variable cuts the prefix of its own */

    name.data = full->data + sizeof(ESCAPED_PREFIX) - sizeof(CLAIM_PREFIX);
    name.len = full->len - (sizeof(ESCAPED_PREFIX) - sizeof(CLAIM_PREFIX));

    v->not_found = 0;

    if (claim_variable(r, v, reinterpret_cast<uintptr_t>(&name)) != NGX_OK) {
        return NGX_ERROR;
    }

    return set_escaped(r, v);
}


}  // namespace id_token::nginx
