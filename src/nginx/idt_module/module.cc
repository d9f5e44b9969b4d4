/* The module's tables, and where it hooks into nginx. */

#include "idt_glue/shared.h"


static ngx_int_t ngx_http_auth_id_token_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_auth_id_token_postconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_auth_id_token_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_http_auth_id_token_init_process(ngx_cycle_t *cycle);
static void ngx_http_auth_id_token_exit_process(ngx_cycle_t *cycle);


#define NGX_HTTP_AUTH_ID_TOKEN_ANY_CONF                                       \
    (NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LMT_CONF)


static ngx_conf_enum_t  ngx_http_auth_id_token_modes[] = {
    { ngx_string("enforce"), NGX_HTTP_AUTH_ID_TOKEN_ENFORCE },
    { ngx_string("optional"), NGX_HTTP_AUTH_ID_TOKEN_OPTIONAL },
    { ngx_string("report"), NGX_HTTP_AUTH_ID_TOKEN_REPORT },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_auth_id_token_preflights[] = {
    { ngx_string("check"), 0 },
    { ngx_string("pass"), 1 },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_auth_id_token_commands[] = {

    { ngx_string("id_token_provider"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_auth_id_token_provider,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("id_token_claim_set"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_2MORE,
      ngx_http_auth_id_token_claim_set,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("id_token_assertion"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_http_auth_id_token_assertion,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("id_token_assertion_jwks"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_auth_id_token_assertion_jwks,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("id_token_cache"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_auth_id_token_cache,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_id_token"),
      NGX_HTTP_AUTH_ID_TOKEN_ANY_CONF|NGX_CONF_TAKE1,
      ngx_http_auth_id_token,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_id_token_realm"),
      NGX_HTTP_AUTH_ID_TOKEN_ANY_CONF|NGX_CONF_TAKE1,
      ngx_http_set_complex_value_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_auth_id_token_loc_conf_t, realm),
      NULL },

    { ngx_string("auth_id_token_source"),
      NGX_HTTP_AUTH_ID_TOKEN_ANY_CONF|NGX_CONF_1MORE,
      ngx_http_auth_id_token_source,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_id_token_mode"),
      NGX_HTTP_AUTH_ID_TOKEN_ANY_CONF|NGX_CONF_TAKE1,
      ngx_http_auth_id_token_set_enum,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_auth_id_token_loc_conf_t, mode),
      &ngx_http_auth_id_token_modes },

    { ngx_string("auth_id_token_require"),
      NGX_HTTP_AUTH_ID_TOKEN_ANY_CONF|NGX_CONF_1MORE,
      ngx_http_auth_id_token_require,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_id_token_set_header"),
      NGX_HTTP_AUTH_ID_TOKEN_ANY_CONF|NGX_CONF_TAKE2,
      ngx_http_auth_id_token_set_header,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_id_token_strip"),
      NGX_HTTP_AUTH_ID_TOKEN_ANY_CONF|NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_auth_id_token_loc_conf_t, strip),
      NULL },

    { ngx_string("auth_id_token_preflight"),
      NGX_HTTP_AUTH_ID_TOKEN_ANY_CONF|NGX_CONF_TAKE1,
      ngx_http_auth_id_token_set_enum,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_auth_id_token_loc_conf_t, preflight),
      &ngx_http_auth_id_token_preflights },

    { ngx_string("auth_id_token_csrf"),
      NGX_HTTP_AUTH_ID_TOKEN_ANY_CONF|NGX_CONF_1MORE,
      ngx_http_auth_id_token_csrf,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("auth_id_token_nonce"),
      NGX_HTTP_AUTH_ID_TOKEN_ANY_CONF|NGX_CONF_TAKE1,
      ngx_http_auth_id_token_nonce,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_auth_id_token_module_ctx = {
    ngx_http_auth_id_token_preconfiguration,   /* preconfiguration */
    ngx_http_auth_id_token_postconfiguration,  /* postconfiguration */

    ngx_http_auth_id_token_create_main_conf,   /* create main configuration */
    ngx_http_auth_id_token_init_main_conf,     /* init main configuration */

    NULL,                                      /* create server configuration */
    NULL,                                      /* merge server configuration */

    ngx_http_auth_id_token_create_loc_conf,    /* create location conf */
    ngx_http_auth_id_token_merge_loc_conf      /* merge location conf */
};


ngx_module_t  ngx_http_auth_id_token_module = {
    NGX_MODULE_V1,
    &ngx_http_auth_id_token_module_ctx,        /* module context */
    ngx_http_auth_id_token_commands,           /* module directives */
    NGX_HTTP_MODULE,                           /* module type */
    NULL,                                      /* init master */
    ngx_http_auth_id_token_init_module,        /* init module */
    ngx_http_auth_id_token_init_process,       /* init process */
    NULL,                                      /* init thread */
    NULL,                                      /* exit thread */
    ngx_http_auth_id_token_exit_process,       /* exit process */
    NULL,                                      /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_auth_id_token_preconfiguration(ngx_conf_t *cf)
{
    if (ngx_http_auth_id_token_add_assertion_variable(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_auth_id_token_add_variables(cf);
}


static ngx_int_t
ngx_http_auth_id_token_add_handler(ngx_http_core_main_conf_t *cmcf,
    ngx_uint_t phase, ngx_http_handler_pt handler)
{
    ngx_http_handler_pt  *h;

    h = static_cast<ngx_http_handler_pt *>(
            ngx_array_push(&cmcf->phases[phase].handlers));
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = handler;

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_id_token_postconfiguration(ngx_conf_t *cf)
{
    ngx_http_core_main_conf_t           *cmcf;
    ngx_http_auth_id_token_main_conf_t  *mcf;

    mcf = static_cast<ngx_http_auth_id_token_main_conf_t *>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_auth_id_token_module));

    if (ngx_http_auth_id_token_check_assertions(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    cmcf = static_cast<ngx_http_core_main_conf_t *>(
               ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module));

    /* headers are deleted and tokens stripped without any provider, too */

    if (ngx_http_auth_id_token_add_handler(cmcf, NGX_HTTP_PRECONTENT_PHASE,
            ngx_http_auth_id_token_precontent_handler)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (mcf->providers.empty()) {
        return NGX_OK;
    }

    if (ngx_http_auth_id_token_add_handler(cmcf, NGX_HTTP_PREACCESS_PHASE,
            ngx_http_auth_id_token_preaccess_handler)
        != NGX_OK
        || ngx_http_auth_id_token_add_handler(cmcf, NGX_HTTP_ACCESS_PHASE,
               ngx_http_auth_id_token_access_handler)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_auth_id_token_keys_init(cf);
}


static ngx_int_t
ngx_http_auth_id_token_init_module(ngx_cycle_t *cycle)
{
    return ngx_http_auth_id_token_init_variables(cycle);
}


static ngx_int_t
ngx_http_auth_id_token_init_process(ngx_cycle_t *cycle)
{
    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;    /* cache manager and loader */
    }

    return ngx_http_auth_id_token_keys_init_process(cycle);
}


static void
ngx_http_auth_id_token_exit_process(ngx_cycle_t *cycle)
{
    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return;
    }

    ngx_http_auth_id_token_keys_exit_process(cycle);
    ngx_http_auth_id_token_exit_worker();
}
