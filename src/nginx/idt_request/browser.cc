/*
 * What browsers bring with them: CORS preflights, requests forged from other
 * sites, a token bound to a cookie.
 */

#include "idt_glue/shared.h"

#include "idt_base/base64url.h"
#include "idt_lib/openssl.h"
#include "idt_token/origin.h"


namespace id_token::nginx {


typedef struct {
    ngx_uint_t        count;
    std::string_view  value;
} field_t;


/* a request header by its lower-case name; a second one is counted */

static field_t
get_field(ngx_http_request_t *r, std::string_view name)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;
    field_t           field{};

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


/*
 * A CORS preflight and nothing else, Fetch 3.2.2 and 4.8: OPTIONS with one
 * Origin and one Access-Control-Request-Method, without body and without
 * credentials, which browsers never send along.
 */

ngx_uint_t
is_preflight(ngx_http_request_t *r) noexcept
{
    if (r->method != NGX_HTTP_OPTIONS || r->headers_in.authorization != NULL
        || r->headers_in.content_length_n > 0 || r->headers_in.chunked)
    {
        return 0;
    }

    auto  origin = get_field(r, "origin");
    auto  method = get_field(r, "access-control-request-method");
    auto  cookie = get_field(r, "cookie");

    return origin.count == 1 && !origin.value.empty()
           && method.count == 1 && !method.value.empty()
           && cookie.count == 0;
}


/* auth_id_token_csrf on | off | ORIGIN ... */

char *
csrf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept
{
    ngx_str_t   *value;
    ngx_uint_t   i;
    loc_conf_t  *lcf;

    lcf = static_cast<loc_conf_t *>(conf);

    if (lcf->csrf != NGX_CONF_UNSET) {
        return const_cast<char *>("is duplicate");
    }

    value = static_cast<ngx_str_t *>(cf->args->elts);
    lcf->csrf = 1;

    if (cf->args->nelts == 2) {
        if (view(value[1]) == "off") {
            lcf->csrf = 0;
            return NGX_CONF_OK;
        }

        if (view(value[1]) == "on") {
            return NGX_CONF_OK;
        }
    }

    try {
        for (i = 1; i < cf->args->nelts; i++) {
            auto  origin = parse_origin(view(value[i]));

            if (!origin) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "\"%V\" in \"auth_id_token_csrf\" is no "
                                   "origin such as \"https://app.example.com\"",
                                   &value[i]);
                return static_cast<char *>(NGX_CONF_ERROR);
            }

            for (const auto &other : lcf->origins) {
                if (other == *origin) {
                    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                       "\"auth_id_token_csrf\" names \"%V\" "
                                       "twice",
                                       &value[i]);
                    return static_cast<char *>(NGX_CONF_ERROR);
                }
            }

            lcf->origins.push_back(std::move(*origin));
        }

    } catch (...) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "out of memory");
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    return NGX_CONF_OK;
}


static ngx_uint_t
is_safe(ngx_http_request_t *r)
{
    /*
     * RFC 9110 9.2.1; a handshake to another protocol is none of them. nginx
     * makes every subrequest a GET, that of auth_request for a POST, too.
     */

    return (r->main->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_OPTIONS
                               |NGX_HTTP_TRACE))
           && get_field(r, "upgrade").count == 0;
}


/*
 * A cookie comes along whoever sent the browser here, so a request that may
 * change something has to prove that our own pages made it.
 */

Error
judge_csrf(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx)
{
    ngx_uint_t  https;
    field_t     host;

    if (ctx->source->cookie.len == 0 || !conf->csrf || is_safe(r)) {
        return Error::ok;
    }

    auto  site = get_field(r, "sec-fetch-site");

    if (site.count == 1 && site.value == "same-origin") {
        return Error::ok;
    }

    auto  field = get_field(r, "origin");

    if (field.count != 1) {
        return Error::csrf;
    }

    auto  origin = parse_origin(field.value);

    if (!origin) {
        return Error::csrf;
    }

    for (const auto &named : conf->origins) {
        if (*origin == named) {
            return Error::ok;
        }
    }

    if (site.count != 0) {
        return Error::csrf;
    }

#if (NGX_SSL || NGX_COMPAT)
    https = (r->connection->ssl != NULL);
#else
    https = 0;
#endif

    host = get_field(r, "host");

    if (host.count == 0) {
        /* HTTP/2 and later: :authority */
        host.value = view(r->headers_in.server);
    }

    auto  own = own_origin(https, host.value);

    return (host.count <= 1 && own && *own == *origin) ? Error::ok
                                                       : Error::csrf;
}


/*
 * auth_id_token_nonce: the nonce of the token is the base64url or lower-case
 * hexadecimal SHA-256 of the value, or the value itself. Compared in constant
 * time, since the value is a secret of the browser.
 *
 * A nonce that may be a SHA-256 is never compared with the value itself: who
 * has stolen the token can read its nonce, and would send that as the value.
 */

static ngx_uint_t
equal(std::string_view a, std::string_view b)
{
    return a.size() == b.size()
           && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}


static ngx_uint_t
may_be_sha256(std::string_view nonce)
{
    if (nonce.size() == 43) {
        return is_base64url(nonce);
    }

    return nonce.size() == 64
           && nonce.find_first_not_of("0123456789abcdef") == nonce.npos;
}


Error
judge_nonce(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx)
{
    ngx_str_t   value;
    ClaimValue  nonce;
    u_char      hash[32], hex[64];

    if (conf->nonce == NULL) {
        return Error::ok;
    }

    if (ngx_http_complex_value(r, conf->nonce, &value) != NGX_OK) {
        return Error::out_of_memory;
    }

    nonce = ctx->token->slot(conf->nonce_slot);

    if (value.len == 0 || !nonce.present()
        || nonce.kind() != JsonKind::string || nonce.text().empty())
    {
        return Error::nonce;
    }

    if (!may_be_sha256(nonce.text())) {
        return equal(nonce.text(), view(value))
               ? Error::ok : Error::nonce;
    }

    ErrorQueueScope  scope;

    if (EVP_Digest(value.data, value.len, hash, NULL, EVP_sha256(), NULL)
        != 1)
    {
        return Error::out_of_memory;
    }

    ngx_hex_dump(hex, hash, sizeof(hash));

    if (equal(nonce.text(),
            base64url_encode(std::span<const unsigned char>(hash)))
        || equal(nonce.text(),
               std::string_view(reinterpret_cast<char *>(hex), sizeof(hex))))
    {
        return Error::ok;
    }

    return Error::nonce;
}


char *
nonce(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept
{
    ngx_str_t   *value, claim = ngx_string("nonce");
    loc_conf_t  *lcf;

    lcf = static_cast<loc_conf_t *>(conf);

    if (lcf->nonce != NGX_CONF_UNSET_PTR) {
        return const_cast<char *>("is duplicate");
    }

    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (view(value[1]) == "off") {
        lcf->nonce = NULL;
        return NGX_CONF_OK;
    }

    if (ngx_http_script_variables_count(&value[1]) == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"auth_id_token_nonce\" needs a variable such as "
                           "\"$cookie_nonce\", not \"%V\"",
                           &value[1]);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    lcf->nonce = compile(cf, &value[1]);

    if (lcf->nonce == NULL
        || claim_slot(cf, &claim, &lcf->nonce_slot) != NGX_OK)
    {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    return NGX_CONF_OK;
}


}  // namespace id_token::nginx
