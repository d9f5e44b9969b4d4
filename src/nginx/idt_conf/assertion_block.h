/* The block id_token_assertion while it is read, and its setters. */

#ifndef IDT_CONF_ASSERTION_BLOCK_H
#define IDT_CONF_ASSERTION_BLOCK_H

#include "idt_conf/block.h"


namespace id_token::nginx {


/* what has been read so far */

typedef struct {
    assertion_t  *assertion;
    ngx_str_t     key;
    ngx_str_t     issuer;
    ngx_str_t     audience;
    ngx_array_t  *claims;
    time_t        lifetime;
} assertion_block_t;


/* setters: see block.h */

char *assertion_set_key(ngx_conf_t *cf, assertion_block_t &block);
char *assertion_set_issuer(ngx_conf_t *cf, assertion_block_t &block);
char *assertion_set_claims(ngx_conf_t *cf, assertion_block_t &block);
char *assertion_set_lifetime(ngx_conf_t *cf, time_t &field);


}  // namespace id_token::nginx

#endif /* IDT_CONF_ASSERTION_BLOCK_H */
