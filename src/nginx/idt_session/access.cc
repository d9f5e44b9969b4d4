/*
 * The access phase around the gate's: a page load that is refused for want of a
 * good token goes to the tenant, one whose token ends soon goes there for a new
 * one.
 */

#include "idt_session/session.h"

#include "idt_count/count.h"
#include "idt_login/set_cookie.h"
#include "idt_token/cookies.h"


namespace id_token::nginx {


/* 401 alone: a login mends neither a rule nor what is malformed */

static bool
is_about_login(const ctx_t *ctx)
{
    Answer  answer;

    answer = error_row(ctx->error).answer;

    if (answer != Answer::missing && answer != Answer::invalid) {
        return false;
    }

    return ctx->source == NULL || ctx->source->carrier == Carrier::cookie;
}


static bool
may_depart(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx)
{
    return conf->login.enable && r == r->main && is_about_login(ctx)
           && is_page_load(look_at(r));
}


static bool
lacks_endpoints(provider_t *provider)
{
    const login_provider_t  *login = provider->login;

    return login != NULL
           && (login->authorization_endpoint.empty()
               || (login->flow == Flow::code && login->token_endpoint.empty()))
           && use_endpoints(provider->keys) == nullptr;
}


ngx_int_t
await_endpoints(ngx_http_request_t *r, ctx_t *ctx) noexcept
{
    uint64_t       attempt;
    question_t     question{};
    key_source_t  *keys;

    keys = ctx->provider->keys;

    /* asked for once: whoever has none after that gets a 503 */

    if (ctx->endpoints_asked || !lacks_endpoints(ctx->provider)) {
        ctx->endpoints_asked = 0;
        settle(ctx);
        return NGX_OK;
    }

    ctx->endpoints_asked = 1;

    if (keys_ask(keys, Want::endpoints, &question, &attempt) != Grant::wait
        || poll_attempt(keys, attempt) != Attempt::pending)
    {
        return NGX_OK;
    }

    return wait(r, &ctx->waiter, keys, attempt) == NGX_AGAIN ? NGX_AGAIN
                                                             : NGX_OK;
}


/* the cookie that was refused would be refused again, and again */

static ngx_int_t
expire_presented(ngx_http_request_t *r, std::string_view cookie,
    const std::vector<CookiePair> &cookies)
{
    for (const auto &pair : cookies) {
        if ((is_token_cookie(pair.name, cookie)
             || is_binding_cookie(pair.name, cookie))
            && add_header(r, "Set-Cookie",
                          expire_cookie(pair.name, SameSite::lax))
               != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* a page instead of what the phase would do */

static ngx_int_t
answer(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


static ngx_int_t
depart_from(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx)
{
    departure_t              departure{};
    LoginError               error;
    std::string_view         cookie;
    std::vector<CookiePair>  cookies;

    cookie = view(conf->login.carrier->value);

    cookies = read_cookies(r);

    auto  logins = read_note(r, NoteKind::logins, cookie, cookies);

    if (logins && ctx->error == Error::claim_rule_401) {
        return NGX_DECLINED;    /* a login has just not mended it */
    }

    if (is_loop(logins)) {
        return answer(r, login_failed(r, ctx->provider, LoginError::loop));
    }

    departure.provider = ctx->provider;
    departure.conf = conf;
    departure.return_path = return_path(view(r->unparsed_uri));

    if (ctx->error == Error::auth_too_old) {
        departure.max_age = ctx->provider->policy.max_auth_age;
    }

    error = depart(r, departure);

    if (error != LoginError::none) {
        return answer(r, login_failed(r, ctx->provider, error));
    }

    if (expire_presented(r, cookie, cookies) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    login_did(r, ctx->provider, "begun", error_row(ctx->error).name);
    count(ctx->provider, Count::logins_begun);

    return NGX_HTTP_MOVED_TEMPORARILY;
}


/* NGX_DECLINED: the refusal stands */

static ngx_int_t
depart_refused(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx)
{
    if (ctx->provider->login == NULL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "id_token_provider \"%V\" has no \"redirect_uri\", which "
                      "\"auth_id_token_login\" needs",
                      &ctx->provider->name);
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    try {
        return depart_from(r, conf, ctx);

    } catch (...) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static ngx_int_t
renew_session(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx)
{
    Note                     pause;
    departure_t              departure{};
    std::string_view         cookie;
    std::vector<CookiePair>  cookies;

    cookie = view(conf->login.carrier->value);

    cookies = read_cookies(r);

    if (read_note(r, NoteKind::renewal, cookie, cookies))
    {
        return NGX_DECLINED;
    }

    departure.provider = ctx->provider;
    departure.conf = conf;
    departure.return_path = return_path(view(r->unparsed_uri));
    departure.renews = static_cast<int64_t>(ctx->token->times().exp);

    /* a request that cannot be sent there goes on with what it has */

    if (depart(r, departure) != LoginError::none) {
        return NGX_DECLINED;
    }

    pause.until = ngx_time() + kRenewalPauseSeconds;

    if (write_note(r, NoteKind::renewal, cookie, pause, SameSite::lax)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    login_did(r, ctx->provider, "renewing");
    count(ctx->provider, Count::logins_begun);

    return NGX_HTTP_MOVED_TEMPORARILY;
}


static ngx_int_t
renew(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx)
{
    if (!conf->login.enable || conf->login.renew == 0 || r != r->main
        || !ctx->token || ctx->source == NULL
        || ctx->provider->login == NULL
        || ctx->source->carrier != Carrier::cookie
        || view(ctx->source->value) != view(conf->login.carrier->value)
        || !is_renewal_due(ctx->token->times().iat, ctx->token->times().exp,
                           static_cast<int>(conf->login.renew), ngx_time())
        || !is_page_load(look_at(r)))
    {
        return NGX_DECLINED;
    }

    try {
        return renew_session(r, conf, ctx);

    } catch (...) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


/* a challenge would make a browser ask for a password */

static void
clear_challenges(ngx_http_request_t *r, ctx_t *ctx)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = static_cast<ngx_table_elt_t *>(part->elts);

        for (i = 0; i < part->nelts; i++) {
            if (view(h[i].key) == "WWW-Authenticate") {
                h[i].hash = 0;
            }
        }
    }

    r->headers_out.www_authenticate = NULL;
    ctx->challenge = NULL;
}


/* NGX_DECLINED: the refusal stands */

static ngx_int_t
depart_instead(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx)
{
    ngx_int_t  rc;

    if (await_endpoints(r, ctx) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    rc = depart_refused(r, conf, ctx);

    if (rc == NGX_HTTP_MOVED_TEMPORARILY) {
        clear_challenges(r, ctx);
    }

    return rc;
}


static bool
satisfies_any(ngx_http_request_t *r)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = core_loc_conf(r);

    return clcf->satisfy == NGX_HTTP_SATISFY_ANY;
}


ngx_int_t
login_access_handler(ngx_http_request_t *r) noexcept
{
    ctx_t       *ctx;
    ngx_int_t    rc, instead;
    loc_conf_t  *conf;

    rc = access_handler(r);

    conf = loc_conf(r);
    ctx = conf->login.enable ? get_ctx(r) : NULL;

    if (ctx == NULL) {
        return rc;
    }

    if (rc == NGX_OK) {
        instead = renew(r, conf, ctx);

    } else if (rc == NGX_HTTP_UNAUTHORIZED && !satisfies_any(r)
               && may_depart(r, conf, ctx))
    {
        instead = depart_instead(r, conf, ctx);

    } else {
        instead = NGX_DECLINED;
    }

    return instead == NGX_DECLINED ? rc : instead;
}


ngx_int_t
last_access_handler(ngx_http_request_t *r) noexcept
{
    ctx_t       *ctx;
    loc_conf_t  *conf;

    conf = loc_conf(r);

    if (!conf->login.enable || r->access_code != NGX_HTTP_UNAUTHORIZED
        || !satisfies_any(r))
    {
        return NGX_DECLINED;
    }

    ctx = get_ctx(r);

    if (ctx == NULL || ctx->error == Error::ok || !may_depart(r, conf, ctx)) {
        return NGX_DECLINED;
    }

    return depart_instead(r, conf, ctx);
}


}  // namespace id_token::nginx
