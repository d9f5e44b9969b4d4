/*
 * What the upstream gets and what it does not. Done in PRECONTENT, whoever let
 * the request in.
 *
 * The list of request headers is built anew, since the elements of the old one
 * are pointed at from many places and a subrequest shares it with its parent.
 */

#include "idt_upstream/upstream.h"

#include "idt_base/ascii.h"


namespace id_token::nginx {


static ngx_int_t rebuild(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx,
    bool taken, bool ours);
static void forget_headers(ngx_http_request_t *r);
static ngx_int_t add_headers(ngx_http_request_t *r, loc_conf_t *conf,
    ctx_t *ctx, ngx_list_t *list);


/* auth_id_token_set_header may delete what a token came with */

static bool
has_header_sources(ngx_http_request_t *r)
{
    main_conf_t  *mcf;

    mcf = main_conf(r);

    return !mcf->source_headers.empty();
}


ngx_int_t
precontent_handler(ngx_http_request_t *r)
{
    bool         taken, ours;
    ctx_t       *ctx;
    loc_conf_t  *conf;

    conf = loc_conf(r);

    ctx = conf->enable ? peek(r) : get_ctx(r);

    if (ctx != NULL && conf->enable && ctx->judged) {
        ctx->refused = Error::ok;    /* another module let it in */
    }

    taken = conf->strip || (conf->enable && ctx != NULL && ctx->discard);

    ours = holds_login_cookies(r, conf);

    if (conf->headers == NULL && !taken && !ours
        && (ctx == NULL || ctx->headers == NULL))
    {
        return NGX_DECLINED;
    }

    ctx = make_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    std::unique_ptr<presented>  kept;

    if (taken || ours || has_header_sources(r)) {
        kept = keep_original(r, conf);
    }

    if (rebuild(r, conf, ctx, taken, ours) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (kept) {
        keep_left(r, *kept);
        ctx->kept = std::move(kept);
    }

    return NGX_DECLINED;
}


/* what is neither set anew nor taken out goes into the new list */

static ngx_int_t
keep_header(ngx_http_request_t *r, const removal &plan, ctx_t *ctx,
    ngx_list_t *list, ngx_table_elt_t *h)
{
    bool              removes;
    ngx_str_t         value;
    ngx_table_elt_t  *copy;

    if (is_listed(plan.conf->headers, h->key)
        || is_listed(ctx->headers, h->key))
    {
        return NGX_OK;
    }

    value = h->value;
    removes = plan.tokens || plan.login != NULL;

    if (removes && remove_from(plan, h, &value)) {
        if (h == r->headers_in.authorization) {
            r->headers_in.authorization = NULL;
        }

        return NGX_OK;
    }

    copy = static_cast<ngx_table_elt_t *>(ngx_list_push(list));
    if (copy == NULL) {
        return NGX_ERROR;
    }

    *copy = *h;
    copy->value = value;

    if (removes && is_cookie(h)) {
        return point_at_cookie(r, copy);
    }

    if (h == r->headers_in.authorization) {
        r->headers_in.authorization = copy;
    }

    return NGX_OK;
}


static ngx_int_t
rebuild(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx,
    bool taken, bool ours)
{
    ngx_int_t    rc;
    ngx_uint_t   n;
    ngx_list_t   list;
    removal      plan{};

    n = (conf->headers != NULL) ? conf->headers->nelts : 0;

    (void) each_header(r, [&n](ngx_table_elt_t *) {
        n++;
        return NGX_OK;
    });

    /* room for all in one part, and for those that other modules add */

    if (ngx_list_init(&list, r->pool, n + 4, sizeof(ngx_table_elt_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    plan.conf = conf;
    plan.pool = r->pool;
    plan.tokens = taken;
    plan.login = ours ? main_conf(r) : NULL;

    if (taken) {
        plan_removal(r, conf, ctx, plan);
    }

    if (taken || ours) {
        reset_cookies(r);
    }

    rc = each_header(r, [&](ngx_table_elt_t *h) {
        return keep_header(r, plan, ctx, &list, h);
    });

    if (rc != NGX_OK || add_headers(r, conf, ctx, &list) != NGX_OK) {
        return NGX_ERROR;
    }

    r->headers_in.headers = list;
    r->headers_in.headers.last = &r->headers_in.headers.part;

    ctx->headers = conf->headers;

    forget_headers(r);

    return NGX_OK;
}


/* what variables have shown of the former list, as to "if" or limit_req */

static void
forget_headers(ngx_http_request_t *r)
{
    main_conf_t  *mcf;

    mcf = main_conf(r);

    for (ngx_uint_t i : mcf->header_variables) {
        r->variables[i].valid = 0;
        r->variables[i].not_found = 0;
    }
}


static std::optional<std::string_view>
copy_text(ngx_http_request_t *r, const std::optional<std::string> &text)
{
    ngx_str_t  copy;

    if (!text) {
        return std::nullopt;
    }

    copy = copied(r->pool, *text);
    if (copy.data == NULL) {
        throw std::bad_alloc();
    }

    return view(copy);
}


static std::optional<std::string_view>
encode(ngx_http_request_t *r, const header_t &header, std::string_view text)
{
    if (header.encoding != Encoding::plain) {
        return copy_text(r, header_text(text, header.encoding));
    }

    return is_exact_value(text) ? std::optional(text) : std::nullopt;
}


/* what the header says, or nothing where it would not be exact */

static std::optional<std::string_view>
header_value(ngx_http_request_t *r, const header_t &header, ctx_t *proven)
{
    ngx_str_t   text;
    ClaimValue  value;

    if (header.variable != NULL) {
        if (ngx_http_complex_value(r, header.variable, &text) != NGX_OK) {
            throw std::bad_alloc();
        }

        if (text.len == 0) {
            return std::nullopt;
        }

        return encode(r, header, view(text));
    }

    value = proven->token->slot(header.slot);

    if (header.join.len == 0) {
        return value.printable() ? encode(r, header, value.text())
                                 : std::nullopt;
    }

    auto  joined = join_elements(value, view(header.join));

    return joined ? copy_text(r, header_text(*joined, header.encoding))
                  : std::nullopt;
}


static ngx_int_t
add_headers(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx,
    ngx_list_t *list)
{
    ctx_t            *proven;
    ngx_table_elt_t  *h;

    if (conf->headers == NULL) {
        return NGX_OK;
    }

    proven = proven_ctx(r);
    if (proven == NULL) {
        return NGX_OK;
    }

    for (header_t &header : items<header_t>(conf->headers)) {

        auto  text = header_value(r, header, proven);
        if (!text) {
            continue;
        }

        h = static_cast<ngx_table_elt_t *>(ngx_list_push(list));
        if (h == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));

        h->hash = header.hash;
        h->key = header.name;
        h->lowcase_key = header.lowcase_key;
        h->value = str(*text);
    }

    return NGX_OK;
}


}  // namespace id_token::nginx
