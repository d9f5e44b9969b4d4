/*
 * The error text of a fetch. nginx's functions log what goes wrong and return
 * nothing but NGX_ERROR: a log of our own keeps it, and keeps the failures of
 * a remote server out of the error log.
 */

#include "idt_fetch/peer.h"

#include <algorithm>


namespace id_token::nginx {


static void peer_log_writer(ngx_log_t *log, ngx_uint_t level, u_char *buf,
    size_t len) noexcept;
static void fetch_append(fetch_t *f, const char *text, const ngx_str_t *whom,
    bool beyond) noexcept;


void
peer_init_log(peer_t *peer) noexcept
{
    peer->log.log_level = NGX_LOG_ERR;
    peer->log.writer = peer_log_writer;
    peer->log.wdata = peer;
}


/* The message without its time, level and process: "...] 123#123: " */

static void
peer_log_writer(ngx_log_t *log, ngx_uint_t level, u_char *buf, size_t len)
    noexcept
{
    u_char  *p, *last;
    peer_t  *peer;

    (void) level;

    peer = static_cast<peer_t *>(log->wdata);
    last = buf + len;

    p = ngx_strlchr(buf, last, '#');
    p = p ? ngx_strlchr(p, last, ' ') : NULL;
    p = p ? p + 1 : buf;

    while (last > p && (last[-1] == LF || last[-1] == ' ')) {
        last--;
    }

    peer->logged_len = std::min<size_t>(last - p, sizeof(peer->logged) - 1);
    ngx_memcpy(peer->logged, p, peer->logged_len);
    peer->logged[peer->logged_len] = '\0';
}


const char *
peer_logged(peer_t *peer, const char *text) noexcept
{
    if (peer->logged_len == 0) {
        return text;
    }

    peer->logged_len = 0;

    return reinterpret_cast<const char *>(peer->logged);
}


const char *
peer_late(peer_t *peer) noexcept
{
    switch (peer->phase) {

    case Phase::tunnelling:
        return "the proxy did not answer in time";

    case Phase::handshaking:
        return "the TLS handshake timed out";

    case Phase::answering:
        return peer->response->begun() ? "the answer did not end in time"
                                       : "there was no answer in time";

    default:
        return "connecting timed out";
    }
}


void
fetch_error(fetch_t *f, const char *text) noexcept
{
    fetch_append(f, text, NULL, false);
}


void
fetch_host_error(fetch_t *f, const char *text) noexcept
{
    ngx_str_t  host;

    host.data = reinterpret_cast<u_char *>(f->host.data());
    host.len = f->host.size();

    fetch_append(f, text, &host, false);
}


void
peer_error(peer_t *peer, const char *text) noexcept
{
    fetch_append(peer->fetch, text, &peer->name,
                 peer->phase > Phase::tunnelling);
}


/*
 * "text (whom)", in printable ASCII, after what was there; whole or not at
 * all, but for the first.
 */

static void
fetch_append(fetch_t *f, const char *text, const ngx_str_t *whom, bool beyond)
    noexcept
{
    u_char  *p, *c, *first, *last;

    first = f->error + f->error_len;
    last = f->error + sizeof(f->error);

    p = ngx_slprintf(first, last, "%s%s", f->error_len ? "; " : "", text);

    if (whom && f->proxied && beyond) {
        p = ngx_slprintf(p, last, " (%s via proxy %V)", f->url.host.c_str(),
                         whom);

    } else if (whom) {
        p = ngx_slprintf(p, last, " (%s%V)", f->proxied ? "proxy " : "", whom);
    }

    if (p == last && f->error_len) {
        return;
    }

    for (c = first; c < p; c++) {
        if (*c < 0x20 || *c > 0x7e) {
            *c = '?';
        }
    }

    f->error_len = p - f->error;
}


ngx_int_t
peer_test_connect(peer_t *peer) noexcept
{
    int                err;
    socklen_t          len;
    ngx_connection_t  *c;

    c = peer->pc.connection;
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

    ngx_log_error(NGX_LOG_ERR, &peer->log, err, "connect() failed");

    return NGX_ERROR;
}


}  // namespace id_token::nginx
