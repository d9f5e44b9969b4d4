/* The block id_token_assertion while it is read, and its setters. */

#ifndef IDT_CONF_ASSERTION_BLOCK_H
#define IDT_CONF_ASSERTION_BLOCK_H

#include "idt_conf/block.h"


/* what has been read so far */

typedef struct {
    ngx_http_auth_id_token_assertion_t    *assertion;
    ngx_str_t                              key;
    ngx_str_t                              issuer;
    ngx_str_t                              audience;
    ngx_array_t                           *claims;
    time_t                                 lifetime;
} ngx_http_auth_id_token_assertion_block_t;


/*
 * What they return is put between the directive's name and its last argument.
 * They may throw std::bad_alloc.
 */

char *ngx_http_auth_id_token_assertion_set_key(ngx_conf_t *cf,
    ngx_http_auth_id_token_assertion_block_t *block);
char *ngx_http_auth_id_token_assertion_set_issuer(ngx_conf_t *cf,
    ngx_http_auth_id_token_assertion_block_t *block);
char *ngx_http_auth_id_token_assertion_set_audience(ngx_conf_t *cf,
    ngx_http_auth_id_token_assertion_block_t *block);
char *ngx_http_auth_id_token_assertion_set_claims(ngx_conf_t *cf,
    ngx_http_auth_id_token_assertion_block_t *block);
char *ngx_http_auth_id_token_assertion_set_lifetime(ngx_conf_t *cf,
    ngx_http_auth_id_token_assertion_block_t *block);


#endif /* IDT_CONF_ASSERTION_BLOCK_H */
