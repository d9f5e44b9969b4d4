/* The block id_token_provider while it is read, and its setters. */

#ifndef IDT_CONF_BLOCK_H
#define IDT_CONF_BLOCK_H

#include "idt_conf/login_block.h"


namespace id_token::nginx {


/* what has been read so far; becomes a provider at the closing brace */

typedef struct block_s {
    ngx_str_t          name;
    ngx_str_t          issuer;
    ngx_str_t          client_id;
    ngx_str_t          jwks_file;
    ngx_array_t       *algorithms;
    ngx_array_t       *trusted_audiences;
    ngx_array_t       *authorized_parties;
    time_t             leeway;
    time_t             max_age;
    time_t             max_auth_age;
    key_source_conf_t  keys;
    login_block_t      login;
    const char        *remote;  /* a word for a URL */
} block_t;


#define DUPLICATE                                                             \
    const_cast<char *>("is duplicate, near")


/* include FILE, for which nginx does not count here */
char *include(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Setters: `field` is the place in the block. What they return is put between
 * the directive's name and its last argument.
 */

char *set_str(ngx_conf_t *cf, block_t *block, void *field);
char *set_name(ngx_conf_t *cf, block_t *block, void *field);
char *set_file(ngx_conf_t *cf, block_t *block, void *field);
char *set_leeway(ngx_conf_t *cf, block_t *block, void *field);
char *set_positive_sec(ngx_conf_t *cf, block_t *block, void *field);
char *set_positive_msec(ngx_conf_t *cf, block_t *block, void *field);
char *set_size(ngx_conf_t *cf, block_t *block, void *field);
char *set_depth(ngx_conf_t *cf, block_t *block, void *field);
char *set_list(ngx_conf_t *cf, block_t *block, void *field);
char *set_names(ngx_conf_t *cf, block_t *block, void *field);
char *set_audiences(ngx_conf_t *cf, block_t *block, void *field);
char *set_jwks_uri(ngx_conf_t *cf, block_t *block, void *field);
char *set_jwks_header(ngx_conf_t *cf, block_t *block, void *field);
char *set_proxy(ngx_conf_t *cf, block_t *block, void *field);
char *set_state(ngx_conf_t *cf, block_t *block, void *field);


}  // namespace id_token::nginx

#endif /* IDT_CONF_BLOCK_H */
