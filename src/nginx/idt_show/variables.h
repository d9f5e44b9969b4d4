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

/* the handlers where data is a slot */

ngx_int_t slot_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
ngx_int_t escaped_slot_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


}  // namespace id_token::nginx

#endif /* IDT_SHOW_VARIABLES_H */
