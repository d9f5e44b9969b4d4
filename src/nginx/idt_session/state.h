/* A request at a callback, as the files that answer it see it. */

#ifndef IDT_SESSION_STATE_H
#define IDT_SESSION_STATE_H

#include "idt_session/session.h"


namespace id_token::nginx {


struct login_state_s {
    Transaction              transaction;
    std::string              token;
    std::vector<CookiePair>  cookies;
    exchange_t              *exchange;
    exchanged_pt             exchanged;
    bool                     judging;    /* the token is there */

    ~login_state_s() noexcept;
};


/*
 * The parts of an answer: they return what a content handler is finalized
 * with, or NGX_AGAIN while they wait. May throw std::bad_alloc.
 */

/* answer.cc: what the tenant sent, and whose it is */
ngx_int_t take_answer(ngx_http_request_t *r, ctx_t *ctx,
    std::string_view text);

/* finish.cc: the token, and the session */
ngx_int_t judge_answer(ngx_http_request_t *r, ctx_t *ctx);

/* back to where the user wanted to go */
ngx_int_t send_back(ngx_http_request_t *r, const Transaction &transaction);


}  // namespace id_token::nginx

#endif /* IDT_SESSION_STATE_H */
