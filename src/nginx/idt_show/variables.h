/* What the files that make variables share. */

#ifndef IDT_SHOW_VARIABLES_H
#define IDT_SHOW_VARIABLES_H

#include "idt_request/request.h"


namespace id_token::nginx {


#define CLAIM_PREFIX    "id_token_claim_"
#define ESCAPED_PREFIX  "id_token_escaped_claim_"


/* variables.cc */

ngx_int_t add_variables(ngx_conf_t *cf);

/* claims.cc: get handlers */

ngx_int_t claims_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data);
ngx_int_t claim_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data);
ngx_int_t escaped_claim_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);

/* the value is a copy of the text, in the pool of the request */

ngx_int_t set_copy(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    std::string_view text);

/* the handlers where data is a slot */

ngx_int_t slot_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
ngx_int_t escaped_slot_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static inline ngx_int_t
set_value(ngx_http_variable_value_t *v, std::string_view value)
{
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = value.size();
    v->data = reinterpret_cast<u_char *>(const_cast<char *>(value.data()));

    return NGX_OK;
}


static inline ngx_int_t
not_found(ngx_http_variable_value_t *v)
{
    v->not_found = 1;

    return NGX_OK;
}


}  // namespace id_token::nginx

#endif /* IDT_SHOW_VARIABLES_H */
