/*
 * The HTTPS client of the key source: one GET inside the event loop, never
 * blocking it, with a deadline over all of it; nothing is kept open.
 *
 * Verbs: start, then exactly one call of the handler, or abort. The handler
 * may be called before start returns.
 */

#ifndef IDT_FETCH_FETCH_H
#define IDT_FETCH_FETCH_H

#include "idt_glue/ngx.h"

#include <string>
#include <string_view>

#include "idt_fetch/trust.h"
#include "idt_keys/race.h"
#include "idt_keys/resolv.h"
#include "idt_keys/url.h"


namespace id_token::nginx {


/*
 * TLS contexts, made at configuration time and shared by all sources that
 * have the same trust: parsing a CA bundle takes 20 ms.
 */

typedef struct tls_s  tls_t;

/*
 * NULL: the error has been logged ([emerg], naming the file at fault), and
 * `word` is the directive that it came from
 */
tls_t *tls_create(ngx_conf_t *cf, const trust_t *trust, const char **word);


/* Configuration-time name look-ups: the addresses of one host. */

typedef struct {
    ngx_str_t            host;             /* no brackets around IPv6 */
    in_port_t            port;
    ngx_addr_t          *addrs;            /* naddrs 0: not resolved */
    ngx_uint_t           naddrs;
} host_t;

/* a form to be posted, instead of a GET: the answer's kind is `token` */

typedef struct {
    std::string          body;
    std::string          authorization;    /* a field value, or empty */
} fetch_post_t;


/*
 * What a fetch needs besides the URL; lives as long as the cycle. See
 * idt_fetch/resolve.h for what sets resolver, names and hosts.
 *
 * Names that are neither literal addresses nor among `hosts` (unless look_up is
 * set), nor "localhost", are asked of `resolver`, which is the location-less
 * one of http{} if it has any server, else one made at configuration time from
 * /etc/resolv.conf, whose search list is applied.
 *
 * The proxy is asked to CONNECT for https, and to GET for plain http. What may
 * not leave the loopback, plain http without `insecure`, goes there directly.
 *
 * The added fields and the client certificate are for `origin` alone, and only
 * over TLS.
 */

typedef struct {
    tls_t               *tls;
    ngx_resolver_t      *resolver;
    ngx_msec_t           resolver_timeout;
    ngx_flag_t           resolver_is_own;  /* "resolver" is set: ask at each
                                              fetch, do not use hosts */
    const ResolvConf    *names;            /* NULL: they are complete */
    host_t              *hosts;
    ngx_uint_t           nhosts;
    ngx_uint_t           look_up;          /* hosts are of no use */
    AddressMemory        known;            /* of earlier fetches */
    ngx_str_t            proxy_host;       /* empty: none */
    in_port_t            proxy_port;
    ngx_str_t            proxy_file;       /* "user:password"; empty: none */
    const Url           *origin;           /* the configured one */
    ngx_array_t         *fields;           /* added_field_t; NULL: none */
    ngx_msec_t           timeout;          /* for the whole */
    size_t               max_size;         /* of a body */
    ngx_flag_t           insecure;         /* plain http may leave the
                                              loopback */
    bool                 no_cache;         /* no cache may answer */
    const fetch_post_t  *post;             /* NULL: a GET */
} fetch_conf_t;


typedef struct fetch_s  fetch_t;

/*
 * The outcome. On success `error` is empty and `body` is the whole body of a
 * 200 answer; `cache_control` its Cache-Control field value(s), joined. On
 * failure `error` is one plain English clause naming what was wrong and with
 * whom ("certificate verify failed: self-signed certificate (127.0.0.1:8443)",
 * "answered 302 with a redirect to ..."), printable ASCII, at most 512 bytes.
 * The views are valid during the call only.
 */

typedef struct {
    std::string_view     error;
    std::string_view     body;
    std::string_view     cache_control;
    time_t               age;              /* Age field, or 0 */
    bool                 unreachable;      /* no address is known, or none
                                              works */
    AddressMemory        known;            /* for the next fetch */
} fetch_result_t;

typedef void (*fetch_handler_pt)(void *data, const fetch_result_t *result)
    noexcept;

/*
 * Starts a GET of `url` (absolute, http or https). NULL: nothing was started
 * and the handler will not be called (out of memory). If the handler was
 * called before the return, the result is a fetch that must not be touched.
 */

fetch_t *fetch_start(const fetch_conf_t *conf, std::string_view url,
    fetch_handler_pt handler, void *data, ngx_log_t *log) noexcept;

/* Ends a fetch without a call of the handler. */

void fetch_abort(fetch_t *fetch) noexcept;

}  // namespace id_token::nginx

#endif /* IDT_FETCH_FETCH_H */
