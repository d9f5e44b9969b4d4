/*
 * id_token_backchannel_logout: the tenant says, by a token of its own, whose
 * session has ended. It may wait for keys, as any request with a token: nginx
 * then calls the handler again.
 */

#include "idt_ending/ending.h"
#include "idt_request/body.h"

#include "idt_login/callback.h"
#include "idt_login/form.h"


namespace id_token::nginx {


static ngx_str_t  no_type = ngx_null_string;


static Need
need_of(const LogoutVerdict &verdict)
{
    switch (verdict.refetch) {

    case Refetch::unknown_kid:
        return Need::refetch;

    case Refetch::replaced_key:
        return Need::recheck;

    default:
        return verdict.refusal.error == LogoutError::logout_token
               && verdict.refusal.reason == Error::keys_unavailable
               ? Need::keys : Need::nothing;
    }
}


static LogoutVerdict
look_at_token(ngx_http_request_t *r, ctx_t *ctx)
{
    provider_t  *provider;

    provider = ctx->provider;

    return judge_logout_token(*get_validator(main_conf(r)),
                              provider->policy, use_keys(provider->keys),
                              *ctx->logout_token, ngx_time(),
                              &ctx->diagnosis);
}


/*
 * 200 only when it counts and, where there is a file, is written: until then
 * its jti has not been seen, so that it may come again.
 */

static ngx_int_t
accept_logout(ngx_http_request_t *r, ctx_t *ctx, const LogoutClaims &claims)
{
    revocations_t  *revocations;

    revocations = main_conf(r)->revocations;

    auto  entries = revocations_of(claims,
                                   scope_of(revocations, ctx->provider));

    const Revocation  seen = entries.back();

    entries.pop_back();

    if (revocations_has_seen(revocations, seen)) {
        logout_did(r, ctx->provider, "by the back channel came again");
        return send_done(r, &no_type);
    }

    if (!revocations_accept(revocations, entries)) {
        return logout_failed(r, ctx->provider, LogoutError::logout_state);
    }

    revocations_see(revocations, seen);

    logout_did(r, ctx->provider, "by the back channel");

    return send_done(r, &no_type);
}


/* NGX_AGAIN: it waits for keys */

static ngx_int_t
judge_logout(ngx_http_request_t *r, ctx_t *ctx)
{
    Need       need;
    ngx_int_t  rc;

    for ( ;; ) {
        LogoutVerdict  verdict = look_at_token(r, ctx);

        if (verdict.claims) {
            settle(ctx);
            return accept_logout(r, ctx, *verdict.claims);
        }

        need = need_of(verdict);

        if (need == Need::nothing) {
            settle(ctx);
            return logout_failed(r, ctx->provider, verdict.refusal);
        }

        ctx->error = verdict.refusal.reason;
        ctx->wanted.assign(1, { need, need == Need::refetch
                                      ? keys_kid(ctx->provider->keys,
                                                 verdict.kid)
                                      : 0 });

        rc = obtain(r, ctx, need);

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (rc == NGX_DECLINED) {
            settle(ctx);
            return logout_failed(r, ctx->provider, ctx->error);
        }
    }
}


static ngx_int_t
take_form(ngx_http_request_t *r, const std::string *body)
{
    ctx_t  *ctx;

    ctx = get_ctx(r);

    if (body == NULL) {
        return logout_failed(r, ctx->provider, LogoutError::logout_too_long);
    }

    auto  token = read_logout_form(*body);

    if (!token) {
        return logout_failed(r, ctx->provider, token.error());
    }

    ctx->logout_token = create<std::string>(r->pool);
    if (ctx->logout_token == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    *ctx->logout_token = std::move(*token);

    return judge_logout(r, ctx);
}


static ngx_int_t
receive_form(ngx_http_request_t *r, ctx_t *ctx)
{
    if (r->method != NGX_HTTP_POST) {
        return logout_failed(r, ctx->provider, LogoutError::logout_method);
    }

    if (r->headers_in.content_type == NULL
        || !is_form_type(view(r->headers_in.content_type->value)))
    {
        return logout_failed(r, ctx->provider, LogoutError::logout_type);
    }

    return receive_body(r, kMaxFormBytes, take_form);
}


ngx_int_t
backchannel_handler(ngx_http_request_t *r)
{
    ctx_t  *ctx;

    ctx = make_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->logout_token != NULL) {
        return stay(r, judge_logout(r, ctx));
    }

    ctx->provider = loc_conf(r)->login.provider;

    return receive_form(r, ctx);
}


}  // namespace id_token::nginx
