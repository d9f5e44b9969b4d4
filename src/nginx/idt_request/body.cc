/* The body of a request, whole: for forms and small documents. */

#include "idt_request/body.h"


namespace id_token::nginx {


ngx_int_t
stay(ngx_http_request_t *r, ngx_int_t rc) noexcept
{
    if (rc == NGX_AGAIN) {
        r->main->count++;
        return NGX_DONE;
    }

    return rc;
}


/*
 * A body may lie in a file: nginx's buffer is smaller than ours. NGX_DECLINED:
 * it is too long.
 */

static ngx_int_t
read_body(ngx_http_request_t *r, size_t limit, std::string *out)
{
    ssize_t       n;
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    if (r->request_body == NULL) {
        return NGX_OK;
    }

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;

        if (out->size() + static_cast<size_t>(ngx_buf_size(b)) > limit) {
            return NGX_DECLINED;
        }

        if (!b->in_file) {
            out->append(reinterpret_cast<char *>(b->pos), b->last - b->pos);
            continue;
        }

        std::string  part(b->file_last - b->file_pos, '\0');

        n = ngx_read_file(b->file, reinterpret_cast<u_char *>(part.data()),
                          part.size(), b->file_pos);

        if (n != static_cast<ssize_t>(part.size())) {
            return NGX_ERROR;
        }

        out->append(part);
    }

    return NGX_OK;
}


static ngx_int_t
hand_over(ngx_http_request_t *r, ctx_t *ctx, const std::string *body) noexcept
{
    try {
        return ctx->take_body(r, body);

    } catch (...) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static void
body_handler(ngx_http_request_t *r)
{
    ctx_t        *ctx;
    ngx_int_t     rc;
    std::string   body;

    ctx = get_ctx(r);

    try {
        rc = read_body(r, ctx->body_limit, &body);

    } catch (...) {
        rc = NGX_ERROR;
    }

    rc = (rc == NGX_ERROR)
         ? NGX_HTTP_INTERNAL_SERVER_ERROR
         : hand_over(r, ctx, rc == NGX_OK ? &body : NULL);

    if (rc != NGX_AGAIN) {
        ngx_http_finalize_request(r, rc);
    }
}


ngx_int_t
receive_body(ngx_http_request_t *r, size_t limit, body_pt take) noexcept
{
    ctx_t      *ctx;
    ngx_int_t   rc;

    ctx = make_ctx(r);
    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->take_body = take;
    ctx->body_limit = limit;

    if (r->headers_in.content_length_n > static_cast<off_t>(limit)) {
        return hand_over(r, ctx, NULL);
    }

    rc = ngx_http_read_client_request_body(r, body_handler);

    return (rc >= NGX_HTTP_SPECIAL_RESPONSE) ? rc : NGX_DONE;
}


}  // namespace id_token::nginx
