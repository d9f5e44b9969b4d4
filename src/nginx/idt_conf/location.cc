/* The directives of http, server and location; create and merge. */

#include "idt_conf/defaults.h"
#include "idt_conf/login.h"
#include "idt_conf/told.h"

#include <exception>


namespace id_token::nginx {


/* less holds no token, and is no doubt a unit that was forgotten */
#define MIN_CACHE   1024


static carrier_t  bearer = {
    Carrier::authorization, ngx_null_string, ngx_string("bearer"), 0
};


void *
create_main_conf(ngx_conf_t *cf)
{
    main_conf_t  *mcf;

    /*
     * A thread's first exception needs memory of its own, and the C library
     * aborts when there is none: it is taken now, workers inherit it.
     */

    (void) std::current_exception();

    mcf = create<main_conf_t>(cf->pool);
    if (mcf == NULL) {
        return NULL;
    }

    mcf->cache_size = NGX_CONF_UNSET_SIZE;

    return mcf;
}


char *
init_main_conf(ngx_conf_t *cf, void *conf)
{
    main_conf_t  *mcf;

    mcf = static_cast<main_conf_t *>(conf);

    ngx_conf_init_size_value(mcf->cache_size, DEFAULT_CACHE_SIZE);

    return NGX_CONF_OK;
}


void *
create_loc_conf(ngx_conf_t *cf)
{
    loc_conf_t  *conf;

    conf = create<loc_conf_t>(cf->pool);
    if (conf == NULL) {
        return NULL;
    }

    *conf = {};
    conf->enable = NGX_CONF_UNSET;
    conf->realm = static_cast<ngx_http_complex_value_t *>(NGX_CONF_UNSET_PTR);
    conf->sources = static_cast<ngx_array_t *>(NGX_CONF_UNSET_PTR);
    conf->mode = NGX_CONF_UNSET_UINT;
    conf->log_level = NGX_CONF_UNSET_UINT;
    conf->strip = NGX_CONF_UNSET;
    conf->preflight = NGX_CONF_UNSET_UINT;
    conf->csrf = NGX_CONF_UNSET;
    conf->nonce = static_cast<ngx_http_complex_value_t *>(NGX_CONF_UNSET_PTR);

    create_login_conf(&conf->login);

    return conf;
}


/*
 * A name may stand before the block of its provider, so it is looked up when
 * all have been read.
 */

static char *
resolve_name(ngx_conf_t *cf, loc_conf_t *conf)
{
    main_conf_t  *mcf;

    if (conf->provider_name.len == 0 || conf->provider != NULL) {
        return NGX_CONF_OK;
    }

    mcf = main_conf(cf);

    auto  it = mcf->providers.find(view(conf->provider_name));

    if (it == mcf->providers.end()) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown id_token_provider \"%V\" in \"auth_id_token\" "
                      "in %V:%ui%s",
                      &conf->provider_name, &conf->file, conf->line,
                      known_providers(cf).c_str());
        return CONF_ERROR;
    }

    conf->provider = it->second;

    return NGX_CONF_OK;
}


/* which provider is asked */

static void
merge_provider(loc_conf_t *prev, loc_conf_t *conf)
{
    if (conf->enable == NGX_CONF_UNSET) {
        conf->enable = prev->enable;
        conf->provider = prev->provider;
        conf->selector = prev->selector;
        conf->provider_name = prev->provider_name;
        conf->file = prev->file;
        conf->line = prev->line;
    }

    if (conf->enable == NGX_CONF_UNSET) {
        conf->enable = 0;
    }
}


static ngx_int_t
merge_sources(ngx_conf_t *cf, loc_conf_t *prev, loc_conf_t *conf)
{
    carrier_t  *carrier;

    ngx_conf_merge_ptr_value(conf->sources, prev->sources, NULL);

    if (conf->sources != NULL) {
        return NGX_OK;
    }

    conf->sources = ngx_array_create(cf->pool, 1, sizeof(carrier_t));
    if (conf->sources == NULL) {
        return NGX_ERROR;
    }

    carrier = push<carrier_t>(conf->sources);
    *carrier = bearer;

    return NGX_OK;
}


/* what browsers bring with them */

static void
merge_browser(loc_conf_t *prev, loc_conf_t *conf)
{
    ngx_conf_merge_uint_value(conf->preflight, prev->preflight, 0);

    if (conf->csrf == NGX_CONF_UNSET) {
        conf->csrf = (prev->csrf == NGX_CONF_UNSET) ? 1 : prev->csrf;
        conf->origins = prev->origins;
    }

    if (conf->nonce == NGX_CONF_UNSET_PTR) {
        conf->nonce = (prev->nonce == NGX_CONF_UNSET_PTR) ? NULL : prev->nonce;
        conf->nonce_slot = prev->nonce_slot;
        conf->nonce_off = prev->nonce_off;
    }
}


char *
merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    loc_conf_t  *prev, *conf;

    prev = static_cast<loc_conf_t *>(parent);
    conf = static_cast<loc_conf_t *>(child);

    merge_provider(prev, conf);
    merge_browser(prev, conf);

    ngx_conf_merge_ptr_value(conf->realm, prev->realm, NULL);
    ngx_conf_merge_uint_value(conf->log_level, prev->log_level,
                              DEFAULT_LOG_LEVEL);
    ngx_conf_merge_uint_value(conf->mode, prev->mode,
                      static_cast<ngx_uint_t>(DEFAULT_MODE));
    ngx_conf_merge_value(conf->strip, prev->strip, 0);

    if (merge_sources(cf, prev, conf) != NGX_OK
        || merge_rules(cf, prev, conf) != NGX_OK
        || merge_headers(cf, prev, conf) != NGX_OK
        || merge_assertion_jwks(cf,
               &prev->assertion_jwks, &conf->assertion_jwks)
           != NGX_OK)
    {
        return CONF_ERROR;
    }

    if (resolve_name(cf, conf) != NGX_CONF_OK
        || merge_login(cf, prev, conf) != NGX_OK
        || note_location(cf, prev, conf) != NGX_OK)
    {
        return CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* auth_id_token NAME | $variable | off */

char *
auth_id_token(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    loc_conf_t  *lcf;

    lcf = static_cast<loc_conf_t *>(conf);

    if (lcf->enable != NGX_CONF_UNSET) {
        return IS_DUPLICATE;
    }

    auto  value = args(cf);

    if (value[1].len == 0) {
        return emerg(cf, "\"auth_id_token\" needs the name of a provider or "
                         "\"off\", not \"\"");
    }

    if (view(value[1]) == "off") {
        lcf->enable = 0;
        return NGX_CONF_OK;
    }

    lcf->enable = 1;

    if (ngx_http_script_variables_count(&value[1]) == 0) {
        lcf->provider_name = value[1];
        lcf->file = cf->conf_file->file.name;
        lcf->line = cf->conf_file->line;
        return NGX_CONF_OK;
    }

    lcf->selector = compile(cf, &value[1]);
    if (lcf->selector == NULL) {
        return CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* id_token_cache SIZE | off */

char *
cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ssize_t       size;
    main_conf_t  *mcf;

    mcf = static_cast<main_conf_t *>(conf);

    if (mcf->cache_size != NGX_CONF_UNSET_SIZE) {
        return IS_DUPLICATE;
    }

    auto  value = args(cf);

    if (view(value[1]) == "off") {
        mcf->cache_size = 0;
        return NGX_CONF_OK;
    }

    size = ngx_parse_size(&value[1]);

    if (size == NGX_ERROR || size < MIN_CACHE) {
        return emerg(cf, "invalid size \"%V\" in \"id_token_cache\", it must "
                         "be 1k or more, such as \"8m\", or \"off\"",
                         &value[1]);
    }

    mcf->cache_size = size;

    return NGX_CONF_OK;
}


}  // namespace id_token::nginx
