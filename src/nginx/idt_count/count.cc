/* Counting for id_token_status. */

#include "idt_count/count.h"


namespace id_token::nginx {


/* grown sets of providers find room for a while, in a zone of the same size */

#define MIN_PROVIDERS  64


/* where this process says what it holds */

static held_t  *held;


static ngx_uint_t
capacity(const main_conf_t *mcf) noexcept
{
    ngx_uint_t  n;

    for (n = MIN_PROVIDERS; n < 2 * mcf->providers.size(); n *= 2) {
        /* void */
    }

    return n;
}


static Sha256
identity(const provider_t &provider)
{
    std::string  text;

    for (std::string_view part : { view(provider.name),
             std::string_view(provider.policy.issuer),
             std::string_view(provider.policy.client_id) })
    {
        text.append(std::to_string(part.size()) + ":");
        text.append(part);
    }

    return sha256(text);
}


/* its own of before, one that was never used, or that of one that is gone */

static counted_t *
find_counted(counts_t *counts, const Sha256 &id) noexcept
{
    counted_t  *found = NULL;

    for (counted_t &one : std::span(counts->providers, counts->n)) {
        if (one.taken && one.id == id) {
            return &one;
        }

        if (!one.named
            && (found == NULL || (found->taken && !one.taken)))
        {
            found = &one;
        }
    }

    if (found != NULL) {
        found->counters.clear();
        found->id = id;
        found->taken = true;
    }

    return found;
}


static void
name_providers(counts_t *counts, main_conf_t *mcf)
{
    counted_t  *counted;

    for (counted_t &one : std::span(counts->providers, counts->n)) {
        one.named = false;
    }

    /* first those that are there, so that nobody takes their place */

    for (auto &[name, provider] : mcf->providers) {
        const Sha256  id = identity(*provider);

        for (counted_t &one : std::span(counts->providers, counts->n)) {
            if (one.taken && one.id == id) {
                one.named = true;
            }
        }
    }

    for (auto &[name, provider] : mcf->providers) {
        counted = find_counted(counts, identity(*provider));

        if (counted != NULL) {
            counted->named = true;
            provider->counters = &counted->counters;
        }
    }
}


static ngx_int_t
init_zone(ngx_shm_zone_t *shm_zone, void *data) noexcept
{
    void             *p;
    counts_t         *counts;
    ngx_uint_t        n;
    main_conf_t      *mcf;
    ngx_slab_pool_t  *shpool;

    mcf = static_cast<main_conf_t *>(shm_zone->data);
    shpool = reinterpret_cast<ngx_slab_pool_t *>(shm_zone->shm.addr);
    counts = (data != NULL || shm_zone->shm.exists)
             ? static_cast<counts_t *>(shpool->data) : NULL;

    if (counts == NULL) {
        n = capacity(mcf);

        p = ngx_slab_calloc(shpool, sizeof(counts_t) + n * sizeof(counted_t));
        if (p == NULL) {
            return NGX_ERROR;
        }

        counts = static_cast<counts_t *>(p);
        counts->since = ngx_time();
        counts->n = n;
        shpool->data = counts;
    }

    mcf->counts = counts;

    try {
        name_providers(counts, mcf);

    } catch (...) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
counts_init(ngx_conf_t *cf, main_conf_t *mcf) noexcept
{
    size_t           pages;
    ngx_shm_zone_t  *shm_zone;

    static ngx_str_t  name = ngx_string("id_token_status");

    if (!mcf->shows_status) {
        return NGX_OK;
    }

    pages = (sizeof(counts_t) + capacity(mcf) * sizeof(counted_t))
            / ngx_pagesize + 8;

    shm_zone = ngx_shared_memory_add(cf, &name,
                   pages * (ngx_pagesize + 2 * sizeof(ngx_slab_page_t)),
                   &ngx_http_auth_id_token_module);
    if (shm_zone == NULL) {
        return NGX_ERROR;
    }

    shm_zone->init = init_zone;
    shm_zone->data = mcf;

    return NGX_OK;
}


void
counts_init_process(main_conf_t *mcf) noexcept
{
    held = (mcf != NULL && mcf->counts != NULL)
           ? &mcf->counts->held[ngx_process_slot] : NULL;

    /* a worker that was killed here has left what it held */

    counts_exit_process();
}


void
counts_exit_process(void) noexcept
{
    tell_parked(0);
    tell_cache(0, 0);
}


void
count_verdict(main_conf_t *mcf, provider_t *provider, Error error) noexcept
{
    if (provider == NULL) {
        if (mcf->counts != NULL && error == Error::provider_unknown) {
            mcf->counts->provider_unknown.fetch_add(1,
                                                    std::memory_order_relaxed);
        }

        return;
    }

    if (provider->counters != NULL) {
        provider->counters->request(error);
    }
}


void
count(provider_t *provider, Count what, uint64_t times) noexcept
{
    if (provider->counters != NULL) {
        provider->counters->count(what, times);
    }
}


void
count_login_result(provider_t *provider, LoginError result) noexcept
{
    if (provider->counters != NULL) {
        provider->counters->login(result);
    }
}


void
tell_parked(ngx_uint_t n) noexcept
{
    if (held != NULL) {
        held->parked.store(n, std::memory_order_relaxed);
    }
}


void
tell_cache(std::size_t tokens, std::size_t bytes) noexcept
{
    if (held != NULL) {
        held->cache_tokens.store(tokens, std::memory_order_relaxed);
        held->cache_bytes.store(bytes, std::memory_order_relaxed);
    }
}


}  // namespace id_token::nginx
