/* The directives, and what becomes of them when all has been read. */

#ifndef IDT_CONF_DIRECTIVES_H
#define IDT_CONF_DIRECTIVES_H

#include "idt_request/location.h"


namespace id_token::nginx {


/* location.cc */

void *create_main_conf(ngx_conf_t *cf);
char *init_main_conf(ngx_conf_t *cf, void *conf);
void *create_loc_conf(ngx_conf_t *cf);
char *merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);

/* what there is to choose from, for messages */
std::string known_providers(ngx_conf_t *cf);

char *auth_id_token(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *source(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* words.cc */

extern ngx_conf_enum_t  modes[];
extern ngx_conf_enum_t  preflights[];
extern ngx_conf_enum_t  log_levels[];

/* as ngx_conf_set_enum_slot, but that it says what there is to choose from */
char *set_enum(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* the word for a message: a user name and a password in it are no part */
ngx_str_t shown(ngx_conf_t *cf, const ngx_str_t &word);

/* logs what is wrong with a word of the directive: an error for nginx */
char *refuse(ngx_conf_t *cf, const char *directive, const char *why,
    const ngx_str_t &word);

/* warns of words with a "$" that was meant as a variable */
void warn_literal(ngx_conf_t *cf);

/* a directive's value with its variables; NULL: logged */
ngx_http_complex_value_t *compile(ngx_conf_t *cf, ngx_str_t *value);

/* a new array: a, then b; NULL: out of memory */
ngx_array_t *concat(ngx_conf_t *cf, ngx_array_t *a, ngx_array_t *b);

/* provider.cc */

char *provider(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* assertion.cc */

char *assertion(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *assertion_jwks(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t merge_assertion_jwks(ngx_conf_t *cf, assertion_jwks_t *prev,
    assertion_jwks_t *conf);

/* what can be judged only when all has been read */
ngx_int_t check_assertions(ngx_conf_t *cf);

/* require.cc */

char *require(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t merge_rules(ngx_conf_t *cf, loc_conf_t *prev, loc_conf_t *conf);

/* set_header.cc */

char *set_header(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t merge_headers(ngx_conf_t *cf, loc_conf_t *prev, loc_conf_t *conf);

/* status.cc */

char *status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* revocations.cc */

char *revocations(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* postconfiguration: the zone, if some directive may revoke */
ngx_int_t init_revocations(ngx_conf_t *cf);

/* browser.cc */

char *csrf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *nonce(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* claim_slots.cc */

ngx_int_t init_variables(ngx_cycle_t *cycle) noexcept;
char *claim_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* the slot of a claim named in a directive; NGX_ERROR: logged */
ngx_int_t claim_slot(ngx_conf_t *cf, ngx_str_t *word, ngx_uint_t *slot);

/* the number of the slot that holds this claim */
ngx_uint_t slot_of(main_conf_t *mcf, const ClaimPath &path);


}  // namespace id_token::nginx

#endif /* IDT_CONF_DIRECTIVES_H */
