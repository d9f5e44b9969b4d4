/* The signed identity for upstreams: the block, its variable, its key set. */

#ifndef IDT_SHOW_ASSERTION_H
#define IDT_SHOW_ASSERTION_H

#include <optional>

#include "idt_mint/assertion.h"


namespace id_token::nginx {


/* complete, or the configuration is refused */

typedef struct {
    ngx_str_t                    name;
    ngx_uint_t                   index;   /* beside a proven token */
    std::optional<AssertionKey>  key;
    AssertionPolicy              policy;
    ngx_str_t                    file;    /* where the block is */
    ngx_uint_t                   line;
} assertion_t;


/* id_token_assertion_jwks; its name may stand before the block */

typedef struct {
    ngx_str_t     name;
    ngx_str_t     file;
    ngx_uint_t    line;
    assertion_t  *assertion;
} assertion_jwks_t;


#define ASSERTION_PREFIX  "id_token_assertion_"


/* assertion.cc */

char *assertion(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;
char *assertion_jwks(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept;
ngx_int_t merge_assertion_jwks(ngx_conf_t *cf, assertion_jwks_t *prev,
    assertion_jwks_t *conf) noexcept;

/* what can be judged only when all has been read */
ngx_int_t check_assertions(ngx_conf_t *cf) noexcept;

/* assertion.cc */

ngx_int_t add_assertion_variable(ngx_conf_t *cf) noexcept;
ngx_int_t assertion_jwks_handler(ngx_http_request_t *r) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_SHOW_ASSERTION_H */
