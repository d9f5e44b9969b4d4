/* Headers for the upstream: what the files that make and remove them share. */

#ifndef IDT_UPSTREAM_UPSTREAM_H
#define IDT_UPSTREAM_UPSTREAM_H

#include "idt_request/presented.h"
#include "idt_token/spelling.h"


namespace id_token::nginx {


/* upstream.cc: a phase handler */

ngx_int_t precontent_handler(ngx_http_request_t *r);


struct header_s {
    ngx_str_t                  name;
    u_char                    *lowcase_key;
    ngx_uint_t                 hash;
    ngx_http_complex_value_t  *variable;   /* NULL: a claim */
    ngx_uint_t                 slot;
    Encoding                   encoding;
    ngx_str_t                  join;       /* empty: not joined */
};


/* header_names.cc: whether `name` may pass for `ours`, in any spelling */

bool same_name(const ngx_str_t &ours, const ngx_str_t &name) noexcept;

/* RFC 9110 5.1 */
ngx_uint_t is_field_name(const ngx_str_t &name) noexcept;

/* whether it steers the connection or nginx itself */
ngx_uint_t is_reserved(const ngx_str_t &name) noexcept;

/* whether one of the headers is this one */

ngx_uint_t is_listed(ngx_array_t *headers, const ngx_str_t &key) noexcept;

/* strip.cc */

/* what stays of the tokens: nothing, or the one that counts */

struct removal {
    const loc_conf_t           *conf;
    const main_conf_t          *login;      /* NULL: leave what logins keep */
    bool                        tokens;     /* remove tokens */
    ngx_pool_t                 *pool;
    std::string_view            keep;       /* the token */
    std::vector<const char *>   pieces;     /* where those of it begin */
    bool                        keep_unproven = false;
};

/* both may throw std::bad_alloc; before the cookies are reset */
void plan_removal(ngx_http_request_t *r, const loc_conf_t *conf,
    const ctx_t *ctx, removal &plan);

/*
 * Whether the whole header goes. A Cookie header keeps its other cookies: then
 * *value is a copy without ours.
 */
bool remove_from(const removal &plan, ngx_table_elt_t *h, ngx_str_t *value);

/* what a login keeps in the browser is for us alone */
bool holds_login_cookies(ngx_http_request_t *r, const loc_conf_t *conf)
    noexcept;

ngx_uint_t is_cookie(ngx_table_elt_t *h) noexcept;
void reset_cookies(ngx_http_request_t *r) noexcept;
ngx_int_t point_at_cookie(ngx_http_request_t *r, ngx_table_elt_t *h) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_UPSTREAM_UPSTREAM_H */
