#include "idt_fetch/resolve.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>


namespace id_token::nginx {


#define RESOLV_CONF  "/etc/resolv.conf"

/* as many as the system's own look-up asks */
#define NAMESERVERS  3

/* seconds for all look-ups at configuration time */
#define LOOKUP_TIME  20


static ngx_resolver_t *system_resolver(ngx_conf_t *cf) noexcept;
static ngx_uint_t nameservers(ngx_conf_t *cf, ngx_str_t *names) noexcept;
static ngx_int_t nameserver(ngx_conf_t *cf, const char *text, ngx_str_t *name)
    noexcept;
static void resolver_mark(void *data) noexcept;
static ngx_int_t host_resolve(ngx_conf_t *cf, host_t *host) noexcept;
static bool same_host(const ngx_str_t *a, std::string_view b) noexcept;


ngx_int_t
resolver_init(ngx_conf_t *cf, fetch_conf_t *conf) noexcept
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = static_cast<ngx_http_core_loc_conf_t *>(
        ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module));

    /* without "resolver" the core makes one that has no servers */

    if (clcf->resolver && clcf->resolver->connections.nelts) {
        conf->resolver = clcf->resolver;
        conf->resolver_is_own = 1;
        conf->resolver_timeout = clcf->resolver_timeout;

        if (conf->resolver_timeout == NGX_CONF_UNSET_MSEC) {
            conf->resolver_timeout = 30000;
        }

        return NGX_OK;
    }

    conf->resolver = system_resolver(cf);
    conf->resolver_is_own = 0;
    conf->resolver_timeout = 30000;

    return conf->resolver ? NGX_OK : NGX_ERROR;
}


/* The pool's cleanup is where the cycle's one resolver is found again. */

static ngx_resolver_t *
system_resolver(ngx_conf_t *cf) noexcept
{
    ngx_str_t            names[NAMESERVERS];
    ngx_uint_t           n;
    ngx_resolver_t      *resolver;
    ngx_pool_cleanup_t  *cln;

    for (cln = cf->cycle->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == resolver_mark) {
            return static_cast<ngx_resolver_t *>(cln->data);
        }
    }

    n = nameservers(cf, names);

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

    cln = ngx_pool_cleanup_add(cf->cycle->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = resolver_mark;
    cln->data = resolver;

    return resolver;
}


static void
resolver_mark(void *data) noexcept
{
    (void) data;
}


/* resolv.conf(5); no "nameserver" at all means the one on this machine */

static ngx_uint_t
nameservers(ngx_conf_t *cf, ngx_str_t *names) noexcept
{
    FILE        *file;
    char         line[256], text[64];
    ngx_uint_t   n;

    n = 0;
    file = fopen(RESOLV_CONF, "re");

    if (file) {
        while (n < NAMESERVERS && fgets(line, sizeof(line), file)) {
            if (sscanf(line, "nameserver %63s", text) == 1
                && nameserver(cf, text, &names[n]) == NGX_OK)
            {
                n++;
            }
        }

        (void) fclose(file);
    }

    if (n == 0) {
        ngx_str_set(&names[0], "127.0.0.1");
        n = 1;
    }

    return n;
}


/* ngx_resolver_create takes no zone of a link-local address */

static ngx_int_t
nameserver(ngx_conf_t *cf, const char *text, ngx_str_t *name) noexcept
{
    size_t   len;
    u_char  *p;
    u_char   addr[16];

    len = ngx_strlen(text);

    p = static_cast<u_char *>(ngx_pnalloc(cf->pool, len + 2));
    if (p == NULL) {
        return NGX_ERROR;
    }

    name->data = p;

    if (inet_pton(AF_INET, text, addr) == 1) {
        p = ngx_cpymem(p, text, len);

    } else if (inet_pton(AF_INET6, text, addr) == 1) {
        *p++ = '[';
        p = ngx_cpymem(p, text, len);
        *p++ = ']';

    } else {
        return NGX_DECLINED;
    }

    name->len = p - name->data;

    return NGX_OK;
}


ngx_int_t
hosts_resolve(ngx_conf_t *cf, host_t *hosts, ngx_uint_t nhosts) noexcept
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
host_resolve(ngx_conf_t *cf, host_t *host) noexcept
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


ngx_int_t
known_addrs(const fetch_conf_t *conf, std::string_view host, in_port_t port,
    addrs_t *addrs)
{
    u_char             *text;
    ngx_uint_t          i, n, nhosts;
    struct sockaddr_in  sin;
    const host_t       *h;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6                   sin6;
#endif

    ngx_memzero(&sin, sizeof(struct sockaddr_in));
    sin.sin_family = AF_INET;

    text = reinterpret_cast<u_char *>(const_cast<char *>(host.data()));
    sin.sin_addr.s_addr = ngx_inet_addr(text, host.size());

    if (sin.sin_addr.s_addr != INADDR_NONE) {
        add_addr(addrs, (struct sockaddr *) &sin,
                                        sizeof(struct sockaddr_in), port);
        return NGX_OK;
    }

#if (NGX_HAVE_INET6)

    ngx_memzero(&sin6, sizeof(struct sockaddr_in6));
    sin6.sin6_family = AF_INET6;

    if (host.find(':') != host.npos
        && ngx_inet6_addr(text, host.size(), sin6.sin6_addr.s6_addr) == NGX_OK)
    {
        add_addr(addrs, (struct sockaddr *) &sin6,
                                        sizeof(struct sockaddr_in6), port);
        return NGX_OK;
    }

#endif

    nhosts = (conf->resolver_is_own || conf->look_up) ? 0 : conf->nhosts;

    for (i = 0; i < nhosts; i++) {
        h = &conf->hosts[i];

        if (h->naddrs == 0 || !same_host(&h->host, host)) {
            continue;
        }

        for (n = 0; n < h->naddrs; n++) {
            add_addr(addrs, h->addrs[n].sockaddr, h->addrs[n].socklen, port);
        }

        return NGX_OK;
    }

    if (host != "localhost") {
        return NGX_DECLINED;
    }

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    add_addr(addrs, (struct sockaddr *) &sin, sizeof(struct sockaddr_in), port);

#if (NGX_HAVE_INET6)
    sin6.sin6_addr = in6addr_loopback;
    add_addr(addrs, (struct sockaddr *) &sin6,
                                    sizeof(struct sockaddr_in6), port);
#endif

    return NGX_OK;
}


static bool
same_host(const ngx_str_t *a, std::string_view b) noexcept
{
    return a->len == b.size()
           && ngx_strncasecmp(a->data,
                              reinterpret_cast<u_char *>(
                                  const_cast<char *>(b.data())), a->len)
              == 0;
}


void
add_addr(addrs_t *addrs, const struct sockaddr *sockaddr, socklen_t socklen,
    in_port_t port)
{
    addr_t  addr;

    ngx_memzero(&addr, sizeof(addr_t));

    addr.socklen = std::min<socklen_t>(socklen, sizeof(ngx_sockaddr_t));
    ngx_memcpy(&addr.sockaddr, sockaddr, addr.socklen);
    ngx_inet_set_port(&addr.sockaddr.sockaddr, port);

    addrs->push_back(addr);
}


bool
is_loopback(const struct sockaddr *sockaddr) noexcept
{
    const u_char  *p;

    if (sockaddr->sa_family == AF_INET) {
        p = (const u_char *) &((const struct sockaddr_in *) sockaddr)->sin_addr;
        return p[0] == 127;
    }

#if (NGX_HAVE_INET6)

    if (sockaddr->sa_family == AF_INET6) {
        auto  addr = &((const struct sockaddr_in6 *) sockaddr)->sin6_addr;

        return IN6_IS_ADDR_LOOPBACK(addr)
               || (IN6_IS_ADDR_V4MAPPED(addr) && addr->s6_addr[12] == 127);
    }

#endif

    return false;
}


}  // namespace id_token::nginx
