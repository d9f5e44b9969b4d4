/* A rule of auth_id_token_require, as its files see it. */

#ifndef IDT_REQUEST_RULES_H
#define IDT_REQUEST_RULES_H

#include "idt_request/request.h"

#include "idt_token/claim_rule.h"


namespace id_token::nginx {


struct rule_s {
    ngx_http_complex_value_t  *variable;   /* NULL: a claim */
    ngx_uint_t                 slot;
    ngx_str_t                  name;       /* for the log */
    OperatorWord               op;
    ngx_array_t               *values;     /* of ngx_http_complex_value_t */
#if (NGX_PCRE)
    ngx_regex_t               *regex;
#endif
    Error  error;
};


}  // namespace id_token::nginx

#endif /* IDT_REQUEST_RULES_H */
