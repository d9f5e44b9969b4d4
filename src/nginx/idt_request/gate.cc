/* The phases: who is judged when, who waits, who is refused. */

#include "idt_glue/shared.h"


using id_token::Error;


static ngx_int_t ngx_http_auth_id_token_gate(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf);
static ngx_int_t ngx_http_auth_id_token_conclude(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf, ngx_http_auth_id_token_ctx_t *ctx);
static void ngx_http_auth_id_token_hint(ngx_http_auth_id_token_ctx_t *ctx,
    ngx_http_auth_id_token_need_e need);
static ngx_int_t ngx_http_auth_id_token_obtain(ngx_http_request_t *r,
    ngx_http_auth_id_token_ctx_t *ctx, ngx_http_auth_id_token_need_e need);
static ngx_int_t ngx_http_auth_id_token_ended(
    ngx_http_auth_id_token_ctx_t *ctx, ngx_http_auth_id_token_need_e need);


ngx_int_t
ngx_http_auth_id_token_access_handler(ngx_http_request_t *r) noexcept
{
    ngx_http_auth_id_token_loc_conf_t  *conf;

    conf = static_cast<ngx_http_auth_id_token_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_auth_id_token_module));

    if (!conf->enable) {
        return NGX_DECLINED;
    }

    return ngx_http_auth_id_token_gate(r, conf);
}


/*
 * nginx does not run the access phase for subrequests (auth_request, SSI,
 * mirror): they are judged here, each by its own location.
 */

ngx_int_t
ngx_http_auth_id_token_preaccess_handler(ngx_http_request_t *r) noexcept
{
    ngx_int_t                           rc;
    ngx_http_auth_id_token_loc_conf_t  *conf;

    if (r == r->main) {
        return NGX_DECLINED;
    }

    conf = static_cast<ngx_http_auth_id_token_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_auth_id_token_module));

    if (!conf->enable) {
        return NGX_DECLINED;
    }

    rc = ngx_http_auth_id_token_gate(r, conf);

    return (rc == NGX_OK) ? NGX_DECLINED : rc;
}


static ngx_int_t
ngx_http_auth_id_token_gate(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf)
{
    ngx_int_t                       rc;
    ngx_http_auth_id_token_ctx_t   *ctx;
    ngx_http_auth_id_token_need_e   need;

    ctx = ngx_http_auth_id_token_make_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->waiter.state == NGX_HTTP_AUTH_ID_TOKEN_WAIT_PARKED) {
        return NGX_AGAIN;
    }

    if (conf->preflight && ngx_http_auth_id_token_is_preflight(r)) {
        return NGX_OK;
    }

    for ( ;; ) {
        need = ngx_http_auth_id_token_judge(r, conf, ctx);

        if (need == NGX_HTTP_AUTH_ID_TOKEN_NEED_NOTHING) {
            break;
        }

        if (conf->mode == NGX_HTTP_AUTH_ID_TOKEN_REPORT) {
            ngx_http_auth_id_token_hint(ctx, need);
            break;
        }

        rc = ngx_http_auth_id_token_obtain(r, ctx, need);

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (rc == NGX_DECLINED) {
            break;
        }
    }

    ctx->waiter.state = NGX_HTTP_AUTH_ID_TOKEN_WAIT_NONE;
    ctx->waiter.timed = NULL;
    ctx->asked = NGX_HTTP_AUTH_ID_TOKEN_ASKED_NOTHING;
    ctx->caught_up = 0;

    return ngx_http_auth_id_token_conclude(r, conf, ctx);
}


/*
 * NGX_DECLINED for those who are let through without proof: with "satisfy any"
 * the other modules have to decide.
 */

static ngx_int_t
ngx_http_auth_id_token_conclude(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf, ngx_http_auth_id_token_ctx_t *ctx)
{
    if (ctx->error == Error::ok) {
        return NGX_OK;
    }

    if (conf->mode == NGX_HTTP_AUTH_ID_TOKEN_REPORT) {
        ngx_http_auth_id_token_report(r, ctx);
        return NGX_DECLINED;
    }

    if (conf->mode == NGX_HTTP_AUTH_ID_TOKEN_OPTIONAL
        && ctx->error == Error::token_missing
        && conf->rules == NULL)
    {
        return NGX_DECLINED;
    }

    return ngx_http_auth_id_token_refuse(r, conf, ctx);
}


/* report mode waits for nothing, but lets the keys catch up */

static void
ngx_http_auth_id_token_hint(ngx_http_auth_id_token_ctx_t *ctx,
    ngx_http_auth_id_token_need_e need)
{
    uint64_t  attempt;

    (void) ngx_http_auth_id_token_keys_ask(ctx->provider->keys,
               need == NGX_HTTP_AUTH_ID_TOKEN_NEED_KEYS
                   ? NGX_HTTP_AUTH_ID_TOKEN_NO_KEYS
                   : NGX_HTTP_AUTH_ID_TOKEN_UNKNOWN_KEY,
               ctx->diagnosis.kid, &attempt);
}


/*
 * NGX_OK: judge again. NGX_AGAIN: parked. NGX_DECLINED: it cannot be had,
 * ctx->error says why.
 */

static ngx_int_t
ngx_http_auth_id_token_obtain(ngx_http_request_t *r,
    ngx_http_auth_id_token_ctx_t *ctx, ngx_http_auth_id_token_need_e need)
{
    uint64_t                           attempt;
    ngx_http_auth_id_token_ask_e       answer;
    ngx_http_auth_id_token_keys_t     *keys;
    ngx_http_auth_id_token_attempt_e   state;

    keys = ctx->provider->keys;

    if (ctx->waiter.keys == keys
        && ngx_http_auth_id_token_ended(ctx, need) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    answer = ngx_http_auth_id_token_keys_ask(keys,
                 need == NGX_HTTP_AUTH_ID_TOKEN_NEED_KEYS
                     ? NGX_HTTP_AUTH_ID_TOKEN_NO_KEYS
                     : NGX_HTTP_AUTH_ID_TOKEN_UNKNOWN_KEY,
                 ctx->diagnosis.kid, &attempt);

    if (answer == NGX_HTTP_AUTH_ID_TOKEN_REFUSED) {
        return NGX_DECLINED;
    }

    state = ngx_http_auth_id_token_keys_attempt(keys, attempt);

    if (state == NGX_HTTP_AUTH_ID_TOKEN_SUCCEEDED && !ctx->caught_up) {
        /* it came since the request was judged, which is no fetch for it */
        ctx->caught_up = 1;

    } else {
        ctx->asked = (answer == NGX_HTTP_AUTH_ID_TOKEN_JOINED
                      && ctx->asked == NGX_HTTP_AUTH_ID_TOKEN_ASKED_NOTHING)
                     ? NGX_HTTP_AUTH_ID_TOKEN_ASKED_TO_JOIN
                     : NGX_HTTP_AUTH_ID_TOKEN_ASKED_LAST;
    }

    switch (state) {

    case NGX_HTTP_AUTH_ID_TOKEN_SUCCEEDED:
        ctx->waiter.keys = keys;
        ctx->waiter.state = NGX_HTTP_AUTH_ID_TOKEN_WAIT_SUCCEEDED;
        return NGX_OK;

    case NGX_HTTP_AUTH_ID_TOKEN_FAILED:
        ctx->waiter.keys = keys;
        ctx->waiter.state = NGX_HTTP_AUTH_ID_TOKEN_WAIT_FAILED;
        return NGX_OK;

    default:
        break;
    }

    switch (ngx_http_auth_id_token_wait(r, &ctx->waiter, keys, attempt)) {

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
ngx_http_auth_id_token_ended(ngx_http_auth_id_token_ctx_t *ctx,
    ngx_http_auth_id_token_need_e need)
{
    switch (ctx->waiter.state) {

    case NGX_HTTP_AUTH_ID_TOKEN_WAIT_FAILED:
        ctx->error = (need == NGX_HTTP_AUTH_ID_TOKEN_NEED_KEYS)
                     ? Error::keys_unavailable : Error::keys_refetch_failed;
        return NGX_DECLINED;

    case NGX_HTTP_AUTH_ID_TOKEN_WAIT_TIMED_OUT:
        ctx->error = Error::keys_wait_timeout;
        return NGX_DECLINED;

    case NGX_HTTP_AUTH_ID_TOKEN_WAIT_SUCCEEDED:
        return (ctx->asked != NGX_HTTP_AUTH_ID_TOKEN_ASKED_LAST)
               ? NGX_OK : NGX_DECLINED;

    default:
        return NGX_OK;
    }
}
