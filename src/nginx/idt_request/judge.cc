/* The verdict on a request in its present location; its state. */

#include "idt_glue/shared.h"


using id_token::Error;


static void ngx_http_auth_id_token_cleanup(void *data);
static id_token::Validator *ngx_http_auth_id_token_validator(
    ngx_http_auth_id_token_main_conf_t *mcf);
static Error ngx_http_auth_id_token_judge_proven(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf, ngx_http_auth_id_token_ctx_t *ctx);
static ngx_uint_t ngx_http_auth_id_token_is_shapeless(Error error);
static ngx_http_auth_id_token_need_e ngx_http_auth_id_token_judge_token(
    ngx_http_request_t *r, ngx_http_auth_id_token_ctx_t *ctx,
    std::string_view token);
static Error ngx_http_auth_id_token_select(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf,
    ngx_http_auth_id_token_provider_t **provider);
static void ngx_http_auth_id_token_set_token(ngx_http_auth_id_token_ctx_t *ctx,
    id_token::TokenRef token);
static void ngx_http_auth_id_token_explain(ngx_http_auth_id_token_ctx_t *ctx);
static id_token::TokenRef ngx_http_auth_id_token_known(ngx_http_request_t *r,
    const id_token::Policy &policy, const id_token::KeySet &keys,
    std::string_view token);


/*
 * What a worker remembers: proven tokens, contexts of OpenSSL. With
 * "master_process off" a reload brings a new configuration into this process.
 */

static struct {
    ngx_http_auth_id_token_main_conf_t    *conf;
    std::unique_ptr<id_token::Validator>   validator;
} ngx_http_auth_id_token_worker;


ngx_http_auth_id_token_ctx_t *
ngx_http_auth_id_token_get_ctx(ngx_http_request_t *r) noexcept
{
    ngx_pool_cleanup_t            *cln;
    ngx_http_auth_id_token_ctx_t  *ctx;

    ctx = static_cast<ngx_http_auth_id_token_ctx_t *>(
              ngx_http_get_module_ctx(r, ngx_http_auth_id_token_module));

    if (ctx != NULL || (!r->internal && !r->filter_finalize)) {
        return ctx;
    }

    /* an internal redirect has cleared r->ctx; subrequests share the pool */

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler != ngx_http_auth_id_token_cleanup) {
            continue;
        }

        ctx = static_cast<ngx_http_auth_id_token_ctx_t *>(cln->data);

        if (ctx->request == r) {
            ngx_http_set_ctx(r, ctx, ngx_http_auth_id_token_module);
            return ctx;
        }
    }

    return NULL;
}


ngx_http_auth_id_token_ctx_t *
ngx_http_auth_id_token_make_ctx(ngx_http_request_t *r) noexcept
{
    ngx_pool_cleanup_t            *cln;
    ngx_http_auth_id_token_ctx_t  *ctx;

    ctx = ngx_http_auth_id_token_get_ctx(r);
    if (ctx != NULL) {
        return ctx;
    }

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_auth_id_token_ctx_t));
    if (cln == NULL) {
        return NULL;
    }

    ctx = ::new (cln->data) ngx_http_auth_id_token_ctx_t();

    ctx->request = r;
    cln->handler = ngx_http_auth_id_token_cleanup;

    ngx_http_set_ctx(r, ctx, ngx_http_auth_id_token_module);

    return ctx;
}


static void
ngx_http_auth_id_token_cleanup(void *data)
{
    using ctx_t = ngx_http_auth_id_token_ctx_t;

    static_cast<ctx_t *>(data)->~ctx_t();
}


/*
 * Works out ctx->error and the rest for `conf`. What is needed beyond what is
 * at hand is returned, with the error to answer if it cannot be had.
 */

ngx_http_auth_id_token_need_e
ngx_http_auth_id_token_judge(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf,
    ngx_http_auth_id_token_ctx_t *ctx) noexcept
{
    std::string_view               token;
    ngx_http_auth_id_token_need_e  need;

    need = NGX_HTTP_AUTH_ID_TOKEN_NEED_NOTHING;

    ctx->conf = conf;
    ctx->judged = 1;
    ctx->provider = NULL;
    ctx->source = NULL;
    ctx->rule = NULL;
    ctx->diagnosis = {};
    ngx_str_null(&ctx->claims);

    /* what the selector's variables see: nothing is proven yet */
    ctx->error = Error::provider_unknown;
    ctx->error = ngx_http_auth_id_token_select(r, conf, &ctx->provider);

    if (ctx->error == Error::ok) {
        ctx->error = ngx_http_auth_id_token_find(r, conf, &token,
                                                 &ctx->source);
    }

    if (ctx->error == Error::ok) {
        try {
            ctx->error = ngx_http_auth_id_token_judge_csrf(r, conf, ctx);

            if (ctx->error == Error::ok) {
                need = ngx_http_auth_id_token_judge_token(r, ctx, token);
            }

            if (ngx_http_auth_id_token_is_shapeless(ctx->error)
                && ngx_http_auth_id_token_is_malformed(r, ctx->source))
            {
                ctx->error = Error::credentials_malformed;
                ctx->source = NULL;
            }

            if (ctx->error == Error::ok) {
                ctx->error = ngx_http_auth_id_token_judge_proven(r, conf, ctx);
            }

        } catch (...) {
            ctx->error = Error::out_of_memory;
            need = NGX_HTTP_AUTH_ID_TOKEN_NEED_NOTHING;
        }
    }

    return need;
}


/* what the location asks of a proven token */

static Error
ngx_http_auth_id_token_judge_proven(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf,
    ngx_http_auth_id_token_ctx_t *ctx)
{
    Error  error;

    error = ngx_http_auth_id_token_judge_nonce(r, conf, ctx);

    if (error == Error::ok) {
        error = ngx_http_auth_id_token_judge_rules(r, conf, ctx);
    }

    if (error != Error::ok) {
        ngx_http_auth_id_token_explain(ctx);
    }

    return error;
}


/* how the core refuses what may not even be a token of RFC 9110 */

static ngx_uint_t
ngx_http_auth_id_token_is_shapeless(Error error)
{
    return error == Error::token_too_long || error == Error::token_format
           || error == Error::token_encrypted || error == Error::base64url;
}


static ngx_http_auth_id_token_need_e
ngx_http_auth_id_token_judge_token(ngx_http_request_t *r,
    ngx_http_auth_id_token_ctx_t *ctx, std::string_view token)
{
    uint64_t                             verifications;
    id_token::KeySet                    *keys;
    id_token::Validator                 *validator;
    ngx_http_auth_id_token_provider_t   *provider;
    ngx_http_auth_id_token_main_conf_t  *mcf;

    mcf = static_cast<ngx_http_auth_id_token_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_auth_id_token_module));

    provider = ctx->provider;
    validator = ngx_http_auth_id_token_validator(mcf);
    keys = ngx_http_auth_id_token_keys_current(provider->keys);

    if (keys == nullptr) {
        ctx->error = validator->check_before_keys(provider->policy, token,
                                                  &ctx->diagnosis);
        if (ctx->error != Error::ok) {
            return NGX_HTTP_AUTH_ID_TOKEN_NEED_NOTHING;
        }

        ctx->error = Error::keys_unavailable;
        return NGX_HTTP_AUTH_ID_TOKEN_NEED_KEYS;
    }

    auto  known = ngx_http_auth_id_token_known(r, provider->policy, *keys,
                                               token);
    if (known) {
        ctx->error = id_token::check_times(known->times(), provider->policy,
                                           ngx_time());
        ngx_http_auth_id_token_set_token(ctx, std::move(known));

        if (ctx->error != Error::ok) {
            ngx_http_auth_id_token_explain(ctx);
        }

        return NGX_HTTP_AUTH_ID_TOKEN_NEED_NOTHING;
    }

    verifications = validator->verifications();

    auto  verdict = validator->validate(provider->policy, *keys, token,
                                        ngx_time(), &ctx->diagnosis);

    if (validator->verifications() != verifications) {
        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                       "id_token signatures verified: %uL",
                       validator->verifications() - verifications);
    }

    ctx->error = verdict.error;

    if (verdict.error == Error::ok) {
        ngx_http_auth_id_token_set_token(ctx, std::move(verdict.token));
    }

    return verdict.refetch == id_token::Refetch::unknown_kid
           ? NGX_HTTP_AUTH_ID_TOKEN_NEED_REFETCH
           : NGX_HTTP_AUTH_ID_TOKEN_NEED_NOTHING;
}


/* variables may still point into the token that they showed before */

static void
ngx_http_auth_id_token_set_token(ngx_http_auth_id_token_ctx_t *ctx,
    id_token::TokenRef token)
{
    if (ctx->token && ctx->token.get() != token.get()) {
        ctx->previous.push_back(ctx->token);
    }

    ctx->token = std::move(token);
}


/* for the log line, of a token that is proven and refused all the same */

static void
ngx_http_auth_id_token_explain(ngx_http_auth_id_token_ctx_t *ctx)
{
    const id_token::Policy  &policy = ctx->provider->policy;

    ctx->diagnosis.kid = ctx->token->kid().substr(0, id_token::kMaxDiagnosis);
    ctx->diagnosis.issuer = policy.issuer.substr(0, id_token::kMaxDiagnosis);
    ctx->diagnosis.audience = policy.client_id.substr(0,
                                                      id_token::kMaxDiagnosis);
}


/* the very token that this request, or one above it, has proven already */

static id_token::TokenRef
ngx_http_auth_id_token_known(ngx_http_request_t *r,
    const id_token::Policy &policy, const id_token::KeySet &keys,
    std::string_view token)
{
    ngx_http_auth_id_token_ctx_t  *ctx;

    for ( /* void */ ; r != NULL; r = r->parent) {
        ctx = ngx_http_auth_id_token_get_ctx(r);

        if (ctx != NULL && ctx->token
            && ctx->token->policy_id() == policy.id
            && ctx->token->keys_id() == keys.id()
            && ctx->token->token() == token)
        {
            return ctx->token;
        }
    }

    return id_token::TokenRef();
}


static Error
ngx_http_auth_id_token_select(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf,
    ngx_http_auth_id_token_provider_t **provider)
{
    ngx_str_t                            name;
    ngx_http_auth_id_token_main_conf_t  *mcf;

    if (conf->provider != NULL) {
        *provider = conf->provider;
        return Error::ok;
    }

    if (ngx_http_complex_value(r, conf->selector, &name) != NGX_OK) {
        return Error::out_of_memory;
    }

    mcf = static_cast<ngx_http_auth_id_token_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_auth_id_token_module));

    auto  it = mcf->providers.find(ngx_http_auth_id_token_view(name));

    if (it == mcf->providers.end()) {
        return Error::provider_unknown;
    }

    *provider = it->second;

    return Error::ok;
}


ngx_http_auth_id_token_ctx_t *
ngx_http_auth_id_token_peek(ngx_http_request_t *r) noexcept
{
    ngx_http_auth_id_token_ctx_t       *ctx;
    ngx_http_auth_id_token_loc_conf_t  *conf;

    conf = static_cast<ngx_http_auth_id_token_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_auth_id_token_module));

    if (!conf->enable) {
        return NULL;
    }

    ctx = ngx_http_auth_id_token_make_ctx(r);

    if (ctx != NULL && (!ctx->judged || ctx->conf != conf)
        && ctx->waiter.state != NGX_HTTP_AUTH_ID_TOKEN_WAIT_PARKED)
    {
        (void) ngx_http_auth_id_token_judge(r, conf, ctx);
    }

    return ctx;
}


static id_token::Validator *
ngx_http_auth_id_token_validator(ngx_http_auth_id_token_main_conf_t *mcf)
{
    auto  &worker = ngx_http_auth_id_token_worker;

    if (worker.conf != mcf) {
        worker.validator = std::make_unique<id_token::Validator>(
                               mcf->slots, mcf->cache_size);
        worker.conf = mcf;
    }

    return worker.validator.get();
}


void
ngx_http_auth_id_token_charge(id_token::VerifiedToken *token) noexcept
{
    if (ngx_http_auth_id_token_worker.validator) {
        ngx_http_auth_id_token_worker.validator->cache().charge(token);
    }
}


void
ngx_http_auth_id_token_exit_worker(void) noexcept
{
    ngx_http_auth_id_token_worker.validator.reset();
    ngx_http_auth_id_token_worker.conf = NULL;
}
