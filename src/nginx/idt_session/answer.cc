/* The tenant's answer: which login it belongs to, and what it says. */

#include "idt_session/state.h"

#include "idt_login/callback.h"


namespace id_token::nginx {


/*
 * A renewal that the tenant does not grant without the user: the old session
 * goes on to its end, and is not asked about again before.
 */

static ngx_int_t
decline_renewal(ngx_http_request_t *r, ctx_t *ctx, std::string_view code)
{
    Note  pause;

    const Transaction  &transaction = ctx->login->transaction;

    if (needs_the_user(code) && transaction.renews > ngx_time()) {
        pause.until = transaction.renews;

        if (write_note(r, NoteKind::renewal, transaction.cookie, pause,
                       SameSite::lax)
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    login_did(r, ctx->provider, "not renewed", code);

    return send_back(r, transaction);
}


/* the cookie is deleted whatever follows */

static LoginError
take_transaction(ngx_http_request_t *r, ctx_t *ctx, std::string_view state)
{
    LoginError   error;
    std::string  name, uri;

    const LoginKeys         &keys = main_conf(r)->login.keys;
    const login_provider_t  &login = *ctx->provider->login;

    error = LoginError::transaction_missing;
    name = transaction_cookie_name(state);

    for (const auto &cookie : ctx->login->cookies) {
        if (cookie.name != name) {
            continue;
        }

        if (error == LoginError::transaction_missing
            && add_header(r, "Set-Cookie",
                          expire_cookie(name, same_site(login.flow)))
               != NGX_OK)
        {
            throw std::bad_alloc();
        }

        auto  transaction = open_transaction(keys, cookie.value);

        if (!transaction) {
            error = LoginError::transaction_seal;
            continue;
        }

        uri = complete_uri(login.redirect_uri, is_https(r), host_of(r));

        error = check_transaction(*transaction,
                                  { view(ctx->provider->name), login.flow,
                                    host_of(r), uri },
                                  state, ngx_time());
        ctx->login->transaction = std::move(*transaction);
        break;
    }

    std::erase_if(ctx->login->cookies, [&](const CookiePair &cookie) {
        return cookie.name == name;
    });

    return error;
}


static bool
demands_issuer(provider_t *provider)
{
    const Endpoints  *endpoints;

    endpoints = use_endpoints(provider->keys);

    return endpoints != nullptr && endpoints->issuer_in_answer;
}


static ngx_int_t
redeem(ngx_http_request_t *r, ctx_t *ctx, std::string_view code)
{
    std::string       endpoint;
    const Endpoints  *endpoints;

    endpoint = ctx->provider->login->token_endpoint;
    endpoints = use_endpoints(ctx->provider->keys);

    if (endpoint.empty() && endpoints != nullptr) {
        endpoint = endpoints->token;
    }

    if (endpoint.empty()) {
        return login_failed(r, ctx->provider, LoginError::endpoint_missing);
    }

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    ctx->login->exchange = exchange_start(r, ctx->provider, endpoint,
                                          ctx->login->transaction, code,
                                          ctx->login->exchanged);

    return ctx->login->exchange != NULL ? NGX_AGAIN
                                        : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


ngx_int_t
take_answer(ngx_http_request_t *r, ctx_t *ctx, std::string_view text)
{
    LoginError  error;

    auto  form = read_answer(text);

    if (!form) {
        return login_failed(r, ctx->provider, form.error());
    }

    auto  answer = parse_answer(*form, ctx->provider->login->flow);

    if (!answer) {
        return login_failed(r, ctx->provider, answer.error());
    }

    ctx->login->cookies = read_cookies(r);

    error = take_transaction(r, ctx, answer->state);

    if (error == LoginError::none) {
        error = check_answer(*answer, ctx->provider->policy.issuer,
                             demands_issuer(ctx->provider));
    }

    if (error == LoginError::tenant_error && ctx->login->transaction.renews) {
        return decline_renewal(r, ctx, *answer->error);
    }

    if (error != LoginError::none) {
        return login_failed(r, ctx->provider, error,
                            error == LoginError::tenant_error
                                ? *answer->error : std::string_view());
    }

    if (answer->code) {
        return redeem(r, ctx, *answer->code);
    }

    ctx->login->token = *answer->token;
    ctx->login->judging = true;

    return judge_answer(r, ctx);
}


}  // namespace id_token::nginx
