/* The names of a host at run time, asked for one after the other. */

#include "idt_fetch/peer.h"

#include "idt_keys/resolv.h"


namespace id_token::nginx {


static void fetch_ask(fetch_t *f) noexcept;
static void fetch_resolved(ngx_resolver_ctx_t *ctx) noexcept;


void
fetch_look_up(fetch_t *f) noexcept
{
    f->unreachable = true;

    try {
        if (f->conf->names) {
            f->names = names_to_ask(f->host, f->complete, *f->conf->names);

        } else {
            f->names = { f->host };
        }

    } catch (...) {
        fetch_refused(f, "out of memory");
        return;
    }

    fetch_timer(f, fetch_remaining(f));

    fetch_ask(f);
}


static void
fetch_ask(fetch_t *f) noexcept
{
    std::string         *name;
    ngx_resolver_ctx_t  *ctx;
    const fetch_conf_t  *conf;

    conf = f->conf;
    name = &f->names[f->name];

    ctx = conf->resolver ? ngx_resolve_start(conf->resolver, NULL)
                         : static_cast<ngx_resolver_ctx_t *>(NGX_NO_RESOLVER);

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        fetch_refused(f, ctx ? "there is no resolver" : "out of memory");
        return;
    }

    ctx->name.data = reinterpret_cast<u_char *>(name->data());
    ctx->name.len = name->size();
    ctx->handler = fetch_resolved;
    ctx->data = f;
    ctx->timeout = conf->resolver_timeout;
    ctx->cancelable = 1;

    f->ctx = ctx;

    /* on success the fetch may have ended already */

    if (ngx_resolve_name(ctx) != NGX_OK) {
        f->ctx = NULL;
        fetch_refused(f, "the look-up failed");
    }
}


static void
fetch_resolved(ngx_resolver_ctx_t *ctx) noexcept
{
    u_char       text[128];
    fetch_t     *f;
    ngx_uint_t   i;

    f = static_cast<fetch_t *>(ctx->data);

    /* only that there is no such name asks for the next one */

    if (ctx->state == NGX_RESOLVE_NXDOMAIN && f->name + 1 < f->names.size()) {
        f->ctx = NULL;
        ngx_resolve_name_done(ctx);

        f->name++;
        fetch_ask(f);
        return;
    }

    if (ctx->state) {
        *ngx_snprintf(text, sizeof(text) - 1, "the look-up failed (%i: %s)",
                      ctx->state, ngx_resolver_strerror(ctx->state))
            = '\0';

        fetch_refused(f, reinterpret_cast<char *>(text));
        return;
    }

    try {
        for (i = 0; i < ctx->naddrs; i++) {
            add_addr(&f->addrs, ctx->addrs[i].sockaddr, ctx->addrs[i].socklen,
                     f->port);
        }

    } catch (...) {
        fetch_refused(f, "out of memory");
        return;
    }

    f->ctx = NULL;
    ngx_resolve_name_done(ctx);

    fetch_race(f);
}

}  // namespace id_token::nginx
