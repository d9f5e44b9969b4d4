/* What is noted while the configuration is read, to be told in the end. */

#include "idt_conf/told.h"


namespace id_token::nginx {


ngx_int_t
note_directive(ngx_conf_t *cf, loc_conf_t *conf, bool is_rule)
{
    ngx_str_t    *word;
    main_conf_t  *mcf;

    mcf = main_conf(cf);

    word = static_cast<ngx_str_t *>(cf->args->elts);

    mcf->written.push_back({ conf, word[0], cf->conf_file->file.name,
                             cf->conf_file->line, is_rule });

    return NGX_OK;
}


char *
note_strip(ngx_conf_t *cf, void *post, void *data)
{
    loc_conf_t  *conf;

    conf = reinterpret_cast<loc_conf_t *>(
               static_cast<u_char *>(data) - offsetof(loc_conf_t, strip));

    if (conf->strip && note_directive(cf, conf, false) != NGX_OK) {
        return CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_int_t
note_location(ngx_conf_t *cf, loc_conf_t *parent, loc_conf_t *conf)
{
    main_conf_t  *mcf;

    mcf = main_conf(cf);

    conf->parent = parent;
    conf->modules = static_cast<ngx_http_conf_ctx_t *>(cf->ctx)->loc_conf;

    mcf->locations.push_back(conf);

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
