/* What configuration and requests know of logins. */

#ifndef IDT_SESSION_TYPES_H
#define IDT_SESSION_TYPES_H

#include "idt_glue/ngx.h"

#include <optional>
#include <string>
#include <vector>

#include "idt_login/authorization.h"
#include "idt_login/seal.h"
#include "idt_login/token_request.h"
#include "idt_login/transaction.h"


namespace id_token::nginx {


struct provider_s;
struct carrier_s;
struct loc_conf_s;


/* login_parameter NAME VALUE */

typedef struct {
    ngx_str_t                  name;
    ngx_http_complex_value_t  *value;
} login_parameter_t;


/* what a provider says of logins; there with "redirect_uri" alone */

typedef struct {
    std::string                     redirect_uri;   /* URL, or a path */
    std::string                     scope;
    Flow                            flow;
    ngx_array_t                    *parameters;     /* or NULL */

    /* as written; what is empty comes by discovery */
    std::string                     authorization_endpoint;
    std::string                     token_endpoint;
    std::string                     end_session_endpoint;

    ClientAuth                      auth;
    std::optional<Secret>           secret;
    std::optional<AssertionKey>     key;

    std::string                     post_logout;    /* URL, path, or empty */
    bool                            logout_hint;
} login_provider_t;


/* what a location does with requests, instead of others */

enum class LoginHandler : unsigned {
    none,
    callback,
    login,
    logout,
    identity,
    backchannel,
    frontchannel,
    revoke
};


/* of a location */

typedef struct {
    ngx_flag_t                enable;       /* auth_id_token_login */
    ngx_uint_t                renew;        /* percent; 0: off */
    ngx_array_t              *parameters;   /* login_parameter_t, or NULL */
    struct carrier_s         *carrier;      /* the session cookie, or NULL */

    LoginHandler              handler;
    ngx_http_core_loc_conf_t *location;     /* of the handler */
    ngx_str_t                 provider_name;
    struct provider_s        *provider;
    ngx_str_t                 file;
    ngx_uint_t                line;
    std::vector<std::string>  claims;       /* of id_token_identity */
} login_conf_t;


/* a location that begins or ends logins */

typedef struct {
    struct provider_s         *provider;    /* NULL: a $variable */
    ngx_http_core_srv_conf_t  *server;
    struct loc_conf_s         *conf;
} login_use_t;


/* nginx frees its own list of a server's names once it has been read */

typedef struct {
    ngx_http_core_srv_conf_t            *server;
    std::vector<ngx_http_server_name_t>  names;
} login_server_t;


/* of http */

typedef struct {
    ngx_array_t               *key_files;   /* ngx_str_t, or NULL */
    LoginKeys                  keys;
    std::vector<login_use_t>   uses;
    std::vector<login_server_t>  servers;  /* those of the uses */
    ngx_uint_t                 nonce_slot;
} login_main_conf_t;


/* of a request: callback.cc */

typedef struct login_state_s  login_state_t;


}  // namespace id_token::nginx

#endif /* IDT_SESSION_TYPES_H */
