/* Key sources when all of http{} is read: zones, host names, trust. */

#include "idt_source/zone.h"
#include "idt_fetch/resolve.h"


static ngx_int_t ngx_http_auth_id_token_keys_init_source(ngx_conf_t *cf,
    ngx_http_auth_id_token_keys_t *keys, ngx_array_t *hosts);
static ngx_int_t ngx_http_auth_id_token_keys_add_host(
    ngx_http_auth_id_token_keys_t *keys, ngx_array_t *hosts);


ngx_int_t
ngx_http_auth_id_token_keys_init(ngx_conf_t *cf) noexcept
{
    ngx_uint_t                            n;
    ngx_array_t                           hosts;
    ngx_http_auth_id_token_keys_t        *keys;
    ngx_http_auth_id_token_fetch_conf_t  *conf;

    if (ngx_array_init(&hosts, cf->pool, 4,
                       sizeof(ngx_http_auth_id_token_host_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    n = 0;
    conf = NULL;

    for (keys = ngx_http_auth_id_token_keys_next(cf->cycle, NULL);
         keys != NULL;
         keys = ngx_http_auth_id_token_keys_next(cf->cycle, keys))
    {
        if (keys->shm_zone == NULL) {
            continue;
        }

        keys->number = n++;
        conf = &keys->fetch_conf;

        if (ngx_http_auth_id_token_keys_init_source(cf, keys, &hosts)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (conf == NULL || conf->resolver_is_own) {
        return NGX_OK;
    }

    if (ngx_http_auth_id_token_hosts_resolve(cf,
            static_cast<ngx_http_auth_id_token_host_t *>(hosts.elts),
            hosts.nelts)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (keys = ngx_http_auth_id_token_keys_next(cf->cycle, NULL);
         keys != NULL;
         keys = ngx_http_auth_id_token_keys_next(cf->cycle, keys))
    {
        keys->fetch_conf.hosts =
            static_cast<ngx_http_auth_id_token_host_t *>(hosts.elts);
        keys->fetch_conf.nhosts = hosts.nelts;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_auth_id_token_keys_init_source(ngx_conf_t *cf,
    ngx_http_auth_id_token_keys_t *keys, ngx_array_t *hosts)
{
    const char                              *word;
    ngx_http_auth_id_token_fetch_conf_t     *conf;
    ngx_http_auth_id_token_keys_settings_t  *settings;

    conf = &keys->fetch_conf;
    settings = &keys->settings;

    /* sharing may have made it longer than what is kept */

    if (settings->min_interval >= settings->max_stale) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"jwks_min_interval\" and \"jwks_max_stale\" of the "
                      "providers that share the keys of id_token_provider "
                      "\"%V\" contradict each other in %s:%ui",
                      &settings->provider, settings->file, settings->line);
        return NGX_ERROR;
    }

    keys->rules.refresh = settings->refresh * 1000;
    keys->rules.min_interval = settings->min_interval * 1000;
    keys->rules.max_stale = settings->max_stale * 1000;

    keys->shm_zone->shm.size = ngx_http_auth_id_token_zone_size(
                                   settings->max_size);

    /* plain http needs no file, but one that is named has to be there */

    if (keys->needs_tls || settings->trust.trusted_certificate.len
        || settings->trust.crl.len)
    {
        conf->tls = ngx_http_auth_id_token_tls_create(cf, &settings->trust,
                                                      &word);
        if (conf->tls == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"%s\" of id_token_provider \"%V\" cannot be used "
                          "in %s:%ui",
                          word, &settings->provider, settings->file,
                          settings->line);
            return NGX_ERROR;
        }
    }

    if (ngx_http_auth_id_token_resolver_init(cf, conf) != NGX_OK) {
        return NGX_ERROR;
    }

    conf->proxy_host = settings->proxy_host;
    conf->proxy_port = settings->proxy_port;
    conf->timeout = settings->timeout;
    conf->max_size = settings->max_size;
    conf->insecure = settings->insecure;

    return ngx_http_auth_id_token_keys_add_host(keys, hosts);
}


/* the host to connect to, if it is a name, once for all sources */

static ngx_int_t
ngx_http_auth_id_token_keys_add_host(ngx_http_auth_id_token_keys_t *keys,
    ngx_array_t *hosts)
{
    ngx_str_t                      *host;
    ngx_uint_t                      i;
    ngx_http_auth_id_token_host_t  *h;

    host = keys->fetch_conf.proxy_host.len ? &keys->fetch_conf.proxy_host
                                           : &keys->host;

    if (ngx_inet_addr(host->data, host->len) != INADDR_NONE
        || ngx_strlchr(host->data, host->data + host->len, ':') != NULL)
    {
        return NGX_OK;
    }

    h = static_cast<ngx_http_auth_id_token_host_t *>(hosts->elts);

    for (i = 0; i < hosts->nelts; i++) {
        if (h[i].host.len == host->len
            && ngx_strncasecmp(h[i].host.data, host->data, host->len) == 0)
        {
            return NGX_OK;
        }
    }

    h = static_cast<ngx_http_auth_id_token_host_t *>(ngx_array_push(hosts));
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_http_auth_id_token_host_t));

    h->host = *host;
    h->port = keys->fetch_conf.proxy_host.len ? keys->fetch_conf.proxy_port
                                              : keys->port;

    return NGX_OK;
}
