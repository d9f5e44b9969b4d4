/*
 * Claims as variables: each that the configuration names has a slot, where its
 * value lies ready; the others are looked up in the proven token.
 */

#include "idt_show/variables.h"


namespace id_token::nginx {


ngx_int_t
claims_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ctx_t  *ctx;

    ctx = proven_ctx(r);

    if (ctx == NULL) {
        return not_found(v);
    }

    if (ctx->claims.data != NULL) {
        return set_value(v, view(ctx->claims));
    }

    const Claims  *claims;
    std::string    json;

    claims = parse_claims(ctx);
    if (claims == NULL) {
        return NGX_ERROR;
    }

    claims->root().append_json(json);

    if (set_copy(r, v, json) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->claims.data = v->data;
    ctx->claims.len = v->len;

    return NGX_OK;
}


/* a claim that the configuration names: data is its slot */

ngx_int_t
slot_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ctx_t  *ctx;

    ctx = proven_ctx(r);

    if (ctx == NULL) {
        return not_found(v);
    }

    ClaimValue  value = ctx->token->slot(data);

    if (!value.present() || !value.printable()) {
        return not_found(v);
    }

    return set_value(v, value.text());
}


/* a claim that is asked for by name at run time */

ngx_int_t
claim_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t        *full;
    std::string_view  name;
    ctx_t            *ctx;

    ctx = proven_ctx(r);

    if (ctx == NULL) {
        return not_found(v);
    }

    full = reinterpret_cast<ngx_str_t *>(data);
    name = view(*full);
    name.remove_prefix(sizeof(CLAIM_PREFIX) - 1);

    const Claims  *claims;
    std::string    packed;

    claims = parse_claims(ctx);
    if (claims == NULL) {
        return NGX_ERROR;
    }

    ClaimValue::pack(packed, claims->find(name));
    ClaimValue  value(packed);

    if (!value.present() || !value.printable()) {
        return not_found(v);
    }

    return set_copy(r, v, value.text());
}


}  // namespace id_token::nginx
