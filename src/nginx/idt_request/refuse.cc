/* The status code of a refusal, its headers and its log line. */

#include "idt_request/presented.h"
#include "idt_request/request.h"


namespace id_token::nginx {


#define REALM  "restricted"


static void log(ngx_http_request_t *r, ctx_t *ctx, const char *what);
static ngx_uint_t level_of(const ctx_t *ctx);
static u_char *say_found(u_char *p, u_char *last, ngx_http_request_t *r,
    const ctx_t *ctx);
static ngx_int_t challenge(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx,
    const char *code);
static ngx_int_t retry_after(ngx_http_request_t *r, ctx_t *ctx);


ngx_int_t
refuse(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx) noexcept
{
    log(r, ctx, "refused");

    switch (error_row(ctx->error).answer) {

    case Answer::missing:
        return (challenge(r, conf, ctx, NULL) == NGX_OK)
               ? NGX_HTTP_UNAUTHORIZED : NGX_HTTP_INTERNAL_SERVER_ERROR;

    case Answer::malformed:
        return (challenge(r, conf, ctx, "invalid_request") == NGX_OK)
               ? NGX_HTTP_BAD_REQUEST : NGX_HTTP_INTERNAL_SERVER_ERROR;

    case Answer::invalid:
        return (challenge(r, conf, ctx, "invalid_token") == NGX_OK)
               ? NGX_HTTP_UNAUTHORIZED : NGX_HTTP_INTERNAL_SERVER_ERROR;

    case Answer::forbidden:
        if (ctx->error == Error::claim_rule
            && challenge(r, conf, ctx, "insufficient_scope") != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return NGX_HTTP_FORBIDDEN;

    case Answer::not_found:
        return NGX_HTTP_NOT_FOUND;

    case Answer::unavailable:
        return (retry_after(r, ctx) == NGX_OK)
               ? NGX_HTTP_SERVICE_UNAVAILABLE : NGX_HTTP_INTERNAL_SERVER_ERROR;

    default:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


void
report(ngx_http_request_t *r, ctx_t *ctx) noexcept
{
    log(r, ctx, "would be refused");
}


/*
 * A value that came with the request, safe and short enough for a log line.
 * Returns the end.
 */

static u_char *
escape(u_char *p, u_char *last, std::string_view name, std::string_view value)
{
    if (value.empty()) {
        return p;
    }

    p = ngx_slprintf(p, last, ", %*s \"", name.size(), name.data());

    for (unsigned char c : value) {
        if (last - p < 5) {
            break;
        }

        if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') {
            p = ngx_slprintf(p, last, "\\x%02xd", c);
            continue;
        }

        *p++ = c;
    }

    if (p < last) {
        *p++ = '"';
    }

    return p;
}


/*
 * A variable that names no provider is the operator's fault: each worker tells
 * it once a minute, whatever the level of refusals is.
 */

#define UNKNOWN_INTERVAL  60
#define NAMES_SHOWN       128


static ngx_uint_t
level_of(const ctx_t *ctx)
{
    static time_t  told;

    if (error_row(ctx->error).answer == Answer::internal) {
        return NGX_LOG_ERR;
    }

    if (ctx->error == Error::provider_unknown
        && (told == 0 || ngx_time() - told >= UNKNOWN_INTERVAL))
    {
        told = ngx_time();
        return NGX_LOG_ERR;
    }

    return ctx->conf->log_level;
}


/* the names of the cookies, which are no secret; their values are */

static u_char *
say_cookies(u_char *p, u_char *last, ngx_http_request_t *r)
{
    u_char  *end;
    u_char   names[NAMES_SHOWN];

    end = names;

    each_cookie_line(r, [&end, &names](std::string_view line) {
        while (auto pair = next_cookie(line)) {
            end = ngx_slprintf(end, names + sizeof(names), "%s%*s",
                               (end == names) ? "" : " ",
                               pair->name.size(), pair->name.data());
        }
    });

    return escape(p, last, "cookies", view(names, end - names));
}


/* what the reason turned on; where no token came, what came instead */

static u_char *
say_found(u_char *p, u_char *last, ngx_http_request_t *r, const ctx_t *ctx)
{
    std::string_view  scheme;

    if (ctx->diagnosis.seconds) {
        p = ngx_slprintf(p, last, ", %L s",
                         static_cast<int64_t>(*ctx->diagnosis.seconds));
    }

    p = escape(p, last, (ctx->error == Error::typ) ? "typ" : "alg",
               ctx->diagnosis.found);

    if (ctx->error != Error::token_missing) {
        return p;
    }

    if (r->headers_in.authorization != NULL) {
        scheme = view(r->headers_in.authorization->value);
        scheme = scheme.substr(0, ngx_min(scheme.find(' '), size_t{ 32 }));
        p = escape(p, last, "scheme", scheme);
    }

    return say_cookies(p, last, r);
}


/* one line: what and whose; never the token */

static void
log(ngx_http_request_t *r, ctx_t *ctx, const char *what)
{
    u_char          *p, *last;
    ngx_uint_t       level;
    ngx_str_t       *provider;
    const ErrorRow  *row;
    u_char           detail[NGX_MAX_ERROR_STR / 2];

    static ngx_str_t           none = ngx_string("");

    row = &error_row(ctx->error);

    level = level_of(ctx);

    if (r->connection->log->log_level < level) {
        return;
    }

    p = detail;
    last = detail + sizeof(detail);

    if (ctx->rule != NULL) {
        p = escape(p, last, "claim", view(*ctx->rule));
    }

    p = say_found(p, last, r, ctx);
    p = escape(p, last, "kid", ctx->diagnosis.kid);
    p = escape(p, last, "iss", ctx->diagnosis.issuer);
    p = escape(p, last, "aud", ctx->diagnosis.audience);

    provider = (ctx->provider != NULL) ? &ctx->provider->name : &none;

    ngx_log_error(level, r->connection->log, 0,
                  "id_token %s, %*s: %*s, provider \"%V\"%*s",
                  what, row->name.size(), row->name.data(),
                  row->description.size(), row->description.data(),
                  provider, static_cast<size_t>(p - detail), detail);
}


/* the realm is a quoted-string, RFC 9110 5.6.4 */

static u_char *
quote(u_char *p, const ngx_str_t &s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < 0x20 || s.data[i] == 0x7f) {
            continue;
        }

        if (s.data[i] == '"' || s.data[i] == '\\') {
            *p++ = '\\';
        }

        *p++ = s.data[i];
    }

    return p;
}


/* the line that is replaced, or a new one; NULL: out of memory */

static ngx_table_elt_t *
challenge_line(ngx_http_request_t *r, ctx_t *ctx)
{
    ngx_table_elt_t  *h;

    /* a filter's error clears all headers of the answer */

    if (r->headers_out.www_authenticate != NULL && ctx->challenge != NULL) {
        return ctx->challenge;
    }

    h = static_cast<ngx_table_elt_t *>(
            ngx_list_push(&r->headers_out.headers));
    if (h == NULL) {
        return NULL;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

#if (nginx_version >= 1023000)
    h->next = r->headers_out.www_authenticate;
#endif

    r->headers_out.www_authenticate = h;
    ctx->challenge = h;

    return h;
}


/*
 * WWW-Authenticate, RFC 6750 3. An error_page may lead to a location that
 * refuses again: then the line is replaced, not added. With "satisfy any"
 * another module may have set its own; when a later one lets the request in,
 * nginx clears the whole list, before 1.23 the last one set.
 */

static ngx_int_t
challenge(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx, const char *code)
{
    u_char           *p;
    size_t            len;
    ngx_str_t         realm = ngx_string(REALM);
    ngx_table_elt_t  *h;
    const ErrorRow   *row;

    if (conf->realm != NULL
        && ngx_http_complex_value(r, conf->realm, &realm) != NGX_OK)
    {
        return NGX_ERROR;
    }

    row = &error_row(ctx->error);

    len = sizeof("Bearer realm=\"\", error=\"\", error_description=\"\"")
          + 2 * realm.len + 32 + row->description.size();

    p = static_cast<u_char *>(ngx_pnalloc(r->pool, len));
    if (p == NULL) {
        return NGX_ERROR;
    }

    h = challenge_line(r, ctx);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "WWW-Authenticate");
    h->value.data = p;

    p = ngx_cpymem(p, "Bearer realm=\"", sizeof("Bearer realm=\"") - 1);
    p = quote(p, realm);
    *p++ = '"';

    if (code != NULL) {
        p = ngx_sprintf(p, ", error=\"%s\", error_description=\"%*s\"", code,
                        row->description.size(), row->description.data());
    }

    h->value.len = p - h->value.data;

    return NGX_OK;
}


static ngx_int_t
retry_after(ngx_http_request_t *r, ctx_t *ctx)
{
    u_char           *p;
    ngx_table_elt_t  *h;

    p = static_cast<u_char *>(ngx_pnalloc(r->pool, NGX_TIME_T_LEN));
    if (p == NULL) {
        return NGX_ERROR;
    }

    h = ctx->retry_after;

    if (h == NULL) {
        h = static_cast<ngx_table_elt_t *>(
                ngx_list_push(&r->headers_out.headers));
        if (h == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));

        ctx->retry_after = h;
    }

    h->hash = 1;
    ngx_str_set(&h->key, "Retry-After");
    h->value.data = p;
    h->value.len = ngx_sprintf(p, "%T",
                       keys_retry_after(ctx->provider->keys)) - p;

    return NGX_OK;
}


}  // namespace id_token::nginx
