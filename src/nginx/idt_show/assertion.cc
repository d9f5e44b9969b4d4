/* $id_token_assertion_NAME, and the handler that serves the public key. */

#include "idt_request/request.h"


namespace id_token::nginx {


/* verifiers look again for a kid they do not know, whatever this says */

#define JWKS_CACHE  "public, max-age=300"


static ngx_int_t assertion_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


ngx_int_t
add_assertion_variable(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var;

    static ngx_str_t  name =
        ngx_string(ASSERTION_PREFIX);

    var = ngx_http_add_variable(cf, &name,
                            NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX);
    if (var == NULL) {
        return NGX_ERROR;
    }

    var->get_handler = shows<assertion_variable>;

    return NGX_OK;
}


assertion_t *
find_assertion(const main_conf_t *mcf, std::string_view name) noexcept
{
    for (auto *assertion : mcf->assertions) {
        if (view(assertion->name) == name) {
            return assertion;
        }
    }

    return NULL;
}


static ngx_int_t
mint(ngx_http_request_t *r, ngx_http_variable_value_t *v, ctx_t *ctx,
    assertion_t *assertion)
{
    const Claims  *claims;

    claims = parse_claims(ctx);
    if (claims == NULL) {
        return NGX_ERROR;
    }

    auto  minted = mint_assertion(*assertion->key, assertion->policy,
                       *claims, ctx->token->times().exp, ngx_time());

    if (!minted) {
        if (minted.error() == Error::expired) {
            return not_found(v);
        }

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "id_token_assertion \"%V\" could not be signed",
                      &assertion->name);
        return NGX_ERROR;
    }

    if (set_copy(r, v, minted->token) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->token->remember(assertion->index, minted->token, minted->renew);
    charge(ctx->token.get());

    return NGX_OK;
}


static ngx_int_t
assertion_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    std::string_view  name, token;
    ctx_t            *ctx;
    assertion_t      *assertion;

    ctx = proven_ctx(r);

    name = view(*reinterpret_cast<ngx_str_t *>(data));
    name.remove_prefix(sizeof(ASSERTION_PREFIX) - 1);

    assertion = find_assertion(main_conf(r), name);

    if (ctx == NULL || assertion == NULL) {
        return not_found(v);
    }

    token = ctx->token->remembered(assertion->index, ngx_time());

    /* a copy: what is remembered goes when a newer one comes */

    if (!token.empty()) {
        return set_copy(r, v, token);
    }

    return mint(r, v, ctx, assertion);
}


static ngx_int_t
add_cache_control(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = static_cast<ngx_table_elt_t *>(ngx_list_push(&r->headers_out.headers));
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));
    h->hash = 1;
    ngx_str_set(&h->key, "Cache-Control");
    ngx_str_set(&h->value, JWKS_CACHE);

    /* where "expires" and "add_header" look for it */

#if (nginx_version >= 1023000)

    r->headers_out.cache_control = h;

#else

    ngx_table_elt_t  **ph;

    if (r->headers_out.cache_control.elts == NULL
        && ngx_array_init(&r->headers_out.cache_control, r->pool, 1,
                          sizeof(ngx_table_elt_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ph = static_cast<ngx_table_elt_t **>(
             ngx_array_push(&r->headers_out.cache_control));
    if (ph == NULL) {
        return NGX_ERROR;
    }

    *ph = h;

#endif

    return NGX_OK;
}


ngx_int_t
assertion_jwks_handler(ngx_http_request_t *r)
{
    ngx_http_complex_value_t  body;
    loc_conf_t               *conf;

    static ngx_str_t  type = ngx_string("application/jwk-set+json");

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    conf = loc_conf(r);

    if (add_cache_control(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    const std::string  &jwks = conf->assertion_jwks.assertion->key->jwks();

    ngx_memzero(&body, sizeof(ngx_http_complex_value_t));

    body.value.len = jwks.size();
    body.value.data = bytes(jwks);

    return ngx_http_send_response(r, NGX_HTTP_OK, &type, &body);
}


}  // namespace id_token::nginx
