/* The setters of the block id_token_provider: names, times, lists. */

#include "idt_conf/block.h"


namespace id_token::nginx {


char *
set_str(ngx_conf_t *cf, ngx_str_t &field)
{
    auto  value = args(cf);

    if (field.data != NULL) {
        return DUPLICATE;
    }

    if (value[1].len == 0) {
        return const_cast<char *>("cannot be empty:");
    }

    field = value[1];

    return NGX_CONF_OK;
}


static ngx_uint_t
has_blank_end(const ngx_str_t &s)
{
    u_char  first, last;

    first = s.data[0];
    last = s.data[s.len - 1];

    return first == ' ' || (first >= '\t' && first <= '\r')
           || last == ' ' || (last >= '\t' && last <= '\r');
}


/* what tokens are compared with, byte for byte */

char *
set_name(ngx_conf_t *cf, ngx_str_t &field)
{
    char  *rv;

    rv = set_str(cf, field);

    if (rv == NGX_CONF_OK && has_blank_end(field)) {
        return const_cast<char *>("begins or ends with a blank:");
    }

    return rv;
}


char *
set_file(ngx_conf_t *cf, ngx_str_t &field)
{
    char       *rv;

    rv = set_str(cf, field);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_conf_full_name(cf->cycle, &field, 1) != NGX_OK) {
        return CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* a larger leeway is a check of the times that is switched off */

#define MAX_LEEWAY  (60 * 60)

/* in milliseconds, and added to the clock, it is far from any overflow */

#define MAX_SEC     (10 * 365 * 24 * 60 * 60)


char *
set_leeway(ngx_conf_t *cf, time_t &field)
{
    auto  value = args(cf);

    if (field != NGX_CONF_UNSET) {
        return DUPLICATE;
    }

    field = ngx_parse_time(&value[1], 1);

    if (field == static_cast<time_t>(NGX_ERROR) || field > MAX_LEEWAY) {
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
set_positive_sec(ngx_conf_t *cf, time_t &field)
{
    auto  value = args(cf);

    if (field != NGX_CONF_UNSET) {
        return DUPLICATE;
    }

    field = ngx_parse_time(&value[1], 1);

    return check_time(field, 1);
}


char *
set_positive_msec(ngx_conf_t *cf, ngx_msec_t &field)
{
    auto  value = args(cf);

    if (field != NGX_CONF_UNSET_MSEC) {
        return DUPLICATE;
    }

    field = ngx_parse_time(&value[1], 0);

    return check_time(static_cast<ngx_int_t>(field), 1000);
}


char *
set_list(ngx_conf_t *cf, ngx_array_t *&field)
{
    ngx_str_t     *s;
    ngx_uint_t     i, n;

    auto  value = args(cf);

    if (field != NULL) {
        return DUPLICATE;
    }

    field = ngx_array_create(cf->pool, value.size(), sizeof(ngx_str_t));
    if (field == NULL) {
        return CONF_ERROR;
    }

    for (i = 1; i < value.size(); i++) {

        if (value[i].len == 0) {
            return emerg(cf, "\"%V\" cannot hold an empty value", &value[0]);
        }

        for (n = 1; n < i; n++) {
            if (view(value[n]) == view(value[i])) {
                return emerg(cf, "\"%V\" names \"%V\" twice",
                                 &value[0], &value[i]);
            }
        }

        s = push<ngx_str_t>(field);
        if (s == NULL) {
            return CONF_ERROR;
        }

        *s = value[i];
    }

    return NGX_CONF_OK;
}


char *
set_names(ngx_conf_t *cf, ngx_array_t *&field)
{
    char        *rv;
    ngx_uint_t   i;

    rv = set_list(cf, field);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    auto  value = args(cf);

    for (i = 1; i < value.size(); i++) {
        if (has_blank_end(value[i])) {
            return emerg(cf, "\"%V\" in \"%V\" begins or ends with a blank",
                             &value[i], &value[0]);
        }
    }

    return NGX_CONF_OK;
}


/* trusted_audience ID ... | any */

char *
set_audiences(ngx_conf_t *cf, ngx_array_t *&field)
{
    ngx_uint_t   i;

    auto  value = args(cf);

    for (i = 1; i < value.size() && value.size() > 2; i++) {
        if (view(value[i]) == "any") {
            return emerg(cf, "\"any\" in \"trusted_audience\" trusts every "
                             "audience: write it alone, or leave it out");
        }
    }

    return set_names(cf, field);
}


}  // namespace id_token::nginx
