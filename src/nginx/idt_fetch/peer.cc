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
static ngx_int_t peer_test_connect(fetch_t *f) noexcept;
static void peer_connected(fetch_t *f) noexcept;
static void peer_handshake(fetch_t *f) noexcept;
static void peer_handshaken(ngx_connection_t *c) noexcept;
static void peer_ask(fetch_t *f) noexcept;
static void peer_send(fetch_t *f) noexcept;
static HttpResponse::State peer_feed(fetch_t *f, std::string_view bytes);
static void peer_judge(fetch_t *f, HttpResponse::State state) noexcept;


ngx_int_t
peer_connect(fetch_t *f, addr_t *addr) noexcept
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    ngx_memzero(&f->peer, sizeof(ngx_peer_connection_t));

    f->peer.sockaddr = &addr->sockaddr.sockaddr;
    f->peer.socklen = addr->socklen;
    f->peer.name = &f->peer_name;
    f->peer.get = ngx_event_get_peer;
    f->peer.log = &f->log;
    f->peer.log_error = NGX_ERROR_ERR;

    rc = ngx_event_connect_peer(&f->peer);

    if (rc == NGX_ERROR || rc == NGX_BUSY || rc == NGX_DECLINED) {
        f->peer.connection = NULL;
        return NGX_DECLINED;
    }

    c = f->peer.connection;

    c->pool = ngx_create_pool(1024, &f->log);
    if (c->pool == NULL) {
        peer_close(f);
        return NGX_DECLINED;
    }

    c->data = f;
    c->addr_text = f->peer_name;
    c->read->handler = peer_read;
    c->write->handler = peer_write;

    if (rc == NGX_OK) {
        ngx_post_event(c->write, &ngx_posted_events);
    }

    return NGX_OK;
}


/* Nothing is sent to say good-bye, so nothing is waited for. */

void
peer_close(fetch_t *f) noexcept
{
    ngx_pool_t        *pool;
    ngx_connection_t  *c;

    c = f->peer.connection;

    if (c == NULL) {
        return;
    }

    f->peer.connection = NULL;

    if (c->ssl) {
        c->ssl->no_wait_shutdown = 1;
        c->ssl->no_send_shutdown = 1;
        (void) ngx_ssl_shutdown(c);
    }

    pool = c->pool;

    ngx_close_connection(c);

    if (pool) {
        ngx_destroy_pool(pool);
    }
}


static void
peer_write(ngx_event_t *wev) noexcept
{
    ngx_connection_t  *c;
    fetch_t           *f;

    c = static_cast<ngx_connection_t *>(wev->data);
    f = static_cast<fetch_t *>(c->data);

    if (f->phase != Phase::connecting) {
        peer_send(f);
        return;
    }

    if (peer_test_connect(f) != NGX_OK) {
        fetch_failed(f, logged(f, "the connection failed"));
        return;
    }

    peer_connected(f);
}


static ngx_int_t
peer_test_connect(fetch_t *f) noexcept
{
    int                err;
    socklen_t          len;
    ngx_connection_t  *c;

    c = f->peer.connection;
    err = 0;
    len = sizeof(int);

#if (NGX_HAVE_KQUEUE)

    if (ngx_event_flags & NGX_USE_KQUEUE_EVENT) {
        err = c->write->pending_eof ? c->write->kq_errno : 0;
        err = err ? err : c->read->pending_eof ? c->read->kq_errno : 0;

    } else

#endif

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        err = ngx_socket_errno;
    }

    if (err == 0) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_ERR, &f->log, err, "connect() failed");

    return NGX_ERROR;
}


static void
peer_connected(fetch_t *f) noexcept
{
    if (f->proxied && f->url.https) {
        f->phase = Phase::tunnelling;
        f->response.emplace(0, HttpResponse::Kind::tunnel);
        f->out = f->connect;

        peer_send(f);
        return;
    }

    if (f->url.https) {
        peer_handshake(f);
        return;
    }

    peer_ask(f);
}


static void
peer_handshake(fetch_t *f) noexcept
{
    ngx_connection_t  *c;

    c = f->peer.connection;

    f->phase = Phase::handshaking;

    if (f->conf->tls == NULL
        || tls_connection(f->conf->tls, c, &f->url) != NGX_OK)
    {
        fetch_refused(f, logged(f, "TLS could not be set up"));
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
    const char  *reason;
    fetch_t     *f;

    f = static_cast<fetch_t *>(c->data);

    if (!c->ssl->handshaked) {
        fetch_failed(f, logged(f, "the TLS handshake failed"));
        return;
    }

    reason = tls_verify(c);

    if (reason) {
        *ngx_snprintf(text, sizeof(text) - 1, "certificate verify failed: %s",
                      reason)
            = '\0';

        fetch_failed(f, reinterpret_cast<char *>(text));
        return;
    }

    c->read->handler = peer_read;
    c->write->handler = peer_write;

    peer_ask(f);
}


static void
peer_ask(fetch_t *f) noexcept
{
    f->phase = Phase::answering;
    f->response.emplace(f->conf->max_size);
    f->out = f->request;

    peer_send(f);
}


static void
peer_send(fetch_t *f) noexcept
{
    ssize_t            n;
    ngx_connection_t  *c;

    c = f->peer.connection;

    while (!f->out.empty()) {
        n = c->send(c,
                    reinterpret_cast<u_char *>(const_cast<char *>(
                        f->out.data())),
                    f->out.size());

        if (n == NGX_AGAIN) {
            if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
                fetch_failed(f, "waiting failed");
            }

            return;
        }

        if (n < 0) {
            fetch_failed(f, logged(f, "sending failed"));
            return;
        }

        f->out.remove_prefix(n);
    }

    c->write->handler = peer_idle;

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        fetch_failed(f, "waiting failed");
        return;
    }

    if (f->phase == Phase::answering) {
        fetch_request_sent(f);
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
    ssize_t              n;
    u_char               buf[READ_SIZE];
    ngx_connection_t    *c;
    HttpResponse::State  state;
    fetch_t             *f;

    c = static_cast<ngx_connection_t *>(rev->data);
    f = static_cast<fetch_t *>(c->data);

    if (f->phase == Phase::connecting) {
        peer_write(c->write);
        return;
    }

    do {
        n = c->recv(c, buf, sizeof(buf));

        if (n == NGX_AGAIN) {
            if (ngx_handle_read_event(rev, 0) != NGX_OK) {
                fetch_failed(f, "waiting failed");
            }

            return;
        }

        if (n == NGX_ERROR) {
            fetch_failed(f, logged(f, "receiving failed"));
            return;
        }

        try {
            state = peer_feed(f,
                        std::string_view(reinterpret_cast<char *>(buf), n));

        } catch (...) {
            fetch_refused(f, "out of memory");
            return;
        }

    } while (state == HttpResponse::State::more);

    peer_judge(f, state);
}


static HttpResponse::State
peer_feed(fetch_t *f, std::string_view bytes)
{
    return bytes.empty() ? f->response->close() : f->response->feed(bytes);
}


static void
peer_judge(fetch_t *f, HttpResponse::State state) noexcept
{
    std::string  text;
    HttpError    error;

    if (state == HttpResponse::State::done) {

        if (f->phase == Phase::tunnelling) {
            peer_handshake(f);
            return;
        }

        fetch_done(f);
        return;
    }

    try {
        text = f->response->error_text();

    } catch (...) {
        fetch_refused(f, "out of memory");
        return;
    }

    error = f->response->error();

    if (error == HttpError::closed || error == HttpError::truncated) {
        fetch_failed(f, text.c_str());
        return;
    }

    fetch_refused(f, text.c_str());
}


}  // namespace id_token::nginx
