/* The verdict on a request in its present location; its state. */

#include "idt_glue/shared.h"


namespace id_token::nginx {


static void cleanup(void *data);
static Validator *get_validator(main_conf_t *mcf);
static Error judge_proven(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx);
static ngx_uint_t is_shapeless(Error error);
static Need judge_token(ngx_http_request_t *r, ctx_t *ctx,
    std::string_view token);
static Error select(ngx_http_request_t *r, loc_conf_t *conf,
    provider_t **provider);
static void set_token(ctx_t *ctx, TokenRef token);
static void explain(ctx_t *ctx);
static TokenRef find_known(ngx_http_request_t *r, const Policy &policy,
    const KeySet &keys, std::string_view token);


/*
 * What a worker remembers: proven tokens, contexts of OpenSSL. With
 * "master_process off" a reload brings a new configuration into this process.
 */

static struct {
    main_conf_t                *conf;
    std::unique_ptr<Validator>  validator;
} the_worker;


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
    using ctx_t = ctx_t;

    static_cast<ctx_t *>(data)->~ctx_t();
}


/*
 * Works out ctx->error and the rest for `conf`. What is needed beyond what is
 * at hand is returned, with the error to answer if it cannot be had.
 */

Need
judge(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx) noexcept
{
    std::string_view  token;
    Need              need;

    need = Need::nothing;

    ctx->conf = conf;
    ctx->judged = 1;
    ctx->provider = NULL;
    ctx->source = NULL;
    ctx->rule = NULL;
    ctx->diagnosis = {};
    ngx_str_null(&ctx->claims);

    /* what the selector's variables see: nothing is proven yet */
    ctx->error = Error::provider_unknown;
    ctx->error = select(r, conf, &ctx->provider);

    if (ctx->error == Error::ok) {
        ctx->error = find(r, conf, &token, &ctx->source);
    }

    if (ctx->error == Error::ok) {
        try {
            ctx->error = judge_csrf(r, conf, ctx);

            if (ctx->error == Error::ok) {
                need = judge_token(r, ctx, token);
            }

            if (is_shapeless(ctx->error) && is_malformed(r, ctx->source)) {
                ctx->error = Error::credentials_malformed;
                ctx->source = NULL;
            }

            if (ctx->error == Error::ok) {
                ctx->error = judge_proven(r, conf, ctx);
            }

        } catch (...) {
            ctx->error = Error::out_of_memory;
            need = Need::nothing;
        }
    }

    return need;
}


/* what the location asks of a proven token */

static Error
judge_proven(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx)
{
    Error  error;

    error = judge_nonce(r, conf, ctx);

    if (error == Error::ok) {
        error = judge_rules(r, conf, ctx);
    }

    if (error != Error::ok) {
        explain(ctx);
    }

    return error;
}


/* how the core refuses what may not even be a token of RFC 9110 */

static ngx_uint_t
is_shapeless(Error error)
{
    return error == Error::token_too_long || error == Error::token_format
           || error == Error::token_encrypted || error == Error::base64url;
}


static Need
judge_token(ngx_http_request_t *r, ctx_t *ctx, std::string_view token)
{
    uint64_t      verifications;
    KeySet       *keys;
    Validator    *validator;
    provider_t   *provider;
    main_conf_t  *mcf;

    mcf = static_cast<main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_auth_id_token_module));

    provider = ctx->provider;
    validator = get_validator(mcf);
    keys = use_keys(provider->keys);

    if (keys == nullptr) {
        ctx->error = validator->check_before_keys(provider->policy, token,
                                                  &ctx->diagnosis);
        if (ctx->error != Error::ok) {
            return Need::nothing;
        }

        ctx->error = Error::keys_unavailable;
        return Need::keys;
    }

    auto  known = find_known(r, provider->policy, *keys, token);
    if (known) {
        ctx->error = check_times(known->times(), provider->policy, ngx_time());
        set_token(ctx, std::move(known));

        if (ctx->error != Error::ok) {
            explain(ctx);
        }

        return Need::nothing;
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
        set_token(ctx, std::move(verdict.token));
    }

    switch (verdict.refetch) {

    case Refetch::unknown_kid:
        ctx->question.kid = keys_kid(provider->keys, verdict.kid);
        return Need::refetch;

    case Refetch::replaced_key:
        return Need::recheck;

    default:
        return Need::nothing;
    }
}


/* variables may still point into the token that they showed before */

static void
set_token(ctx_t *ctx, TokenRef token)
{
    if (ctx->token && ctx->token.get() != token.get()) {
        ctx->previous.push_back(ctx->token);
    }

    ctx->token = std::move(token);
}


/* for the log line, of a token that is proven and refused all the same */

static void
explain(ctx_t *ctx)
{
    const Policy  &policy = ctx->provider->policy;

    ctx->diagnosis.kid = ctx->token->kid().substr(0, kMaxDiagnosis);
    ctx->diagnosis.issuer = policy.issuer.substr(0, kMaxDiagnosis);
    ctx->diagnosis.audience = policy.client_id.substr(0, kMaxDiagnosis);
}


/* the very token that this request, or one above it, has proven already */

static TokenRef
find_known(ngx_http_request_t *r, const Policy &policy, const KeySet &keys,
    std::string_view token)
{
    ctx_t  *ctx;

    for ( /* void */ ; r != NULL; r = r->parent) {
        ctx = get_ctx(r);

        if (ctx != NULL && ctx->token
            && ctx->token->policy_id() == policy.id
            && ctx->token->keys_id() == keys.id()
            && ctx->token->token() == token)
        {
            return ctx->token;
        }
    }

    return TokenRef();
}


static Error
select(ngx_http_request_t *r, loc_conf_t *conf, provider_t **provider)
{
    ngx_str_t     name;
    main_conf_t  *mcf;

    if (conf->provider != NULL) {
        *provider = conf->provider;
        return Error::ok;
    }

    if (ngx_http_complex_value(r, conf->selector, &name) != NGX_OK) {
        return Error::out_of_memory;
    }

    mcf = static_cast<main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_auth_id_token_module));

    auto  it = mcf->providers.find(view(name));

    if (it == mcf->providers.end()) {
        return Error::provider_unknown;
    }

    *provider = it->second;

    return Error::ok;
}


ctx_t *
peek(ngx_http_request_t *r) noexcept
{
    ctx_t       *ctx;
    loc_conf_t  *conf;

    conf = static_cast<loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_auth_id_token_module));

    if (!conf->enable) {
        return NULL;
    }

    ctx = make_ctx(r);

    if (ctx != NULL && (!ctx->judged || ctx->conf != conf)
        && ctx->waiter.state != Wait::parked)
    {
        (void) judge(r, conf, ctx);
    }

    return ctx;
}


static Validator *
get_validator(main_conf_t *mcf)
{
    auto  &worker = the_worker;

    if (worker.conf != mcf) {
        worker.validator = std::make_unique<Validator>(
                               mcf->slots, mcf->cache_size);
        worker.conf = mcf;
    }

    return worker.validator.get();
}


void
charge(VerifiedToken *token) noexcept
{
    if (the_worker.validator) {
        the_worker.validator->cache().charge(token);
    }
}


void
exit_worker(void) noexcept
{
    the_worker.validator.reset();
    the_worker.conf = NULL;
}


}  // namespace id_token::nginx
