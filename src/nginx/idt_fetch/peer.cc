/*
 * One connection of a fetch: connect, CONNECT through a proxy, handshake,
 * request, answer. It has no timers of its own.
 */

#include "idt_fetch/peer.h"


namespace id_token::nginx {


#define READ_SIZE  16384


static void peer_write(ngx_event_t *wev) noexcept;
static void peer_read(ngx_event_t *rev) noexcept;
static void peer_idle(ngx_event_t *ev) noexcept;
static void peer_connected(peer_t *peer) noexcept;
static void peer_handshake(peer_t *peer) noexcept;
static void peer_handshaken(ngx_connection_t *c) noexcept;
static void peer_ask(peer_t *peer) noexcept;
static void peer_send(peer_t *peer) noexcept;
static HttpResponse::State peer_feed(peer_t *peer, std::string_view bytes);
static void peer_judge(peer_t *peer, HttpResponse::State state) noexcept;


ngx_int_t
peer_connect(peer_t *peer, addr_t *addr) noexcept
{
    ngx_int_t               rc;
    ngx_connection_t       *c;
    ngx_peer_connection_t  *pc;

    pc = &peer->pc;

    ngx_memzero(pc, sizeof(ngx_peer_connection_t));

    pc->sockaddr = &addr->sockaddr.sockaddr;
    pc->socklen = addr->socklen;
    pc->name = &peer->name;
    pc->get = ngx_event_get_peer;
    pc->log = &peer->log;
    pc->log_error = NGX_ERROR_ERR;

    rc = ngx_event_connect_peer(pc);

    if (rc == NGX_ERROR || rc == NGX_BUSY || rc == NGX_DECLINED) {
        pc->connection = NULL;
        return NGX_DECLINED;
    }

    c = pc->connection;

    c->pool = ngx_create_pool(1024, &peer->log);
    if (c->pool == NULL) {
        peer_close(peer);
        return NGX_DECLINED;
    }

    c->data = peer;
    c->addr_text = peer->name;
    c->read->handler = peer_read;
    c->write->handler = peer_write;

    if (rc == NGX_OK) {
        ngx_post_event(c->write, &ngx_posted_events);
    }

    return NGX_OK;
}


static void
peer_write(ngx_event_t *wev) noexcept
{
    peer_t            *peer;
    ngx_connection_t  *c;

    c = static_cast<ngx_connection_t *>(wev->data);
    peer = static_cast<peer_t *>(c->data);

    if (peer->phase != Phase::connecting) {
        peer_send(peer);
        return;
    }

    if (peer_test_connect(peer) != NGX_OK) {
        peer_failed(peer, peer_logged(peer, "the connection failed"));
        return;
    }

    peer_connected(peer);
}


static void
peer_connected(peer_t *peer) noexcept
{
    fetch_t  *f;

    f = peer->fetch;

    if (f->proxied && f->url.https) {
        peer->phase = Phase::tunnelling;
        peer->response.emplace(0, HttpResponse::Kind::tunnel);
        peer->out = f->connect;

        peer_send(peer);
        return;
    }

    if (f->url.https) {
        peer_handshake(peer);
        return;
    }

    peer_won(peer);
    peer_ask(peer);
}


static void
peer_handshake(peer_t *peer) noexcept
{
    fetch_t           *f;
    ngx_connection_t  *c;

    f = peer->fetch;
    c = peer->pc.connection;

    peer->phase = Phase::handshaking;

    if (f->conf->tls == NULL
        || tls_connection(f->conf->tls, c, &f->url, f->own) != NGX_OK)
    {
        peer_refused(peer, peer_logged(peer, "TLS could not be set up"));
        return;
    }

    c->ssl->handler = peer_handshaken;

    if (ngx_ssl_handshake(c) != NGX_AGAIN) {
        peer_handshaken(c);
    }
}


static void
peer_handshaken(ngx_connection_t *c) noexcept
{
    u_char       text[160];
    peer_t      *peer;
    const char  *reason;

    peer = static_cast<peer_t *>(c->data);

    if (!c->ssl->handshaked) {
        peer_failed(peer, peer_logged(peer, "the TLS handshake failed"));
        return;
    }

    reason = tls_verify(c);

    if (reason) {
        *ngx_snprintf(text, sizeof(text) - 1, "certificate verify failed: %s",
                      reason)
            = '\0';

        peer_failed(peer, reinterpret_cast<char *>(text));
        return;
    }

    c->read->handler = peer_read;
    c->write->handler = peer_write;

    peer_won(peer);
    peer_ask(peer);
}


static void
peer_ask(peer_t *peer) noexcept
{
    peer->phase = Phase::answering;
    peer->response.emplace(peer->fetch->conf->max_size,
                           peer->fetch->conf->post
                               ? HttpResponse::Kind::token
                               : HttpResponse::Kind::document);
    peer->out = peer->fetch->request;

    peer_send(peer);
}


static void
peer_send(peer_t *peer) noexcept
{
    ssize_t            n;
    ngx_connection_t  *c;

    c = peer->pc.connection;

    while (!peer->out.empty()) {
        n = c->send(c,
                    bytes(peer->out),
                    peer->out.size());

        if (n == NGX_AGAIN) {
            if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
                peer_failed(peer, "waiting failed");
            }

            return;
        }

        if (n < 0) {
            peer_failed(peer, peer_logged(peer, "sending failed"));
            return;
        }

        peer->out.remove_prefix(n);
    }

    c->write->handler = peer_idle;

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        peer_failed(peer, "waiting failed");
        return;
    }

    if (c->read->ready) {
        peer_read(c->read);
    }
}


static void
peer_idle(ngx_event_t *ev) noexcept
{
    (void) ev;
}


static void
peer_read(ngx_event_t *rev) noexcept
{
    u_char               buf[READ_SIZE];
    peer_t              *peer;
    ssize_t              n;
    ngx_connection_t    *c;
    HttpResponse::State  state;

    c = static_cast<ngx_connection_t *>(rev->data);
    peer = static_cast<peer_t *>(c->data);

    if (peer->phase == Phase::connecting) {
        peer_write(c->write);
        return;
    }

    do {
        n = c->recv(c, buf, sizeof(buf));

        if (n == NGX_AGAIN) {
            if (ngx_handle_read_event(rev, 0) != NGX_OK) {
                peer_failed(peer, "waiting failed");
            }

            return;
        }

        if (n == NGX_ERROR) {
            peer_failed(peer, peer_logged(peer, "receiving failed"));
            return;
        }

        try {
            state = peer_feed(peer,
                        view(buf, n));

        } catch (...) {
            peer_refused(peer, "out of memory");
            return;
        }

    } while (state == HttpResponse::State::more);

    peer_judge(peer, state);
}


static HttpResponse::State
peer_feed(peer_t *peer, std::string_view bytes)
{
    return bytes.empty() ? peer->response->close()
                         : peer->response->feed(bytes);
}


static void
peer_judge(peer_t *peer, HttpResponse::State state) noexcept
{
    bool         tunnel;
    HttpError    error;
    std::string  text;

    tunnel = (peer->phase == Phase::tunnelling);

    if (state == HttpResponse::State::done) {

        if (tunnel) {
            peer_handshake(peer);
            return;
        }

        fetch_done(peer->fetch);
        return;
    }

    try {
        text = peer->response->error_text();

    } catch (...) {
        peer_refused(peer, "out of memory");
        return;
    }

    error = peer->response->error();

    if (error == HttpError::closed || error == HttpError::truncated) {
        peer_failed(peer, text.c_str());
        return;
    }

    /* another address of the proxy may lead on */

    if (tunnel) {
        peer->fetch->spoken = true;
        peer_failed(peer, text.c_str());
        return;
    }

    peer_refused(peer, text.c_str());
}

}  // namespace id_token::nginx
