/* The status page: a moment, put together and shown. */

#include "idt_status/handlers.h"

#include "idt_base/version.h"
#include "idt_count/count.h"
#include "idt_metrics/status.h"
#include "idt_session/session.h"


#include <algorithm>


namespace id_token::nginx {


typedef std::string (*show_pt)(const Status &status);


/* in the order of their names: pages can be compared */

static void
show_providers(const main_conf_t *mcf, Status &status)
{
    for (const auto &[name, provider] : mcf->providers) {
        ProviderStatus  &one = status.providers.emplace_back();

        one.name = view(provider->name);
        one.issuer = provider->policy.issuer;
        one.client_id = provider->policy.client_id;

        if (provider->counters != NULL) {
            one.read(*provider->counters);
        }
    }

    std::sort(status.providers.begin(), status.providers.end(),
              [](const ProviderStatus &a, const ProviderStatus &b) {
                  return a.name < b.name;
              });
}


static void
show_sources(const main_conf_t *mcf, Status &status)
{
    key_source_t  *keys;

    for (keys = keys_next(const_cast<ngx_cycle_t *>(ngx_cycle), NULL);
         keys != NULL;
         keys = keys_next(const_cast<ngx_cycle_t *>(ngx_cycle), keys))
    {
        SourceStatus  &one = status.sources.emplace_back();

        keys_show(keys, one);

        for (const auto &[name, provider] : mcf->providers) {
            if (provider->keys == keys) {
                one.providers.emplace_back(view(provider->name));
            }
        }

        std::sort(one.providers.begin(), one.providers.end());
    }
}


static void
show_counts(counts_t *counts, Status &status)
{
    const auto  load = [](const Counter &counter) {
        return counter.load(std::memory_order_relaxed);
    };

    status.since = counts->since;
    status.provider_unknown = load(counts->provider_unknown);

    for (const held_t &held : counts->held) {
        status.parked += load(held.parked);
        status.cache_tokens += load(held.cache_tokens);
        status.cache_bytes += load(held.cache_bytes);
    }
}


static ngx_int_t
send_status(ngx_http_request_t *r, ngx_str_t type, show_pt show)
{
    Status                     status;
    main_conf_t               *mcf;
    ngx_http_complex_value_t   body;

    mcf = main_conf(r);

    status.version = kVersion;
    show_providers(mcf, status);
    show_sources(mcf, status);

    if (mcf->counts != NULL) {
        show_counts(mcf->counts, status);
    }

    const std::string  text = show(status);

    ngx_memzero(&body, sizeof(ngx_http_complex_value_t));

    body.value.len = text.size();
    body.value.data = static_cast<u_char *>(
                          ngx_pnalloc(r->pool, text.size()));
    if (body.value.data == NULL || forbid_caching(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_memcpy(body.value.data, text.data(), text.size());

    return ngx_http_send_response(r, NGX_HTTP_OK, &type, &body);
}


static ngx_int_t
handle(ngx_http_request_t *r, ngx_str_t type, show_pt show)
{
    ngx_int_t  rc;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    return send_status(r, type, show);
}


ngx_int_t
status_json_handler(ngx_http_request_t *r)
{
    return handle(r, ngx_string("application/json"), status_json);
}


/* Prometheus, "Exposition formats", 0.0.4 */

ngx_int_t
status_prometheus_handler(ngx_http_request_t *r)
{
    return handle(r, ngx_string("text/plain; version=0.0.4; charset=utf-8"),
                  status_prometheus);
}


}  // namespace id_token::nginx
