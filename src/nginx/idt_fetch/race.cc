/* The race of the addresses of a fetch, as the core decides it. */

#include "idt_fetch/peer.h"

#include <algorithm>


namespace id_token::nginx {


static void fetch_begin(fetch_t *f, size_t place) noexcept;
static void fetch_drop(fetch_t *f, size_t place) noexcept;
static void fetch_lost(fetch_t *f) noexcept;


static inline int64_t
fetch_now(void)
{
    return static_cast<int64_t>(ngx_current_msec);
}


void
fetch_race(fetch_t *f) noexcept
{
    addrs_t                  addrs;
    std::vector<Contestant>  found;

    f->unreachable = false;

    try {
        for (const auto &addr : f->addrs) {
            found.push_back({ addr.sockaddr.sockaddr.sa_family,
                              address_bytes(addr) });
        }

        for (size_t i : race_order(found, f->known)) {
            addrs.push_back(f->addrs[i]);
        }

        f->race.emplace(addrs.size(), fetch_now(),
                        static_cast<int64_t>(f->deadline));

    } catch (...) {
        fetch_refused(f, "out of memory");
        return;
    }

    f->addrs.swap(addrs);

    fetch_run(f);
}


void
fetch_run(fetch_t *f) noexcept
{
    for ( ;; ) {
        auto  step = f->race->next(fetch_now());

        switch (step.kind) {

        case Race::Step::Kind::start:
            fetch_begin(f, step.place);
            break;

        case Race::Step::Kind::drop:
            fetch_drop(f, step.place);
            break;

        case Race::Step::Kind::wait:
            fetch_timer(f, step.until - fetch_now());
            return;

        case Race::Step::Kind::lost:
            fetch_lost(f);
            return;
        }
    }
}


static void
fetch_begin(fetch_t *f, size_t place) noexcept
{
    addr_t  *addr;
    peer_t  *peer;

    /* the race has no more runners than there are peers */

    peer = f->peers;

    while (peer->pc.connection) {
        peer++;
    }

    addr = &f->addrs[place];

    peer->place = place;
    peer->phase = Phase::connecting;
    peer->logged_len = 0;
    peer->name.data = peer->text;
    peer->name.len = ngx_sock_ntop(&addr->sockaddr.sockaddr, addr->socklen,
                                   peer->text, NGX_SOCKADDR_STRLEN, 1);

    if (!f->url.https && !f->conf->insecure
        && !is_loopback(&addr->sockaddr.sockaddr))
    {
        peer_error(peer, "plain http is for loopback addresses only");

    } else if (peer_connect(peer, addr) == NGX_OK) {
        return;

    } else {
        peer_error(peer, peer_logged(peer, "the connection failed"));
    }

    f->known.remember_failure(address_bytes(f->addrs[place]));
    f->race->failed(place);
}


static void
fetch_drop(fetch_t *f, size_t place) noexcept
{
    peer_t  *peer;

    peer = f->peers;

    while (peer->pc.connection == NULL || peer->place != place) {
        peer++;
    }

    peer_error(peer, peer_late(peer));
    peer_close(peer);

    f->winner = NULL;

    /* those that the deadline ends have not been given up */

    if (fetch_remaining(f)) {
        f->known.remember_failure(address_bytes(f->addrs[place]));
    }
}


static void
fetch_lost(fetch_t *f) noexcept
{
    f->unreachable = !f->spoken && (f->error_len != 0 || f->addrs.empty());

    if (f->error_len == 0) {
        fetch_error(f, f->addrs.empty() ? "the host has no address"
                                        : "no time was left to connect");
    }

    fetch_end(f);
}


void
peer_won(peer_t *peer) noexcept
{
    int64_t   until;
    fetch_t  *f;

    f = peer->fetch;
    f->winner = peer;

    for (auto &other : f->peers) {
        if (&other != peer) {
            peer_close(&other);
        }
    }

    until = f->race->won(peer->place, fetch_now());

    fetch_timer(f, std::max<int64_t>(until - fetch_now(), 0));
}


void
peer_failed(peer_t *peer, const char *text) noexcept
{
    fetch_t  *f;

    f = peer->fetch;

    peer_error(peer, text);
    peer_close(peer);

    f->winner = NULL;
    f->known.remember_failure(address_bytes(f->addrs[peer->place]));
    f->race->failed(peer->place);

    fetch_run(f);
}

}  // namespace id_token::nginx
