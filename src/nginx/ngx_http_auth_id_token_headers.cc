/*
 * What the upstream gets and what it does not: auth_id_token_set_header and
 * auth_id_token_strip. Done in PRECONTENT, whoever let the request in.
 *
 * The list of request headers is built anew, since the elements of the old one
 * are pointed at from many places and a subrequest shares it with its parent.
 */

#include "ngx_http_auth_id_token.h"

#include "../core/credentials.h"


struct ngx_http_auth_id_token_header_s {
    ngx_str_t                  name;
    ngx_str_t                  lowcase;
    ngx_uint_t                 hash;
    ngx_http_complex_value_t  *variable;   /* NULL: a claim */
    ngx_uint_t                 slot;
};


static ngx_uint_t ngx_http_auth_id_token_is_listed(ngx_array_t *headers,
    const ngx_str_t &key);
static ngx_uint_t ngx_http_auth_id_token_is_stripped(
    ngx_http_auth_id_token_loc_conf_t *conf, ngx_table_elt_t *h,
    ngx_str_t *value, ngx_pool_t *pool);
static ngx_int_t ngx_http_auth_id_token_keep_presented(ngx_http_request_t *r,
    ngx_http_auth_id_token_ctx_t *ctx);
static ngx_int_t ngx_http_auth_id_token_rebuild(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf, ngx_http_auth_id_token_ctx_t *ctx);
static ngx_int_t ngx_http_auth_id_token_add_headers(ngx_http_request_t *r,
    ngx_http_auth_id_token_loc_conf_t *conf, ngx_http_auth_id_token_ctx_t *ctx,
    ngx_list_t *list);


/* as an upstream may fold it: case, and everything that is no letter or digit */

static u_char
ngx_http_auth_id_token_fold(u_char c)
{
    c = ngx_tolower(c);

    return ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) ? c : '_';
}


static ngx_uint_t
ngx_http_auth_id_token_same_name(const ngx_str_t &a, const ngx_str_t &b)
{
    size_t  i;

    if (a.len != b.len) {
        return 0;
    }

    for (i = 0; i < a.len; i++) {
        if (ngx_http_auth_id_token_fold(a.data[i])
            != ngx_http_auth_id_token_fold(b.data[i]))
        {
            return 0;
        }
    }

    return 1;
}


/*
 * Headers that nginx itself reads, or that steer a connection or a gateway: a
 * claim has no place in them.
 */

static ngx_uint_t
ngx_http_auth_id_token_is_reserved(const ngx_str_t &name)
{
    ngx_uint_t          i;
    ngx_http_header_t  *h;

    static ngx_str_t  reserved[] = {
        ngx_string("Host"),
        ngx_string("Connection"),
        ngx_string("Content-Length"),
        ngx_string("Content-Type"),
        ngx_string("Transfer-Encoding"),
        ngx_string("TE"),
        ngx_string("Trailer"),
        ngx_string("Upgrade"),
        ngx_string("Expect"),
        ngx_string("Keep-Alive"),
        ngx_string("Proxy"),
        ngx_string("Proxy-Connection"),
        ngx_string("Proxy-Authorization"),
        ngx_string("HTTP2-Settings"),
        ngx_string("Authorization"),
        ngx_string("Cookie"),
        ngx_null_string
    };

    for (i = 0; reserved[i].len; i++) {
        if (ngx_http_auth_id_token_same_name(name, reserved[i])) {
            return 1;
        }
    }

    for (h = ngx_http_headers_in; h->name.len; h++) {
        if (ngx_http_auth_id_token_same_name(name, h->name)) {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_auth_id_token_is_field_name(const ngx_str_t &name)
{
    std::string_view  symbols("!#$%&'*+-.^_`|~");

    for (unsigned char c : ngx_http_auth_id_token_view(name)) {
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z')
            && !(c >= 'A' && c <= 'Z')
            && symbols.find(static_cast<char>(c)) == std::string_view::npos)
        {
            return 0;
        }
    }

    return name.len != 0;
}


/* auth_id_token_set_header HEADER CLAIM|$variable */

char *
ngx_http_auth_id_token_set_header(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf) noexcept
{
    ngx_str_t                          *value;
    ngx_http_auth_id_token_header_t    *header;
    ngx_http_auth_id_token_loc_conf_t  *lcf;

    lcf = static_cast<ngx_http_auth_id_token_loc_conf_t *>(conf);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (!ngx_http_auth_id_token_is_field_name(value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in \"auth_id_token_set_header\" is not the "
                           "name of a header",
                           &value[1]);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    if (ngx_http_auth_id_token_is_reserved(value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "header \"%V\" in \"auth_id_token_set_header\" "
                           "steers the connection or nginx itself and cannot "
                           "carry a claim",
                           &value[1]);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    if (lcf->headers == NULL) {
        lcf->headers = ngx_array_create(cf->pool, 4,
                                      sizeof(ngx_http_auth_id_token_header_t));
        if (lcf->headers == NULL) {
            return static_cast<char *>(NGX_CONF_ERROR);
        }

    } else if (ngx_http_auth_id_token_is_listed(lcf->headers, value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate header \"%V\" in "
                           "\"auth_id_token_set_header\"",
                           &value[1]);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    header = static_cast<ngx_http_auth_id_token_header_t *>(
                 ngx_array_push(lcf->headers));
    if (header == NULL) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    ngx_memzero(header, sizeof(ngx_http_auth_id_token_header_t));

    header->name = value[1];
    header->lowcase.len = value[1].len;
    header->lowcase.data = static_cast<u_char *>(
                               ngx_pnalloc(cf->pool, value[1].len));
    if (header->lowcase.data == NULL) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    header->hash = ngx_hash_strlow(header->lowcase.data, value[1].data,
                                   value[1].len);

    if (value[2].len > 1 && value[2].data[0] == '$') {
        header->variable = ngx_http_auth_id_token_compile(cf, &value[2]);
        return (header->variable != NULL) ? NGX_CONF_OK
                                          : static_cast<char *>(NGX_CONF_ERROR);
    }

    if (ngx_http_auth_id_token_claim_slot(cf, &value[2], &header->slot)
        != NGX_OK)
    {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    return NGX_CONF_OK;
}


/* inherited headers stay in effect, but for those that are set again */

ngx_int_t
ngx_http_auth_id_token_merge_headers(ngx_conf_t *cf,
    ngx_http_auth_id_token_loc_conf_t *prev,
    ngx_http_auth_id_token_loc_conf_t *conf) noexcept
{
    ngx_uint_t                        i;
    ngx_http_auth_id_token_header_t  *header, *copy;

    if (prev->headers == NULL) {
        return NGX_OK;
    }

    if (conf->headers == NULL) {
        conf->headers = prev->headers;
        return NGX_OK;
    }

    header = static_cast<ngx_http_auth_id_token_header_t *>(
                 prev->headers->elts);

    for (i = 0; i < prev->headers->nelts; i++) {

        if (ngx_http_auth_id_token_is_listed(conf->headers, header[i].name)) {
            continue;
        }

        copy = static_cast<ngx_http_auth_id_token_header_t *>(
                   ngx_array_push(conf->headers));
        if (copy == NULL) {
            return NGX_ERROR;
        }

        *copy = header[i];
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_auth_id_token_is_listed(ngx_array_t *headers, const ngx_str_t &key)
{
    ngx_uint_t                        i;
    ngx_http_auth_id_token_header_t  *header;

    if (headers == NULL) {
        return 0;
    }

    header = static_cast<ngx_http_auth_id_token_header_t *>(headers->elts);

    for (i = 0; i < headers->nelts; i++) {
        if (ngx_http_auth_id_token_same_name(header[i].name, key)) {
            return 1;
        }
    }

    return 0;
}


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


/* the token is still needed for a verdict in another location */

static ngx_int_t
ngx_http_auth_id_token_keep_presented(ngx_http_request_t *r,
    ngx_http_auth_id_token_ctx_t *ctx)
{
    ngx_http_auth_id_token_presented_t  *presented;

    if (ngx_http_auth_id_token_get_presented(r) != NULL) {
        return NGX_OK;
    }

    presented = static_cast<ngx_http_auth_id_token_presented_t *>(
        ngx_pcalloc(r->pool, sizeof(ngx_http_auth_id_token_presented_t)));
    if (presented == NULL) {
        return NGX_ERROR;
    }

    if (r->headers_in.authorization != NULL) {
        presented->authorization = r->headers_in.authorization->value;
    }

    presented->cookies = ngx_http_auth_id_token_cookie_lines(r,
                                                        &presented->ncookies);
    if (presented->cookies == NULL && presented->ncookies != 0) {
        return NGX_ERROR;
    }

    ctx->presented = presented;

    return NGX_OK;
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


static void
ngx_http_auth_id_token_reset_cookies(ngx_http_request_t *r)
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

static ngx_int_t
ngx_http_auth_id_token_point_at_cookie(ngx_http_request_t *r,
    ngx_table_elt_t *h)
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


static ngx_uint_t
ngx_http_auth_id_token_is_cookie(ngx_table_elt_t *h)
{
    return h->key.len == sizeof("cookie") - 1
           && ngx_strncmp(h->lowcase_key, "cookie", sizeof("cookie") - 1) == 0;
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

    return NGX_OK;
}


/*
 * Whether the whole header goes. A Cookie header keeps its other cookies: then
 * *value is a copy without ours. A NULL in value->data: out of memory.
 */

static ngx_uint_t
ngx_http_auth_id_token_is_stripped(ngx_http_auth_id_token_loc_conf_t *conf,
    ngx_table_elt_t *h, ngx_str_t *value, ngx_pool_t *pool)
{
    u_char                           *p;
    ngx_uint_t                        i, ours, found;
    std::string_view                  rest;
    ngx_http_auth_id_token_source_t  *sources;

    sources = static_cast<ngx_http_auth_id_token_source_t *>(
                  conf->sources->elts);

    if (h->key.len == sizeof("authorization") - 1
        && ngx_strncmp(h->lowcase_key, "authorization", h->key.len) == 0)
    {
        for (i = 0; i < conf->sources->nelts; i++) {
            if (sources[i].cookie.len == 0) {
                return id_token::is_bearer(
                           ngx_http_auth_id_token_view(h->value));
            }
        }

        return 0;
    }

    if (!ngx_http_auth_id_token_is_cookie(h)) {
        return 0;
    }

    /* what is kept is kept as it came, so that it is never longer */

    value->data = static_cast<u_char *>(ngx_pnalloc(pool, h->value.len + 1));
    if (value->data == NULL) {
        return 1;
    }

    p = value->data;
    found = 0;
    rest = ngx_http_auth_id_token_view(h->value);

    while (!rest.empty()) {
        std::string_view  piece = rest.substr(0, rest.find(';'));
        std::string_view  scan = piece;

        rest.remove_prefix(ngx_min(piece.size() + 1, rest.size()));

        auto  pair = id_token::next_cookie(scan);
        ours = 0;

        for (i = 0; pair && i < conf->sources->nelts; i++) {
            if (sources[i].cookie.len != 0
                && ngx_http_auth_id_token_is_token_cookie(pair->name,
                       ngx_http_auth_id_token_view(sources[i].cookie)))
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
                || !ngx_http_auth_id_token_is_printable(
                        ngx_http_auth_id_token_view(text)))
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

        h = static_cast<ngx_table_elt_t *>(ngx_list_push(list));
        if (h == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));

        h->hash = header[i].hash;
        h->key = header[i].name;
        h->lowcase_key = header[i].lowcase.data;
        h->value = text;
    }

    return NGX_OK;
}
