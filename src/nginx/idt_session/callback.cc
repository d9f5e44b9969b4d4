/*
 * The callback: the tenant's answer, the token that it brings or leads to, the
 * session. It may wait for keys and for the token endpoint: nginx then calls
 * the handler again, or exchanged() is called.
 */

#include "idt_session/state.h"
#include "idt_request/body.h"

#include "idt_login/callback.h"


namespace id_token::nginx {


login_state_s::~login_state_s() noexcept
{
    if (exchange != NULL) {
        exchange_abort(exchange);
    }
}


static ngx_int_t
guarded(ngx_http_request_t *r, ctx_t *ctx, std::string_view text) noexcept
{
    try {
        return ctx->login->judging ? judge_answer(r, ctx)
                                   : take_answer(r, ctx, text);

    } catch (...) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static ngx_int_t
take_form(ngx_http_request_t *r, const std::string *body)
{
    ctx_t  *ctx;

    ctx = get_ctx(r);

    if (body == NULL) {
        return login_failed(r, ctx->provider, LoginError::answer_too_long);
    }

    return guarded(r, ctx, *body);
}


static ngx_int_t
receive_form(ngx_http_request_t *r, ctx_t *ctx)
{
    if (r->method != NGX_HTTP_POST) {
        return login_failed(r, ctx->provider, LoginError::answer_method);
    }

    if (r->headers_in.content_type == NULL
        || !is_form_type(view(r->headers_in.content_type->value)))
    {
        return login_failed(r, ctx->provider, LoginError::answer_type);
    }

    return receive_body(r, kMaxFormBytes, take_form);
}


static void
exchanged(ngx_http_request_t *r, std::string &&token, LoginError error,
    std::string_view detail) noexcept
{
    ctx_t             *ctx;
    ngx_int_t          rc;
    ngx_connection_t  *c;

    c = r->connection;
    ctx = get_ctx(r);

    ngx_http_set_log_request(c->log, r);

    ctx->login->exchange = NULL;

    if (error != LoginError::none) {
        rc = login_failed(r, ctx->provider, error, detail);

    } else {
        ctx->login->token = std::move(token);
        ctx->login->judging = true;
        rc = guarded(r, ctx, {});
    }

    if (rc != NGX_AGAIN) {
        ngx_http_finalize_request(r, rc);
    }

    ngx_http_run_posted_requests(c);
}


/*
 * The login may have begun at another node: what discovery says of the token
 * endpoint and of answers that name their issuer may not be known here yet.
 */

static ngx_int_t
receive_code(ngx_http_request_t *r, ctx_t *ctx)
{
    if (await_endpoints(r, ctx) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    return guarded(r, ctx, view(r->args));
}


ngx_int_t
callback_handler(ngx_http_request_t *r) noexcept
{
    ctx_t  *ctx;

    ctx = make_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ctx->login != NULL) {
        return stay(r, ctx->login->judging ? guarded(r, ctx, {})
                                           : receive_code(r, ctx));
    }

    ctx->login = create<login_state_t>(r->pool);
    if (ctx->login == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->login->exchanged = exchanged;
    ctx->provider = loc_conf(r)->login.provider;

    if (ctx->provider->login->flow == Flow::id_token) {
        return receive_form(r, ctx);
    }

    if (r->method != NGX_HTTP_GET) {
        return login_failed(r, ctx->provider, LoginError::answer_method);
    }

    return stay(r, receive_code(r, ctx));
}


}  // namespace id_token::nginx
