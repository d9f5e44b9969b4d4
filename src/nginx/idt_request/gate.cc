/* The phases: who is judged when, who waits, who is refused. */

#include "idt_glue/shared.h"


namespace id_token::nginx {


static ngx_int_t gate(ngx_http_request_t *r, loc_conf_t *conf);
static ngx_int_t conclude(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx);
static void hint(ctx_t *ctx, Need need);
static ngx_int_t obtain(ngx_http_request_t *r, ctx_t *ctx, Need need);
static ngx_int_t ended(ctx_t *ctx, Need need);


ngx_int_t
access_handler(ngx_http_request_t *r) noexcept
{
    loc_conf_t  *conf;

    conf = static_cast<loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_auth_id_token_module));

    if (!conf->enable) {
        return NGX_DECLINED;
    }

    return gate(r, conf);
}


/*
 * nginx does not run the access phase for subrequests (auth_request, SSI,
 * mirror): they are judged here, each by its own location.
 */

ngx_int_t
preaccess_handler(ngx_http_request_t *r) noexcept
{
    ngx_int_t    rc;
    loc_conf_t  *conf;

    if (r == r->main) {
        return NGX_DECLINED;
    }

    conf = static_cast<loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_auth_id_token_module));

    if (!conf->enable) {
        return NGX_DECLINED;
    }

    rc = gate(r, conf);

    return (rc == NGX_OK) ? NGX_DECLINED : rc;
}


static ngx_int_t
gate(ngx_http_request_t *r, loc_conf_t *conf)
{
    ngx_int_t  rc;
    ctx_t     *ctx;
    Need       need;

    ctx = make_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->waiter.state == Wait::parked) {
        return NGX_AGAIN;
    }

    if (conf->preflight && is_preflight(r)) {
        return NGX_OK;
    }

    for ( ;; ) {
        need = judge(r, conf, ctx);

        if (need == Need::nothing) {
            break;
        }

        if (conf->mode == Mode::report) {
            hint(ctx, need);
            break;
        }

        rc = obtain(r, ctx, need);

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (rc == NGX_DECLINED) {
            break;
        }
    }

    ctx->waiter.state = Wait::none;
    ctx->waiter.timed = NULL;
    ctx->asked = Asked::nothing;
    ctx->caught_up = 0;

    return conclude(r, conf, ctx);
}


/*
 * NGX_DECLINED for those who are let through without proof: with "satisfy any"
 * the other modules have to decide.
 */

static ngx_int_t
conclude(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx)
{
    if (ctx->error == Error::ok) {
        return NGX_OK;
    }

    if (conf->mode == Mode::report) {
        report(r, ctx);
        return NGX_DECLINED;
    }

    if (conf->mode == Mode::optional
        && ctx->error == Error::token_missing
        && conf->rules == NULL)
    {
        return NGX_DECLINED;
    }

    return refuse(r, conf, ctx);
}


/* report mode waits for nothing, but lets the keys catch up */

static void
hint(ctx_t *ctx, Need need)
{
    uint64_t  attempt;

    (void) keys_ask(ctx->provider->keys,
               need == Need::keys
                   ? Want::no_keys
                   : Want::unknown_key,
               ctx->diagnosis.kid, &attempt);
}


/*
 * NGX_OK: judge again. NGX_AGAIN: parked. NGX_DECLINED: it cannot be had,
 * ctx->error says why.
 */

static ngx_int_t
obtain(ngx_http_request_t *r, ctx_t *ctx, Need need)
{
    uint64_t       attempt;
    Grant          answer;
    key_source_t  *keys;
    Attempt        state;

    keys = ctx->provider->keys;

    if (ctx->waiter.keys == keys && ended(ctx, need) != NGX_OK) {
        return NGX_DECLINED;
    }

    answer = keys_ask(keys,
                 need == Need::keys
                     ? Want::no_keys
                     : Want::unknown_key,
                 ctx->diagnosis.kid, &attempt);

    if (answer == Grant::refused) {
        return NGX_DECLINED;
    }

    state = poll_attempt(keys, attempt);

    if (state == Attempt::succeeded && !ctx->caught_up) {
        /* it came since the request was judged, which is no fetch for it */
        ctx->caught_up = 1;

    } else {
        ctx->asked = (answer == Grant::joined
                      && ctx->asked == Asked::nothing)
                     ? Asked::to_join
                     : Asked::last;
    }

    switch (state) {

    case Attempt::succeeded:
        ctx->waiter.keys = keys;
        ctx->waiter.state = Wait::succeeded;
        return NGX_OK;

    case Attempt::failed:
        ctx->waiter.keys = keys;
        ctx->waiter.state = Wait::failed;
        return NGX_OK;

    default:
        break;
    }

    switch (wait(r, &ctx->waiter, keys, attempt)) {

    case NGX_AGAIN:
        return NGX_AGAIN;

    case NGX_BUSY:
        ctx->error = Error::keys_wait_full;
        return NGX_DECLINED;

    default:
        ctx->error = Error::out_of_memory;
        return NGX_DECLINED;
    }
}


/* NGX_OK: nothing has ended yet, or one may ask once more */

static ngx_int_t
ended(ctx_t *ctx, Need need)
{
    switch (ctx->waiter.state) {

    case Wait::failed:
        ctx->error = (need == Need::keys)
                     ? Error::keys_unavailable : Error::keys_refetch_failed;
        return NGX_DECLINED;

    case Wait::timed_out:
        ctx->error = Error::keys_wait_timeout;
        return NGX_DECLINED;

    case Wait::succeeded:
        return (ctx->asked != Asked::last)
               ? NGX_OK : NGX_DECLINED;

    default:
        return NGX_OK;
    }
}


}  // namespace id_token::nginx
