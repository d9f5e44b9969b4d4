/* The pages of ours, and the log lines of logins. */

#include "idt_session/session.h"

#include "idt_count/count.h"
#include "idt_login/pages.h"


namespace id_token::nginx {


#define RETRY_AFTER  "5"


static bool
has_error_page(ngx_http_request_t *r, int status)
{
    ngx_uint_t                 i;
    ngx_http_err_page_t       *page;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = core_loc_conf(r);

    if (r->error_page || clcf->error_pages == NULL) {
        return false;
    }

    page = static_cast<ngx_http_err_page_t *>(clcf->error_pages->elts);

    for (i = 0; i < clcf->error_pages->nelts; i++) {
        if (page[i].status == status) {
            return true;
        }
    }

    return false;
}


/* nothing of it may be framed, or fetch anything */

static ngx_int_t
add_page_headers(ngx_http_request_t *r, int status)
{
    if (forbid_caching(r) != NGX_OK
        || add_header(r, "Referrer-Policy", "no-referrer") != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (status == NGX_HTTP_SERVICE_UNAVAILABLE
        && add_header(r, "Retry-After", RETRY_AFTER) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
send_text(ngx_http_request_t *r, ngx_uint_t status, ngx_str_t *type,
    std::string_view text) noexcept
{
    ngx_http_complex_value_t  body;

    ngx_memzero(&body, sizeof(ngx_http_complex_value_t));

    body.value.data = static_cast<u_char *>(
                          ngx_pnalloc(r->pool, text.size() + 1));
    if (body.value.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(body.value.data, text.data(), text.size());
    body.value.len = text.size();

    return ngx_http_send_response(r, status, type, &body);
}


ngx_int_t
send_page(ngx_http_request_t *r, Page page, std::string_view code) noexcept
{
    int                       status;
    std::string               html;

    static ngx_str_t  type = ngx_string("text/html; charset=utf-8");

    status = page_status(page);

    if (add_page_headers(r, status) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (status >= NGX_HTTP_BAD_REQUEST && has_error_page(r, status)) {
        return status;
    }

    if (add_header(r, "Content-Security-Policy",
                   "default-src 'none'; frame-ancestors 'none'")
        != NGX_OK
        || add_header(r, "X-Frame-Options", "DENY") != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    try {
        html = page_html(page, code);

    } catch (...) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return send_text(r, status, &type, html);
}


ngx_int_t
login_failed(ngx_http_request_t *r, provider_t *provider, LoginError error,
    std::string_view detail) noexcept
{
    ctx_t                *ctx;
    const LoginErrorRow  *row;

    row = &login_error_row(error);
    ctx = make_ctx(r);

    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->login_said = row->name;
    count_login_result(provider, error);

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "id_token login failed, %*s: %*s%s%*s, provider \"%V\"",
                  row->name.size(), row->name.data(),
                  row->text.size(), row->text.data(),
                  detail.empty() ? "" : ": ",
                  detail.size(), detail.data(), &provider->name);

    return send_page(r, row->page, detail);
}


void
login_did(ngx_http_request_t *r, provider_t *provider, const char *what,
    std::string_view why) noexcept
{
    ctx_t  *ctx;

    ctx = get_ctx(r);

    if (ctx != NULL) {
        ctx->login_said = what;
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "id_token login %s%s%*s, provider \"%V\"",
                  what, why.empty() ? "" : ": ", why.size(), why.data(),
                  &provider->name);
}


}  // namespace id_token::nginx
