/*
 * The verdict on a request in its present location: who of those for whom it
 * may speak counts, and whether he may pass.
 */

#include "idt_request/judge.h"


namespace id_token::nginx {


/* what is asked of a candidate before a key is looked for */

class Form final : public Sieve {
  public:
    explicit Form(main_conf_t *mcf, const Policy &policy)
        : mcf_(mcf), policy_(&policy) {}

    Error sift(const Candidate &candidate) override;

    /* of the first that was dropped */
    Diagnosis           diagnosis;

  private:
    main_conf_t        *mcf_;
    const Policy       *policy_;
    bool                dropped_ = false;
};


static void begin(ctx_t *ctx, loc_conf_t *conf);
static Error select(ngx_http_request_t *r, loc_conf_t *conf,
    provider_t **provider);
static Need judge_candidates(ngx_http_request_t *r, loc_conf_t *conf,
    ctx_t *ctx);
template <size_t n>
static Need judge_up_to(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx,
    const Candidates &candidates, Diagnosis &dropped);
static Need judge_each(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx,
    const Candidates &candidates, Diagnosis &dropped, proof *proofs,
    Judged *judged);
static Judged sum_up(ngx_http_request_t *r, const ctx_t *ctx,
    std::span<const Candidate> left, size_t i, const proof &proof);
static void count(ctx_t *ctx, std::span<proof> proofs, size_t index);
static void bind(ngx_http_request_t *r, const loc_conf_t *conf,
    const ctx_t *ctx, const Candidate &candidate, proof &proof);
static carrier_t *source_of(const loc_conf_t *conf,
    const Candidate &candidate);
static void blame(ctx_t *ctx, const loc_conf_t *conf,
    const Candidate &candidate, Diagnosis &diagnosis);
static Need take_needs(ctx_t *ctx, std::span<proof> proofs);
static Error judge_counted(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx);


/*
 * Works out ctx->error and the rest for `conf`. What is needed beyond what is
 * at hand is returned, with the error to answer if it cannot be had.
 */

Need
judge(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx) noexcept
{
    Need  need = Need::nothing;

    begin(ctx, conf);

    try {
        Error  error = select(r, conf, &ctx->provider);

        if (error == Error::ok) {
            need = judge_candidates(r, conf, ctx);

        } else {
            ctx->error = error;
        }

    } catch (...) {
        ctx->error = Error::out_of_memory;
        need = Need::nothing;
    }

    ctx->judging = 0;

    return need;
}


static void
begin(ctx_t *ctx, loc_conf_t *conf)
{
    ctx->conf = conf;
    ctx->judged = 1;
    ctx->judging = 1;
    ctx->counted = 0;
    ctx->discard = 0;
    ctx->provider = NULL;
    ctx->source = NULL;
    ctx->rule = NULL;
    ctx->diagnosis.kid.clear();
    ctx->diagnosis.issuer.clear();
    ctx->diagnosis.audience.clear();
    ctx->wanted.clear();
    ngx_str_null(&ctx->claims);

    /* what variables see that are read for the verdict: nothing is proven */

    ctx->error = Error::provider_unknown;
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

    mcf = main_conf(r);

    auto  it = mcf->providers.find(view(name));

    if (it == mcf->providers.end()) {
        return Error::provider_unknown;
    }

    *provider = it->second;

    return Error::ok;
}


static Need
judge_candidates(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx)
{
    Need          need;
    main_conf_t  *mcf;

    mcf = main_conf(r);

    Form        form(mcf, ctx->provider->policy);
    Candidates  candidates(form);
    collection  presented;

    presented.candidates = &candidates;

    collect(r, conf, presented);

    if (candidates.too_many()) {
        ctx->error = Error::credentials_ambiguous;
        ctx->discard = 1;
        return Need::nothing;
    }

    need = (candidates.left().size() == 1)
           ? judge_up_to<1>(r, conf, ctx, candidates, form.diagnosis)
           : judge_up_to<kMaxCandidates>(r, conf, ctx, candidates,
                                         form.diagnosis);

    /* in report mode nothing is refused: what is not proven goes on its way */

    ctx->discard = presented.foreign
                   || (ctx->counted
                       ? candidates.left().size() > 1
                         || candidates.dropped() != NULL
                       : conf->mode != Mode::report
                         && (!candidates.left().empty()
                             || candidates.dropped() != NULL));

    return need;
}


/* room for as many as there are: nearly always one */

template <size_t n>
static Need
judge_up_to(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx,
    const Candidates &candidates, Diagnosis &dropped)
{
    std::array<proof, n>   proofs;
    std::array<Judged, n>  judged;

    return judge_each(r, conf, ctx, candidates, dropped, proofs.data(),
                      judged.data());
}


/* fills ctx->error and what the answer, the log and the variables show */

static Need
judge_each(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx,
    const Candidates &candidates, Diagnosis &dropped, proof *proofs,
    Judged *judged)
{
    size_t  i;
    size_t  signatures = kMaxSignatures;
    Choice  choice;

    auto  left = candidates.left();

    for (i = 0; i < left.size(); i++) {
        size_t  most = signatures_for(i, left.size(), signatures);
        size_t  unused = most;

        prove(r, conf, ctx, left[i].token, unused, proofs[i]);
        bind(r, conf, ctx, left[i], proofs[i]);

        signatures -= most - unused;
        judged[i] = sum_up(r, ctx, left, i, proofs[i]);
    }

    choice = choose(std::span(judged, left.size()), candidates.dropped(),
                    conf->mode == Mode::optional && conf->rules == NULL);

    if (choice.error == Error::ok) {
        count(ctx, std::span(proofs, left.size()), *choice.index);
        ctx->source = source_of(conf, left[*choice.index]);
        ctx->error = judge_counted(r, conf, ctx);
        return Need::nothing;
    }

    ctx->error = choice.error;

    for (i = 0; i < left.size(); i++) {
        if (proofs[i].error == Error::ok) {
            ctx->previous.push_back(std::move(proofs[i].token));
        }
    }

    if (choice.index) {
        blame(ctx, conf, left[*choice.index],
              proofs[*choice.index].diagnosis);

    } else if (candidates.dropped() != NULL
               && candidates.dropped()->error == choice.error)
    {
        blame(ctx, conf, candidates.dropped()->candidate, dropped);
    }

    return take_needs(ctx, std::span(proofs, left.size()));
}


/* a token is proven for the browser that it was given to */

static void
bind(ngx_http_request_t *r, const loc_conf_t *conf, const ctx_t *ctx,
    const Candidate &candidate, proof &proof)
{
    if (proof.error != Error::ok) {
        return;
    }

    proof.error = judge_binding(r, conf, source_of(conf, candidate),
                                *proof.token.get());

    if (proof.error != Error::ok) {
        explain(ctx->provider->policy, *proof.token.get(), proof.diagnosis);
    }
}


Need
prove_alone(ngx_http_request_t *r, const loc_conf_t *conf, ctx_t *ctx,
    std::string_view token)
{
    proof   proof;
    size_t  signatures = kMaxSignatures;

    ctx->wanted.clear();

    prove(r, conf, ctx, token, signatures, proof);

    ctx->error = proof.error;

    if (proof.error == Error::ok) {
        set_token(ctx, std::move(proof.token));
        return Need::nothing;
    }

    return take_needs(ctx, std::span(&proof, 1));
}


static Judged
sum_up(ngx_http_request_t *r, const ctx_t *ctx, std::span<const Candidate> left,
    size_t i, const proof &proof)
{
    Judged        judged;
    main_conf_t  *mcf;

    judged.error = proof.error;
    judged.carrier = left[i].carrier;

    if (proof.error == Error::ok && left.size() > 1) {
        mcf = main_conf(r);

        judged.issuer = ctx->provider->policy.issuer;
        judged.subject = proof.token->slot(mcf->subject_slot).text();
        judged.issued_at = proof.token->times().iat;
    }

    return judged;
}


/* those that do not count are kept, so that nobody pays for them twice */

static void
count(ctx_t *ctx, std::span<proof> proofs, size_t index)
{
    for (size_t i = 0; i < proofs.size(); i++) {
        if (i != index && proofs[i].token) {
            ctx->previous.push_back(std::move(proofs[i].token));
        }
    }

    set_token(ctx, std::move(proofs[index].token));
    ctx->counted = 1;
}


static carrier_t *
source_of(const loc_conf_t *conf, const Candidate &candidate)
{
    return static_cast<carrier_t *>(conf->sources->elts) + candidate.source;
}


static void
blame(ctx_t *ctx, const loc_conf_t *conf, const Candidate &candidate,
    Diagnosis &diagnosis)
{
    if (candidate.carrier == Carrier::authorization) {
        ctx->error = reason_of_bearer(ctx->error, candidate.token);
    }

    if (ctx->error != Error::credentials_malformed) {
        ctx->source = source_of(conf, candidate);
    }

    ctx->diagnosis = std::move(diagnosis);
}


/* which keys could save candidates, where none is proven */

static Need
take_needs(ctx_t *ctx, std::span<proof> proofs)
{
    Need  need = Need::nothing;

    for (proof &p : proofs) {
        if (p.need == Need::nothing) {
            continue;
        }

        need = p.need;
        ctx->wanted.push_back({p.need,
                               p.need == Need::refetch
                                   ? keys_kid(ctx->provider->keys, p.kid)
                                   : 0});
    }

    return need;
}


/* what the location asks of the one that counts */

static Error
judge_counted(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx)
{
    Error  error;

    error = judge_csrf(r, conf, ctx->source);

    if (error == Error::ok) {
        ctx->error = Error::ok;    /* its claims may stand in rules */
        error = judge_rules(r, conf, ctx);
    }

    if (error != Error::ok) {
        explain(ctx->provider->policy, *ctx->token.get(), ctx->diagnosis);
    }

    return error;
}


Error
Form::sift(const Candidate &candidate)
{
    Diagnosis  found;
    Error      error;

    error = get_validator(mcf_)->check_before_keys(*policy_, candidate.token,
                                                   &found);

    if (error != Error::ok && !dropped_) {
        dropped_ = true;
        diagnosis = std::move(found);
    }

    return error;
}


}  // namespace id_token::nginx
