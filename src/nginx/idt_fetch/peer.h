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


typedef enum {
    NGX_HTTP_AUTH_ID_TOKEN_LOOKING_UP,
    NGX_HTTP_AUTH_ID_TOKEN_CONNECTING,
    NGX_HTTP_AUTH_ID_TOKEN_TUNNELLING,
    NGX_HTTP_AUTH_ID_TOKEN_HANDSHAKING,
    NGX_HTTP_AUTH_ID_TOKEN_ANSWERING
} ngx_http_auth_id_token_phase_e;


/*
 * Either ctx or peer.connection is set while a fetch is under way, and the
 * timer always. `log` keeps what nginx's functions have to say of a failure
 * for the error text, instead of the log file.
 */

struct ngx_http_auth_id_token_fetch_s {
    const ngx_http_auth_id_token_fetch_conf_t  *conf;
    ngx_http_auth_id_token_fetch_handler_pt     handler;
    void                                       *data;

    /* event ident must be after 3 pointers as in ngx_connection_t */
    ngx_int_t                                   ident;

    id_token::Url                               url;
    bool                                        proxied;
    std::string                                 host;      /* to connect to */
    in_port_t                                   port;
    std::string                                 connect;   /* for the proxy */
    std::string                                 request;

    ngx_event_t                                 timer;
    ngx_msec_t                                  deadline;

    ngx_resolver_ctx_t                         *ctx;
    ngx_http_auth_id_token_addrs_t              addrs;
    size_t                                      next;      /* of addrs */
    bool                                        unreachable;

    ngx_http_auth_id_token_phase_e              phase;
    ngx_peer_connection_t                       peer;
    ngx_str_t                                   peer_name;
    u_char                                      peer_text[NGX_SOCKADDR_STRLEN];
    std::string_view                            out;       /* still to send */
    std::optional<id_token::HttpResponse>       response;

    ngx_log_t                                   log;
    u_char                                      logged[256];
    size_t                                      logged_len;

    u_char                                      error[512];
    size_t                                      error_len;
};


/*
 * One connection. peer_connect: NGX_OK, it is under way; else it failed at
 * once. The rest happens in events, which end in one of the calls below.
 */

ngx_int_t ngx_http_auth_id_token_peer_connect(
    ngx_http_auth_id_token_fetch_t *f,
    ngx_http_auth_id_token_addr_t *addr) noexcept;
void ngx_http_auth_id_token_peer_close(ngx_http_auth_id_token_fetch_t *f)
    noexcept;


/* What nginx logged last, or else `text`. */
const char *ngx_http_auth_id_token_logged(ngx_http_auth_id_token_fetch_t *f,
    const char *text) noexcept;

/* What has not happened in time. */
const char *ngx_http_auth_id_token_fetch_late(
    ngx_http_auth_id_token_fetch_t *f) noexcept;

void ngx_http_auth_id_token_fetch_init_log(ngx_http_auth_id_token_fetch_t *f)
    noexcept;
void ngx_http_auth_id_token_fetch_error(ngx_http_auth_id_token_fetch_t *f,
    const char *text, const ngx_str_t *whom) noexcept;


/* The fetch must not be touched after any of these but request_sent. */

void ngx_http_auth_id_token_fetch_request_sent(
    ngx_http_auth_id_token_fetch_t *f) noexcept;
void ngx_http_auth_id_token_fetch_done(ngx_http_auth_id_token_fetch_t *f)
    noexcept;

/* The answer, or ourselves, are at fault: no other address helps. */
void ngx_http_auth_id_token_fetch_refused(ngx_http_auth_id_token_fetch_t *f,
    const char *text) noexcept;

/* This address does not work; the next one may. */
void ngx_http_auth_id_token_fetch_failed(ngx_http_auth_id_token_fetch_t *f,
    const char *text) noexcept;


ngx_int_t ngx_http_auth_id_token_tls_connection(
    ngx_http_auth_id_token_tls_t *tls, ngx_connection_t *c,
    const id_token::Url *url) noexcept;

/* After the handshake: NULL, or what is wrong with the certificate. */
const char *ngx_http_auth_id_token_tls_verify(ngx_connection_t *c) noexcept;

#endif /* IDT_FETCH_PEER_H */
