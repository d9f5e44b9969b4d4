/* The end of a login: the token is judged, the session begins. */

#include "idt_session/state.h"

#include "idt_count/count.h"
#include "idt_login/secret_chain.h"


namespace id_token::nginx {


ngx_int_t
send_back(ngx_http_request_t *r, const Transaction &transaction)
{
    std::string  url;

    /* the origin that the browser knows, which may be another than ours */

    url = transaction.redirect_uri.substr(0,
              transaction.redirect_uri.find('/', sizeof("https://") - 1));
    url += transaction.return_path;

    if (set_location(r, url) != NGX_OK
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


/* NGX_AGAIN: it waits for keys */

ngx_int_t
judge_answer(ngx_http_request_t *r, ctx_t *ctx)
{
    Need       need;
    ngx_int_t  rc;

    for ( ;; ) {
        need = prove_alone(r, loc_conf(r), ctx, ctx->login->token);

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

    if (ctx->error == Error::ok) {
        ctx->error = judge_transaction_nonce(ctx, main_conf(r));
    }

    if (ctx->error == Error::ok) {
        return begin_session(r, ctx);
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
