/* The phases: who is judged when, who waits, who is refused. */

#include "idt_request/judge.h"

#include "idt_count/count.h"


namespace id_token::nginx {


static ngx_int_t gate(ngx_http_request_t *r, loc_conf_t *conf);
static ngx_int_t conclude(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx);
static Grant ask(ctx_t *ctx, uint64_t *attempt);
static Grant ask_one(ctx_t *ctx, const wanted_t &wanted, uint64_t *attempt);
static void hint(ctx_t *ctx);
static ngx_int_t ended(ctx_t *ctx, Need need);


ngx_int_t
access_handler(ngx_http_request_t *r) noexcept
{
    loc_conf_t  *conf;

    conf = loc_conf(r);

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

    conf = loc_conf(r);

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

    ctx->refused = Error::ok;

    for ( ;; ) {
        need = judge(r, conf, ctx);

        if (need == Need::nothing) {
            break;
        }

        if (conf->mode == Mode::report) {
            hint(ctx);
            break;
        }

        rc = obtain(r, ctx, need);

        if (rc == NGX_AGAIN) {
            /* what the log says of a client that leaves while it waits */
            ctx->error = Error::keys_unavailable;
            return NGX_AGAIN;
        }

        if (rc == NGX_DECLINED) {
            break;
        }
    }

    settle(ctx);

    forget_variables(r);

    return conclude(r, conf, ctx);
}


/*
 * NGX_DECLINED for those who are let through without proof: with "satisfy any"
 * the other modules have to decide.
 */

static ngx_int_t
conclude(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx)
{
    count_verdict(main_conf(r), ctx->provider, ctx->error);

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

    ctx->refused = ctx->error;

    return refuse(r, conf, ctx);
}


/*
 * For the keys of all candidates: the first that is not judged by now decides,
 * and nobody asks for a second fetch while he waits for one.
 */

static Grant
ask(ctx_t *ctx, uint64_t *attempt)
{
    Grant  grant;

    for (const wanted_t &wanted : ctx->wanted) {
        grant = ask_one(ctx, wanted, attempt);

        if (grant != Grant::judged) {
            return grant;
        }
    }

    return Grant::judged;
}


static Grant
ask_one(ctx_t *ctx, const wanted_t &wanted, uint64_t *attempt)
{
    Want           want;
    asked_t       *asked = NULL;
    key_source_t  *keys;

    keys = ctx->provider->keys;
    want = (wanted.need == Need::keys) ? Want::no_keys
           : (wanted.need == Need::refetch) ? Want::unknown_kid
                                            : Want::replaced_key;

    for (asked_t &one : ctx->asked) {
        if (one.wanted.need == wanted.need && one.wanted.kid == wanted.kid
            && one.question.keys == keys)
        {
            asked = &one;
        }
    }

    if (asked == NULL) {
        try {
            asked = &ctx->asked.emplace_back();

        } catch (...) {
            return Grant::later;
        }

        asked->wanted = wanted;
        asked->question.keys = keys;
        asked->question.kid = wanted.kid;
    }

    return keys_ask(keys, want, &asked->question, attempt);
}


/* report mode waits for nothing, but lets the keys catch up */

static void
hint(ctx_t *ctx)
{
    uint64_t  attempt;

    (void) ask(ctx, &attempt);
}


void
settle(ctx_t *ctx) noexcept
{
    ctx->waiter.state = Wait::none;
    ctx->waiter.timed = NULL;
    ctx->asked.clear();
    ctx->caught_up = 0;
}


ngx_int_t
obtain(ngx_http_request_t *r, ctx_t *ctx, Need need) noexcept
{
    uint64_t  attempt;

    if (ctx->waiter.keys == ctx->provider->keys && ended(ctx, need) != NGX_OK) {
        return NGX_DECLINED;
    }

    switch (ask(ctx, &attempt)) {

    case Grant::judged:
        return NGX_DECLINED;

    case Grant::later:

        if (need != Need::keys) {
            ctx->error = Error::keys_refetch_pending;
        }

        return NGX_DECLINED;

    case Grant::newer:

        /* twice without a fetch: they cannot be read */

        if (ctx->caught_up) {
            ctx->error = Error::keys_unavailable;
            return NGX_DECLINED;
        }

        ctx->caught_up = 1;
        return NGX_OK;

    default: /* Grant::wait */
        break;
    }

    ctx->caught_up = 0;

    switch (wait(r, &ctx->waiter, ctx->provider->keys, attempt)) {

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


/* NGX_OK: nothing has failed, one may ask (again) */

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

    default:
        return NGX_OK;
    }
}


}  // namespace id_token::nginx
