/*
 * auth_id_token_strip: the token is taken out of what the upstream gets, and
 * kept for a verdict in another location.
 */

#include "idt_upstream/upstream.h"

#include "idt_token/credentials.h"


namespace id_token::nginx {


/* the token is still needed for a verdict in another location */

ngx_int_t
keep_presented(ngx_http_request_t *r, ctx_t *ctx) noexcept
{
    presented_t  *presented;

    if (get_presented(r) != NULL) {
        return NGX_OK;
    }

    presented = static_cast<presented_t *>(
        ngx_pcalloc(r->pool, sizeof(presented_t)));
    if (presented == NULL) {
        return NGX_ERROR;
    }

    if (r->headers_in.authorization != NULL) {
        presented->authorization = r->headers_in.authorization->value;
    }

    presented->cookies = cookie_lines(r, &presented->ncookies);
    if (presented->cookies == NULL && presented->ncookies != 0) {
        return NGX_ERROR;
    }

    ctx->presented = presented;

    return NGX_OK;
}


void
reset_cookies(ngx_http_request_t *r) noexcept
{
#if (nginx_version >= 1023000)
    r->headers_in.cookie = NULL;
#else
    r->headers_in.cookies.nelts = 0;
#endif
}


/*
 * The stripped cookies, for $http_cookie and others that look there. The array
 * of nginx before 1.23 is shared with the parent of a subrequest.
 */

ngx_int_t
point_at_cookie(ngx_http_request_t *r, ngx_table_elt_t *h) noexcept
{
#if (nginx_version >= 1023000)

    ngx_table_elt_t  **next;

    for (next = &r->headers_in.cookie; *next; next = &(*next)->next) {
        /* void */
    }

    h->next = NULL;
    *next = h;

#else

    ngx_table_elt_t  **place;

    if (r->headers_in.cookies.nelts == 0
        && ngx_array_init(&r->headers_in.cookies, r->pool, 1,
                          sizeof(ngx_table_elt_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    place = static_cast<ngx_table_elt_t **>(
                ngx_array_push(&r->headers_in.cookies));
    if (place == NULL) {
        return NGX_ERROR;
    }

    *place = h;

#endif

    return NGX_OK;
}


ngx_uint_t
is_cookie(ngx_table_elt_t *h) noexcept
{
    return h->key.len == sizeof("cookie") - 1
           && ngx_strncmp(h->lowcase_key, "cookie", sizeof("cookie") - 1) == 0;
}


ngx_uint_t
is_stripped(loc_conf_t *conf, ngx_table_elt_t *h, ngx_str_t *value,
    ngx_pool_t *pool) noexcept
{
    u_char           *p;
    ngx_uint_t        i, ours, found;
    std::string_view  rest;
    carrier_t        *sources;

    sources = static_cast<carrier_t *>(conf->sources->elts);

    if (h->key.len == sizeof("authorization") - 1
        && ngx_strncmp(h->lowcase_key, "authorization", h->key.len) == 0)
    {
        for (i = 0; i < conf->sources->nelts; i++) {
            if (sources[i].cookie.len == 0) {
                return is_bearer(view(h->value));
            }
        }

        return 0;
    }

    if (!is_cookie(h)) {
        return 0;
    }

    /* what is kept is kept as it came, so that it is never longer */

    value->data = static_cast<u_char *>(ngx_pnalloc(pool, h->value.len + 1));
    if (value->data == NULL) {
        return 1;
    }

    p = value->data;
    found = 0;
    rest = view(h->value);

    while (!rest.empty()) {
        std::string_view  piece = rest.substr(0, rest.find(';'));
        std::string_view  scan = piece;

        rest.remove_prefix(ngx_min(piece.size() + 1, rest.size()));

        auto  pair = next_cookie(scan);
        ours = 0;

        for (i = 0; pair && i < conf->sources->nelts; i++) {
            if (sources[i].cookie.len != 0
                && is_token_cookie(pair->name, view(sources[i].cookie)))
            {
                ours = 1;
            }
        }

        if (ours) {
            found = 1;
            continue;
        }

        if (p != value->data) {
            *p++ = ';';

        } else {
            while (piece.starts_with(' ')) {
                piece.remove_prefix(1);
            }
        }

        p = ngx_cpymem(p, piece.data(), piece.size());
    }

    if (!found) {
        *value = h->value;
        return 0;
    }

    value->len = p - value->data;

    return value->len == 0;
}


}  // namespace id_token::nginx
