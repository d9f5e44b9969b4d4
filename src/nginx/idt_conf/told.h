/*
 * What looks like a guard and is none: told when the configuration has been
 * read, since a location may be guarded by a line that comes later.
 */

#ifndef ID_TOKEN_NGINX_TOLD_H
#define ID_TOKEN_NGINX_TOLD_H

#include "idt_conf/directives.h"


namespace id_token::nginx {


/*
 * Notes that the directive that is being read stands in `conf`. `is_rule`: it
 * refuses requests, and not to be in effect is an error. NGX_ERROR: no memory.
 */
ngx_int_t note_directive(ngx_conf_t *cf, loc_conf_t *conf, bool is_rule);

/* as the post handler of ngx_conf_set_flag_slot: notes it if it is on */
char *note_strip(ngx_conf_t *cf, void *post, void *data);

/* the end of a merge: `conf` is complete and lies in `parent` */
ngx_int_t note_location(ngx_conf_t *cf, loc_conf_t *parent, loc_conf_t *conf);

/* postconfiguration; NGX_ERROR: [emerg] has been logged */
ngx_int_t tell(ngx_conf_t *cf);


}  // namespace id_token::nginx


#endif /* ID_TOKEN_NGINX_TOLD_H */
