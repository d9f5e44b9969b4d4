/* id_token_logout: ends the session here, then at the tenant. */

#include "idt_session/session.h"
#include "idt_request/body.h"

#include "idt_count/count.h"
#include "idt_login/logout.h"
#include "idt_login/note.h"
#include "idt_login/set_cookie.h"


namespace id_token::nginx {


static std::string
post_logout_uri(ngx_http_request_t *r, const login_provider_t *login)
{
    if (login->post_logout.empty()
        || (login->post_logout.starts_with('/') && !is_known_host(r)))
    {
        return {};
    }

    return complete_uri(login->post_logout, is_https(r), host_of(r));
}


/* empty: there is no such endpoint */

static std::string
tenants_end(ngx_http_request_t *r, provider_t *provider,
    std::string_view id_token)
{
    std::string       endpoint;
    const Endpoints  *endpoints;

    const login_provider_t  *login = provider->login;

    endpoint = login->end_session_endpoint;
    endpoints = use_endpoints(provider->keys);

    if (endpoint.empty() && endpoints != nullptr) {
        endpoint = endpoints->end_session;
    }

    if (endpoint.empty()) {
        return {};
    }

    return end_session_url(endpoint, provider->policy.client_id,
                           post_logout_uri(r, login),
                           login->logout_hint ? id_token : std::string_view());
}


/* the token as it was presented: whole, or in pieces */

static std::string
presented_token(std::string_view name, const std::vector<CookiePair> &cookies)
{
    size_t       n;
    std::string  token;

    for (const auto &cookie : cookies) {
        if (cookie.name == name && !cookie.value.empty()) {
            return std::string(cookie.value);
        }
    }

    for (n = 0; n < kMaxSessionPieces; n++) {
        std::string  piece = std::string(name) + "." + std::to_string(n);

        for (const auto &cookie : cookies) {
            if (cookie.name == piece) {
                token += cookie.value;
                break;
            }
        }
    }

    return token;
}


static ngx_int_t
expire_all(ngx_http_request_t *r, std::string_view name)
{
    for (const auto &cookie : expire_session(name)) {
        if (add_header(r, "Set-Cookie", cookie) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    for (auto kind : { NoteKind::logins, NoteKind::renewal }) {
        if (add_header(r, "Set-Cookie",
                       expire_cookie(note_name(kind, name), SameSite::lax))
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * The token of this session counts for nobody any more, whoever else has it.
 * NGX_AGAIN: it waits for keys, without which nobody knows whether it is one.
 */

static ngx_int_t
revoke_own(ngx_http_request_t *r, ctx_t *ctx, std::string_view token)
{
    Revocation  entry;

    const provider_t  *provider = ctx->provider;

    if (prove_whole(r, ctx, token) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (ctx->error != Error::ok) {
        return NGX_DECLINED;    /* over, or none: there is nothing to end */
    }

    entry = revoke_session(
                marks_of(main_conf(r), provider, *ctx->token.get()),
                cut_at(ctx->token->times().exp) + provider->policy.leeway + 1);

    /* where it cannot be written it counts all the same, and that is logged */

    (void) revocations_accept(main_conf(r)->revocations, { &entry, 1 });

    return NGX_OK;
}


static ngx_int_t
end_session(ngx_http_request_t *r, ctx_t *ctx, loc_conf_t *conf)
{
    provider_t              *provider;
    std::string              url, token;
    std::string_view         cookie;
    std::vector<CookiePair>  cookies;

    provider = conf->login.provider;
    cookie = view(conf->login.carrier->value);

    cookies = read_cookies(r);
    token = presented_token(cookie, cookies);

    ctx->provider = provider;

    if (!token.empty() && revoke_own(r, ctx, token) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (expire_all(r, cookie) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    login_did(r, provider, "ended");
    count(provider, Count::logouts);

    url = tenants_end(r, provider, token);

    if (url.empty()) {
        url = post_logout_uri(r, provider->login);
    }

    if (url.empty()) {
        return send_page(r, Page::logged_out);
    }

    if (set_location(r, url) != NGX_OK
        || forbid_caching(r) != NGX_OK
        || add_header(r, "Referrer-Policy", "no-referrer") != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_HTTP_SEE_OTHER;
}


ngx_int_t
logout_handler(ngx_http_request_t *r) noexcept
{
    ctx_t       *ctx;
    ngx_int_t    rc;
    loc_conf_t  *conf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_POST))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);

    ctx = make_ctx(r);

    if (rc != NGX_OK || ctx == NULL) {
        return rc != NGX_OK ? rc : NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    conf = loc_conf(r);

    try {
        switch (judge_logout(look_at(r), r->method == NGX_HTTP_POST,
                             is_from_here(r, conf)))
        {

        case LogoutStep::end:
            return stay(r, end_session(r, ctx, conf));

        case LogoutStep::confirm:
            return send_page(r, Page::confirm_logout);

        default:
            return send_page(r, Page::logout_refused);
        }

    } catch (...) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


}  // namespace id_token::nginx
