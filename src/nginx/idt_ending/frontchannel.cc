/*
 * id_token_frontchannel_logout: the tenant's page makes the browser fetch this,
 * in a frame. Nothing proves it but that the sid is known.
 */

#include "idt_ending/ending.h"


namespace id_token::nginx {


static ngx_str_t  html_type = ngx_string("text/html");


/*
 * What anybody may send never crowds out what was proven: half of the room is
 * not for it.
 */

static bool
has_room(const revocations_t *revocations)
{
    return revocations_count(revocations)
           < revocations_capacity(revocations) / 2;
}


static ngx_int_t
take_query(ngx_http_request_t *r, const provider_t *provider)
{
    revocations_t  *revocations;

    if (r->method != NGX_HTTP_GET) {
        return logout_failed(r, provider, LogoutError::logout_method);
    }

    auto  sid = read_logout_query(view(r->args), provider->policy.issuer);

    if (!sid) {
        return logout_failed(r, provider, sid.error());
    }

    revocations = main_conf(r)->revocations;

    if (!has_room(revocations)) {
        return logout_failed(r, provider, LogoutError::logout_full);
    }

    const Revocation  entry = revocation_of(RevokedKind::sid, *sid,
                                            scope_of(revocations, provider),
                                            ngx_time());

    if (!revocations_accept(revocations, { &entry, 1 })) {
        return logout_failed(r, provider, LogoutError::logout_state);
    }

    logout_did(r, provider, "by the front channel");

    return send_done(r, &html_type);
}


ngx_int_t
frontchannel_handler(ngx_http_request_t *r)
{
    ctx_t  *ctx;

    ctx = make_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->provider = loc_conf(r)->login.provider;

    return take_query(r, ctx->provider);
}


}  // namespace id_token::nginx
