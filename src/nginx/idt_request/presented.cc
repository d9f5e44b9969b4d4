/*
 * Where the token is presented: the Authorization header, a cookie, or a
 * cookie that had to be split into NAME.0, NAME.1 and so on.
 */

#include "idt_glue/shared.h"

#include <optional>

#include "idt_token/credentials.h"


namespace id_token::nginx {


/* 4 KB a cookie: more than fits any header buffer */
#define MAX_CHUNKS  32


typedef struct {
    std::optional<std::string_view>  whole;
    std::optional<std::string_view>  chunks[MAX_CHUNKS];
    ngx_uint_t                       nchunks;    /* the highest number + 1 */
    Error                            error;
} cookies_t;


/*
 * What was presented before it was stripped; a subrequest shares the headers
 * of its parent, stripped ones included.
 */

presented_t *
get_presented(ngx_http_request_t *r) noexcept
{
    ctx_t  *ctx;

    for ( /* void */ ; r != NULL; r = r->parent) {
        ctx = get_ctx(r);

        if (ctx != NULL && ctx->presented != NULL) {
            return ctx->presented;
        }
    }

    return NULL;
}


static std::string_view
authorization(ngx_http_request_t *r, presented_t *presented)
{
    if (presented != NULL) {
        return view(presented->authorization);
    }

    if (r->headers_in.authorization == NULL) {
        return std::string_view();
    }

    return view(r->headers_in.authorization->value);
}


/* the number of a chunk "NAME.7": decimal, no leading zero */

static ngx_int_t
chunk(std::string_view name, std::string_view cookie)
{
    ngx_int_t  n;

    if (name.size() < cookie.size() + 2 || name.size() > cookie.size() + 3
        || !name.starts_with(cookie) || name[cookie.size()] != '.')
    {
        return NGX_DECLINED;
    }

    name.remove_prefix(cookie.size() + 1);

    if (name.size() == 2 && name[0] == '0') {
        return NGX_DECLINED;
    }

    n = ngx_atoi(reinterpret_cast<u_char *>(const_cast<char *>(name.data())),
                 name.size());

    if (n == NGX_ERROR || n >= MAX_CHUNKS) {
        return NGX_DECLINED;
    }

    return n;
}


ngx_uint_t
is_token_cookie(std::string_view name, std::string_view cookie) noexcept
{
    return name == cookie
           || chunk(name, cookie) != NGX_DECLINED;
}


/* the same cookie twice is one cookie if the values are equal */

static void
take(std::optional<std::string_view> &place, std::string_view value,
    Error &error)
{
    if (place.has_value() && *place != value) {
        error = Error::credentials_ambiguous;
        return;
    }

    place = value;
}


static void
scan(cookies_t *found, std::string_view line, std::string_view cookie)
{
    ngx_int_t  n;

    while (auto pair = next_cookie(line)) {

        if (pair->name == cookie) {
            take(found->whole, pair->value, found->error);
            continue;
        }

        n = chunk(pair->name, cookie);

        if (n == NGX_DECLINED) {
            continue;
        }

        take(found->chunks[n], pair->value, found->error);

        /* emptied pieces behind the last are none */

        if (!pair->value.empty()) {
            found->nchunks = ngx_max(found->nchunks,
                                     static_cast<ngx_uint_t>(n) + 1);
        }
    }
}


/* calls f(value) for each Cookie header, as it came with the request */

template <class F>
static void
each_cookie_line(ngx_http_request_t *r, F f)
{
#if (nginx_version >= 1023000)

    ngx_table_elt_t  *h;

    for (h = r->headers_in.cookie; h != NULL; h = h->next) {
        f(h->value);
    }

#else

    ngx_uint_t         i;
    ngx_table_elt_t  **h;

    h = static_cast<ngx_table_elt_t **>(r->headers_in.cookies.elts);

    for (i = 0; i < r->headers_in.cookies.nelts; i++) {
        f(h[i]->value);
    }

#endif
}


ngx_str_t *
cookie_lines(ngx_http_request_t *r, ngx_uint_t *n) noexcept
{
    ngx_str_t  *lines, *next;

    *n = 0;

    each_cookie_line(r, [n](const ngx_str_t &) {
        (*n)++;
    });

    if (*n == 0) {
        return NULL;
    }

    lines = static_cast<ngx_str_t *>(
                ngx_palloc(r->pool, *n * sizeof(ngx_str_t)));
    if (lines == NULL) {
        return NULL;
    }

    next = lines;

    each_cookie_line(r, [&next](const ngx_str_t &line) {
        *next++ = line;
    });

    return lines;
}


static void
scan_lines(ngx_http_request_t *r, presented_t *presented, cookies_t *found,
    std::string_view cookie)
{
    ngx_uint_t  i;

    if (presented == NULL) {
        each_cookie_line(r, [&](const ngx_str_t &line) {
            scan(found, view(line), cookie);
        });

        return;
    }

    for (i = 0; i < presented->ncookies; i++) {
        scan(found, view(presented->cookies[i]), cookie);
    }
}


static Error
join(ngx_http_request_t *r, cookies_t *found, std::string_view *token)
{
    size_t      len;
    u_char     *p;
    ngx_uint_t  i;

    len = 0;

    for (i = 0; i < found->nchunks; i++) {
        if (!found->chunks[i].has_value()) {
            return Error::credentials_malformed;
        }

        len += found->chunks[i]->size();
    }

    if (found->nchunks == 1) {
        *token = *found->chunks[0];
        return Error::ok;
    }

    if (len > kMaxTokenBytes) {
        return Error::token_too_long;
    }

    p = static_cast<u_char *>(ngx_pnalloc(r->pool, len));
    if (p == NULL) {
        return Error::out_of_memory;
    }

    *token = std::string_view(reinterpret_cast<char *>(p), len);

    for (i = 0; i < found->nchunks; i++) {
        p = ngx_cpymem(p, found->chunks[i]->data(), found->chunks[i]->size());
    }

    return Error::ok;
}


static Error
find_cookie(ngx_http_request_t *r, presented_t *presented,
    std::string_view cookie, std::string_view *token)
{
    cookies_t  found{};

    scan_lines(r, presented, &found, cookie);

    if (found.error != Error::ok) {
        return found.error;
    }

    if (found.whole.has_value() && !found.whole->empty()) {
        *token = *found.whole;
        return found.nchunks ? Error::credentials_ambiguous : Error::ok;
    }

    if (found.nchunks) {
        return join(r, &found, token);
    }

    return Error::token_missing;
}


static Error
find_bearer(ngx_http_request_t *r, presented_t *presented,
    std::string_view *token)
{
    auto  bearer = split_bearer(authorization(r, presented));

    if (!bearer) {
        return bearer.error();
    }

    if (!bearer->has_value()) {
        return Error::token_missing;
    }

    *token = **bearer;

    return Error::ok;
}


Error
find(ngx_http_request_t *r, loc_conf_t *conf, std::string_view *token,
    carrier_t **source) noexcept
{
    Error             error;
    ngx_uint_t        i;
    std::string_view  found;
    carrier_t        *sources;
    presented_t      *presented;

    *source = NULL;

    presented = get_presented(r);
    sources = static_cast<carrier_t *>(conf->sources->elts);

    for (i = 0; i < conf->sources->nelts; i++) {

        if (sources[i].cookie.len == 0) {
            error = find_bearer(r, presented, &found);

        } else {
            error = find_cookie(r, presented, view(sources[i].cookie), &found);
        }

        if (error == Error::token_missing) {
            continue;
        }

        if (error != Error::ok) {
            return error;
        }

        if (*source != NULL) {
            return Error::credentials_ambiguous;
        }

        *source = &sources[i];
        *token = found;
    }

    return (*source != NULL) ? Error::ok : Error::token_missing;
}


/*
 * Whether a refused token was no token at all. The characters are looked at
 * here only: a proven token has none that could matter.
 */

ngx_uint_t
is_malformed(ngx_http_request_t *r, carrier_t *source) noexcept
{
    return source->cookie.len == 0
           && !parse_bearer(authorization(r, get_presented(r)));
}


}  // namespace id_token::nginx
