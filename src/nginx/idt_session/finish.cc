/* The end of a login: the token is judged, the session begins. */

#include "idt_session/state.h"

#include "idt_count/count.h"
#include "idt_login/secret_chain.h"


namespace id_token::nginx {


/* on the origin that the browser knows, which may be another than ours */

static std::string
url_of_return(const Transaction &transaction)
{
    return transaction.redirect_uri.substr(0,
               transaction.redirect_uri.find('/', sizeof("https://") - 1))
           + transaction.return_path;
}


ngx_int_t
send_back(ngx_http_request_t *r, const Transaction &transaction)
{
    if (set_location(r, url_of_return(transaction)) != NGX_OK
        || forbid_caching(r) != NGX_OK
        || add_header(r, "Referrer-Policy", "no-referrer") != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_HTTP_SEE_OTHER;
}


static ngx_int_t
add_cookies(ngx_http_request_t *r, const std::vector<std::string> &cookies)
{
    for (const auto &cookie : cookies) {
        if (add_header(r, "Set-Cookie", cookie) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
begin_session(ngx_http_request_t *r, ctx_t *ctx)
{
    int64_t         max_age;
    login_state_t  *state;

    state = ctx->login;

    const Transaction  &transaction = state->transaction;

    max_age = static_cast<int64_t>(ctx->token->times().exp) - ngx_time();

    auto  cookies = session_cookies(transaction.cookie, state->token,
                                    transaction.secret,
                                    ngx_max(max_age, 1));
    if (!cookies) {
        return login_failed(r, ctx->provider, LoginError::token_too_long);
    }

    auto  logins = count_login(read_note(r, NoteKind::logins,
                                         transaction.cookie, state->cookies),
                               ngx_time());

    if (add_cookies(r, *cookies) != NGX_OK
        || write_note(r, NoteKind::logins, transaction.cookie, logins,
                      same_site(transaction.flow))
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    login_did(r, ctx->provider, transaction.renews ? "renewed" : "succeeded");
    count_login_result(ctx->provider, LoginError::none);

    return send_back(r, transaction);
}


static Error
judge_transaction_nonce(ctx_t *ctx, const main_conf_t *mcf)
{
    ClaimValue  nonce;

    nonce = ctx->token->slot(mcf->login.nonce_slot);

    if (!nonce.present() || nonce.kind() != JsonKind::string) {
        return Error::nonce;
    }

    return nonce.text() == login_nonce(ctx->login->transaction.secret)
           ? Error::ok : Error::nonce;
}


ngx_int_t
prove_whole(ngx_http_request_t *r, ctx_t *ctx, std::string_view token)
{
    Need       need;
    ngx_int_t  rc;

    for ( ;; ) {
        need = prove_alone(r, loc_conf(r), ctx, token);

        if (need == Need::nothing) {
            break;
        }

        rc = obtain(r, ctx, need);

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (rc == NGX_DECLINED) {
            break;
        }
    }

    settle(ctx);

    return NGX_OK;
}


/*
 * A login in the very second of a logout: times have whole seconds, so that the
 * logout ends the new session, too. The tenant makes another token a second
 * later, mostly without asking; the count of logins ends this if it does not.
 */

static ngx_int_t
try_again(ngx_http_request_t *r, ctx_t *ctx)
{
    login_state_t  *state;

    state = ctx->login;

    auto  logins = read_note(r, NoteKind::logins, state->transaction.cookie,
                             state->cookies);

    if (is_loop(logins)) {
        return login_failed(r, ctx->provider, LoginError::token_refused,
                            error_row(ctx->error).name);
    }

    if (write_note(r, NoteKind::logins, state->transaction.cookie,
                   count_login(logins, ngx_time()),
                   same_site(state->transaction.flow))
        != NGX_OK
        || add_header(r, "Refresh",
                      "1; url=" + url_of_return(state->transaction))
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    login_did(r, ctx->provider, "tried again", error_row(ctx->error).name);

    return send_page(r, Page::again);
}


/* NGX_AGAIN: it waits for keys */

ngx_int_t
judge_answer(ngx_http_request_t *r, ctx_t *ctx)
{
    if (prove_whole(r, ctx, ctx->login->token) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (ctx->error == Error::ok) {
        ctx->error = judge_transaction_nonce(ctx, main_conf(r));
    }

    if (ctx->error == Error::ok) {
        return begin_session(r, ctx);
    }

    if (ctx->error == Error::revoked) {
        return try_again(r, ctx);
    }

    switch (error_row(ctx->error).answer) {

    case Answer::internal:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;

    case Answer::unavailable:
        return login_failed(r, ctx->provider, LoginError::keys_unavailable,
                            error_row(ctx->error).name);

    default:
        return login_failed(r, ctx->provider, LoginError::token_refused,
                            error_row(ctx->error).name);
    }
}


}  // namespace id_token::nginx
