/*
 * The inside of a fetch: its state, and one connection of it.
 */

#ifndef IDT_FETCH_PEER_H
#define IDT_FETCH_PEER_H

#include "idt_fetch/fetch.h"
#include "idt_fetch/resolve.h"

#include <optional>

#include "idt_keys/http_response.h"
#include "idt_keys/url.h"


namespace id_token::nginx {


enum class Phase {
    looking_up,
    connecting,
    tunnelling,
    handshaking,
    answering
};


/*
 * Either ctx or peer.connection is set while a fetch is under way, and the
 * timer always. `log` keeps what nginx's functions have to say of a failure
 * for the error text, instead of the log file.
 */

struct fetch_s {
    const fetch_conf_t          *conf;
    fetch_handler_pt             handler;
    void                        *data;

    /* event ident must be after 3 pointers as in ngx_connection_t */
    ngx_int_t                    ident;

    Url                          url;
    bool                         proxied;
    std::string                  host;      /* to connect to */
    in_port_t                    port;
    std::string                  connect;   /* for the proxy */
    std::string                  request;

    ngx_event_t                  timer;
    ngx_msec_t                   deadline;

    ngx_resolver_ctx_t          *ctx;
    addrs_t                      addrs;
    size_t                       next;      /* of addrs */
    bool                         unreachable;

    Phase                        phase;
    ngx_peer_connection_t        peer;
    ngx_str_t                    peer_name;
    u_char                       peer_text[NGX_SOCKADDR_STRLEN];
    std::string_view             out;       /* still to send */
    std::optional<HttpResponse>  response;

    ngx_log_t                    log;
    u_char                       logged[256];
    size_t                       logged_len;

    u_char                       error[512];
    size_t                       error_len;
};


/*
 * One connection. peer_connect: NGX_OK, it is under way; else it failed at
 * once. The rest happens in events, which end in one of the calls below.
 */

ngx_int_t peer_connect(fetch_t *f, addr_t *addr) noexcept;
void peer_close(fetch_t *f) noexcept;


/* What nginx logged last, or else `text`. */
const char *logged(fetch_t *f, const char *text) noexcept;

/* What has not happened in time. */
const char *fetch_late(fetch_t *f) noexcept;

void fetch_init_log(fetch_t *f) noexcept;
void fetch_error(fetch_t *f, const char *text, const ngx_str_t *whom) noexcept;


/* The fetch must not be touched after any of these but request_sent. */

void fetch_request_sent(fetch_t *f) noexcept;
void fetch_done(fetch_t *f) noexcept;

/* The answer, or ourselves, are at fault: no other address helps. */
void fetch_refused(fetch_t *f, const char *text) noexcept;

/* This address does not work; the next one may. */
void fetch_failed(fetch_t *f, const char *text) noexcept;


ngx_int_t tls_connection(tls_t *tls, ngx_connection_t *c, const Url *url)
    noexcept;

/* After the handshake: NULL, or what is wrong with the certificate. */
const char *tls_verify(ngx_connection_t *c) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_FETCH_PEER_H */
