/* Whether one candidate is proven: what a verdict asks of a token by itself. */

#include "idt_request/judge.h"

#include "idt_count/count.h"


namespace id_token::nginx {


static void prove_token(ngx_http_request_t *r, ctx_t *ctx,
    std::string_view token, std::size_t &signatures, proof &proof);
static void verify(ngx_http_request_t *r, ctx_t *ctx, KeySet &keys,
    std::string_view token, std::size_t &signatures, proof &proof);


void
prove(ngx_http_request_t *r, const loc_conf_t *conf, ctx_t *ctx,
    std::string_view token, std::size_t &signatures, proof &proof)
{
    prove_token(r, ctx, token, signatures, proof);

    if (proof.error == Error::ok) {
        proof.error = judge_nonce(r, conf, *proof.token.get());
    }

    if (proof.error == Error::ok) {
        proof.error = judge_revoked(main_conf(r), ctx->provider,
                                    *proof.token.get());
    }

    if (proof.error != Error::ok && proof.token) {
        explain(ctx->provider->policy, *proof.token.get(), proof.diagnosis);
    }
}


/* whether a token may have been looked at before, here or above */

static bool
has_looked(ngx_http_request_t *r, const ctx_t *ctx)
{
    return r->parent != NULL || ctx->token || !ctx->previous.empty()
           || !ctx->bad_signatures.empty();
}


static void
prove_token(ngx_http_request_t *r, ctx_t *ctx, std::string_view token,
    std::size_t &signatures, proof &proof)
{
    KeySet        *keys;
    main_conf_t   *mcf;
    const Policy  &policy = ctx->provider->policy;

    keys = use_keys(ctx->provider->keys);

    if (keys == nullptr) {
        mcf = main_conf(r);

        proof.error = get_validator(mcf)->check_before_keys(policy, token,
                                                            &proof.diagnosis);
        if (proof.error == Error::ok) {
            proof.error = Error::keys_unavailable;
            proof.need = Need::keys;
        }

        return;
    }

    if (has_looked(r, ctx)) {
        proof.token = find_known(r, policy, *keys, token);

        if (proof.token) {
            proof.error = check_times(proof.token->times(), policy, ngx_time());
            proof.diagnosis.seconds = seconds_of(proof.error,
                                                 proof.token->times(),
                                                 ngx_time());
            return;
        }

        const bad_signature  *bad = find_bad(r, policy, *keys, token);

        if (bad != NULL) {
            proof.error = Error::signature;
            proof.need = bad->need;
            return;
        }
    }

    verify(r, ctx, *keys, token, signatures, proof);
}


static void
verify(ngx_http_request_t *r, ctx_t *ctx, KeySet &keys, std::string_view token,
    std::size_t &signatures, proof &proof)
{
    std::size_t    before;
    Validator     *validator;
    main_conf_t   *mcf;
    const Policy  &policy = ctx->provider->policy;

    mcf = main_conf(r);

    validator = get_validator(mcf);
    before = signatures;

    auto  verdict = validator->validate(policy, keys, token, ngx_time(),
                                        &proof.diagnosis, &signatures);

    if (signatures != before) {
        count(ctx->provider, Count::signatures_verified, before - signatures);
        tell_cache(validator->cache().count(), validator->cache().bytes());

        ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                       "id_token signatures verified: %uL",
                       static_cast<uint64_t>(before - signatures));
    }

    if (signatures == before && verdict.error == Error::ok) {
        count(ctx->provider, Count::cache_hits);
    }

    proof.error = verdict.error;
    proof.token = std::move(verdict.token);

    proof.kid = std::move(verdict.kid);
    proof.need = (verdict.refetch == Refetch::unknown_kid) ? Need::refetch
                 : (verdict.refetch == Refetch::replaced_key) ? Need::recheck
                                                              : Need::nothing;

    if (verdict.error == Error::signature) {
        ctx->bad_signatures.push_back({policy.id, keys.id(), proof.need,
                                       std::string(token)});
    }
}


void
explain(const Policy &policy, const VerifiedToken &token, Diagnosis &diagnosis)
{
    diagnosis.kid = token.kid().substr(0, kMaxDiagnosis);
    diagnosis.issuer = policy.issuer.substr(0, kMaxDiagnosis);
    diagnosis.audience = policy.client_id.substr(0, kMaxDiagnosis);
}


}  // namespace id_token::nginx
