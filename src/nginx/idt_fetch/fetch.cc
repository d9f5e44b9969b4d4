/* A fetch begins: what is asked, of whom, over which way. */

#include "idt_fetch/peer.h"

#include "idt_keys/http_request.h"

#include <new>


namespace id_token::nginx {


static const char *fetch_init(fetch_t *f, std::string_view url);
static void fetch_timer_handler(ngx_event_t *ev) noexcept;


fetch_t *
fetch_start(const fetch_conf_t *conf, std::string_view url,
    fetch_handler_pt handler, void *data, ngx_log_t *log) noexcept
{
    fetch_t     *f;
    const char  *error;

    f = new (std::nothrow) fetch_t();
    if (f == NULL) {
        return NULL;
    }

    f->conf = conf;
    f->handler = handler;
    f->data = data;
    f->ident = -1;
    f->known = conf->known;

    f->timer.handler = fetch_timer_handler;
    f->timer.data = f;
    f->timer.log = log;
    f->timer.cancelable = 1;

    for (auto &peer : f->peers) {
        peer.fetch = f;
        peer_init_log(&peer);
    }

    f->deadline = ngx_current_msec + conf->timeout;

    try {
        error = fetch_init(f, url);

    } catch (...) {
        delete f;
        return NULL;
    }

    if (error) {
        fetch_error(f, error);
        fetch_end(f);
        return f;
    }

    if (f->addrs.empty()) {
        fetch_look_up(f);
        return f;
    }

    fetch_race(f);

    return f;
}


/* Everything that may throw; NULL or what is wrong. */

static const char *
fetch_init(fetch_t *f, std::string_view url)
{
    const char          *error;
    const fetch_conf_t  *conf;

    conf = f->conf;

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

    f->own = f->url.https && conf->origin != NULL
             && same_origin(f->url, *conf->origin);

    /* what may not leave the loopback does not go through a proxy either */

    f->proxied = conf->proxy_host.len && (f->url.https || conf->insecure);

    if (f->proxied) {
        f->host.assign(reinterpret_cast<char *>(conf->proxy_host.data),
                       conf->proxy_host.len);
        f->port = conf->proxy_port;

        if (f->host.starts_with('[') && f->host.ends_with(']')) {
            f->host = f->host.substr(1, f->host.size() - 2);
        }

    } else {
        f->host = f->url.host;
        f->port = f->url.port;
        f->complete = f->url.complete;
    }

    error = fetch_write(f);

    if (error == NULL) {
        (void) known_addrs(conf, f->host, f->port, &f->addrs);
    }

    return error;
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

    fetch_run(f);
}


}  // namespace id_token::nginx
