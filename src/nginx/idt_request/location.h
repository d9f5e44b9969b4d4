/* What the configuration says: of a provider, of http, of a location. */

#ifndef IDT_REQUEST_LOCATION_H
#define IDT_REQUEST_LOCATION_H

#include "idt_glue/ngx.h"

#include <unordered_map>
#include <vector>

#include "idt_metrics/counters.h"
#include "idt_token/candidates.h"
#include "idt_token/origin.h"
#include "idt_token/validator.h"

#include "idt_show/assertion.h"
#include "idt_source/source.h"
#include "idt_revoked/revocations.h"
#include "idt_session/types.h"


namespace id_token::nginx {


/* A provider is atomic: complete, or the configuration is refused. */

typedef struct provider_s {
    ngx_str_t          name;
    Policy             policy;
    key_source_t      *keys;
    login_provider_t  *login;     /* NULL: nobody logs in there */
    ProviderCounters  *counters;  /* NULL: nobody looks at them */
    RevocationDigest   digest;    /* what logouts call it */
    unsigned           used:1;    /* some location names it */
} provider_t;


/* where a token may be presented */

typedef struct carrier_s {
    Carrier    carrier;
    ngx_str_t  value;    /* the cookie's name, or the header's in lower case */
    ngx_str_t  name;     /* as configured */
    unsigned   bound:1;  /* to the browser, by the cookie NAME-r */
} carrier_t;


typedef struct loc_conf_s  loc_conf_t;


/* a directive that stands somewhere, and where */

typedef struct {
    loc_conf_t  *conf;
    ngx_str_t    directive;
    ngx_str_t    file;
    ngx_uint_t   line;
    bool         is_rule;    /* it refuses requests */
} written_t;


typedef struct main_conf_s {
    std::unordered_map<std::string_view, provider_t *>  providers;

    /* the claims that the configuration names, kept with each proven token */
    std::vector<ClaimPath>                              slots;

    std::vector<assertion_t *>                          assertions;

    /* indices of the variables that show request headers */
    std::vector<ngx_uint_t>                             header_variables;

    /* and of those that show something of a verdict */
    std::vector<ngx_uint_t>                             verdict_variables;

    /* the names of the sources header=NAME, in lower case */
    std::vector<std::string_view>                       source_headers;

    /* "sub", which tells persons apart where there are several tokens */
    ngx_uint_t                                          subject_slot;

    /* and what logouts name, where revocations are in force */
    ngx_uint_t                                          sid_slot;
    ngx_uint_t                                          jti_slot;
    ngx_uint_t                                          session_nonce_slot;

    /* all that read a cookie */
    std::vector<carrier_t *>                            carriers;

    login_main_conf_t                                   login;

    revocations_conf_t                                  revocations_conf;
    bool                                                may_revoke; /* some
                                                                  directive */
    revocations_t                                      *revocations; /* NULL:
                                                              nobody does */

    size_t                                              cache_size; /* 0: off */

    /* some location shows the status; where is counted, NULL: not yet */
    bool                                                shows_status;
    struct counts_s                                    *counts;

    /* for what is told when all has been read */
    std::vector<written_t>                              written;
    std::vector<loc_conf_t *>                           locations;
    bool                                                chosen; /* by a
                                                                   variable */
} main_conf_t;


/* numbers, since nginx's slot for words stores one */

struct Mode {
    enum : ngx_uint_t {
        enforce,
        optional,   /* no token: anonymous */
        report      /* nothing is refused, nothing waits */
    };
};


typedef struct rule_s    rule_t;
typedef struct header_s  header_t;


struct loc_conf_s {
    ngx_flag_t                 enable;
    provider_t                *provider;
    ngx_http_complex_value_t  *selector;     /* $variable */
    ngx_str_t                  provider_name;
    ngx_str_t                  file;         /* where the name is */
    ngx_uint_t                 line;

    ngx_http_complex_value_t  *realm;
    ngx_array_t               *sources;
    ngx_uint_t                 mode;
    ngx_uint_t                 log_level;    /* of refusals */

    ngx_array_t               *rules;
    unsigned                   drop_rules:1;

    ngx_array_t               *headers;
    ngx_flag_t                 strip;

    ngx_uint_t                 preflight;    /* 1: passes */
    ngx_flag_t                 csrf;
    std::vector<Origin>        origins;
    ngx_http_complex_value_t  *nonce;
    ngx_uint_t                 nonce_slot;

    unsigned                   nonce_off:1;  /* no binding either */

    login_conf_t               login;

    assertion_jwks_t           assertion_jwks;

    loc_conf_t                *parent;       /* that it lies in */
    void                     **modules;      /* all modules' for its location */
    unsigned                   guards:1;     /* in it, or in one below, a token
                                                is asked for */
};


static inline main_conf_t *
main_conf(ngx_http_request_t *r)
{
    return static_cast<main_conf_t *>(
        ngx_http_get_module_main_conf(r, ngx_http_auth_id_token_module));
}


static inline main_conf_t *
main_conf(ngx_conf_t *cf)
{
    return static_cast<main_conf_t *>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_auth_id_token_module));
}


/* NULL: there is no http */

static inline main_conf_t *
main_conf(ngx_cycle_t *cycle)
{
    return static_cast<main_conf_t *>(
        ngx_http_cycle_get_module_main_conf(cycle,
                                            ngx_http_auth_id_token_module));
}


static inline loc_conf_t *
loc_conf(ngx_http_request_t *r)
{
    return static_cast<loc_conf_t *>(
        ngx_http_get_module_loc_conf(r, ngx_http_auth_id_token_module));
}


}  // namespace id_token::nginx

#endif /* IDT_REQUEST_LOCATION_H */
