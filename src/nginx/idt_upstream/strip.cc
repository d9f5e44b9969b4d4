/*
 * What the upstream does not get: the token, by auth_id_token_strip; in any
 * case a token that does not count, and what another reader may take for one.
 */

#include "idt_upstream/upstream.h"

#include "idt_base/ascii.h"
#include "idt_login/set_cookie.h"
#include "idt_token/credentials.h"
#include "idt_token/header_names.h"


namespace id_token::nginx {


static void keep_pieces(ngx_http_request_t *r, std::string_view name,
    removal &plan);


void
reset_cookies(ngx_http_request_t *r) noexcept
{
#if (nginx_version >= 1023000)
    r->headers_in.cookie = NULL;
#else
    r->headers_in.cookies.nelts = 0;
#endif
}


/*
 * The stripped cookies, for $http_cookie and others that look there. The array
 * of nginx before 1.23 is shared with the parent of a subrequest.
 */

ngx_int_t
point_at_cookie(ngx_http_request_t *r, ngx_table_elt_t *h) noexcept
{
#if (nginx_version >= 1023000)

    ngx_table_elt_t  **next;

    for (next = &r->headers_in.cookie; *next; next = &(*next)->next) {
        /* void */
    }

    h->next = NULL;
    *next = h;

#else

    ngx_table_elt_t  **place;

    if (r->headers_in.cookies.nelts == 0
        && ngx_array_init(&r->headers_in.cookies, r->pool, 1,
                          sizeof(ngx_table_elt_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    place = static_cast<ngx_table_elt_t **>(
                ngx_array_push(&r->headers_in.cookies));
    if (place == NULL) {
        return NGX_ERROR;
    }

    *place = h;

#endif

    return NGX_OK;
}


ngx_uint_t
is_cookie(ngx_table_elt_t *h) noexcept
{
    return h->key.len == sizeof("cookie") - 1
           && ngx_strncmp(h->lowcase_key, "cookie", sizeof("cookie") - 1) == 0;
}


/* what may stay of the tokens that r presented, and of what passes for them */

void
plan_removal(ngx_http_request_t *r, const loc_conf_t *conf, const ctx_t *ctx,
    removal &plan)
{
    if (conf->strip) {
        return;
    }

    /* in report mode one that would be refused is left to the upstream */

    if (!ctx->counted) {
        plan.keep_unproven = (conf->mode == Mode::report);
        return;
    }

    plan.keep = ctx->token->token();

    for (const carrier_t &source : items<carrier_t>(conf->sources)) {
        if (source.carrier == Carrier::cookie) {
            keep_pieces(r, view(source.value), plan);
        }
    }
}


/* those that make up the token that counts */

static void
keep_pieces(ngx_http_request_t *r, std::string_view name, removal &plan)
{
    TokenCookies  cookies(name);

    each_cookie_line(r, [&cookies](std::string_view line) {
        cookies.read(line, [](std::string_view) { /* void */ });
    });

    if (!cookies.has_pieces()) {
        return;
    }

    for (const PieceSet &set : cookies.join()) {
        if (set.error != Error::ok || set.token != plan.keep) {
            continue;
        }

        for (const Piece &piece : set.pieces) {
            plan.pieces.push_back(piece.value.data());
        }
    }
}


static bool
stays(const removal &plan, std::string_view value)
{
    return plan.keep_unproven
           || (!plan.keep.empty()
               && (value == plan.keep
                   || std::find(plan.pieces.begin(), plan.pieces.end(),
                                value.data())
                      != plan.pieces.end()));
}


/* of one cookie source, what stands between two semicolons */

static bool
is_removed_cookie(const removal &plan, std::string_view cookie,
    std::string_view part, const std::optional<CookiePair> &pair)
{
    if (pair && is_token_cookie(pair->name, cookie)) {
        return !stays(plan, pair->value);
    }

    return may_pass_for(part, cookie);
}


static bool
is_removed_field(const removal &plan, const carrier_t &source,
    ngx_table_elt_t *h)
{
    std::string_view  name(reinterpret_cast<char *>(h->lowcase_key),
                           h->key.len);

    if (source.carrier == Carrier::header) {
        return passes_for_header(name, view(source.value))
               && !(name == view(source.value)
                    && stays(plan, trim(view(h->value))));
    }

    if (source.carrier != Carrier::authorization || name != "authorization") {
        return false;
    }

    auto  bearer = split_bearer(view(h->value));

    return is_bearer(view(h->value))
           && !(bearer ? bearer->has_value() && stays(plan, **bearer)
                       : plan.keep_unproven);
}


static bool
is_ours(const main_conf_t &mcf, std::string_view name)
{
    return is_login_cookie(name)
           || std::any_of(mcf.carriers.begin(), mcf.carriers.end(),
                  [&](const carrier_t *carrier) {
                      return carrier->bound
                             && is_binding_cookie(name, view(carrier->value));
                  });
}


bool
holds_login_cookies(ngx_http_request_t *r, const loc_conf_t *conf) noexcept
{
    bool          found;
    main_conf_t  *mcf;

    mcf = main_conf(r);

    if (mcf->login.uses.empty() || conf->login.handler != LoginHandler::none) {
        return false;
    }

    found = false;

    each_cookie_line(r, [&](std::string_view line) {
        while (auto pair = next_cookie(line)) {
            found = found || is_ours(*mcf, pair->name);
        }
    });

    return found;
}


bool
remove_from(const removal &plan, ngx_table_elt_t *h, ngx_str_t *value)
{
    auto  sources = items<carrier_t>(plan.conf->sources);

    for (const carrier_t &source : sources) {
        if (plan.tokens && is_removed_field(plan, source, h)) {
            return true;
        }
    }

    if (!is_cookie(h)) {
        return false;
    }

    auto  kept = without_cookies(view(h->value),
        [&](std::string_view part, const std::optional<CookiePair> &pair) {
            if (plan.login != NULL && pair && is_ours(*plan.login, pair->name))
            {
                return true;
            }

            return plan.tokens && std::any_of(sources.begin(), sources.end(),
                [&](const carrier_t &source) {
                    return source.carrier == Carrier::cookie
                           && is_removed_cookie(plan, view(source.value), part,
                                                pair);
                });
        });

    if (!kept) {
        return false;
    }

    *value = copied(plan.pool, *kept);
    if (value->data == NULL) {
        throw std::bad_alloc();
    }

    return kept->empty();
}


}  // namespace id_token::nginx
