/* What variables may show of a verdict, and when it is worked out for them. */

#include "idt_request/judge.h"

#include "idt_base/base64url.h"


namespace id_token::nginx {


/*
 * While "set", "if" and "rewrite" run, what a verdict is made of may change
 * from one to the next, and so may the location.
 */

static bool
is_rewriting(ngx_http_request_t *r)
{
    ngx_http_phase_handler_t   *ph;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = static_cast<ngx_http_core_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_core_module));

    ph = cmcf->phase_engine.handlers;

    return ph[r->phase_handler].checker == ngx_http_core_rewrite_phase;
}


ctx_t *
peek(ngx_http_request_t *r) noexcept
{
    ctx_t       *ctx;
    loc_conf_t  *conf;

    conf = loc_conf(r);

    if (!conf->enable) {
        return NULL;
    }

    ctx = make_ctx(r);

    if (ctx == NULL || ctx->judging || ctx->waiter.state == Wait::parked) {
        return ctx;
    }

    if (is_rewriting(r)) {
        (void) judge(r, conf, ctx);
        ctx->judged = 0;    /* shown once */
        return ctx;
    }

    if (!ctx->judged || ctx->conf != conf) {
        (void) judge(r, conf, ctx);
    }

    return ctx;
}


Error
shown_error(ngx_http_request_t *r, bool *off) noexcept
{
    ctx_t       *ctx;
    loc_conf_t  *conf;

    conf = loc_conf(r);

    if (conf->enable) {
        *off = false;
        ctx = peek(r);
        return (ctx != NULL) ? ctx->error : Error::out_of_memory;
    }

    /* the page of a refusal, from a location that is open */

    ctx = get_ctx(r);
    *off = (ctx == NULL || ctx->refused == Error::ok);

    return *off ? Error::ok : ctx->refused;
}


ctx_t *
proven_ctx(ngx_http_request_t *r) noexcept
{
    ctx_t       *ctx;
    loc_conf_t  *conf;

    for ( /* void */ ; r != NULL; r = r->parent) {

        conf = loc_conf(r);

        if (!conf->enable) {
            continue;
        }

        ctx = peek(r);

        return (ctx != NULL && ctx->error == Error::ok) ? ctx : NULL;
    }

    return NULL;
}


/* parsed from the bytes of the proven token, once */

const Claims *
parse_claims(ctx_t *ctx)
{
    if (ctx->parsed.has_value() && ctx->parsed_of == ctx->token.get()) {
        return &*ctx->parsed;
    }

    auto  segments = parse_segments(ctx->token->token());
    if (!segments) {
        return NULL;
    }

    auto  bytes = base64url_decode(segments->payload);
    if (!bytes) {
        return NULL;
    }

    auto  claims = Claims::parse(*bytes);
    if (!claims) {
        return NULL;
    }

    ctx->parsed.emplace(std::move(*claims));
    ctx->parsed_of = ctx->token.get();

    return &*ctx->parsed;
}


}  // namespace id_token::nginx
