/* What the files that make variables share. */

#ifndef IDT_SHOW_VARIABLES_H
#define IDT_SHOW_VARIABLES_H

#include "idt_glue/shared.h"


#define NGX_HTTP_AUTH_ID_TOKEN_CLAIM_PREFIX  "id_token_claim_"


/* claims.cc: get handlers */

ngx_int_t ngx_http_auth_id_token_claims_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
ngx_int_t ngx_http_auth_id_token_claim_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static inline ngx_int_t
ngx_http_auth_id_token_set_value(ngx_http_variable_value_t *v,
    std::string_view value)
{
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->len = value.size();
    v->data = reinterpret_cast<u_char *>(const_cast<char *>(value.data()));

    return NGX_OK;
}


static inline ngx_int_t
ngx_http_auth_id_token_not_found(ngx_http_variable_value_t *v)
{
    v->not_found = 1;

    return NGX_OK;
}


#endif /* IDT_SHOW_VARIABLES_H */
