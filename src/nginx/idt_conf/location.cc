/* The directives of http, server and location; create and merge. */

#include "idt_glue/shared.h"
#include "idt_conf/told.h"

#include "idt_base/ascii.h"
#include "idt_token/header_names.h"

#include <exception>


namespace id_token::nginx {


#define CACHE_SIZE  (8 * 1024 * 1024)

/* less holds no token, and is no doubt a unit that was forgotten */
#define MIN_CACHE   1024


static carrier_t  bearer = {
    Carrier::authorization, ngx_null_string, ngx_string("bearer")
};


void *
create_main_conf(ngx_conf_t *cf) noexcept
{
    main_conf_t  *mcf;

    /*
     * A thread's first exception needs memory of its own, and the C library
     * aborts when there is none: it is taken now, workers inherit it.
     */

    (void) std::current_exception();

    mcf = create<main_conf_t>(cf->pool);
    if (mcf == NULL) {
        return NULL;
    }

    mcf->cache_size = NGX_CONF_UNSET_SIZE;

    return mcf;
}


char *
init_main_conf(ngx_conf_t *cf, void *conf) noexcept
{
    main_conf_t  *mcf;

    mcf = static_cast<main_conf_t *>(conf);

    ngx_conf_init_size_value(mcf->cache_size, CACHE_SIZE);

    return NGX_CONF_OK;
}


void *
create_loc_conf(ngx_conf_t *cf) noexcept
{
    loc_conf_t  *conf;

    conf = create<loc_conf_t>(cf->pool);
    if (conf == NULL) {
        return NULL;
    }

    *conf = {};
    conf->enable = NGX_CONF_UNSET;
    conf->realm = static_cast<ngx_http_complex_value_t *>(NGX_CONF_UNSET_PTR);
    conf->sources = static_cast<ngx_array_t *>(NGX_CONF_UNSET_PTR);
    conf->mode = NGX_CONF_UNSET_UINT;
    conf->strip = NGX_CONF_UNSET;
    conf->preflight = NGX_CONF_UNSET_UINT;
    conf->csrf = NGX_CONF_UNSET;
    conf->nonce = static_cast<ngx_http_complex_value_t *>(NGX_CONF_UNSET_PTR);

    return conf;
}


/*
 * A name may stand before the block of its provider, so it is looked up when
 * all have been read.
 */

static char *
resolve_name(ngx_conf_t *cf, loc_conf_t *conf)
{
    main_conf_t  *mcf;

    if (conf->provider_name.len == 0 || conf->provider != NULL) {
        return NGX_CONF_OK;
    }

    mcf = static_cast<main_conf_t *>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_auth_id_token_module));

    auto  it = mcf->providers.find(view(conf->provider_name));

    if (it == mcf->providers.end()) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown id_token_provider \"%V\" in \"auth_id_token\" "
                      "in %V:%ui",
                      &conf->provider_name, &conf->file, conf->line);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    conf->provider = it->second;

    return NGX_CONF_OK;
}


char *
merge_loc_conf(ngx_conf_t *cf, void *parent, void *child) noexcept
{
    loc_conf_t  *prev, *conf;

    prev = static_cast<loc_conf_t *>(parent);
    conf = static_cast<loc_conf_t *>(child);

    if (conf->enable == NGX_CONF_UNSET) {
        conf->enable = prev->enable;
        conf->provider = prev->provider;
        conf->selector = prev->selector;
        conf->provider_name = prev->provider_name;
        conf->file = prev->file;
        conf->line = prev->line;
    }

    if (conf->enable == NGX_CONF_UNSET) {
        conf->enable = 0;
    }

    ngx_conf_merge_ptr_value(conf->realm, prev->realm, NULL);
    ngx_conf_merge_ptr_value(conf->sources, prev->sources, NULL);

    if (conf->sources == NULL) {
        conf->sources = ngx_array_create(cf->pool, 1, sizeof(carrier_t));
        if (conf->sources == NULL) {
            return static_cast<char *>(NGX_CONF_ERROR);
        }

        *static_cast<carrier_t *>(
            ngx_array_push(conf->sources)) = bearer;
    }

    ngx_conf_merge_uint_value(conf->mode, prev->mode,
                      static_cast<ngx_uint_t>(Mode::enforce));
    ngx_conf_merge_value(conf->strip, prev->strip, 0);
    ngx_conf_merge_uint_value(conf->preflight, prev->preflight, 0);

    if (conf->csrf == NGX_CONF_UNSET) {
        conf->csrf = (prev->csrf == NGX_CONF_UNSET) ? 1 : prev->csrf;

        try {
            conf->origins = prev->origins;

        } catch (...) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "out of memory");
            return static_cast<char *>(NGX_CONF_ERROR);
        }
    }

    if (conf->nonce == NGX_CONF_UNSET_PTR) {
        conf->nonce = (prev->nonce == NGX_CONF_UNSET_PTR) ? NULL : prev->nonce;
        conf->nonce_slot = prev->nonce_slot;
    }

    if (merge_rules(cf, prev, conf) != NGX_OK
        || merge_headers(cf, prev, conf) != NGX_OK
        || merge_assertion_jwks(cf,
               &prev->assertion_jwks, &conf->assertion_jwks)
           != NGX_OK)
    {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    if (resolve_name(cf, conf) != NGX_CONF_OK
        || note_location(cf, prev, conf) != NGX_OK)
    {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    return NGX_CONF_OK;
}


/* auth_id_token NAME | $variable | off */

char *
auth_id_token(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept
{
    ngx_str_t   *value;
    loc_conf_t  *lcf;

    lcf = static_cast<loc_conf_t *>(conf);

    if (lcf->enable != NGX_CONF_UNSET) {
        return const_cast<char *>("is duplicate");
    }

    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (value[1].len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"auth_id_token\" needs the name of a provider "
                           "or \"off\", not \"\"");
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    if (view(value[1]) == "off") {
        lcf->enable = 0;
        return NGX_CONF_OK;
    }

    lcf->enable = 1;

    if (ngx_http_script_variables_count(&value[1]) == 0) {
        lcf->provider_name = value[1];
        lcf->file = cf->conf_file->file.name;
        lcf->line = cf->conf_file->line;
        return NGX_CONF_OK;
    }

    lcf->selector = compile(cf, &value[1]);
    if (lcf->selector == NULL) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    return NGX_CONF_OK;
}


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
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid source \"%V\" in \"auth_id_token_source\", "
                           "it must be \"bearer\", \"cookie=NAME\" or "
                           "\"header=NAME\"",
                           word);
        return NGX_ERROR;
    }

    source->value.data = word->data + len;
    source->value.len = word->len - len;

    if (text.starts_with("cookie=")) {
        source->carrier = Carrier::cookie;

        if (!is_cookie_name(source->value)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is not a cookie name in "
                               "\"auth_id_token_source\"",
                               &source->value);
            return NGX_ERROR;
        }

        return NGX_OK;
    }

    source->carrier = Carrier::header;

    if (!may_carry_token(view(source->value))) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in \"auth_id_token_source\" is not the name "
                           "of a header that may hold a token, such as "
                           "\"X-ID-Token\"",
                           &source->value);
        return NGX_ERROR;
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

    try {
        mcf->source_headers.push_back(view(source->value));

    } catch (...) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* auth_id_token_source bearer | cookie=NAME | header=NAME ... */

char *
source(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept
{
    ngx_str_t    *value, sub = ngx_string("sub");
    ngx_uint_t    i;
    carrier_t    *source;
    loc_conf_t   *lcf;
    main_conf_t  *mcf;

    lcf = static_cast<loc_conf_t *>(conf);
    mcf = static_cast<main_conf_t *>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_auth_id_token_module));

    if (lcf->sources != NGX_CONF_UNSET_PTR) {
        return const_cast<char *>("is duplicate");
    }

    lcf->sources = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                    sizeof(carrier_t));
    if (lcf->sources == NULL
        || claim_slot(cf, &sub, &mcf->subject_slot) != NGX_OK)
    {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    value = static_cast<ngx_str_t *>(cf->args->elts);

    warn_literal(cf);

    for (i = 1; i < cf->args->nelts; i++) {

        for (const carrier_t &other : items<carrier_t>(lcf->sources)) {
            if (view(other.name) == view(value[i])
                || (other.carrier == Carrier::header
                    && equal_ignoring_case(view(other.name), view(value[i]))))
            {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "duplicate source \"%V\" in "
                                   "\"auth_id_token_source\"",
                                   &value[i]);
                return static_cast<char *>(NGX_CONF_ERROR);
            }
        }

        source = static_cast<carrier_t *>(ngx_array_push(lcf->sources));
        if (source == NULL) {
            return static_cast<char *>(NGX_CONF_ERROR);
        }

        source->name = value[i];

        if (parse_source(cf, source) != NGX_OK
            || (source->carrier == Carrier::header
                && add_header_source(cf, mcf, source) != NGX_OK))
        {
            return static_cast<char *>(NGX_CONF_ERROR);
        }
    }

    return NGX_CONF_OK;
}


/* id_token_cache SIZE | off */

char *
cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept
{
    ssize_t       size;
    ngx_str_t    *value;
    main_conf_t  *mcf;

    mcf = static_cast<main_conf_t *>(conf);

    if (mcf->cache_size != NGX_CONF_UNSET_SIZE) {
        return const_cast<char *>("is duplicate");
    }

    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (view(value[1]) == "off") {
        mcf->cache_size = 0;
        return NGX_CONF_OK;
    }

    size = ngx_parse_size(&value[1]);

    if (size == NGX_ERROR || size < MIN_CACHE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid size \"%V\" in \"id_token_cache\", it must "
                           "be 1k or more, such as \"8m\", or \"off\"",
                           &value[1]);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    mcf->cache_size = size;

    return NGX_CONF_OK;
}


}  // namespace id_token::nginx
