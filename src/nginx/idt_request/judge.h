/* What the files that work out a verdict share. */

#ifndef IDT_REQUEST_JUDGE_H
#define IDT_REQUEST_JUDGE_H

#include "idt_request/presented.h"


namespace id_token::nginx {


/* what came out for one candidate; beyond rules 1 to 25: nonce, revocation */

struct proof {
    Error                       error = Error::ok;
    Need                        need = Need::nothing;
    std::optional<std::string>  kid;      /* to be looked for */
    TokenRef                    token;    /* its signature, at least */
    Diagnosis                   diagnosis;
};

/*
 * Whether one candidate is proven in this location, `require` aside. Reduces
 * `signatures` by those that it took. May throw std::bad_alloc.
 */
void prove(ngx_http_request_t *r, const loc_conf_t *conf, ctx_t *ctx,
    std::string_view token, std::size_t &signatures, proof &proof);

/* for the log line, of a token that is proven and refused all the same */
void explain(const Policy &policy, const VerifiedToken &token,
    Diagnosis &diagnosis);

/* revoked.cc; may throw std::bad_alloc */
Error judge_revoked(main_conf_t *mcf, const provider_t *provider,
    VerifiedToken &token);

/* worker.cc; may throw std::bad_alloc */
Validator *get_validator(main_conf_t *mcf);

/* request.cc */

/* the very token that r, or a request above it, has proven already */
TokenRef find_known(ngx_http_request_t *r, const Policy &policy,
    const KeySet &keys, std::string_view token);

/* one whose signature was wrong: nobody pays for it twice */
const bad_signature *find_bad(ngx_http_request_t *r, const Policy &policy,
    const KeySet &keys, std::string_view token);

void set_token(ctx_t *ctx, TokenRef token);


/* for logins, too */

/* a cookie that a login has written belongs to the browser it was given to */
Error judge_binding(ngx_http_request_t *r, const loc_conf_t *conf,
    const carrier_t *source, const VerifiedToken &token);

bool is_https(ngx_http_request_t *r) noexcept;

/* the host as it was sent, be it in Host or in :authority, with its port */
std::string_view asked_host(ngx_http_request_t *r) noexcept;

/* evidence that one of our own pages made the request */
bool is_from_here(ngx_http_request_t *r, const loc_conf_t *conf);

/*
 * Of a token that did not come with the request; ctx->provider is set. May
 * throw std::bad_alloc.
 */
Need prove_alone(ngx_http_request_t *r, const loc_conf_t *conf, ctx_t *ctx,
    std::string_view token);

/* gate.cc */

/*
 * NGX_OK: judge again. NGX_AGAIN: parked, and the phase's handler will be
 * called again. NGX_DECLINED: it cannot be had, ctx->error says why. After the
 * last call: settle.
 */
ngx_int_t obtain(ngx_http_request_t *r, ctx_t *ctx, Need need) noexcept;
void settle(ctx_t *ctx) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_REQUEST_JUDGE_H */
