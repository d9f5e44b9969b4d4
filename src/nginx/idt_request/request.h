/* The state of a request, and its way. */

#ifndef IDT_REQUEST_REQUEST_H
#define IDT_REQUEST_REQUEST_H

#include "idt_request/location.h"

#include <memory>
#include <optional>

#include "idt_request/wait.h"
#include "idt_token/candidates.h"


namespace id_token::nginx {


/* what a request presented before something was taken out: presented.h */

struct presented;


/* what a verdict needs beyond what is at hand */

enum class Need : unsigned {
    nothing,
    keys,
    refetch,    /* for a kid that is unknown */
    recheck     /* for a key that may have been replaced */
};


/* a key that a newer set may hold */

typedef struct {
    Need        need;
    uint64_t    kid;         /* keys_kid(), for Need::refetch */
} wanted_t;


typedef struct {
    wanted_t    wanted;
    question_t  question;
} asked_t;


/* a token whose signature is wrong under this policy and these keys */

struct bad_signature {
    uint64_t     policy_id;
    uint64_t     keys_id;
    Need         need;
    std::string  token;
};


/* body.h */
typedef ngx_int_t (*body_pt)(ngx_http_request_t *r, const std::string *body);


/*
 * The state of a request. It is found again after an internal redirect, which
 * clears r->ctx, by the cleanup of the pool; a subrequest has its own.
 *
 * The verdict holds for one pass through the location `conf` only: then it is
 * worked out again, where `token` spares a second look at the signature.
 */

typedef struct {
    ngx_http_request_t    *request;

    loc_conf_t            *conf;
    provider_t            *provider;
    carrier_t             *source;
    TokenRef               token;
    Error                  error;
    Diagnosis              diagnosis;

    /* the last refusal, for the page that it leads to */
    Error                  refused;

    /* keys that a newer set may hold, and what was asked for them */
    std::vector<wanted_t>  wanted;
    std::vector<asked_t>   asked;

    std::unique_ptr<presented>
                           kept;
    waiter_t               waiter;
    ngx_table_elt_t       *challenge;
    ngx_table_elt_t       *retry_after;
    ngx_str_t             *rule;         /* that was not met */
    ngx_array_t           *headers;      /* that were set */

    /* earlier tokens, which variables may still point into */
    std::vector<TokenRef>  previous;
    std::vector<bad_signature>
                           bad_signatures;

    std::optional<Claims>  parsed;
    VerifiedToken         *parsed_of;
    ngx_str_t              claims;       /* $id_token_claims */

    body_pt                take_body;
    size_t                 body_limit;

    login_state_t         *login;        /* at a callback */
    std::string           *logout_token; /* at a back-channel logout */
    std::string_view       login_said;   /* $id_token_login */

    unsigned               endpoints_asked:1;

    unsigned               judged:1;
    unsigned               judging:1;    /* now */
    unsigned               counted:1;    /* `token` is proven, for this pass */
    unsigned               discard:1;    /* something is not for the upstream */
    unsigned               caught_up:1;
} ctx_t;


/* rules.cc */

Error judge_rules(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx);

/* browser.cc */

ngx_uint_t is_preflight(ngx_http_request_t *r) noexcept;
Error judge_csrf(ngx_http_request_t *r, const loc_conf_t *conf,
    const carrier_t *source);
Error judge_nonce(ngx_http_request_t *r, const loc_conf_t *conf,
    const VerifiedToken &token);

/* request.cc */

ctx_t *get_ctx(ngx_http_request_t *r) noexcept;
ctx_t *make_ctx(ngx_http_request_t *r) noexcept;

/*
 * The cached values of variables that show something of a verdict, as the
 * access log would. Not while a value with variables is put together.
 */
void forget_variables(ngx_http_request_t *r) noexcept;

/* judge.cc: the verdict on a request in its present location */

Need judge(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx) noexcept;

/* peek.cc */

/*
 * The state that variables show: judged now, with what is at hand, if it has
 * not been in this pass. NULL: nothing to show.
 */
ctx_t *peek(ngx_http_request_t *r) noexcept;

/*
 * What $id_token_error tells: of the present location, or, where that is open,
 * of the refusal that led to it. `off`: of nothing.
 */
Error shown_error(ngx_http_request_t *r, bool *off) noexcept;

/*
 * Whose claims this request may show: proven for its present location, or, in
 * a subrequest to a location that asks for none, for its parent's. NULL: none.
 */
ctx_t *proven_ctx(ngx_http_request_t *r) noexcept;

/* the whole claim set of ctx->token; may throw std::bad_alloc */
const Claims *parse_claims(ctx_t *ctx);

/* revoked.cc */

/*
 * What is compared of a token with the logouts, made once with it. May throw
 * std::bad_alloc.
 */
TokenMarks marks_of(main_conf_t *mcf, const provider_t *provider,
    VerifiedToken &token);

/* worker.cc */

/* after remember(): the cache counts a token anew */
void charge(VerifiedToken *token) noexcept;

void exit_worker(void) noexcept;

/* gate.cc */

ngx_int_t access_handler(ngx_http_request_t *r) noexcept;
ngx_int_t preaccess_handler(ngx_http_request_t *r) noexcept;

/* refuse.cc: the status code of a refusal, its headers and log line */

ngx_int_t refuse(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx) noexcept;

/* only the log line, for report mode */
void report(ngx_http_request_t *r, ctx_t *ctx) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_REQUEST_REQUEST_H */
