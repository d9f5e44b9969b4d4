/* Key sources when all of http{} is read: zones, host names, trust. */

#include "idt_source/zone.h"
#include "idt_fetch/resolve.h"


namespace id_token::nginx {


static ngx_int_t keys_init_source(ngx_conf_t *cf, key_source_t *keys,
    ngx_array_t *hosts);
static ngx_int_t keys_add_host(ngx_conf_t *cf, key_source_t *keys,
    ngx_array_t *hosts);
static void keys_warn_of_name(ngx_conf_t *cf, key_source_t *keys,
    const ngx_str_t *host);


ngx_int_t
keys_init(ngx_conf_t *cf)
{
    ngx_uint_t     n;
    ngx_array_t    hosts;
    key_source_t  *keys;
    fetch_conf_t  *conf;

    if (ngx_array_init(&hosts, cf->pool, 4, sizeof(host_t)) != NGX_OK) {
        return NGX_ERROR;
    }

    n = 0;
    conf = NULL;

    for (keys = keys_next(cf->cycle, NULL);
         keys != NULL;
         keys = keys_next(cf->cycle, keys))
    {
        if (keys->shm_zone == NULL) {
            continue;
        }

        keys->number = n++;
        conf = &keys->fetch_conf;

        if (keys_init_source(cf, keys, &hosts) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (conf == NULL || conf->resolver_is_own) {
        return NGX_OK;
    }

    auto  found = items<host_t>(&hosts);

    if (hosts_resolve(cf, found.data(), found.size()) != NGX_OK) {
        return NGX_ERROR;
    }

    for (keys = keys_next(cf->cycle, NULL);
         keys != NULL;
         keys = keys_next(cf->cycle, keys))
    {
        keys->fetch_conf.hosts = found.data();
        keys->fetch_conf.nhosts = found.size();
    }

    return NGX_OK;
}


static ngx_int_t
keys_init_source(ngx_conf_t *cf, key_source_t *keys, ngx_array_t *hosts)
{
    const char         *word;
    fetch_conf_t       *conf;
    key_source_conf_t  *settings;

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

    keys->shm_zone->shm.size = zone_size(settings->max_size);

    /* plain http needs no file, but one that is named has to be there */

    if (keys->needs_tls || settings->trust.trusted_certificate.len
        || settings->trust.crl.len || settings->trust.certificate.len)
    {
        conf->tls = tls_create(cf, &settings->trust, &word);
        if (conf->tls == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"%s\" of id_token_provider \"%V\" cannot be used "
                          "in %s:%ui",
                          word, &settings->provider, settings->file,
                          settings->line);
            return NGX_ERROR;
        }
    }

    if (resolver_init(cf, conf) != NGX_OK) {
        return NGX_ERROR;
    }

    conf->proxy_host = settings->proxy_host;
    conf->proxy_port = settings->proxy_port;
    conf->proxy_file = settings->proxy_file;
    conf->origin = &keys->server;
    conf->fields = settings->fields;
    conf->timeout = settings->timeout;
    conf->max_size = settings->max_size;
    conf->insecure = settings->insecure;

    return keys_add_host(cf, keys, hosts);
}


/* the host to connect to, if it is a name, once for all sources */

static ngx_int_t
keys_add_host(ngx_conf_t *cf, key_source_t *keys, ngx_array_t *hosts)
{
    host_t     *h;
    ngx_str_t  *host;

    host = keys->fetch_conf.proxy_host.len ? &keys->fetch_conf.proxy_host
                                           : &keys->host;

    if (ngx_inet_addr(host->data, host->len) != INADDR_NONE
        || ngx_strlchr(host->data, host->data + host->len, ':') != NULL)
    {
        return NGX_OK;
    }

    keys_warn_of_name(cf, keys, host);

    for (const host_t &known : items<host_t>(hosts)) {
        if (known.host.len == host->len
            && ngx_strncasecmp(known.host.data, host->data, host->len) == 0)
        {
            return NGX_OK;
        }
    }

    h = push<host_t>(hosts);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->host = *host;
    h->port = keys->fetch_conf.proxy_host.len ? keys->fetch_conf.proxy_port
                                              : keys->port;

    return NGX_OK;
}


/* what the system's look-up would complete, "resolver" takes as it stands */

static void
keys_warn_of_name(ngx_conf_t *cf, key_source_t *keys, const ngx_str_t *host)
{
    if (!keys->fetch_conf.resolver_is_own
        || ngx_strlchr(host->data, host->data + host->len, '.') != NULL
        || (host == &keys->host && keys->server.complete)
        || (host->len == 9
            && ngx_strncasecmp(host->data, (u_char *) "localhost", 9) == 0))
    {
        return;
    }

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "\"resolver\" is asked for \"%V\" of id_token_provider "
                  "\"%V\" as it stands, without the search list of "
                  "/etc/resolv.conf: write the complete name in %s:%ui",
                  host, &keys->settings.provider, keys->settings.file,
                  keys->settings.line);
}


}  // namespace id_token::nginx
