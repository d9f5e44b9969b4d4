/*
 * The inside of a fetch: its state, and the connections that race for it.
 */

#ifndef ID_TOKEN_NGINX_PEER_H
#define ID_TOKEN_NGINX_PEER_H

#include "idt_fetch/fetch.h"
#include "idt_fetch/resolve.h"

#include <optional>

#include "idt_keys/http_response.h"
#include "idt_keys/race.h"
#include "idt_keys/url.h"


namespace id_token::nginx {


enum class Phase {
    connecting,
    tunnelling,
    handshaking,
    answering
};


/*
 * One connection; in use while pc.connection is set. `log` keeps what nginx's
 * functions have to say of a failure for the error text, instead of the log
 * file.
 */

typedef struct {
    fetch_t                     *fetch;
    size_t                       place;     /* in the race */
    Phase                        phase;
    ngx_peer_connection_t        pc;
    ngx_str_t                    name;
    u_char                       text[NGX_SOCKADDR_STRLEN];
    std::string_view             out;       /* still to send */
    std::optional<HttpResponse>  response;

    ngx_log_t                    log;
    u_char                       logged[256];
    size_t                       logged_len;
} peer_t;


/*
 * While a fetch is under way the timer is set, and either ctx, or at least one
 * connection of the peers.
 */

struct fetch_s {
    const fetch_conf_t          *conf;
    fetch_handler_pt             handler;
    void                        *data;

    /* event ident must be after 3 pointers as in ngx_connection_t */
    ngx_int_t                    ident;

    Url                          url;
    bool                         own;       /* the configured origin */
    bool                         proxied;
    std::string                  host;      /* to connect to */
    bool                         complete;  /* the host's name */
    in_port_t                    port;
    std::string                  connect;   /* for the proxy */
    std::string                  request;

    ngx_event_t                  timer;
    ngx_msec_t                   deadline;

    std::vector<std::string>     names;     /* to ask for, one by one */
    size_t                       name;
    ngx_resolver_ctx_t          *ctx;

    addrs_t                      addrs;     /* in the order of the race */
    std::optional<Race>          race;
    peer_t                       peers[kMaxRacing];
    peer_t                      *winner;
    AddressMemory                known;
    bool                         unreachable;
    bool                         spoken;    /* a proxy, to refuse */

    u_char                       error[512];
    size_t                       error_len;
};


/* The addresses of f->host, if they have to be asked for. */
void fetch_look_up(fetch_t *f) noexcept;

/* They are there. fetch_run: what has to be done now. */
void fetch_race(fetch_t *f) noexcept;
void fetch_run(fetch_t *f) noexcept;

void fetch_timer(fetch_t *f, ngx_msec_t time) noexcept;
ngx_msec_t fetch_remaining(fetch_t *f) noexcept;


/*
 * One connection. peer_connect: NGX_OK, it is under way; else it failed at
 * once. The rest happens in events, which end in one of the calls below.
 */

ngx_int_t peer_connect(peer_t *peer, addr_t *addr) noexcept;
void peer_close(peer_t *peer) noexcept;


/* What nginx logged last, or else `text`. */
const char *peer_logged(peer_t *peer, const char *text) noexcept;

/* Whether it is connected; if not, why is logged for the text. */
ngx_int_t peer_test_connect(peer_t *peer) noexcept;

/* What has not happened in time. */
const char *peer_late(peer_t *peer) noexcept;

void peer_init_log(peer_t *peer) noexcept;

/* `text`, of the host that was looked up, of a peer, or of nobody */
void fetch_error(fetch_t *f, const char *text) noexcept;
void fetch_host_error(fetch_t *f, const char *text) noexcept;
void peer_error(peer_t *peer, const char *text) noexcept;


/* Its handshake is over, or it needs none: it alone is to be asked. */
void peer_won(peer_t *peer) noexcept;


/* The fetch must not be touched after any of these. */

void fetch_done(fetch_t *f) noexcept;
void fetch_end(fetch_t *f) noexcept;

/* The answer, or ourselves, are at fault: no other address helps. */
void fetch_refused(fetch_t *f, const char *text) noexcept;
void peer_refused(peer_t *peer, const char *text) noexcept;

/* This address does not work; the next one may. */
void peer_failed(peer_t *peer, const char *text) noexcept;


/* `own`: the client certificate may be shown */
ngx_int_t tls_connection(tls_t *tls, ngx_connection_t *c, const Url *url,
    bool own) noexcept;

/* After the handshake: NULL, or what is wrong with the certificate. */
const char *tls_verify(ngx_connection_t *c) noexcept;


/* The texts of f->request and f->connect. NULL, or what is wrong. Throws. */
const char *fetch_write(fetch_t *f);

}  // namespace id_token::nginx

#endif /* ID_TOKEN_NGINX_PEER_H */
