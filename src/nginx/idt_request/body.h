/* Requests with a body, for content handlers. */

#ifndef IDT_REQUEST_BODY_H
#define IDT_REQUEST_BODY_H

#include "idt_glue/shared.h"


namespace id_token::nginx {


/*
 * Reads the body of r, and calls `take` with it; with NULL if it is longer
 * than `limit` bytes. What that returns, r is finalized with, but for
 * NGX_AGAIN: it waits, and the content handler will be called again. It may
 * throw.
 */

ngx_int_t receive_body(ngx_http_request_t *r, size_t limit, body_pt take)
    noexcept;

/* what a content handler returns for a request that waits by NGX_AGAIN */
ngx_int_t stay(ngx_http_request_t *r, ngx_int_t rc) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_REQUEST_BODY_H */
