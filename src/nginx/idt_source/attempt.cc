/*
 * One attempt to get the keys, by the holder of the lease: discovery first if
 * there is no URL, then the key set, which is checked before others see it.
 */

#include "idt_source/zone.h"

#include "idt_keys/discovery.h"
#include "idt_keys/url.h"


namespace id_token::nginx {


typedef std::string (*reader_pt)(key_source_t *keys,
    const fetch_result_t *result);


static void attempt_start(key_source_t *keys, const fetch_conf_t *conf,
    std::string &&url, fetch_handler_pt handler) noexcept;
static void attempt_discovered(void *data, const fetch_result_t *result)
    noexcept;
static void attempt_fetched(void *data, const fetch_result_t *result) noexcept;
static void attempt_answered(key_source_t *keys, const fetch_result_t *result,
    reader_pt answer) noexcept;
static void attempt_learn(key_source_t *keys, const fetch_result_t *result)
    noexcept;
static std::string attempt_follow(key_source_t *keys,
    const fetch_result_t *result);
static std::string attempt_accept(key_source_t *keys,
    const fetch_result_t *result);
static void attempt_made(key_source_t *keys, KeySetBuilder::Progress progress)
    noexcept;


void
attempt_begin(ngx_event_t *ev) noexcept
{
    std::string    url;
    key_source_t  *keys;

    keys = static_cast<key_source_t *>(ev->data);

    if (!keys->leased) {
        return;
    }

    if (keys->fetch) {
        fetch_abort(keys->fetch);
        keys->fetch = NULL;
    }

    keys->answered.reset();
    keys->begun = ngx_current_msec;

    /* to tell later what the new set lacks */

    keys_catch_up(keys);

    {
        zone_lock  lock(keys);

        keys->fetch_conf.look_up = keys->zone->look_up;
        keys->fetch_conf.known = keys->zone->known;
        keys->fetch_conf.no_cache = keys->zone->demand.fresh();
    }

    /* both fetches share one deadline: a part is for the second one */

    keys->rest_conf = keys->fetch_conf;

    if (keys->discovery) {
        keys->rest_conf.timeout -= keys->rest_conf.timeout / 4;
    }

    try {
        url = keys->url;

    } catch (...) {
        attempt_failed(keys, "out of memory");
        return;
    }

    attempt_start(keys, &keys->rest_conf, std::move(url), keys->discovery
                                   ? attempt_discovered
                                   : attempt_fetched);
}


/* the handler may be called, and another fetch started, before start returns */

static void
attempt_start(key_source_t *keys, const fetch_conf_t *conf, std::string &&url,
    fetch_handler_pt handler) noexcept
{
    ngx_uint_t  fetches;
    fetch_t    *fetch;

    keys->fetch_url = std::move(url);
    fetches = ++keys->fetches;

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, keys->cycle->log, 0,
                   "id_token fetch \"%s\"", keys->fetch_url.c_str());

    fetch = fetch_start(conf, keys->fetch_url, handler, keys, keys->cycle->log);

    if (keys->fetches != fetches) {
        return;
    }

    keys->fetch = fetch;

    if (fetch == NULL) {
        attempt_failed(keys, "out of memory");
    }
}


static void
attempt_discovered(void *data, const fetch_result_t *result) noexcept
{
    attempt_answered(static_cast<key_source_t *>(data), result, attempt_follow);
}


static void
attempt_fetched(void *data, const fetch_result_t *result) noexcept
{
    attempt_answered(static_cast<key_source_t *>(data), result, attempt_accept);
}


/* an answer function returns what is wrong with the answer */

static void
attempt_answered(key_source_t *keys, const fetch_result_t *result,
    reader_pt answer) noexcept
{
    std::string  why;

    keys->fetch = NULL;
    keys->fetches++;

    attempt_learn(keys, result);

    if (!result->error.empty()) {
        attempt_failed(keys, result->error, result->unreachable);
        return;
    }

    try {
        why = answer(keys, result);

    } catch (...) {
        attempt_failed(keys, "out of memory");
        return;
    }

    if (!why.empty()) {
        attempt_failed(keys, why);
    }
}


/* which addresses work is worth knowing, whatever they answered */

static void
attempt_learn(key_source_t *keys, const fetch_result_t *result) noexcept
{
    zone_lock  lock(keys);

    keys->fetch_conf.known = result->known;

    if (zone_owns(keys)) {
        keys->zone->known = result->known;
    }
}


/* of a document whose issuer has been compared */

static void
keep_endpoints(key_source_t *keys, std::string_view document)
{
    auto  endpoints = parse_endpoints(document,
                         { reinterpret_cast<char *>(keys->settings.issuer.data),
                           keys->settings.issuer.len });
    if (!endpoints) {
        return;
    }

    std::string  packed = pack_endpoints(*endpoints);

    zone_lock  lock(keys);

    if (zone_owns(keys)) {
        zone_write_endpoints(keys->zone, packed);
    }
}


static std::string
attempt_follow(key_source_t *keys, const fetch_result_t *result)
{
    ngx_msec_t   spent;
    std::string  other;

    auto  found = parse_discovery(result->body,
                     { reinterpret_cast<char *>(keys->settings.issuer.data),
                       keys->settings.issuer.len }, &other);
    if (!found) {
        return std::string("the discovery document ")
               .append(discovery_error_text(found.error()))
               .append(other.empty() ? "" : ": ")
               .append(other.empty() ? "" : keys_quote(other));
    }

    auto  url = parse_url(*found);

    if (!url) {
        return std::string("the \"jwks_uri\" of the discovery document ")
               .append(url_error_text(url.error()));
    }

    if (transport(*url) == Transport::insecure && !keys->settings.insecure) {
        return "the \"jwks_uri\" of the discovery document is plain http";
    }

    keep_endpoints(keys, result->body);
    spent = ngx_current_msec - keys->begun;
    keys->rest_conf = keys->fetch_conf;
    keys->rest_conf.timeout = (spent < keys->settings.timeout)
                              ? keys->settings.timeout - spent : 1;

    attempt_start(keys, &keys->rest_conf, std::move(*found), attempt_fetched);
    return {};
}


static std::string
attempt_accept(key_source_t *keys, const fetch_result_t *result)
{
    bool  same;

    if (result->body.size() > keys->zone->size) {
        return "the answer is too long: jwks_max_size allows "
               + std::to_string(keys->zone->size) + " bytes";
    }

    {
        zone_lock  lock(keys);

        same = zone_holds(keys, result->body);
    }

    if (same) {
        attempt_take(keys, nullptr, result->body, result->cache_control,
                     result->age);
        return {};
    }

    keys->answered = std::make_unique<making_t>(keys, result->body,
                                                attempt_made);
    keys->answered->cache_control = result->cache_control;
    keys->answered->age = result->age;

    making_step(keys->answered.get());

    return {};
}


static void
attempt_made(key_source_t *keys, KeySetBuilder::Progress progress) noexcept
{
    auto  made = std::move(keys->answered);

    try {
        if (progress == KeySetBuilder::Progress::failed) {
            attempt_failed(keys, made->no_memory ? "out of memory"
                           : std::string("the key set ").append(
                                 jwks_error_text(made->builder.error())));
            return;
        }

        attempt_take(keys, made.get(), made->builder.document(),
                     made->cache_control, made->age);

    } catch (...) {
        attempt_failed(keys, "out of memory");
    }
}


}  // namespace id_token::nginx
