/*
 * Names to addresses: at configuration time by the system's look-up, at run
 * time by an nginx resolver; a worker never blocks on a name.
 */

#ifndef IDT_FETCH_RESOLVE_H
#define IDT_FETCH_RESOLVE_H

#include "idt_fetch/fetch.h"

#include <vector>


namespace id_token::nginx {


/*
 * Both are for postconfiguration, when cf->ctx is that of http{}. NGX_ERROR:
 * out of memory.
 *
 * resolver_init sets resolver, resolver_timeout, resolver_is_own and names:
 * the "resolver" of http{}, or else one that asks the nameservers of
 * /etc/resolv.conf, one for all callers of a cycle.
 *
 * hosts_resolve looks up every host; not needed when resolver_is_own is set.
 * One that does not resolve is logged as a warning and left without
 * addresses, for run time. All look-ups of a call together get a bounded time,
 * so that a dead nameserver does not hold up the start for each of hundreds.
 */

ngx_int_t resolver_init(ngx_conf_t *cf, fetch_conf_t *conf);
ngx_int_t hosts_resolve(ngx_conf_t *cf, host_t *hosts, ngx_uint_t nhosts);


typedef struct {
    ngx_sockaddr_t       sockaddr;
    socklen_t            socklen;
} addr_t;

typedef std::vector<addr_t>  addrs_t;

/*
 * Run time. Adds the addresses that need no question: of a literal address, a
 * host that was looked up at configuration time, and "localhost" (RFC 6761
 * 6.3: its look-up ought not to leave the machine). NGX_DECLINED: none is
 * known. Throws std::bad_alloc.
 */

ngx_int_t known_addrs(const fetch_conf_t *conf, std::string_view host,
    in_port_t port, addrs_t *addrs);

/* Throws std::bad_alloc. */
void add_addr(addrs_t *addrs, const struct sockaddr *sockaddr,
    socklen_t socklen, in_port_t port);

/* Family, address and port, to be known again by. */
AddressBytes address_bytes(const addr_t &addr) noexcept;

/* "192.0.2.1:443", of the same; empty if it is of nothing. */
std::string address_text(const AddressBytes &address);

bool is_loopback(const struct sockaddr *sockaddr) noexcept;

}  // namespace id_token::nginx

#endif /* IDT_FETCH_RESOLVE_H */
