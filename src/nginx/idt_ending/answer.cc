/* What who asked for a logout is told, and what the log says. */

#include "idt_ending/ending.h"


namespace id_token::nginx {


#define RETRY_AFTER  "5"


static ngx_str_t  json_type = ngx_string("application/json");


/* a key that cannot be had is no fault of the token's */

static LogoutError
reason_of(const LogoutRefusal &refusal)
{
    if (refusal.error != LogoutError::logout_token) {
        return refusal.error;
    }

    switch (error_row(refusal.reason).answer) {

    case Answer::unavailable:
        return LogoutError::logout_keys;

    case Answer::internal:
        return LogoutError::logout_memory;

    default:
        return refusal.error;
    }
}


static ngx_uint_t
status_of(LogoutError error)
{
    switch (logout_error_row(error).answer) {

    case LogoutAnswer::none:
        return NGX_HTTP_OK;

    case LogoutAnswer::malformed:
        return NGX_HTTP_BAD_REQUEST;

    case LogoutAnswer::forbidden:
        return NGX_HTTP_FORBIDDEN;

    case LogoutAnswer::unavailable:
        return NGX_HTTP_SERVICE_UNAVAILABLE;

    default:
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }
}


static void
log_failure(ngx_http_request_t *r, const provider_t *provider,
    LogoutError error, const LogoutRefusal &refusal)
{
    ctx_t             *ctx;
    u_char             kid[2 * kMaxDiagnosis];
    std::string_view   detail, name;

    const LogoutErrorRow  &row = logout_error_row(error);

    ctx = get_ctx(r);

    if (refusal.error == LogoutError::logout_token) {
        detail = error_row(refusal.reason).name;
    }

    if (provider != NULL) {
        name = view(provider->name);
    }

    /* what stands in a token is anybody's text */

    const std::string_view  id = ctx->diagnosis.kid;

    u_char  *last = kid;

    for (char c : id.substr(0, kMaxDiagnosis)) {
        *last++ = (c > 0x20 && c < 0x7f && c != '"') ? c : '?';
    }

    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "id_token logout failed, %*s: %*s%s%*s, provider \"%*s\"%s"
                  "%*s",
                  row.name.size(), row.name.data(),
                  row.text.size(), row.text.data(),
                  detail.empty() ? "" : ": ", detail.size(), detail.data(),
                  name.size(), name.data(),
                  last == kid ? "" : ", kid ", last - kid, kid);
}


ngx_int_t
logout_failed(ngx_http_request_t *r, const provider_t *provider,
    const LogoutRefusal &refusal)
{
    ngx_uint_t   status;
    LogoutError  error;

    error = reason_of(refusal);
    status = status_of(error);

    log_failure(r, provider, error, refusal);

    if (forbid_caching(r) != NGX_OK
        || (status == NGX_HTTP_SERVICE_UNAVAILABLE
            && add_header(r, "Retry-After", RETRY_AFTER) != NGX_OK))
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return send_text(r, status, &json_type,
                     logout_error_json(error == refusal.error
                                       ? refusal : LogoutRefusal(error)));
}


void
logout_did(ngx_http_request_t *r, const provider_t *provider,
    const char *what) noexcept
{
    ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                  "id_token logout %s, provider \"%V\"",
                  what, &provider->name);
}


ngx_int_t
send_count(ngx_http_request_t *r, const revocations_t *revocations)
{
    std::string  json;

    json = "{\"revocations\":";
    json += std::to_string(revocations_count(revocations));
    json += "}\n";

    if (forbid_caching(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return send_text(r, NGX_HTTP_OK, &json_type, json);
}


ngx_int_t
send_done(ngx_http_request_t *r, ngx_str_t *type) noexcept
{
    if (forbid_caching(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return send_text(r, NGX_HTTP_OK, type, {});
}


LogoutScope
scope_of(const revocations_t *revocations, const provider_t *provider)
{
    return { provider->digest, revocations->settings.keep,
             provider->policy.leeway };
}


}  // namespace id_token::nginx
