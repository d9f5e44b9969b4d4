/*
 * A fetch from its start to its one result: addresses, one after the other,
 * each with its share of the time.
 */

#include "idt_fetch/peer.h"

#include <algorithm>
#include <new>


namespace id_token::nginx {


/* less is too short for a handshake with a server far away */
#define MIN_SHARE  1000


static const char *fetch_init(fetch_t *f, std::string_view url);
static void fetch_look_up(fetch_t *f) noexcept;
static void fetch_resolved(ngx_resolver_ctx_t *ctx) noexcept;
static void fetch_next(fetch_t *f) noexcept;
static void fetch_timer(fetch_t *f, ngx_msec_t time) noexcept;
static void fetch_timer_handler(ngx_event_t *ev) noexcept;
static ngx_msec_t fetch_remaining(fetch_t *f) noexcept;
static void fetch_end(fetch_t *f) noexcept;
static void fetch_clean(fetch_t *f) noexcept;


fetch_t *
fetch_start(const fetch_conf_t *conf, std::string_view url,
    fetch_handler_pt handler, void *data, ngx_log_t *log) noexcept
{
    const char  *error;
    fetch_t     *f;

    f = new (std::nothrow) fetch_t();
    if (f == NULL) {
        return NULL;
    }

    f->conf = conf;
    f->handler = handler;
    f->data = data;
    f->ident = -1;

    f->timer.handler = fetch_timer_handler;
    f->timer.data = f;
    f->timer.log = log;
    f->timer.cancelable = 1;

    fetch_init_log(f);

    try {
        error = fetch_init(f, url);

    } catch (...) {
        delete f;
        return NULL;
    }

    f->deadline = ngx_current_msec + conf->timeout;

    if (error) {
        fetch_error(f, error, NULL);
        fetch_end(f);
        return f;
    }

    if (f->addrs.empty()) {
        fetch_look_up(f);
        return f;
    }

    fetch_next(f);

    return f;
}


/* Everything that may throw; NULL or what is wrong. */

static const char *
fetch_init(fetch_t *f, std::string_view url)
{
    std::string  target;

    const fetch_conf_t  *conf = f->conf;

    auto  parsed = parse_url(url);

    if (!parsed) {
        f->request = "the URL ";
        f->request += url_error_text(parsed.error());
        return f->request.c_str();
    }

    f->url = std::move(*parsed);

    if (!conf->insecure && transport(f->url) == Transport::insecure) {
        return "plain http is for loopback addresses only";
    }

    /* what may not leave the loopback does not go through a proxy either */

    f->proxied = conf->proxy_host.len && (f->url.https || conf->insecure);

    target = f->url.target;

    if (f->proxied) {
        f->host.assign(reinterpret_cast<char *>(conf->proxy_host.data),
                       conf->proxy_host.len);
        f->port = conf->proxy_port;

        if (f->host.starts_with('[') && f->host.ends_with(']')) {
            f->host = f->host.substr(1, f->host.size() - 2);
        }

        if (f->url.https) {
            f->connect = "CONNECT " + f->url.host_and_port() + " HTTP/1.1\r\n"
                         "Host: " + f->url.host_and_port() + "\r\n\r\n";

        } else {
            target = "http://" + f->url.authority() + target;
        }

    } else {
        f->host = f->url.host;
        f->port = f->url.port;
    }

    f->request = "GET " + target + " HTTP/1.1\r\n"
                 "Host: " + f->url.authority() + "\r\n"
                 "User-Agent: nginx-auth-id-token\r\n"
                 "Accept: application/json, application/jwk-set+json\r\n"
                 "Accept-Encoding: identity\r\n"
                 "Connection: close\r\n\r\n";

    (void) known_addrs(conf, f->host, f->port, &f->addrs);

    return NULL;
}


static void
fetch_look_up(fetch_t *f) noexcept
{
    ngx_resolver_ctx_t  *ctx;

    const fetch_conf_t  *conf = f->conf;

    f->phase = Phase::looking_up;
    f->unreachable = true;

    ctx = conf->resolver ? ngx_resolve_start(conf->resolver, NULL)
                         : static_cast<ngx_resolver_ctx_t *>(NGX_NO_RESOLVER);

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        fetch_refused(f, ctx ? "there is no resolver" : "out of memory");
        return;
    }

    ctx->name.data = reinterpret_cast<u_char *>(f->host.data());
    ctx->name.len = f->host.size();
    ctx->handler = fetch_resolved;
    ctx->data = f;
    ctx->timeout = conf->resolver_timeout;
    ctx->cancelable = 1;

    f->ctx = ctx;

    fetch_timer(f, fetch_remaining(f));

    /* on success the fetch may have ended already */

    if (ngx_resolve_name(ctx) != NGX_OK) {
        f->ctx = NULL;
        fetch_refused(f, "the look-up failed");
    }
}


static void
fetch_resolved(ngx_resolver_ctx_t *ctx) noexcept
{
    u_char      text[128];
    ngx_uint_t  i;
    fetch_t    *f;

    f = static_cast<fetch_t *>(ctx->data);

    if (ctx->state) {
        *ngx_snprintf(text, sizeof(text) - 1, "the look-up failed (%i: %s)",
                      ctx->state, ngx_resolver_strerror(ctx->state))
            = '\0';

        fetch_refused(f, reinterpret_cast<char *>(text));
        return;
    }

    try {
        for (i = 0; i < ctx->naddrs; i++) {
            add_addr(&f->addrs, ctx->addrs[i].sockaddr,
                                            ctx->addrs[i].socklen, f->port);
        }

    } catch (...) {
        fetch_refused(f, "out of memory");
        return;
    }

    f->ctx = NULL;
    f->unreachable = false;
    ngx_resolve_name_done(ctx);

    fetch_next(f);
}


/*
 * An address has its share of the remaining time to take the request; see
 * request_sent for the answer.
 */

static void
fetch_next(fetch_t *f) noexcept
{
    size_t      left;
    ngx_msec_t  time;
    addr_t     *addr;

    while (f->next < f->addrs.size()) {
        left = f->addrs.size() - f->next;
        addr = &f->addrs[f->next++];
        time = fetch_remaining(f);

        if (time == 0) {
            break;
        }

        if (left > 1) {
            time = std::min<ngx_msec_t>(time,
                       std::max<ngx_msec_t>(time / left,
                                            MIN_SHARE));
        }

        fetch_timer(f, time);

        f->phase = Phase::connecting;
        f->logged_len = 0;

        f->peer_name.data = f->peer_text;
        f->peer_name.len = ngx_sock_ntop(&addr->sockaddr.sockaddr,
                                         addr->socklen, f->peer_text,
                                         NGX_SOCKADDR_STRLEN, 1);

        if (!f->url.https && !f->conf->insecure
            && !is_loopback(&addr->sockaddr.sockaddr))
        {
            fetch_error(f,
                "plain http is for loopback addresses only", &f->peer_name);
            continue;
        }

        if (peer_connect(f, addr) == NGX_OK) {
            return;
        }

        fetch_error(f, logged(f, "the connection failed"), &f->peer_name);
    }

    f->unreachable = (f->error_len != 0 || f->addrs.empty());

    if (f->error_len == 0) {
        fetch_error(f,
            f->addrs.empty() ? "the host has no address"
                             : "no time was left to connect", NULL);
    }

    fetch_end(f);
}


/*
 * The answer may take all of the time that is left, or half of it while there
 * are other addresses: slow servers are more common than such as take a
 * request and say nothing.
 */

void
fetch_request_sent(fetch_t *f) noexcept
{
    ngx_msec_t  time;

    time = fetch_remaining(f);

    if (f->next < f->addrs.size()) {
        time = std::min<ngx_msec_t>(time,
                   std::max<ngx_msec_t>(time / 2,
                                        MIN_SHARE));
    }

    fetch_timer(f, time);
}


/* ngx_add_timer keeps a timer that is set within 300 ms of the new time */

static void
fetch_timer(fetch_t *f, ngx_msec_t time) noexcept
{
    if (f->timer.timer_set) {
        ngx_del_timer(&f->timer);
    }

    ngx_add_timer(&f->timer, time);
}


static void
fetch_timer_handler(ngx_event_t *ev) noexcept
{
    fetch_t  *f;

    f = static_cast<fetch_t *>(ev->data);

    if (f->ctx) {
        fetch_refused(f, "the look-up timed out");
        return;
    }

    fetch_failed(f, fetch_late(f));
}


static ngx_msec_t
fetch_remaining(fetch_t *f) noexcept
{
    ngx_msec_int_t  left;

    left = static_cast<ngx_msec_int_t>(f->deadline - ngx_current_msec);

    return left > 0 ? left : 0;
}


void
fetch_done(fetch_t *f) noexcept
{
    f->error_len = 0;
    fetch_end(f);
}


void
fetch_refused(fetch_t *f, const char *text) noexcept
{
    ngx_str_t  host;

    host.data = reinterpret_cast<u_char *>(f->host.data());
    host.len = f->host.size();

    /* what befell other addresses has led to this one, and is of no use */

    f->error_len = 0;
    fetch_error(f, text, f->peer.connection ? &f->peer_name : &host);
    fetch_end(f);
}


void
fetch_failed(fetch_t *f, const char *text) noexcept
{
    fetch_error(f, text, &f->peer_name);
    peer_close(f);
    fetch_next(f);
}


static void
fetch_end(fetch_t *f) noexcept
{
    fetch_result_t  result;

    fetch_clean(f);

    result.error = std::string_view(reinterpret_cast<char *>(f->error),
                                    f->error_len);
    result.age = 0;
    result.unreachable = f->unreachable;

    if (f->error_len == 0) {
        result.body = f->response->body();
        result.cache_control = f->response->cache_control();
        result.age = f->response->age();
    }

    f->handler(f->data, &result);

    delete f;
}


void
fetch_abort(fetch_t *f) noexcept
{
    fetch_clean(f);

    delete f;
}


static void
fetch_clean(fetch_t *f) noexcept
{
    peer_close(f);

    if (f->ctx) {
        ngx_resolve_name_done(f->ctx);
        f->ctx = NULL;
    }

    if (f->timer.timer_set) {
        ngx_del_timer(&f->timer);
    }
}


}  // namespace id_token::nginx
