/* What the log is told of fetches and of keys that are passed over. */

#include "idt_source/zone.h"


namespace id_token::nginx {


#define SKIPPED_SHOWN  8
#define QUOTED         128


/* nothing of the tenant's may break out of the line */

std::string
keys_quote(std::string_view text)
{
    std::string  quoted;

    quoted.push_back('"');

    for (const char c : text.substr(0, QUOTED)) {
        quoted.push_back((c < 0x20 || c > 0x7e || c == '"') ? '?' : c);
    }

    quoted.push_back('"');

    return quoted;
}


std::string
keys_skipped(const std::vector<SkippedKey> &skipped)
{
    size_t       n;
    std::string  text;

    n = 0;

    for (const SkippedKey &entry : skipped) {
        const JwkErrorRow  &row = jwk_error_row(entry.error);

        if (!row.warn || ++n > SKIPPED_SHOWN) {
            continue;
        }

        text.append(text.empty() ? "the key " : ", the key ");

        if (entry.kid.empty()) {
            text.append("at index " + std::to_string(entry.index));

        } else {
            text.append(keys_quote(entry.kid));
        }

        text.append(" ");
        text.append(row.text);
    }

    if (n > SKIPPED_SHOWN) {
        text.append(", and " + std::to_string(n - SKIPPED_SHOWN) + " more");
    }

    return text.empty() ? text : text + ": skipped";
}


void
keys_report(key_source_t *keys, size_t nkeys, ngx_uint_t failures,
    const std::string &skipped) noexcept
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


void
keys_report_failure(key_source_t *keys, std::string_view why,
    ngx_uint_t failures, int64_t now, int64_t again) noexcept
{
    zone_t      *zone;
    const char  *held;

    zone = keys->zone;

    held = (zone->generation.load(std::memory_order_relaxed) == 0)
               ? "there are no keys yet"
           : (now - zone->fetched_at.load(std::memory_order_relaxed)
              >= keys->rules.max_stale)
               ? "the keys held are too old to be used"
               : "the keys held remain in use";

    ngx_log_error(NGX_LOG_ERR, keys->cycle->log, 0,
                  "id_token_provider \"%V\": no keys from \"%s\": %*s; "
                  "%s, failed attempts: %ui, next in %L ms",
                  &keys->settings.provider, keys->fetch_url.c_str(),
                  why.size(), why.data(), held, failures, again);
}


}  // namespace id_token::nginx
