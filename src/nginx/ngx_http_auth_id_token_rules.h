/* A rule of auth_id_token_require, as its files see it. */

#ifndef NGX_HTTP_AUTH_ID_TOKEN_RULES_H_INCLUDED
#define NGX_HTTP_AUTH_ID_TOKEN_RULES_H_INCLUDED

#include "ngx_http_auth_id_token.h"

#include "../core/claim_rule.h"


struct ngx_http_auth_id_token_rule_s {
    ngx_http_complex_value_t  *variable;   /* NULL: a claim */
    ngx_uint_t                 slot;
    ngx_str_t                  name;       /* for the log */
    id_token::OperatorWord     op;
    ngx_array_t               *values;     /* of ngx_http_complex_value_t */
#if (NGX_PCRE)
    ngx_regex_t               *regex;
#endif
    id_token::Error            error;
};

#endif /* NGX_HTTP_AUTH_ID_TOKEN_RULES_H_INCLUDED */
