/*
 * What browsers bring with them: CORS preflights, requests forged from other
 * sites, a token bound to a cookie.
 */

#include "idt_request/judge.h"

#include "idt_login/secret_chain.h"
#include "idt_login/set_cookie.h"
#include "idt_lib/digest.h"
#include "idt_token/csrf.h"
#include "idt_token/nonce.h"


namespace id_token::nginx {


/* a request header by its lower-case name; a second one is counted */

static Field
get_field(ngx_http_request_t *r, std::string_view name)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;
    Field             field;

    part = &r->headers_in.headers.part;
    h = static_cast<ngx_table_elt_t *>(part->elts);

    for (i = 0; /* void */; i++) {

        if (i >= part->nelts) {
            if (part->next == NULL) {
                break;
            }

            part = part->next;
            h = static_cast<ngx_table_elt_t *>(part->elts);
            i = 0;
        }

        if (h[i].key.len == name.size()
            && ngx_strncmp(h[i].lowcase_key, name.data(), name.size()) == 0)
        {
            field.count++;
            field.value = view(h[i].value);
        }
    }

    return field;
}


ngx_uint_t
is_preflight(ngx_http_request_t *r) noexcept
{
    PreflightFields  fields;

    if (r->method != NGX_HTTP_OPTIONS) {
        return 0;
    }

    fields.options = true;
    fields.credentials = (r->headers_in.authorization != NULL);
    fields.body = (r->headers_in.content_length_n > 0
                   || r->headers_in.chunked);
    fields.origin = get_field(r, "origin");
    fields.method = get_field(r, "access-control-request-method");
    fields.cookie = get_field(r, "cookie");

    return is_preflight(fields);
}


bool
is_https(ngx_http_request_t *r) noexcept
{
#if (NGX_SSL || NGX_COMPAT)
    return r->connection->ssl != NULL;
#else
    return false;
#endif
}


std::string_view
asked_host(ngx_http_request_t *r) noexcept
{
    if (r->headers_in.host != NULL) {
        return view(r->headers_in.host->value);
    }

#ifdef NGX_HTTP_VERSION_30

    /*
     * nginx makes no Host field of it in HTTP/3, and drops the port; a
     * subrequest does not have it
     */

    if (r->http_version == NGX_HTTP_VERSION_30 && r->main->host_start != NULL) {
        return view(r->main->host_start,
                    r->main->host_end - r->main->host_start);
    }

#endif

    return view(r->headers_in.server);
}


bool
is_from_here(ngx_http_request_t *r, const loc_conf_t *conf)
{
    Evidence  evidence;

    evidence.site = get_field(r, "sec-fetch-site");
    evidence.origin = get_field(r, "origin");
    evidence.host = get_field(r, "host");
    evidence.host.value = asked_host(r);
    evidence.https = is_https(r);

    return is_same_origin(evidence, conf->origins);
}


/*
 * A cookie comes along whoever sent the browser here, and so may what a proxy
 * makes of one: a request that may change something has to prove that our own
 * pages made it. nginx makes every subrequest a GET, that of auth_request for
 * a POST, too.
 */

Error
judge_csrf(ngx_http_request_t *r, const loc_conf_t *conf,
    const carrier_t *source)
{
    if (source->carrier == Carrier::authorization || !conf->csrf
        || changes_nothing(r->main->method
                           & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS
                              |NGX_HTTP_TRACE),
                           get_field(r, "upgrade")))
    {
        return Error::ok;
    }

    return is_from_here(r, conf) ? Error::ok : Error::csrf;
}


Error
judge_nonce(ngx_http_request_t *r, const loc_conf_t *conf,
    const VerifiedToken &token)
{
    ngx_str_t   value;
    ClaimValue  nonce;

    if (conf->nonce == NULL) {
        return Error::ok;
    }

    if (ngx_http_complex_value(r, conf->nonce, &value) != NGX_OK) {
        return Error::out_of_memory;
    }

    nonce = token.slot(conf->nonce_slot);

    if (!nonce.present() || nonce.kind() != JsonKind::string) {
        return Error::nonce;
    }

    auto  matches = nonce_matches(nonce.text(), view(value));

    if (!matches) {
        return matches.error();
    }

    return *matches ? Error::ok : Error::nonce;
}


/* what a login has made of the browser's secret is in no other way to be had */

Error
judge_binding(ngx_http_request_t *r, const loc_conf_t *conf,
    const carrier_t *source, const VerifiedToken &token)
{
    bool          bound;
    ClaimValue    nonce;
    main_conf_t  *mcf;

    if (!source->bound || conf->nonce_off || conf->nonce != NULL) {
        return Error::ok;
    }

    mcf = main_conf(r);

    nonce = token.slot(mcf->login.nonce_slot);

    if (!nonce.present() || nonce.kind() != JsonKind::string) {
        return Error::nonce;
    }

    bound = false;

    for (std::string_view line : presented_cookies(r, conf)) {
        while (auto pair = next_cookie(line)) {
            bound = bound
                    || (is_binding_cookie(pair->name, view(source->value))
                        && !pair->value.empty()
                        && equal_in_constant_time(nonce.text(),
                                                  login_nonce(pair->value)));
        }
    }

    return bound ? Error::ok : Error::nonce;
}


}  // namespace id_token::nginx
