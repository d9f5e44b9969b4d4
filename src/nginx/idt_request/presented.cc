/*
 * Where tokens are presented: the Authorization header, another one, a cookie,
 * or a cookie that had to be split into NAME.0, NAME.1 and so on.
 */

#include "idt_request/presented.h"

#include "idt_base/ascii.h"
#include "idt_token/cookies.h"
#include "idt_token/credentials.h"
#include "idt_token/header_names.h"


namespace id_token::nginx {


static presented *find_presented(ngx_http_request_t *r);
static presented_headers snapshot(ngx_http_request_t *r);
static presented_headers effective(ngx_http_request_t *r,
    const loc_conf_t *conf, const presented &kept);
static void collect_bearer(collection &into, size_t source,
    std::string_view value);
static void add_pieces(collection &into, size_t source,
    const TokenCookies &cookies);


template <class F>
static void
each_cookie_line(const presented_headers &headers, F f)
{
    for (std::string_view line : headers.cookies) {
        f(line);
    }
}


/* calls f(name in lower case, value) for each request header */

template <class F>
static void
each_field(ngx_http_request_t *r, F f)
{
    (void) each_header(r, [&](ngx_table_elt_t *h) {
        f(view(h->lowcase_key, h->key.len), view(h->value));

        return NGX_OK;
    });
}


template <class F>
static void
each_field(const presented_headers &headers, F f)
{
    for (const named_header &h : headers.named) {
        f(h.name, h.value);
    }
}


static std::string_view
authorization_of(ngx_http_request_t *r)
{
    return (r->headers_in.authorization != NULL)
           ? view(r->headers_in.authorization->value) : std::string_view();
}


static std::string_view
authorization_of(const presented_headers &headers)
{
    return headers.authorization;
}


/* H: the request, or what it had before something was taken out */

template <class H>
static void
collect_from(H &&headers, const loc_conf_t *conf, collection &into)
{
    size_t  i = 0;

    for (const carrier_t &source : items<carrier_t>(conf->sources)) {

        switch (source.carrier) {

        case Carrier::authorization:
            collect_bearer(into, i, authorization_of(headers));
            break;

        case Carrier::header:
            each_field(headers, [&](std::string_view name,
                                    std::string_view value) {
                if (name == view(source.value)) {
                    into.candidates->add({trim(value), Carrier::header, i});

                } else if (passes_for_header(name, view(source.value))) {
                    into.foreign = true;
                }
            });
            break;

        case Carrier::cookie:
            TokenCookies  cookies(view(source.value));

            each_cookie_line(headers, [&](std::string_view line) {
                cookies.read(line, [&](std::string_view value) {
                    into.candidates->add({value, Carrier::cookie, i});
                });
            });

            add_pieces(into, i, cookies);
            break;
        }

        i++;
    }
}


void
collect(ngx_http_request_t *r, const loc_conf_t *conf, collection &into)
{
    presented  *kept = find_presented(r);

    if (kept == NULL) {
        collect_from(r, conf, into);
        return;
    }

    collect_from(effective(r, conf, *kept), conf, into);
}


std::vector<std::string_view>
presented_cookies(ngx_http_request_t *r, const loc_conf_t *conf)
{
    presented  *kept = find_presented(r);

    return kept == NULL ? snapshot(r).cookies
                        : effective(r, conf, *kept).cookies;
}


static void
collect_bearer(collection &into, size_t source, std::string_view value)
{
    auto  bearer = split_bearer(value);

    if (!bearer) {
        into.candidates->add_dropped({value, Carrier::authorization, source},
                                     bearer.error());
        return;
    }

    if (bearer->has_value()) {
        into.candidates->add({**bearer, Carrier::authorization, source});
    }
}


static void
add_pieces(collection &into, size_t source, const TokenCookies &cookies)
{
    into.foreign |= cookies.foreign();

    if (!cookies.has_pieces()) {
        return;
    }

    for (PieceSet &set : cookies.join()) {
        if (set.error != Error::ok) {
            into.candidates->add_dropped({{}, Carrier::cookie, source},
                                         set.error);
            into.foreign = true;
            continue;
        }

        into.joined.push_back(std::move(set.token));
        into.candidates->add({into.joined.back(), Carrier::cookie, source});
    }
}


/* a subrequest shares the headers of its parent */

static presented *
find_presented(ngx_http_request_t *r)
{
    ctx_t  *ctx;

    for ( /* void */ ; r != NULL; r = r->parent) {
        ctx = get_ctx(r);

        if (ctx != NULL && ctx->kept) {
            return ctx->kept.get();
        }
    }

    return NULL;
}


static presented_headers
snapshot(ngx_http_request_t *r)
{
    main_conf_t        *mcf;
    presented_headers   now;

    mcf = main_conf(r);

    now.authorization = authorization_of(r);

    each_cookie_line(r, [&now](std::string_view line) {
        now.cookies.push_back(line);
    });

    if (mcf->source_headers.empty()) {
        return now;
    }

    each_field(r, [&](std::string_view name, std::string_view value) {
        for (std::string_view source : mcf->source_headers) {
            if (passes_for_header(name, source)) {
                now.named.push_back({name, value});
                return;
            }
        }
    });

    return now;
}


/* the very bytes, not equal ones: another module may have put those */

static bool
is_same(std::string_view a, std::string_view b)
{
    return a.data() == b.data() && a.size() == b.size();
}


static bool
is_same_line(std::string_view a, std::string_view b)
{
    return is_same(a, b);
}


static bool
is_same_field(const named_header &a, const named_header &b)
{
    return is_same(a.value, b.value);
}


static bool
is_source_cookie(const loc_conf_t *conf, std::string_view part,
    const std::optional<CookiePair> &pair)
{
    for (const carrier_t &source : items<carrier_t>(conf->sources)) {
        if (source.carrier == Carrier::cookie
            && ((pair && is_token_cookie(pair->name, view(source.value)))
                || may_pass_for(part, view(source.value))))
        {
            return true;
        }
    }

    return false;
}


static bool
hold_token(const std::vector<std::string_view> &lines, const loc_conf_t *conf)
{
    for (std::string_view line : lines) {
        while (!line.empty()) {
            std::string_view  part = next_cookie_part(line);
            std::string_view  rest = part;

            auto  pair = next_cookie(rest);

            if (pair && !pair->value.empty()
                && is_source_cookie(conf, part, pair))
            {
                return true;
            }
        }
    }

    return false;
}


static presented_headers
effective(ngx_http_request_t *r, const loc_conf_t *conf, const presented &kept)
{
    presented_headers  now = snapshot(r);

    if (is_same(now.authorization, kept.left.authorization)) {
        now.authorization = kept.original.authorization;
    }

    if (std::equal(now.cookies.begin(), now.cookies.end(),
                   kept.left.cookies.begin(), kept.left.cookies.end(),
                   is_same_line)
        || !hold_token(now.cookies, conf))
    {
        now.cookies = kept.original.cookies;
    }

    if (std::equal(now.named.begin(), now.named.end(),
                   kept.left.named.begin(), kept.left.named.end(),
                   is_same_field))
    {
        now.named = kept.original.named;
    }

    return now;
}


std::unique_ptr<presented>
keep_original(ngx_http_request_t *r, const loc_conf_t *conf)
{
    presented  *before = find_presented(r);

    auto  kept = std::make_unique<presented>();

    kept->original = (before != NULL) ? effective(r, conf, *before)
                                      : snapshot(r);

    return kept;
}


void
keep_left(ngx_http_request_t *r, presented &kept)
{
    kept.left = snapshot(r);
}


}  // namespace id_token::nginx
