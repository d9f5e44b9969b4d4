/* The module's tables, and where it hooks into nginx. */

#include "idt_conf/directives.h"
#include "idt_conf/login.h"
#include "idt_conf/told.h"
#include "idt_count/count.h"
#include "idt_session/session.h"
#include "idt_show/variables.h"
#include "idt_upstream/upstream.h"

#include "idt_base/version.h"


namespace id_token::nginx {


static ngx_int_t preconfiguration(ngx_conf_t *cf);
static ngx_int_t postconfiguration(ngx_conf_t *cf);
static ngx_int_t init_module(ngx_cycle_t *cycle);
static ngx_int_t init_process(ngx_cycle_t *cycle);
static void exit_process(ngx_cycle_t *cycle);


#define ANY_CONF                                                              \
    (NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LMT_CONF)


static ngx_conf_post_t  strip_post = { configures<note_strip> };


static ngx_command_t  ngx_http_auth_id_token_commands[] = {

    { ngx_string("id_token_provider"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      configures<provider>,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("id_token_claim_set"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_2MORE,
      configures<claim_set>,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("id_token_assertion"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      configures<assertion>,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("id_token_assertion_jwks"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      configures<assertion_jwks>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("id_token_login_key"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      configures<login_key>,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_id_token_login"),
      ANY_CONF|NGX_CONF_FLAG,
      configures<login>,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(loc_conf_t, login.enable),
      NULL },

    { ngx_string("auth_id_token_login_parameter"),
      ANY_CONF|NGX_CONF_TAKE2,
      configures<login_parameter>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_id_token_renew"),
      ANY_CONF|NGX_CONF_TAKE1,
      configures<login_renew>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("id_token_callback"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1, configures<login_place>,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("id_token_login"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1, configures<login_place>,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("id_token_logout"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1, configures<login_place>,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("id_token_backchannel_logout"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1, configures<login_place>,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("id_token_frontchannel_logout"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1, configures<login_place>,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("id_token_revoke"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS, configures<login_place>,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("id_token_identity"),
      NGX_HTTP_LOC_CONF|NGX_CONF_ANY, configures<login_identity>,
      NGX_HTTP_LOC_CONF_OFFSET, 0, NULL },

    { ngx_string("id_token_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS|NGX_CONF_TAKE1,
      configures<status>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("id_token_revocations"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_NOARGS,
      configures<revocations>,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("id_token_cache"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      configures<cache>,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_id_token"),
      ANY_CONF|NGX_CONF_TAKE1,
      configures<auth_id_token>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("id_token_log_level"),
      ANY_CONF|NGX_CONF_TAKE1,
      configures<set_enum>,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(loc_conf_t, log_level),
      log_levels },

    { ngx_string("auth_id_token_realm"),
      ANY_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(loc_conf_t, realm),
      NULL },

    { ngx_string("auth_id_token_source"),
      ANY_CONF|NGX_CONF_1MORE,
      configures<source>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_id_token_mode"),
      ANY_CONF|NGX_CONF_TAKE1,
      configures<set_enum>,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(loc_conf_t, mode),
      &modes },

    { ngx_string("auth_id_token_require"),
      ANY_CONF|NGX_CONF_1MORE,
      configures<require>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_id_token_set_header"),
      ANY_CONF|NGX_CONF_2MORE,
      configures<set_header>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_id_token_strip"),
      ANY_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(loc_conf_t, strip),
      &strip_post },

    { ngx_string("auth_id_token_preflight"),
      ANY_CONF|NGX_CONF_TAKE1,
      configures<set_enum>,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(loc_conf_t, preflight),
      &preflights },

    { ngx_string("auth_id_token_csrf"),
      ANY_CONF|NGX_CONF_1MORE,
      configures<csrf>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_id_token_nonce"),
      ANY_CONF|NGX_CONF_TAKE1,
      configures<nonce>,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_auth_id_token_module_ctx = {
    configures<preconfiguration>,   /* preconfiguration */
    configures<postconfiguration>,  /* postconfiguration */

    configures<create_main_conf>,   /* create main configuration */
    configures<init_main_conf>,     /* init main configuration */

    NULL,               /* create server configuration */
    NULL,               /* merge server configuration */

    configures<create_loc_conf>,    /* create location conf */
    configures<merge_loc_conf>      /* merge location conf */
};


}  // namespace id_token::nginx


ngx_module_t  ngx_http_auth_id_token_module = {
    NGX_MODULE_V1,
    &id_token::nginx::ngx_http_auth_id_token_module_ctx, /* module context */
    id_token::nginx::ngx_http_auth_id_token_commands,    /* module directives */
    NGX_HTTP_MODULE,                                     /* module type */
    NULL,                                                /* init master */
    id_token::nginx::init_module,                        /* init module */
    id_token::nginx::init_process,                       /* init process */
    NULL,                                                /* init thread */
    NULL,                                                /* exit thread */
    id_token::nginx::exit_process,                       /* exit process */
    NULL,                                                /* exit master */
    NGX_MODULE_V1_PADDING
};


namespace id_token::nginx {


static ngx_int_t
preconfiguration(ngx_conf_t *cf)
{
    if (add_assertion_variable(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return add_variables(cf);
}


static ngx_int_t
add_handler(ngx_http_core_main_conf_t *cmcf, ngx_uint_t phase,
    ngx_http_handler_pt handler)
{
    ngx_http_handler_pt  *h;

    h = push<ngx_http_handler_pt>(&cmcf->phases[phase].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = handler;

    return NGX_OK;
}


/* the first of a phase's list runs last */

static ngx_int_t
add_last_handler(ngx_http_core_main_conf_t *cmcf, ngx_uint_t phase,
    ngx_http_handler_pt handler)
{
    ngx_array_t          *handlers;
    ngx_http_handler_pt  *h;

    if (add_handler(cmcf, phase, handler) != NGX_OK) {
        return NGX_ERROR;
    }

    handlers = &cmcf->phases[phase].handlers;
    h = static_cast<ngx_http_handler_pt *>(handlers->elts);

    ngx_memmove(&h[1], &h[0],
                (handlers->nelts - 1) * sizeof(ngx_http_handler_pt));
    h[0] = handler;

    return NGX_OK;
}


static ngx_int_t
add_request_handlers(ngx_http_core_main_conf_t *cmcf, main_conf_t *mcf)
{
    if (mcf->login.uses.empty()) {
        return add_handler(cmcf, NGX_HTTP_ACCESS_PHASE,
                           answers<access_handler>);
    }

    if (add_handler(cmcf, NGX_HTTP_POST_READ_PHASE, answers<post_read_handler>)
        != NGX_OK
        || add_handler(cmcf, NGX_HTTP_ACCESS_PHASE,
                       answers<login_access_handler>)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return add_last_handler(cmcf, NGX_HTTP_ACCESS_PHASE,
                            answers<last_access_handler>);
}


static ngx_int_t
postconfiguration(ngx_conf_t *cf)
{
    ngx_http_core_main_conf_t  *cmcf;
    main_conf_t                *mcf;

    mcf = main_conf(cf);

    if (check_assertions(cf) != NGX_OK || tell(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (check_logins(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    cmcf = core_main_conf(cf);

    /* headers are deleted and tokens stripped without any provider, too */

    if (add_handler(cmcf, NGX_HTTP_PRECONTENT_PHASE,
            answers<precontent_handler>) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (counts_init(cf, mcf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (mcf->providers.empty()) {
        return NGX_OK;
    }

    if (add_handler(cmcf, NGX_HTTP_PREACCESS_PHASE,
            answers<preaccess_handler>) != NGX_OK
        || add_request_handlers(cmcf, mcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return init_revocations(cf) == NGX_OK ? keys_init(cf) : NGX_ERROR;
}


static ngx_int_t
init_module(ngx_cycle_t *cycle)
{
    /* a reload keeps the module as it is: once for each start */

    if (!ngx_test_config && ngx_is_init_cycle(cycle->old_cycle)) {
        ngx_log_error(NGX_LOG_NOTICE, cycle->log, 0,
                      "nginx-auth-id-token %s", kVersion);
    }

    return init_variables(cycle);
}


static revocations_t *
revocations_of(ngx_cycle_t *cycle)
{
    main_conf_t  *mcf = main_conf(cycle);

    return (mcf != NULL) ? mcf->revocations : NULL;
}


static ngx_int_t
init_process(ngx_cycle_t *cycle)
{
    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;    /* cache manager and loader */
    }

    counts_init_process(main_conf(cycle));

    revocations_init_process(revocations_of(cycle));

    keys_on_change(wake);

    return keys_init_process(cycle);
}


static void
exit_process(ngx_cycle_t *cycle)
{
    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return;
    }

    revocations_exit_process(revocations_of(cycle));
    keys_exit_process(cycle);
    exit_worker();
    counts_exit_process();
}

}  // namespace id_token::nginx
