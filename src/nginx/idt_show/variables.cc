/*
 * The variables. None holds the token; a claim is shown only when proven for
 * the present location, and exactly or not at all.
 */

#include "idt_show/variables.h"

#include <cmath>

#include "idt_base/ascii.h"


namespace id_token::nginx {


static ngx_int_t status_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t error_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t provider_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t source_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t kid_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t alg_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t expires_in_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t login_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


static ngx_http_variable_t  vars[] = {

    { ngx_string("id_token_status"), NULL,
      shows<status_variable>,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("id_token_error"), NULL,
      shows<error_variable>,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("id_token_provider"), NULL,
      shows<provider_variable>,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("id_token_source"), NULL,
      shows<source_variable>,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("id_token_kid"), NULL,
      shows<kid_variable>,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("id_token_alg"), NULL,
      shows<alg_variable>,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("id_token_expires_in"), NULL,
      shows<expires_in_variable>,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("id_token_login"), NULL,
      shows<login_variable>,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("id_token_claims"), NULL,
      shows<claims_variable>,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string(CLAIM_PREFIX), NULL,
      shows<claim_variable>,
      0, NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

    { ngx_string(ESCAPED_PREFIX), NULL,
      shows<escaped_claim_variable>,
      0, NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

      ngx_http_null_variable
};


ngx_int_t
add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


static ngx_int_t
status_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    bool   off;
    Error  error;

    error = shown_error(r, &off);

    if (off) {
        return set_value(v, "off");
    }

    switch (error_row(error).answer) {

    case Answer::none:
        return set_value(v, "ok");

    case Answer::missing:
        return set_value(v, "missing");

    case Answer::unavailable:
    case Answer::internal:
        return set_value(v, "unavailable");

    default:
        return set_value(v, "rejected");
    }
}


static ngx_int_t
error_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    bool   off;
    Error  error;

    error = shown_error(r, &off);

    if (off || error == Error::ok) {
        return not_found(v);
    }

    return set_value(v, error_row(error).name);
}


static ngx_int_t
provider_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ctx_t  *ctx;

    ctx = peek(r);

    if (ctx == NULL || ctx->provider == NULL) {
        return not_found(v);
    }

    return set_value(v, view(ctx->provider->name));
}


static ngx_int_t
source_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ctx_t  *ctx;

    ctx = peek(r);

    if (ctx == NULL || ctx->source == NULL) {
        return not_found(v);
    }

    switch (ctx->source->carrier) {

    case Carrier::authorization:
        return set_value(v, "bearer");

    case Carrier::header:
        return set_value(v, "header");

    default:
        return set_value(v, "cookie");
    }
}


static ngx_int_t
kid_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ctx_t  *ctx;

    ctx = proven_ctx(r);

    if (ctx == NULL || !ctx->token->has_kid()
        || !is_printable(ctx->token->kid()))
    {
        return not_found(v);
    }

    return set_value(v, ctx->token->kid());
}


static ngx_int_t
alg_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ctx_t  *ctx;

    ctx = proven_ctx(r);

    if (ctx == NULL) {
        return not_found(v);
    }

    return set_value(v, ctx->token->algorithm().name);
}


/* whole seconds, below zero inside the leeway; absent if beyond 64 bits */

static ngx_int_t
expires_in_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    u_char  *p;
    double   left;
    ctx_t   *ctx;

    ctx = proven_ctx(r);

    if (ctx == NULL) {
        return not_found(v);
    }

    left = std::floor(ctx->token->times().exp
                      - static_cast<double>(ngx_time()));

    if (left >= 9.2e18) {
        return not_found(v);
    }

    p = static_cast<u_char *>(ngx_pnalloc(r->pool, NGX_INT64_LEN));
    if (p == NULL) {
        return NGX_ERROR;
    }

    v->len = ngx_sprintf(p, "%L", static_cast<int64_t>(left)) - p;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;
    v->data = p;

    return NGX_OK;
}


/* how a login, a renewal or a logout went at this request */

static ngx_int_t
login_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ctx_t  *ctx;

    ctx = get_ctx(r);

    if (ctx == NULL || ctx->login_said.empty()) {
        return not_found(v);
    }

    return set_value(v, ctx->login_said);
}


}  // namespace id_token::nginx
