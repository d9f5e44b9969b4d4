/* Names at configuration time: the resolver, and the system's own look-up. */

#include "idt_fetch/resolve.h"

#include <chrono>
#include <cstdio>
#include <string>


namespace id_token::nginx {


#define RESOLV_CONF  "/etc/resolv.conf"

/* more than this is no resolv.conf */
#define MAX_RESOLV_CONF  (64 * 1024)

/* seconds for all look-ups at configuration time */
#define LOOKUP_TIME  20


/* what the system's own look-up would ask whom */

typedef struct {
    ngx_resolver_t      *resolver;
    ResolvConf           conf;
} system_names_t;


template <typename Resolver> static bool has_servers(const Resolver *resolver)
    noexcept;
static system_names_t *system_names(ngx_conf_t *cf);
static ngx_resolver_t *system_resolver(ngx_conf_t *cf, const ResolvConf *conf);
static ResolvConf read_resolv_conf(ngx_conf_t *cf);
static ngx_int_t nameserver(ngx_conf_t *cf, const std::string &text,
    ngx_str_t *name);
static void system_names_cleanup(void *data) noexcept;
static ngx_int_t host_resolve(ngx_conf_t *cf, host_t *host);


ngx_int_t
resolver_init(ngx_conf_t *cf, fetch_conf_t *conf)
{
    system_names_t            *names;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = core_loc_conf(cf);

    /* without "resolver" the core makes one that has no servers */

    if (clcf->resolver && has_servers(clcf->resolver)) {
        conf->resolver = clcf->resolver;
        conf->resolver_is_own = 1;
        conf->resolver_timeout = clcf->resolver_timeout;

        if (conf->resolver_timeout == NGX_CONF_UNSET_MSEC) {
            conf->resolver_timeout = 30000;
        }

        return NGX_OK;
    }

    names = system_names(cf);
    if (names == NULL) {
        return NGX_ERROR;
    }

    conf->resolver = names->resolver;
    conf->names = &names->conf;
    conf->resolver_is_own = 0;
    conf->resolver_timeout = 30000;

    return NGX_OK;
}


/* The pool's cleanup is where the cycle's one is found again. */

/* an array in nginx; a list in Angie, which by itself reads resolv.conf */

template <typename Resolver>
static bool
has_servers(const Resolver *resolver) noexcept
{
    if constexpr (requires { resolver->connections.nelts; }) {
        return resolver->connections.nelts != 0;

    } else {
        return resolver->connections != NULL && resolver->resolv_conf.len == 0;
    }
}


static system_names_t *
system_names(ngx_conf_t *cf)
{
    system_names_t      *names;
    ngx_pool_cleanup_t  *cln;

    for (cln = cf->cycle->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == system_names_cleanup) {
            return static_cast<system_names_t *>(cln->data);
        }
    }

    cln = ngx_pool_cleanup_add(cf->cycle->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    names = new system_names_t();

    cln->handler = system_names_cleanup;
    cln->data = names;

    names->conf = read_resolv_conf(cf);
    names->resolver = system_resolver(cf, &names->conf);

    return names->resolver ? names : NULL;
}


static void
system_names_cleanup(void *data) noexcept
{
    delete static_cast<system_names_t *>(data);
}


static ResolvConf
read_resolv_conf(ngx_conf_t *cf)
{
    FILE        *file;
    std::string  text;

    text.resize(MAX_RESOLV_CONF);

    file = fopen(RESOLV_CONF, "re");

    text.resize(file ? fread(text.data(), 1, text.size(), file) : 0);

    if (file) {
        (void) fclose(file);
    }

    return parse_resolv_conf(text,
               { reinterpret_cast<char *>(cf->cycle->hostname.data),
                 cf->cycle->hostname.len });
}


/* no "nameserver" at all means the one on this machine */

static ngx_resolver_t *
system_resolver(ngx_conf_t *cf, const ResolvConf *conf)
{
    ngx_str_t        names[kMaxNameservers];
    ngx_uint_t       n;
    ngx_resolver_t  *resolver;

    n = 0;

    for (const auto &text : conf->nameservers) {
        if (nameserver(cf, text, &names[n]) == NGX_OK) {
            n++;
        }
    }

    if (n == 0) {
        ngx_str_set(&names[0], "127.0.0.1");
        n = 1;
    }

    resolver = ngx_resolver_create(cf, names, n);
    if (resolver == NULL) {
        return NULL;
    }

    /*
     * 5 s before the next server is asked is the whole time of a fetch; and
     * what goes wrong is told by the fetch, not once more by the resolver
     */

    resolver->resend_timeout = 1;
    resolver->log_level = NGX_LOG_INFO;

    return resolver;
}


/* ngx_resolver_create takes no zone of a link-local address */

static ngx_int_t
nameserver(ngx_conf_t *cf, const std::string &text, ngx_str_t *name)
{
    u_char  *p;
    u_char   addr[16];

    p = static_cast<u_char *>(ngx_pnalloc(cf->pool, text.size() + 2));
    if (p == NULL) {
        return NGX_ERROR;
    }

    name->data = p;

    if (inet_pton(AF_INET, text.c_str(), addr) == 1) {
        p = ngx_cpymem(p, text.data(), text.size());

    } else if (inet_pton(AF_INET6, text.c_str(), addr) == 1) {
        *p++ = '[';
        p = ngx_cpymem(p, text.data(), text.size());
        *p++ = ']';

    } else {
        return NGX_DECLINED;
    }

    name->len = p - name->data;

    return NGX_OK;
}


ngx_int_t
hosts_resolve(ngx_conf_t *cf, host_t *hosts, ngx_uint_t nhosts)
{
    ngx_uint_t  i, left;

    auto  end = std::chrono::steady_clock::now()
                + std::chrono::seconds(LOOKUP_TIME);

    for (i = 0, left = 0; i < nhosts; i++) {
        hosts[i].naddrs = 0;

        if (std::chrono::steady_clock::now() > end) {
            left++;
            continue;
        }

        if (host_resolve(cf, &hosts[i]) == NGX_ERROR) {
            return NGX_ERROR;
        }
    }

    if (left) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "the look-ups of key servers have taken %d s, "
                      "%ui hosts are left to be looked up when they are needed",
                      LOOKUP_TIME, left);
    }

    return NGX_OK;
}


static ngx_int_t
host_resolve(ngx_conf_t *cf, host_t *host)
{
    ngx_url_t  u;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.host = host->host;
    u.port = host->port;

    if (ngx_inet_resolve_host(cf->pool, &u) == NGX_OK) {
        host->addrs = u.addrs;
        host->naddrs = u.naddrs;
        return NGX_OK;
    }

    if (u.err == NULL) {
        return NGX_ERROR;
    }

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "%s: key server \"%V\", it will be looked up again "
                  "when it is needed", u.err, &host->host);

    return NGX_DECLINED;
}

}  // namespace id_token::nginx
