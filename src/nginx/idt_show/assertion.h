/* The signed identity for upstreams: the block, its variable, its key set. */

#ifndef IDT_SHOW_ASSERTION_H
#define IDT_SHOW_ASSERTION_H

#include "idt_glue/ngx.h"

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


struct main_conf_s;

/* assertion.cc; NULL: there is none of this name */

assertion_t *find_assertion(const struct main_conf_s *mcf,
    std::string_view name) noexcept;

ngx_int_t add_assertion_variable(ngx_conf_t *cf);
ngx_int_t assertion_jwks_handler(ngx_http_request_t *r);


}  // namespace id_token::nginx

#endif /* IDT_SHOW_ASSERTION_H */
