/* What a request says of a login, and headers for its answer. */

#include "idt_session/session.h"

#include "idt_base/ascii.h"
#include "idt_login/set_cookie.h"
#include "idt_request/presented.h"
#include "idt_token/credentials.h"


namespace id_token::nginx {


static std::optional<std::string_view>
find_field(ngx_http_request_t *r, std::string_view name)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = static_cast<ngx_table_elt_t *>(part->elts);

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash != 0 && equal_ignoring_case(view(h[i].key), name)) {
                return view(h[i].value);
            }
        }
    }

    return std::nullopt;
}


RequestLook
look_at(ngx_http_request_t *r) noexcept
{
    RequestLook  look;

    look.get_or_head = (r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD)) != 0;
    look.mode = find_field(r, "sec-fetch-mode");
    look.dest = find_field(r, "sec-fetch-dest");
    look.site = find_field(r, "sec-fetch-site");
    look.purpose = find_field(r, "sec-purpose");
    look.accept = find_field(r, "accept");

    if (!look.purpose) {
        /* what browsers said before there was a Sec-Purpose */
        look.purpose = find_field(r, "purpose");
    }

    return look;
}


std::string
host_of(ngx_http_request_t *r)
{
    return lower(asked_host(r));
}


static bool
matches_name(ngx_http_request_t *r, const ngx_http_server_name_t &sn,
    std::string_view host)
{
    std::string_view  name = view(sn.name);

#if (NGX_PCRE)
    ngx_str_t  s;

    if (sn.regex) {
        s = r->headers_in.server;
        return ngx_http_regex_exec(r, sn.regex, &s) == NGX_OK;
    }
#endif

    if (name.starts_with("*.")) {
        return host.size() > name.size() - 1 && host.ends_with(name.substr(1));
    }

    if (name.ends_with(".*")) {
        name.remove_suffix(1);
        return host.size() > name.size() && host.starts_with(name);
    }

    if (name.starts_with('.')) {
        return host == name.substr(1) || host.ends_with(name);
    }

    return !name.empty() && host == name;
}


bool
is_known_host(ngx_http_request_t *r) noexcept
{
    std::string                host;
    ngx_http_core_srv_conf_t  *cscf;

    try {
        host = lower(view(r->headers_in.server));

        if (is_loopback_host(host_of(r))) {
            return true;
        }

    } catch (...) {
        return false;
    }

    cscf = static_cast<ngx_http_core_srv_conf_t *>(
               ngx_http_get_module_srv_conf(r, ngx_http_core_module));

    for (const auto &kept : main_conf(r)->login.servers) {
        if (kept.server != cscf) {
            continue;
        }

        for (const auto &name : kept.names) {
            if (matches_name(r, name, host)) {
                return true;
            }
        }
    }

    return false;
}


std::vector<CookiePair>
read_cookies(ngx_http_request_t *r)
{
    std::vector<CookiePair>  cookies;

    for (std::string_view line : presented_cookies(r, loc_conf(r))) {
        while (auto pair = next_cookie(line)) {
            cookies.push_back(*pair);
        }
    }

    return cookies;
}


static ngx_table_elt_t *
push_header(ngx_http_request_t *r, const char *name, std::string_view value)
{
    ngx_table_elt_t  *h;

    h = static_cast<ngx_table_elt_t *>(ngx_list_push(&r->headers_out.headers));
    if (h == NULL) {
        return NULL;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->value.data = static_cast<u_char *>(ngx_pnalloc(r->pool, value.size()));
    if (h->value.data == NULL) {
        return NULL;
    }

    ngx_memcpy(h->value.data, value.data(), value.size());

    h->value.len = value.size();
    h->key.data = reinterpret_cast<u_char *>(const_cast<char *>(name));
    h->key.len = ngx_strlen(name);
    h->hash = 1;

    return h;
}


ngx_int_t
add_header(ngx_http_request_t *r, const char *name, std::string_view value)
    noexcept
{
    return push_header(r, name, value) != NULL ? NGX_OK : NGX_ERROR;
}


ngx_int_t
forbid_caching(ngx_http_request_t *r) noexcept
{
    ngx_table_elt_t  *h;

#if (nginx_version >= 1023000)

    if (r->headers_out.cache_control != NULL) {
        return NGX_OK;
    }

    h = push_header(r, "Cache-Control", "no-store");
    r->headers_out.cache_control = h;

    return h != NULL ? NGX_OK : NGX_ERROR;

#else

    ngx_table_elt_t  **ph;

    if (r->headers_out.cache_control.nelts) {
        return NGX_OK;
    }

    if (r->headers_out.cache_control.elts == NULL
        && ngx_array_init(&r->headers_out.cache_control, r->pool, 1,
                          sizeof(ngx_table_elt_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    h = push_header(r, "Cache-Control", "no-store");
    ph = static_cast<ngx_table_elt_t **>(
             ngx_array_push(&r->headers_out.cache_control));
    if (h == NULL || ph == NULL) {
        return NGX_ERROR;
    }

    *ph = h;

    return NGX_OK;

#endif
}


ngx_int_t
set_location(ngx_http_request_t *r, std::string_view url) noexcept
{
    ngx_http_clear_location(r);

    r->headers_out.location = push_header(r, "Location", url);

    return r->headers_out.location != NULL ? NGX_OK : NGX_ERROR;
}


static std::vector<CookiePair>
read_transactions(ngx_http_request_t *r)
{
    std::vector<CookiePair>  transactions;

    for (std::string_view line : presented_cookies(r, loc_conf(r))) {
        if (line.find(kTransactionPrefix) == line.npos) {
            continue;    /* next to every request */
        }

        while (auto pair = next_cookie(line)) {
            if (pair->name.starts_with(kTransactionPrefix)) {
                transactions.push_back(*pair);
            }
        }
    }

    return transactions;
}


ngx_int_t
post_read_handler(ngx_http_request_t *r)
{
    for (const auto &name : surplus_transactions(main_conf(r)->login.keys,
                                                 read_transactions(r),
                                                 ngx_time()))
    {
        if (add_header(r, "Set-Cookie", expire_cookie(name, SameSite::none))
            != NGX_OK)
        {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    return NGX_DECLINED;
}


}  // namespace id_token::nginx
