/* id_token_login: a login by a link; id_token_identity: who is logged in. */

#include "idt_session/session.h"

#include "idt_count/count.h"
#include "idt_login/form.h"
#include "idt_login/identity.h"
#include "idt_login/set_cookie.h"


namespace id_token::nginx {


static ngx_int_t
begin_login(ngx_http_request_t *r, ctx_t *ctx, loc_conf_t *conf)
{
    LoginError   error;
    departure_t  departure{};

    auto  arguments = Form::parse(view(r->args));

    departure.provider = ctx->provider;
    departure.conf = conf;
    departure.return_path = "/";

    if (arguments) {
        departure.return_path =
            return_path(arguments->find("return").value_or("/"));
    }

    error = depart(r, departure);

    if (error != LoginError::none) {
        return login_failed(r, ctx->provider, error);
    }

    login_did(r, ctx->provider, "begun", "link");
    count(ctx->provider, Count::logins_begun);

    return NGX_HTTP_MOVED_TEMPORARILY;
}


ngx_int_t
login_handler(ngx_http_request_t *r) noexcept
{
    ctx_t       *ctx;
    ngx_int_t    rc;
    loc_conf_t  *conf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    ctx = make_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* an image, a frame, what is loaded ahead: nobody would see the tenant */

    if (!is_page_load(look_at(r))) {
        return NGX_HTTP_FORBIDDEN;
    }

    conf = loc_conf(r);
    ctx->provider = conf->login.provider;

    rc = await_endpoints(r, ctx);

    if (rc == NGX_AGAIN) {
        r->main->count++;
        return NGX_DONE;
    }

    try {
        return begin_login(r, ctx, conf);

    } catch (...) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static ngx_int_t
send_identity(ngx_http_request_t *r, const loc_conf_t *conf, ctx_t *ctx)
{
    static ngx_str_t  type = ngx_string("application/json");

    const Claims  *claims = parse_claims(ctx);

    if (claims == nullptr || forbid_caching(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    std::string  json = identity_json(*claims, conf->login.claims);

    return send_text(r, NGX_HTTP_OK, &type, json);
}


ngx_int_t
identity_handler(ngx_http_request_t *r) noexcept
{
    ctx_t  *ctx;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    ctx = proven_ctx(r);

    if (ctx == NULL) {
        /* optional, report, or no gate at all: nobody is logged in */
        return NGX_HTTP_UNAUTHORIZED;
    }

    try {
        return send_identity(r, loc_conf(r), ctx);

    } catch (...) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


}  // namespace id_token::nginx
