/* The state of a request: made, found again, and what it has proven. */

#include "idt_request/judge.h"


namespace id_token::nginx {


static void cleanup(void *data);
static void begin_pass(ctx_t *ctx);


ctx_t *
get_ctx(ngx_http_request_t *r) noexcept
{
    ngx_pool_cleanup_t  *cln;
    ctx_t               *ctx;

    ctx = static_cast<ctx_t *>(
              ngx_http_get_module_ctx(r, ngx_http_auth_id_token_module));

    if (ctx != NULL || (!r->internal && !r->filter_finalize)) {
        return ctx;
    }

    /* an internal redirect has cleared r->ctx; subrequests share the pool */

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler != cleanup) {
            continue;
        }

        ctx = static_cast<ctx_t *>(cln->data);

        if (ctx->request == r) {
            begin_pass(ctx);
            ngx_http_set_ctx(r, ctx, ngx_http_auth_id_token_module);
            return ctx;
        }
    }

    return NULL;
}


ctx_t *
make_ctx(ngx_http_request_t *r) noexcept
{
    ngx_pool_cleanup_t  *cln;
    ctx_t               *ctx;

    ctx = get_ctx(r);
    if (ctx != NULL) {
        return ctx;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = ::new (cln->data) ctx_t();

    ctx->request = r;
    cln->handler = cleanup;

    ngx_http_set_ctx(r, ctx, ngx_http_auth_id_token_module);

    return ctx;
}


static void
cleanup(void *data)
{
    static_cast<ctx_t *>(data)->~ctx_t();
}


/*
 * A verdict belongs to one pass through one location: URI, captures and
 * arguments may differ in the next, also where the block is the same.
 */

static void
begin_pass(ctx_t *ctx)
{
    ctx->judged = 0;
    ctx->counted = 0;
    ctx->discard = 0;

    forget_variables(ctx->request);
}


void
forget_variables(ngx_http_request_t *r) noexcept
{
    main_conf_t  *mcf;

    mcf = main_conf(r);

    for (ngx_uint_t i : mcf->verdict_variables) {
        r->variables[i].valid = 0;
        r->variables[i].not_found = 0;
    }
}


static bool
is_same_token(const VerifiedToken &token, const Policy &policy,
    const KeySet &keys, std::string_view text)
{
    return token.policy_id() == policy.id && token.keys_id() == keys.id()
           && token.token() == text;
}


TokenRef
find_known(ngx_http_request_t *r, const Policy &policy, const KeySet &keys,
    std::string_view token)
{
    ctx_t  *ctx;

    for ( /* void */ ; r != NULL; r = r->parent) {
        ctx = get_ctx(r);

        if (ctx == NULL) {
            continue;
        }

        if (ctx->token && is_same_token(*ctx->token.get(), policy, keys, token))
        {
            return ctx->token;
        }

        for (const TokenRef &previous : ctx->previous) {
            if (is_same_token(*previous.get(), policy, keys, token)) {
                return previous;
            }
        }
    }

    return TokenRef();
}


const bad_signature *
find_bad(ngx_http_request_t *r, const Policy &policy, const KeySet &keys,
    std::string_view token)
{
    ctx_t  *ctx;

    for ( /* void */ ; r != NULL; r = r->parent) {
        ctx = get_ctx(r);

        if (ctx == NULL) {
            continue;
        }

        for (const bad_signature &bad : ctx->bad_signatures) {
            if (bad.policy_id == policy.id && bad.keys_id == keys.id()
                && bad.token == token)
            {
                return &bad;
            }
        }
    }

    return NULL;
}


/* variables may still point into the token that they showed before */

void
set_token(ctx_t *ctx, TokenRef token)
{
    if (ctx->token && ctx->token.get() != token.get()) {
        ctx->previous.push_back(ctx->token);
    }

    ctx->token = std::move(token);
}


}  // namespace id_token::nginx
