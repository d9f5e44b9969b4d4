/* What is noted while the configuration is read, to be told in the end. */

#include "idt_conf/told.h"


namespace id_token::nginx {


ngx_int_t
note_directive(ngx_conf_t *cf, loc_conf_t *conf, bool is_rule) noexcept
{
    ngx_str_t    *word;
    main_conf_t  *mcf;

    mcf = static_cast<main_conf_t *>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_auth_id_token_module));

    word = static_cast<ngx_str_t *>(cf->args->elts);

    try {
        mcf->written.push_back({ conf, word[0], cf->conf_file->file.name,
                                 cf->conf_file->line, is_rule });

    } catch (...) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "out of memory");
        return NGX_ERROR;
    }

    return NGX_OK;
}


char *
note_strip(ngx_conf_t *cf, void *post, void *data) noexcept
{
    loc_conf_t  *conf;

    conf = reinterpret_cast<loc_conf_t *>(
               static_cast<u_char *>(data) - offsetof(loc_conf_t, strip));

    if (conf->strip && note_directive(cf, conf, false) != NGX_OK) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    return NGX_CONF_OK;
}


ngx_int_t
note_location(ngx_conf_t *cf, loc_conf_t *parent, loc_conf_t *conf) noexcept
{
    main_conf_t  *mcf;

    mcf = static_cast<main_conf_t *>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_auth_id_token_module));

    conf->parent = parent;
    conf->modules = static_cast<ngx_http_conf_ctx_t *>(cf->ctx)->loc_conf;

    try {
        mcf->locations.push_back(conf);

    } catch (...) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "out of memory");
        return NGX_ERROR;
    }

    if (!conf->enable) {
        return NGX_OK;
    }

    if (conf->provider != NULL) {
        conf->provider->used = 1;

    } else {
        mcf->chosen = 1;
    }

    for ( /* void */ ; conf != NULL && !conf->guards; conf = conf->parent) {
        conf->guards = 1;
    }

    return NGX_OK;
}


}  // namespace id_token::nginx
