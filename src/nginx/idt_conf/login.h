/* The directives of logins in http, server and location. */

#ifndef IDT_CONF_LOGIN_H
#define IDT_CONF_LOGIN_H

#include "idt_conf/directives.h"


namespace id_token::nginx {


char *login_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *login(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *login_parameter(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *login_renew(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* id_token_callback and its kind: a location with a handler */
char *login_place(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *login_identity(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

void create_login_conf(login_conf_t *login);

/* NGX_ERROR: logged */
ngx_int_t merge_login(ngx_conf_t *cf, loc_conf_t *prev, loc_conf_t *conf);

/* postconfiguration: what fits only together; the keys */
ngx_int_t check_logins(ngx_conf_t *cf);


}  // namespace id_token::nginx

#endif /* IDT_CONF_LOGIN_H */
