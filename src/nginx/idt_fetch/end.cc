/* The deadline of a fetch, and the ways in which it ends. */

#include "idt_fetch/peer.h"


namespace id_token::nginx {


/* ngx_add_timer keeps a timer that is set within 300 ms of the new time */

void
fetch_timer(fetch_t *f, ngx_msec_t time) noexcept
{
    if (f->timer.timer_set) {
        ngx_del_timer(&f->timer);
    }

    ngx_add_timer(&f->timer, time);
}


ngx_msec_t
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
    f->known.remember_answer(address_bytes(f->addrs[f->winner->place]));

    fetch_end(f);
}


void
fetch_refused(fetch_t *f, const char *text) noexcept
{
    f->error_len = 0;

    fetch_host_error(f, text);
    fetch_end(f);
}


void
peer_refused(peer_t *peer, const char *text) noexcept
{
    fetch_t  *f;

    f = peer->fetch;

    /* what befell other addresses has led to this one, and is of no use */

    f->error_len = 0;
    f->known.remember_failure(address_bytes(f->addrs[peer->place]));

    peer_error(peer, text);
    fetch_end(f);
}


/* Nothing is sent to say good-bye, so nothing is waited for. */

void
peer_close(peer_t *peer) noexcept
{
    ngx_pool_t        *pool;
    ngx_connection_t  *c;

    c = peer->pc.connection;

    if (c == NULL) {
        return;
    }

    peer->pc.connection = NULL;

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
fetch_clean(fetch_t *f) noexcept
{
    for (auto &peer : f->peers) {
        peer_close(&peer);
    }

    if (f->ctx) {
        ngx_resolve_name_done(f->ctx);
        f->ctx = NULL;
    }

    if (f->timer.timer_set) {
        ngx_del_timer(&f->timer);
    }
}


void
fetch_end(fetch_t *f) noexcept
{
    fetch_result_t  result;

    result.error = view(f->error, f->error_len);
    result.age = 0;
    result.unreachable = f->unreachable;
    result.known = f->known;

    if (f->error_len == 0) {
        const auto  &response = *f->winner->response;

        result.body = response.body();
        result.cache_control = response.cache_control();
        result.age = response.age();
    }

    fetch_clean(f);

    f->handler(f->data, &result);

    delete f;
}


void
fetch_abort(fetch_t *f) noexcept
{
    fetch_clean(f);

    delete f;
}


}  // namespace id_token::nginx
