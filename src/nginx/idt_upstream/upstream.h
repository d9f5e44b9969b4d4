/* Headers for the upstream: what the files that make and remove them share. */

#ifndef IDT_UPSTREAM_UPSTREAM_H
#define IDT_UPSTREAM_UPSTREAM_H

#include "idt_glue/shared.h"


namespace id_token::nginx {


struct header_s {
    ngx_str_t                  name;
    u_char                    *lowcase_key;
    ngx_uint_t                 hash;
    ngx_http_complex_value_t  *variable;   /* NULL: a claim */
    ngx_uint_t                 slot;
};


/* set_header.cc: whether one of the headers is this one, in any spelling */

ngx_uint_t is_listed(ngx_array_t *headers, const ngx_str_t &key) noexcept;

/* strip.cc */

ngx_int_t keep_presented(ngx_http_request_t *r, ctx_t *ctx) noexcept;

/*
 * Whether the whole header goes. A Cookie header keeps its other cookies: then
 * *value is a copy without ours. A NULL in value->data: out of memory.
 */
ngx_uint_t is_stripped(loc_conf_t *conf, ngx_table_elt_t *h, ngx_str_t *value,
    ngx_pool_t *pool) noexcept;

ngx_uint_t is_cookie(ngx_table_elt_t *h) noexcept;
void reset_cookies(ngx_http_request_t *r) noexcept;
ngx_int_t point_at_cookie(ngx_http_request_t *r, ngx_table_elt_t *h) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_UPSTREAM_UPSTREAM_H */
