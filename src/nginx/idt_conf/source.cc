/* auth_id_token_source: where tokens are looked for. */

#include "idt_conf/directives.h"

#include "idt_base/ascii.h"
#include "idt_token/header_names.h"


namespace id_token::nginx {


/* a cookie's name is a token, RFC 6265 4.1.1 */

static ngx_uint_t
is_cookie_name(const ngx_str_t &name)
{
    std::string_view  separators("()<>@,;:\\\"/[]?={}");

    for (unsigned char c : view(name)) {
        if (c <= 0x20 || c >= 0x7f
            || separators.find(static_cast<char>(c)) != std::string_view::npos)
        {
            return 0;
        }
    }

    return 1;
}


/* NGX_OK: the source is complete; NGX_ERROR: logged */

static ngx_int_t
parse_source(ngx_conf_t *cf, carrier_t *source)
{
    size_t            len;
    ngx_str_t        *word = &source->name;
    std::string_view  text = view(*word);

    if (text == "bearer") {
        source->carrier = Carrier::authorization;
        ngx_str_null(&source->value);
        return NGX_OK;
    }

    len = text.starts_with("cookie=") || text.starts_with("header=") ? 7 : 0;

    if (len == 0 || word->len == len) {
        return emerg(cf, "invalid source \"%V\" in \"auth_id_token_source\", "
                         "it must be \"bearer\", \"cookie=NAME\" or "
                         "\"header=NAME\"", word);
    }

    source->value.data = word->data + len;
    source->value.len = word->len - len;

    if (text.starts_with("cookie=")) {
        source->carrier = Carrier::cookie;

        if (!is_cookie_name(source->value)) {
            return emerg(cf, "\"%V\" is not a cookie name in "
                             "\"auth_id_token_source\"", &source->value);
        }

        return NGX_OK;
    }

    source->carrier = Carrier::header;

    if (!may_carry_token(view(source->value))) {
        return emerg(cf, "\"%V\" in \"auth_id_token_source\" is not the name "
                         "of a header that may hold a token, such as "
                         "\"X-ID-Token\"", &source->value);
    }

    return NGX_OK;
}


/* all that look like requests' headers later on are in lower case */

static ngx_int_t
add_header_source(ngx_conf_t *cf, main_conf_t *mcf, carrier_t *source)
{
    u_char  *lower;

    lower = static_cast<u_char *>(ngx_pnalloc(cf->pool, source->value.len));
    if (lower == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(lower, source->value.data, source->value.len);
    source->value.data = lower;

    mcf->source_headers.push_back(view(source->value));

    return NGX_OK;
}


/* a login may turn out to write this cookie */

static ngx_int_t
add_cookie_source(main_conf_t *mcf, carrier_t *source)
{
    mcf->carriers.push_back(source);

    return NGX_OK;
}


/* auth_id_token_source bearer | cookie=NAME | header=NAME ... */

char *
source(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t     sub = ngx_string("sub");
    ngx_uint_t    i;
    carrier_t    *source;
    loc_conf_t   *lcf;
    main_conf_t  *mcf;

    lcf = static_cast<loc_conf_t *>(conf);
    mcf = main_conf(cf);

    if (lcf->sources != NGX_CONF_UNSET_PTR) {
        return IS_DUPLICATE;
    }

    auto  value = args(cf);

    lcf->sources = ngx_array_create(cf->pool, value.size() - 1,
                                    sizeof(carrier_t));
    if (lcf->sources == NULL
        || claim_slot(cf, &sub, &mcf->subject_slot) != NGX_OK)
    {
        return CONF_ERROR;
    }

    warn_literal(cf);

    for (i = 1; i < value.size(); i++) {

        for (const carrier_t &other : items<carrier_t>(lcf->sources)) {
            if (view(other.name) == view(value[i])
                || (other.carrier == Carrier::header
                    && equal_ignoring_case(view(other.name), view(value[i]))))
            {
                return emerg(cf, "duplicate source \"%V\" in "
                                 "\"auth_id_token_source\"", &value[i]);
            }
        }

        source = push<carrier_t>(lcf->sources);
        if (source == NULL) {
            return CONF_ERROR;
        }

        source->name = value[i];
        source->bound = 0;

        if (parse_source(cf, source) != NGX_OK
            || (source->carrier == Carrier::header
                && add_header_source(cf, mcf, source) != NGX_OK)
            || (source->carrier == Carrier::cookie
                && add_cookie_source(mcf, source) != NGX_OK))
        {
            return CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


}  // namespace id_token::nginx
