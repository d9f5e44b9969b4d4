/* The words of the block id_token_provider that are about logins. */

#ifndef IDT_CONF_LOGIN_BLOCK_H
#define IDT_CONF_LOGIN_BLOCK_H

#include "idt_conf/directives.h"


namespace id_token::nginx {


struct block_s;


/* what has been read so far */

typedef struct {
    ngx_str_t        redirect_uri;
    ngx_str_t        scope;
    ngx_str_t        authorization_endpoint;
    ngx_str_t        token_endpoint;
    ngx_str_t        end_session_endpoint;
    ngx_str_t        post_logout;
    ngx_str_t        response_type;
    ngx_str_t        logout_hint;
    ngx_str_t        auth;           /* the kind of client_auth */
    ngx_str_t        auth_file;
    ngx_array_t     *parameters;     /* login_parameter_t */
    const char      *word;           /* one that needs redirect_uri */
} login_block_t;


/* setters: see block.h */

char *set_place(ngx_conf_t *cf, ngx_str_t &field);
char *set_login_url(ngx_conf_t *cf, ngx_str_t &field);
char *set_response_type(ngx_conf_t *cf, ngx_str_t &field);
char *set_logout_hint(ngx_conf_t *cf, ngx_str_t &field);
char *set_scope(ngx_conf_t *cf, ngx_str_t &field);
char *set_client_auth(ngx_conf_t *cf, struct block_s &block);

/* NAME VALUE, at the end of a list */
char *push_parameter(ngx_conf_t *cf, ngx_array_t *&list);

/* client_auth.cc; reads the files. May throw std::bad_alloc */
char *finish_client_auth(ngx_conf_t *cf, struct block_s *block,
    login_provider_t *login);

/* the provider's logins, if it has any; may throw std::bad_alloc */
char *finish_login(ngx_conf_t *cf, struct block_s *block, provider_t *provider);


}  // namespace id_token::nginx

#endif /* IDT_CONF_LOGIN_BLOCK_H */
