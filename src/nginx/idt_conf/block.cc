/* The setters of the block id_token_provider: names, times, lists. */

#include "idt_conf/block.h"


namespace id_token::nginx {


char *
include(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept
{
    if (cf->args->nelts != 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of arguments in \"include\" "
                           "directive");
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    return ngx_conf_include(cf, cmd, conf);
}


char *
set_str(ngx_conf_t *cf, block_t *block, void *field) noexcept
{
    ngx_str_t  *value, *s;

    s = static_cast<ngx_str_t *>(field);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (s->data != NULL) {
        return DUPLICATE;
    }

    if (value[1].len == 0) {
        return const_cast<char *>("cannot be empty:");
    }

    *s = value[1];

    return NGX_CONF_OK;
}


static ngx_uint_t
has_blank_end(const ngx_str_t *s)
{
    u_char  first, last;

    first = s->data[0];
    last = s->data[s->len - 1];

    return first == ' ' || (first >= '\t' && first <= '\r')
           || last == ' ' || (last >= '\t' && last <= '\r');
}


/* what tokens are compared with, byte for byte */

char *
set_name(ngx_conf_t *cf, block_t *block, void *field) noexcept
{
    char  *rv;

    rv = set_str(cf, block, field);

    if (rv == NGX_CONF_OK && has_blank_end(static_cast<ngx_str_t *>(field))) {
        return const_cast<char *>("begins or ends with a blank:");
    }

    return rv;
}


char *
set_file(ngx_conf_t *cf, block_t *block, void *field) noexcept
{
    char       *rv;
    ngx_str_t  *s;

    rv = set_str(cf, block, field);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    s = static_cast<ngx_str_t *>(field);

    if (ngx_conf_full_name(cf->cycle, s, 1) != NGX_OK) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    return NGX_CONF_OK;
}


/* a larger leeway is a check of the times that is switched off */

#define MAX_LEEWAY  (60 * 60)

/* in milliseconds, and added to the clock, it is far from any overflow */

#define MAX_SEC     (10 * 365 * 24 * 60 * 60)


char *
set_leeway(ngx_conf_t *cf, block_t *block, void *field) noexcept
{
    time_t     *t;
    ngx_str_t  *value;

    t = static_cast<time_t *>(field);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (*t != NGX_CONF_UNSET) {
        return DUPLICATE;
    }

    *t = ngx_parse_time(&value[1], 1);

    if (*t == static_cast<time_t>(NGX_ERROR) || *t > MAX_LEEWAY) {
        return const_cast<char *>("needs a time up to 1h, not");
    }

    return NGX_CONF_OK;
}


static char *
check_time(ngx_int_t t, ngx_int_t units_per_sec)
{
    if (t == NGX_ERROR || t == 0) {
        return const_cast<char *>("needs a time above zero such as \"5s\", "
                                  "not");
    }

    if (t / units_per_sec > MAX_SEC) {
        return const_cast<char *>("needs a time of 10y at most, not");
    }

    return NGX_CONF_OK;
}


char *
set_positive_sec(ngx_conf_t *cf, block_t *block, void *field) noexcept
{
    time_t     *t;
    ngx_str_t  *value;

    t = static_cast<time_t *>(field);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (*t != NGX_CONF_UNSET) {
        return DUPLICATE;
    }

    *t = ngx_parse_time(&value[1], 1);

    return check_time(*t, 1);
}


char *
set_positive_msec(ngx_conf_t *cf, block_t *block, void *field) noexcept
{
    ngx_str_t   *value;
    ngx_msec_t  *msec;

    msec = static_cast<ngx_msec_t *>(field);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (*msec != NGX_CONF_UNSET_MSEC) {
        return DUPLICATE;
    }

    *msec = ngx_parse_time(&value[1], 0);

    return check_time(static_cast<ngx_int_t>(*msec), 1000);
}


char *
set_list(ngx_conf_t *cf, block_t *block, void *field) noexcept
{
    ngx_str_t     *value, *s;
    ngx_uint_t     i, n;
    ngx_array_t  **list;

    list = static_cast<ngx_array_t **>(field);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (*list != NULL) {
        return DUPLICATE;
    }

    *list = ngx_array_create(cf->pool, cf->args->nelts, sizeof(ngx_str_t));
    if (*list == NULL) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" cannot hold an empty value", &value[0]);
            return static_cast<char *>(NGX_CONF_ERROR);
        }

        for (n = 1; n < i; n++) {
            if (view(value[n]) == view(value[i])) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "\"%V\" names \"%V\" twice",
                                   &value[0], &value[i]);
                return static_cast<char *>(NGX_CONF_ERROR);
            }
        }

        s = static_cast<ngx_str_t *>(ngx_array_push(*list));
        if (s == NULL) {
            return static_cast<char *>(NGX_CONF_ERROR);
        }

        *s = value[i];
    }

    return NGX_CONF_OK;
}


char *
set_names(ngx_conf_t *cf, block_t *block, void *field) noexcept
{
    char        *rv;
    ngx_str_t   *value;
    ngx_uint_t   i;

    rv = set_list(cf, block, field);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    value = static_cast<ngx_str_t *>(cf->args->elts);

    for (i = 1; i < cf->args->nelts; i++) {
        if (has_blank_end(&value[i])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" in \"%V\" begins or ends with a blank",
                               &value[i], &value[0]);
            return static_cast<char *>(NGX_CONF_ERROR);
        }
    }

    return NGX_CONF_OK;
}


/* trusted_audience ID ... | any */

char *
set_audiences(ngx_conf_t *cf, block_t *block, void *field) noexcept
{
    ngx_str_t   *value;
    ngx_uint_t   i;

    value = static_cast<ngx_str_t *>(cf->args->elts);

    for (i = 1; i < cf->args->nelts && cf->args->nelts > 2; i++) {
        if (view(value[i]) == "any") {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"any\" in \"trusted_audience\" trusts every "
                               "audience: write it alone, or leave it out");
            return static_cast<char *>(NGX_CONF_ERROR);
        }
    }

    return set_names(cf, block, field);
}


}  // namespace id_token::nginx
