/*
 * The error text of a fetch. nginx's functions log what goes wrong and return
 * nothing but NGX_ERROR: a log of our own keeps it, and keeps the failures of
 * a remote server out of the error log.
 */

#include "idt_fetch/peer.h"

#include <algorithm>


namespace id_token::nginx {


static void fetch_log_writer(ngx_log_t *log, ngx_uint_t level, u_char *buf,
    size_t len) noexcept;


void
fetch_init_log(fetch_t *f) noexcept
{
    f->log.log_level = NGX_LOG_ERR;
    f->log.writer = fetch_log_writer;
    f->log.wdata = f;
}


/* The message without its time, level and process: "...] 123#123: " */

static void
fetch_log_writer(ngx_log_t *log, ngx_uint_t level, u_char *buf, size_t len)
    noexcept
{
    u_char   *p, *last;
    fetch_t  *f;

    (void) level;

    f = static_cast<fetch_t *>(log->wdata);
    last = buf + len;

    p = ngx_strlchr(buf, last, '#');
    p = p ? ngx_strlchr(p, last, ' ') : NULL;
    p = p ? p + 1 : buf;

    while (last > p && (last[-1] == LF || last[-1] == ' ')) {
        last--;
    }

    f->logged_len = std::min<size_t>(last - p, sizeof(f->logged) - 1);
    ngx_memcpy(f->logged, p, f->logged_len);
    f->logged[f->logged_len] = '\0';
}


const char *
logged(fetch_t *f, const char *text) noexcept
{
    if (f->logged_len == 0) {
        return text;
    }

    f->logged_len = 0;

    return reinterpret_cast<const char *>(f->logged);
}


const char *
fetch_late(fetch_t *f) noexcept
{
    switch (f->phase) {

    case Phase::tunnelling:
        return "the proxy did not answer in time";

    case Phase::handshaking:
        return "the TLS handshake timed out";

    case Phase::answering:
        return f->response->begun() ? "the answer did not end in time"
                                    : "there was no answer in time";

    default:
        return "connecting timed out";
    }
}


/*
 * "text (peer)", in printable ASCII, after what was there; whole or not at
 * all, but for the first.
 */

void
fetch_error(fetch_t *f, const char *text, const ngx_str_t *whom) noexcept
{
    u_char  *p, *c, *first, *last;

    first = f->error + f->error_len;
    last = f->error + sizeof(f->error);

    p = ngx_slprintf(first, last, "%s%s", f->error_len ? "; " : "", text);

    if (whom && f->proxied && f->phase > Phase::tunnelling) {
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


}  // namespace id_token::nginx
