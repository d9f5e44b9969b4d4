/*
 * One attempt to get the keys, by the holder of the lease: discovery first if
 * there is no URL, then the key set, which is checked before others see it.
 */

#include "idt_source/zone.h"
#include "idt_request/wait.h"

#include "idt_keys/discovery.h"
#include "idt_keys/url.h"


/*
 * the same failure again and again is worth a line a minute; others that
 * follow each other so fast are no news either: a redirect may name anything
 */

#define NGX_HTTP_AUTH_ID_TOKEN_LOG_INTERVAL  60000
#define NGX_HTTP_AUTH_ID_TOKEN_LOG_PAUSE     10000


typedef std::string (*ngx_http_auth_id_token_answer_pt)(
    ngx_http_auth_id_token_keys_t *keys,
    const ngx_http_auth_id_token_fetch_result_t *result);


static void ngx_http_auth_id_token_attempt_start(
    ngx_http_auth_id_token_keys_t *keys,
    const ngx_http_auth_id_token_fetch_conf_t *conf, std::string &&url,
    ngx_http_auth_id_token_fetch_handler_pt handler) noexcept;
static void ngx_http_auth_id_token_attempt_discovered(void *data,
    const ngx_http_auth_id_token_fetch_result_t *result) noexcept;
static void ngx_http_auth_id_token_attempt_fetched(void *data,
    const ngx_http_auth_id_token_fetch_result_t *result) noexcept;
static void ngx_http_auth_id_token_attempt_answered(
    ngx_http_auth_id_token_keys_t *keys,
    const ngx_http_auth_id_token_fetch_result_t *result,
    ngx_http_auth_id_token_answer_pt answer) noexcept;
static std::string ngx_http_auth_id_token_attempt_follow(
    ngx_http_auth_id_token_keys_t *keys,
    const ngx_http_auth_id_token_fetch_result_t *result);
static std::string ngx_http_auth_id_token_attempt_accept(
    ngx_http_auth_id_token_keys_t *keys,
    const ngx_http_auth_id_token_fetch_result_t *result);
static void ngx_http_auth_id_token_attempt_failed(
    ngx_http_auth_id_token_keys_t *keys, std::string_view why,
    bool unreachable = false) noexcept;


static inline ngx_str_t
ngx_http_auth_id_token_str(std::string_view s)
{
    ngx_str_t  str;

    str.data = reinterpret_cast<u_char *>(const_cast<char *>(s.data()));
    str.len = s.size();

    return str;
}


void
ngx_http_auth_id_token_attempt_begin(ngx_event_t *ev) noexcept
{
    std::string                     url;
    ngx_http_auth_id_token_keys_t  *keys;

    keys = static_cast<ngx_http_auth_id_token_keys_t *>(ev->data);

    if (!keys->leased) {
        return;
    }

    if (keys->fetch) {
        ngx_http_auth_id_token_fetch_abort(keys->fetch);
        keys->fetch = NULL;
    }

    keys->begun = ngx_current_msec;

    {
        ngx_http_auth_id_token_zone_lock  lock(keys);

        keys->fetch_conf.look_up = keys->zone->look_up;
    }

    try {
        url = keys->url;

    } catch (...) {
        ngx_http_auth_id_token_attempt_failed(keys, "out of memory");
        return;
    }

    ngx_http_auth_id_token_attempt_start(keys, &keys->fetch_conf,
                               std::move(url),
                               keys->discovery
                                   ? ngx_http_auth_id_token_attempt_discovered
                                   : ngx_http_auth_id_token_attempt_fetched);
}


/* the handler may be called, and another fetch started, before start returns */

static void
ngx_http_auth_id_token_attempt_start(ngx_http_auth_id_token_keys_t *keys,
    const ngx_http_auth_id_token_fetch_conf_t *conf, std::string &&url,
    ngx_http_auth_id_token_fetch_handler_pt handler) noexcept
{
    ngx_uint_t                       fetches;
    ngx_http_auth_id_token_fetch_t  *fetch;

    keys->fetch_url = std::move(url);
    fetches = ++keys->fetches;

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, keys->cycle->log, 0,
                   "id_token fetch \"%s\"", keys->fetch_url.c_str());

    fetch = ngx_http_auth_id_token_fetch_start(conf, keys->fetch_url, handler,
                                               keys, keys->cycle->log);

    if (keys->fetches != fetches) {
        return;
    }

    keys->fetch = fetch;

    if (fetch == NULL) {
        ngx_http_auth_id_token_attempt_failed(keys, "out of memory");
    }
}


static void
ngx_http_auth_id_token_attempt_discovered(void *data,
    const ngx_http_auth_id_token_fetch_result_t *result) noexcept
{
    ngx_http_auth_id_token_attempt_answered(
        static_cast<ngx_http_auth_id_token_keys_t *>(data), result,
        ngx_http_auth_id_token_attempt_follow);
}


static void
ngx_http_auth_id_token_attempt_fetched(void *data,
    const ngx_http_auth_id_token_fetch_result_t *result) noexcept
{
    ngx_http_auth_id_token_attempt_answered(
        static_cast<ngx_http_auth_id_token_keys_t *>(data), result,
        ngx_http_auth_id_token_attempt_accept);
}


/* an answer function returns what is wrong with the answer */

static void
ngx_http_auth_id_token_attempt_answered(ngx_http_auth_id_token_keys_t *keys,
    const ngx_http_auth_id_token_fetch_result_t *result,
    ngx_http_auth_id_token_answer_pt answer) noexcept
{
    std::string  why;

    keys->fetch = NULL;
    keys->fetches++;

    if (!result->error.empty()) {
        ngx_http_auth_id_token_attempt_failed(keys, result->error,
                                              result->unreachable);
        return;
    }

    try {
        why = answer(keys, result);

    } catch (...) {
        ngx_http_auth_id_token_attempt_failed(keys, "out of memory");
        return;
    }

    if (!why.empty()) {
        ngx_http_auth_id_token_attempt_failed(keys, why);
    }
}


/* both fetches share one deadline */

static std::string
ngx_http_auth_id_token_attempt_follow(ngx_http_auth_id_token_keys_t *keys,
    const ngx_http_auth_id_token_fetch_result_t *result)
{
    ngx_msec_t   spent;
    std::string  other;

    auto  found = id_token::parse_discovery(result->body,
                     { reinterpret_cast<char *>(keys->settings.issuer.data),
                       keys->settings.issuer.len }, &other);
    if (!found) {
        return std::string("the discovery document ")
               .append(id_token::discovery_error_text(found.error()))
               .append(other.empty() ? "" : ": ")
               .append(other.empty() ? ""
                       : ngx_http_auth_id_token_keys_quote(other));
    }

    auto  url = id_token::parse_url(*found);

    if (!url) {
        return std::string("the \"jwks_uri\" of the discovery document ")
               .append(id_token::url_error_text(url.error()));
    }

    if (id_token::transport(*url) == id_token::Transport::insecure
        && !keys->settings.insecure)
    {
        return "the \"jwks_uri\" of the discovery document is plain http";
    }

    spent = ngx_current_msec - keys->begun;

    keys->rest_conf = keys->fetch_conf;
    keys->rest_conf.timeout = (spent < keys->settings.timeout)
                              ? keys->settings.timeout - spent : 1;

    ngx_http_auth_id_token_attempt_start(keys, &keys->rest_conf,
                                       std::move(*found),
                                       ngx_http_auth_id_token_attempt_fetched);
    return {};
}


static void
ngx_http_auth_id_token_attempt_report(ngx_http_auth_id_token_keys_t *keys,
    size_t nkeys, ngx_uint_t failures, const std::string &skipped) noexcept
{
    ngx_log_t  *log;

    log = keys->cycle->log;

    if (failures) {
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "id_token_provider \"%V\": keys fetched from \"%s\" "
                      "after %ui failed attempts",
                      &keys->settings.provider, keys->fetch_url.c_str(),
                      failures);
    }

    if (nkeys) {
        ngx_log_error(NGX_LOG_INFO, log, 0,
                      "id_token_provider \"%V\": new key set of %uz keys "
                      "from \"%s\"",
                      &keys->settings.provider, nkeys,
                      keys->fetch_url.c_str());
    }

    if (!skipped.empty()) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "id_token_provider \"%V\": in the key set from \"%s\" "
                      "%s",
                      &keys->settings.provider, keys->fetch_url.c_str(),
                      skipped.c_str());
    }
}


static std::string
ngx_http_auth_id_token_attempt_accept(ngx_http_auth_id_token_keys_t *keys,
    const ngx_http_auth_id_token_fetch_result_t *result)
{
    bool                                same, owns;
    size_t                              nkeys;
    int64_t                             now;
    ngx_uint_t                          failures;
    std::string                         skipped;
    std::vector<uint64_t>               withdrawn;
    std::unique_ptr<id_token::KeySet>   set;
    ngx_http_auth_id_token_zone_t      *zone;

    now = 0;
    nkeys = 0;
    failures = 0;
    zone = keys->zone;

    if (result->body.size() > zone->size) {
        return "the answer is too large";
    }

    {
        ngx_http_auth_id_token_zone_lock  lock(keys);

        same = ngx_http_auth_id_token_zone_holds(keys, result->body);
    }

    if (!same) {
        std::vector<id_token::SkippedKey>  entries;

        auto  parsed = id_token::KeySet::parse(result->body,
                              ngx_http_auth_id_token_keys_next_id(), &entries);
        if (!parsed) {
            return std::string("the key set ")
                   .append(id_token::jwks_error_text(parsed.error()));
        }

        set = std::move(*parsed);
        nkeys = set->size();
        skipped = ngx_http_auth_id_token_keys_skipped(entries);
        withdrawn = ngx_http_auth_id_token_keys_withdrawn(keys, *set);
    }

    const auto  max_age = id_token::parse_max_age(result->cache_control);

    {
        ngx_http_auth_id_token_zone_lock  lock(keys);

        owns = ngx_http_auth_id_token_zone_owns(keys);

        if (owns) {
            now = ngx_http_auth_id_token_now();
            failures = zone->refresh.failures;

            zone->refresh.succeeded(now, keys->rules, max_age, result->age,
                                    static_cast<uint32_t>(ngx_random()));
            zone->refresh.withdrawn(withdrawn);
            zone->error = 0;

            if (!same) {
                ngx_http_auth_id_token_zone_write(keys, result->body);
                keys->generation = zone->generation.load(
                                                   std::memory_order_relaxed);
            }

            zone->fetched_at.store(now, std::memory_order_release);

            ngx_http_auth_id_token_zone_end(keys, true);
        }
    }

    keys->leased = 0;

    if (!owns) {
        /* another worker has taken the attempt over */
        ngx_http_auth_id_token_keys_schedule(keys);
        return {};
    }

    if (!same) {
        keys->retired = std::move(keys->set);
        keys->set = std::move(set);
    }

    ngx_http_auth_id_token_attempt_report(keys, nkeys, failures, skipped);
    ngx_http_auth_id_token_state_save(keys, result->body, now);

    ngx_http_auth_id_token_keys_schedule(keys);
    ngx_http_auth_id_token_wake(keys);

    return {};
}


/* the previous set stays; the log is told once, then now and then */

static void
ngx_http_auth_id_token_attempt_failed(ngx_http_auth_id_token_keys_t *keys,
    std::string_view why, bool unreachable) noexcept
{
    bool                            owns, tell;
    int64_t                         now, again;
    uint32_t                        error;
    ngx_str_t                       text;
    ngx_uint_t                      failures;
    const char                     *held;
    ngx_http_auth_id_token_zone_t  *zone;

    tell = false;
    again = 0;
    failures = 0;

    zone = keys->zone;
    text = ngx_http_auth_id_token_str(why);
    error = ngx_crc32_short(text.data, text.len);
    now = ngx_http_auth_id_token_now();

    {
        ngx_http_auth_id_token_zone_lock  lock(keys);

        owns = ngx_http_auth_id_token_zone_owns(keys);

        if (owns) {
            ngx_http_auth_id_token_zone_end(keys, false);

            /*
             * a key server may have moved since the start; but not all names
             * that were found then are known to a name server
             */

            if (unreachable) {
                zone->look_up = !zone->look_up;
            }

            failures = zone->refresh.failures;
            again = zone->refresh.next_fetch - now;

            tell = failures == 1
                   || now - zone->error_logged
                      >= ((zone->error != error)
                              ? NGX_HTTP_AUTH_ID_TOKEN_LOG_PAUSE
                              : NGX_HTTP_AUTH_ID_TOKEN_LOG_INTERVAL);

            if (tell) {
                zone->error = error;
                zone->error_logged = now;
            }
        }
    }

    keys->leased = 0;

    if (!owns) {
        ngx_http_auth_id_token_keys_schedule(keys);
        return;
    }

    if (tell) {
        held = (zone->generation.load(std::memory_order_relaxed) == 0)
                   ? "there are no keys yet"
               : (now - zone->fetched_at.load(std::memory_order_relaxed)
                  >= keys->rules.max_stale)
                   ? "the keys held are too old to be used"
                   : "the keys held remain in use";

        ngx_log_error(NGX_LOG_ERR, keys->cycle->log, 0,
                      "id_token_provider \"%V\": no keys from \"%s\": %V; "
                      "%s, failed attempts: %ui, next in %L ms",
                      &keys->settings.provider, keys->fetch_url.c_str(),
                      &text, held, failures, again);
    }

    ngx_http_auth_id_token_keys_schedule(keys);
    ngx_http_auth_id_token_wake(keys);
}
