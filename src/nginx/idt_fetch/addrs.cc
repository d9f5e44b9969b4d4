/* Addresses at run time: those that need no question, and what they are. */

#include "idt_fetch/resolve.h"

#include <algorithm>
#include <cstring>


namespace id_token::nginx {


static bool same_host(const ngx_str_t *a, std::string_view b) noexcept;


static void
add_inet(addrs_t *addrs, in_addr_t addr, in_port_t port)
{
    struct sockaddr_in  sin;

    ngx_memzero(&sin, sizeof(struct sockaddr_in));
    sin.sin_family = AF_INET;
    sin.sin_addr.s_addr = addr;

    add_addr(addrs, reinterpret_cast<struct sockaddr *>(&sin),
             sizeof(struct sockaddr_in), port);
}


#if (NGX_HAVE_INET6)

static void
add_inet6(addrs_t *addrs, const struct in6_addr &addr, in_port_t port)
{
    struct sockaddr_in6  sin6;

    ngx_memzero(&sin6, sizeof(struct sockaddr_in6));
    sin6.sin6_family = AF_INET6;
    sin6.sin6_addr = addr;

    add_addr(addrs, reinterpret_cast<struct sockaddr *>(&sin6),
             sizeof(struct sockaddr_in6), port);
}

#endif


static bool
add_literal(addrs_t *addrs, std::string_view host, in_port_t port)
{
    in_addr_t         addr;
#if (NGX_HAVE_INET6)
    struct in6_addr   addr6;
#endif

    addr = ngx_inet_addr(bytes(host), host.size());

    if (addr != INADDR_NONE) {
        add_inet(addrs, addr, port);
        return true;
    }

#if (NGX_HAVE_INET6)

    if (host.find(':') != host.npos
        && ngx_inet6_addr(bytes(host), host.size(), addr6.s6_addr) == NGX_OK)
    {
        add_inet6(addrs, addr6, port);
        return true;
    }

#endif

    return false;
}


/* those that were looked up when the configuration was read */

static bool
add_looked_up(addrs_t *addrs, const fetch_conf_t *conf, std::string_view host,
    in_port_t port)
{
    ngx_uint_t     i, n;
    const host_t  *h;

    if (conf->resolver_is_own || conf->look_up) {
        return false;
    }

    for (i = 0; i < conf->nhosts; i++) {
        h = &conf->hosts[i];

        if (h->naddrs == 0 || !same_host(&h->host, host)) {
            continue;
        }

        for (n = 0; n < h->naddrs; n++) {
            add_addr(addrs, h->addrs[n].sockaddr, h->addrs[n].socklen, port);
        }

        return true;
    }

    return false;
}


ngx_int_t
known_addrs(const fetch_conf_t *conf, std::string_view host, in_port_t port,
    addrs_t *addrs)
{
    if (add_literal(addrs, host, port)
        || add_looked_up(addrs, conf, host, port))
    {
        return NGX_OK;
    }

    if (host != "localhost") {
        return NGX_DECLINED;
    }

    add_inet(addrs, htonl(INADDR_LOOPBACK), port);

#if (NGX_HAVE_INET6)
    add_inet6(addrs, in6addr_loopback, port);
#endif

    return NGX_OK;
}


static bool
same_host(const ngx_str_t *a, std::string_view b) noexcept
{
    return a->len == b.size()
           && ngx_strncasecmp(a->data,
                              bytes(b), a->len)
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


/*
 * The bytes that make it this address: no padding, which may hold anything. The
 * scope is of a link-local address.
 */

AddressBytes
address_bytes(const addr_t &addr) noexcept
{
    u_char                      *p;
    u_char                       bytes[32];
    const struct sockaddr_in    *sin;
#if (NGX_HAVE_INET6)
    const struct sockaddr_in6   *sin6;
#endif

    p = bytes;
    *p++ = static_cast<u_char>(addr.sockaddr.sockaddr.sa_family);

    if (addr.sockaddr.sockaddr.sa_family == AF_INET) {
        sin = &addr.sockaddr.sockaddr_in;
        p = ngx_cpymem(p, &sin->sin_port, sizeof(sin->sin_port));
        p = ngx_cpymem(p, &sin->sin_addr, sizeof(sin->sin_addr));
    }

#if (NGX_HAVE_INET6)

    if (addr.sockaddr.sockaddr.sa_family == AF_INET6) {
        sin6 = &addr.sockaddr.sockaddr_in6;
        p = ngx_cpymem(p, &sin6->sin6_port, sizeof(sin6->sin6_port));
        p = ngx_cpymem(p, &sin6->sin6_addr, sizeof(sin6->sin6_addr));
        p = ngx_cpymem(p, &sin6->sin6_scope_id, sizeof(sin6->sin6_scope_id));
    }

#endif

    return AddressBytes::of({ bytes, static_cast<size_t>(p - bytes) });
}


std::string
address_text(const AddressBytes &address)
{
    size_t           length;
    u_char           text[NGX_SOCKADDR_STRLEN];
    addr_t           addr = {};
    const uint8_t   *p;

    if (address.size == 0) {
        return std::string();
    }

    p = address.bytes.data();
    addr.sockaddr.sockaddr.sa_family = *p++;

    if (addr.sockaddr.sockaddr.sa_family == AF_INET) {
        addr.socklen = sizeof(struct sockaddr_in);
        ngx_memcpy(&addr.sockaddr.sockaddr_in.sin_port, p, 2);
        ngx_memcpy(&addr.sockaddr.sockaddr_in.sin_addr, p + 2, 4);
    }

#if (NGX_HAVE_INET6)

    if (addr.sockaddr.sockaddr.sa_family == AF_INET6) {
        addr.socklen = sizeof(struct sockaddr_in6);
        ngx_memcpy(&addr.sockaddr.sockaddr_in6.sin6_port, p, 2);
        ngx_memcpy(&addr.sockaddr.sockaddr_in6.sin6_addr, p + 2, 16);
    }

#endif

    length = ngx_sock_ntop(&addr.sockaddr.sockaddr, addr.socklen, text,
                           NGX_SOCKADDR_STRLEN, 1);

    return std::string(reinterpret_cast<char *>(text), length);
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
