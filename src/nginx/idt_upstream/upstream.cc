/*
 * What the upstream gets and what it does not. Done in PRECONTENT, whoever let
 * the request in.
 *
 * The list of request headers is built anew, since the elements of the old one
 * are pointed at from many places and a subrequest shares it with its parent.
 */

#include "idt_upstream/upstream.h"

#include "idt_base/ascii.h"


static ngx_int_t ngx_http_auth_id_token_rebuild(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf, ngx_http_auth_id_token_ctx_t *ctx);
static void ngx_http_auth_id_token_forget_headers(ngx_http_request_t *r);
static ngx_uint_t ngx_http_auth_id_token_has_outer_space(
    std::string_view text);
static ngx_int_t ngx_http_auth_id_token_add_headers(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf, ngx_http_auth_id_token_ctx_t *ctx,
    ngx_list_t *list);


ngx_int_t
ngx_http_auth_id_token_precontent_handler(ngx_http_request_t *r) noexcept
{
    ngx_http_auth_id_token_ctx_t       *ctx;
    ngx_http_auth_id_token_loc_conf_t  *conf;

    conf = static_cast<ngx_http_auth_id_token_loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_auth_id_token_module));

    ctx = ngx_http_auth_id_token_get_ctx(r);

    if (conf->headers == NULL && !conf->strip
        && (ctx == NULL || ctx->headers == NULL))
    {
        return NGX_DECLINED;
    }

    ctx = ngx_http_auth_id_token_make_ctx(r);

    if (ctx == NULL
        || (conf->strip
            && ngx_http_auth_id_token_keep_presented(r, ctx) != NGX_OK)
        || ngx_http_auth_id_token_rebuild(r, conf, ctx) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DECLINED;
}


/* calls f(element) for each request header until it fails */

template <class F>
static ngx_int_t
ngx_http_auth_id_token_each_header(ngx_http_request_t *r, F f)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        h = static_cast<ngx_table_elt_t *>(part->elts);

        for (i = 0; i < part->nelts; i++) {
            if (f(&h[i]) != NGX_OK) {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_id_token_rebuild(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf, ngx_http_auth_id_token_ctx_t *ctx)
{
    ngx_int_t    rc;
    ngx_uint_t   n;
    ngx_list_t   list;

    n = (conf->headers != NULL) ? conf->headers->nelts : 0;

    (void) ngx_http_auth_id_token_each_header(r, [&n](ngx_table_elt_t *) {
        n++;
        return NGX_OK;
    });

    /* room for all in one part, and for those whom others add */

    if (ngx_list_init(&list, r->pool, n + 4, sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (conf->strip) {
        ngx_http_auth_id_token_reset_cookies(r);
    }

    rc = ngx_http_auth_id_token_each_header(r,
        [&](ngx_table_elt_t *h) -> ngx_int_t {
            ngx_str_t         value;
            ngx_table_elt_t  *copy;

            if (ngx_http_auth_id_token_is_listed(conf->headers, h->key)
                || ngx_http_auth_id_token_is_listed(ctx->headers, h->key))
            {
                return NGX_OK;
            }

            value = h->value;

            if (conf->strip
                && ngx_http_auth_id_token_is_stripped(conf, h, &value, r->pool))
            {
                if (h == r->headers_in.authorization) {
                    r->headers_in.authorization = NULL;
                }

                return (value.data != NULL) ? NGX_OK : NGX_ERROR;
            }

            copy = static_cast<ngx_table_elt_t *>(ngx_list_push(&list));
            if (copy == NULL) {
                return NGX_ERROR;
            }

            *copy = *h;
            copy->value = value;

            if (conf->strip && ngx_http_auth_id_token_is_cookie(h)) {
                return ngx_http_auth_id_token_point_at_cookie(r, copy);
            }

            if (h == r->headers_in.authorization) {
                r->headers_in.authorization = copy;
            }

            return NGX_OK;
        });

    if (rc != NGX_OK
        || ngx_http_auth_id_token_add_headers(r, conf, ctx, &list) != NGX_OK)
    {
        return NGX_ERROR;
    }

    r->headers_in.headers = list;
    r->headers_in.headers.last = &r->headers_in.headers.part;

    ctx->headers = conf->headers;

    ngx_http_auth_id_token_forget_headers(r);

    return NGX_OK;
}


/* what variables have shown of the former list, as to "if" or limit_req */

static void
ngx_http_auth_id_token_forget_headers(ngx_http_request_t *r)
{
    ngx_http_auth_id_token_main_conf_t  *mcf;

    mcf = static_cast<ngx_http_auth_id_token_main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_auth_id_token_module));

    for (ngx_uint_t i : mcf->header_variables) {
        r->variables[i].valid = 0;
        r->variables[i].not_found = 0;
    }
}


/* it would be dropped on the way, RFC 9110 5.5, and the value be another */

static ngx_uint_t
ngx_http_auth_id_token_has_outer_space(std::string_view text)
{
    return text.starts_with(' ') || text.ends_with(' ');
}


static ngx_int_t
ngx_http_auth_id_token_add_headers(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf, ngx_http_auth_id_token_ctx_t *ctx,
    ngx_list_t *list)
{
    ngx_str_t                         text;
    ngx_uint_t                        i;
    ngx_table_elt_t                  *h;
    ngx_http_auth_id_token_ctx_t     *proven;
    ngx_http_auth_id_token_header_t  *header;

    if (conf->headers == NULL) {
        return NGX_OK;
    }

    proven = ngx_http_auth_id_token_proven(r);
    if (proven == NULL) {
        return NGX_OK;
    }

    header = static_cast<ngx_http_auth_id_token_header_t *>(
                 conf->headers->elts);

    for (i = 0; i < conf->headers->nelts; i++) {

        if (header[i].variable != NULL) {
            if (ngx_http_complex_value(r, header[i].variable, &text)
                != NGX_OK)
            {
                return NGX_ERROR;
            }

            if (text.len == 0
                || !id_token::is_printable(ngx_http_auth_id_token_view(text)))
            {
                continue;
            }

        } else {
            id_token::ClaimValue  value = proven->token->slot(header[i].slot);

            if (!value.present() || !value.printable()) {
                continue;
            }

            text.data = reinterpret_cast<u_char *>(
                            const_cast<char *>(value.text().data()));
            text.len = value.text().size();
        }

        if (ngx_http_auth_id_token_has_outer_space(
                ngx_http_auth_id_token_view(text)))
        {
            continue;
        }

        h = static_cast<ngx_table_elt_t *>(ngx_list_push(list));
        if (h == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));

        h->hash = header[i].hash;
        h->key = header[i].name;
        h->lowcase_key = header[i].lowcase_key;
        h->value = text;
    }

    return NGX_OK;
}
