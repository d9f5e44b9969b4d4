/* The setters of the block id_token_provider. */

#include "ngx_http_auth_id_token_block.h"


#define NGX_HTTP_AUTH_ID_TOKEN_DUPLICATE                                      \
    const_cast<char *>("is duplicate, near")


char *
ngx_http_auth_id_token_include(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
    noexcept
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
ngx_http_auth_id_token_set_str(ngx_conf_t *cf,
    ngx_http_auth_id_token_block_t *block, void *field) noexcept
{
    ngx_str_t  *value, *s;

    s = static_cast<ngx_str_t *>(field);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (s->data != NULL) {
        return NGX_HTTP_AUTH_ID_TOKEN_DUPLICATE;
    }

    if (value[1].len == 0) {
        return const_cast<char *>("cannot be empty:");
    }

    *s = value[1];

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_http_auth_id_token_has_blank_end(const ngx_str_t *s)
{
    u_char  first, last;

    first = s->data[0];
    last = s->data[s->len - 1];

    return first == ' ' || (first >= '\t' && first <= '\r')
           || last == ' ' || (last >= '\t' && last <= '\r');
}


/* what tokens are compared with, byte for byte */

char *
ngx_http_auth_id_token_set_name(ngx_conf_t *cf,
    ngx_http_auth_id_token_block_t *block, void *field) noexcept
{
    char  *rv;

    rv = ngx_http_auth_id_token_set_str(cf, block, field);

    if (rv == NGX_CONF_OK
        && ngx_http_auth_id_token_has_blank_end(
               static_cast<ngx_str_t *>(field)))
    {
        return const_cast<char *>("begins or ends with a blank:");
    }

    return rv;
}


char *
ngx_http_auth_id_token_set_file(ngx_conf_t *cf,
    ngx_http_auth_id_token_block_t *block, void *field) noexcept
{
    char       *rv;
    ngx_str_t  *s;

    rv = ngx_http_auth_id_token_set_str(cf, block, field);
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

#define NGX_HTTP_AUTH_ID_TOKEN_MAX_LEEWAY  (60 * 60)

/* in milliseconds, and added to the clock, it is far from any overflow */

#define NGX_HTTP_AUTH_ID_TOKEN_MAX_SEC     (10 * 365 * 24 * 60 * 60)


char *
ngx_http_auth_id_token_set_leeway(ngx_conf_t *cf,
    ngx_http_auth_id_token_block_t *block, void *field) noexcept
{
    time_t     *t;
    ngx_str_t  *value;

    t = static_cast<time_t *>(field);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (*t != NGX_CONF_UNSET) {
        return NGX_HTTP_AUTH_ID_TOKEN_DUPLICATE;
    }

    *t = ngx_parse_time(&value[1], 1);

    if (*t == static_cast<time_t>(NGX_ERROR)
        || *t > NGX_HTTP_AUTH_ID_TOKEN_MAX_LEEWAY)
    {
        return const_cast<char *>("needs a time up to 1h, not");
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_auth_id_token_check_time(ngx_int_t t, ngx_int_t units_per_sec)
{
    if (t == NGX_ERROR || t == 0) {
        return const_cast<char *>("needs a time above zero such as \"5s\", "
                                  "not");
    }

    if (t / units_per_sec > NGX_HTTP_AUTH_ID_TOKEN_MAX_SEC) {
        return const_cast<char *>("needs a time of 10y at most, not");
    }

    return NGX_CONF_OK;
}


char *
ngx_http_auth_id_token_set_positive_sec(ngx_conf_t *cf,
    ngx_http_auth_id_token_block_t *block, void *field) noexcept
{
    time_t     *t;
    ngx_str_t  *value;

    t = static_cast<time_t *>(field);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (*t != NGX_CONF_UNSET) {
        return NGX_HTTP_AUTH_ID_TOKEN_DUPLICATE;
    }

    *t = ngx_parse_time(&value[1], 1);

    return ngx_http_auth_id_token_check_time(*t, 1);
}


char *
ngx_http_auth_id_token_set_positive_msec(ngx_conf_t *cf,
    ngx_http_auth_id_token_block_t *block, void *field) noexcept
{
    ngx_str_t   *value;
    ngx_msec_t  *msec;

    msec = static_cast<ngx_msec_t *>(field);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (*msec != NGX_CONF_UNSET_MSEC) {
        return NGX_HTTP_AUTH_ID_TOKEN_DUPLICATE;
    }

    *msec = ngx_parse_time(&value[1], 0);

    return ngx_http_auth_id_token_check_time(*msec, 1000);
}


/* a key set of less than this cannot hold a key; one of more, not ours */

#define NGX_HTTP_AUTH_ID_TOKEN_MIN_JWKS  1024
#define NGX_HTTP_AUTH_ID_TOKEN_MAX_JWKS  (64 * 1024 * 1024)


char *
ngx_http_auth_id_token_set_size(ngx_conf_t *cf,
    ngx_http_auth_id_token_block_t *block, void *field) noexcept
{
    size_t     *size;
    ssize_t     n;
    ngx_str_t  *value;

    size = static_cast<size_t *>(field);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (*size != NGX_CONF_UNSET_SIZE) {
        return NGX_HTTP_AUTH_ID_TOKEN_DUPLICATE;
    }

    n = ngx_parse_size(&value[1]);

    if (n == NGX_ERROR || n < NGX_HTTP_AUTH_ID_TOKEN_MIN_JWKS
        || n > NGX_HTTP_AUTH_ID_TOKEN_MAX_JWKS)
    {
        return const_cast<char *>("needs a size from 1k to 64m, not");
    }

    *size = n;

    return NGX_CONF_OK;
}


char *
ngx_http_auth_id_token_set_depth(ngx_conf_t *cf,
    ngx_http_auth_id_token_block_t *block, void *field) noexcept
{
    ngx_int_t    n;
    ngx_str_t   *value;
    ngx_uint_t  *depth;

    depth = static_cast<ngx_uint_t *>(field);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (*depth != NGX_CONF_UNSET_UINT) {
        return NGX_HTTP_AUTH_ID_TOKEN_DUPLICATE;
    }

    n = ngx_atoi(value[1].data, value[1].len);

    if (n == NGX_ERROR || n > 100) {
        return const_cast<char *>("needs a number from 0 to 100, not");
    }

    *depth = n;

    return NGX_CONF_OK;
}


char *
ngx_http_auth_id_token_set_list(ngx_conf_t *cf,
    ngx_http_auth_id_token_block_t *block, void *field) noexcept
{
    ngx_str_t     *value, *s;
    ngx_uint_t     i, n;
    ngx_array_t  **list;

    list = static_cast<ngx_array_t **>(field);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (*list != NULL) {
        return NGX_HTTP_AUTH_ID_TOKEN_DUPLICATE;
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
            if (ngx_http_auth_id_token_view(value[n])
                == ngx_http_auth_id_token_view(value[i]))
            {
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
ngx_http_auth_id_token_set_audiences(ngx_conf_t *cf,
    ngx_http_auth_id_token_block_t *block, void *field) noexcept
{
    char        *rv;
    ngx_str_t   *value;
    ngx_uint_t   i;

    rv = ngx_http_auth_id_token_set_list(cf, block, field);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    value = static_cast<ngx_str_t *>(cf->args->elts);

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_http_auth_id_token_has_blank_end(&value[i])) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" in \"%V\" begins or ends with a blank",
                               &value[i], &value[0]);
            return static_cast<char *>(NGX_CONF_ERROR);
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_http_auth_id_token_set_jwks_uri(ngx_conf_t *cf,
    ngx_http_auth_id_token_block_t *block, void *field) noexcept
{
    ngx_str_t  *value;

    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (cf->args->nelts == 3) {
        if (ngx_http_auth_id_token_view(value[2]) != "insecure") {
            return const_cast<char *>("has an unknown parameter");
        }

        if (ngx_strncasecmp(value[1].data,
                            reinterpret_cast<u_char *>(
                                const_cast<char *>("https://")), 8)
            == 0)
        {
            return const_cast<char *>("is https, which is never");
        }

        block->keys.insecure = 1;
    }

    return ngx_http_auth_id_token_set_str(cf, block, field);
}


/* jwks_proxy http://HOST:PORT */

char *
ngx_http_auth_id_token_set_proxy(ngx_conf_t *cf,
    ngx_http_auth_id_token_block_t *block, void *field) noexcept
{
    ngx_str_t  *value;
    ngx_url_t   u;

    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (block->keys.proxy_host.data != NULL) {
        return NGX_HTTP_AUTH_ID_TOKEN_DUPLICATE;
    }

    if (!ngx_http_auth_id_token_view(value[1]).starts_with("http://")) {
        return const_cast<char *>("needs \"http://HOST:PORT\", not");
    }

    ngx_memzero(&u, sizeof(u));
    u.url.data = value[1].data + 7;
    u.url.len = value[1].len - 7;
    u.no_resolve = 1;
    u.uri_part = 1;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.no_port
        || u.family == AF_UNIX
        || (u.uri.len != 0 && ngx_http_auth_id_token_view(u.uri) != "/")
        || ngx_strlchr(u.host.data, u.host.data + u.host.len, '@') != NULL)
    {
        return const_cast<char *>("needs \"http://HOST:PORT\", not");
    }

    block->keys.proxy_host = u.host;
    block->keys.proxy_port = u.port;

    return NGX_CONF_OK;
}


/*
 * The master creates the directory and gives it to the worker user. nginx gives
 * away whatever has that name, a file as well.
 */

char *
ngx_http_auth_id_token_set_state(ngx_conf_t *cf,
    ngx_http_auth_id_token_block_t *block, void *field) noexcept
{
    ngx_str_t        *value, *name;
    ngx_path_t      **path;
    ngx_file_info_t   fi;

    path = static_cast<ngx_path_t **>(field);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (*path != NULL) {
        return NGX_HTTP_AUTH_ID_TOKEN_DUPLICATE;
    }

    if (value[1].len == 0) {
        return const_cast<char *>("cannot be empty:");
    }

    *path = static_cast<ngx_path_t *>(
                ngx_pcalloc(cf->pool, sizeof(ngx_path_t)));
    if (*path == NULL) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    name = &(*path)->name;
    *name = value[1];

    while (name->len > 1 && name->data[name->len - 1] == '/') {
        name->data[--name->len] = '\0';
    }

    if (ngx_conf_full_name(cf->cycle, name, 0) != NGX_OK) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    if (ngx_http_auth_id_token_view(*name) == "/") {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"jwks_state\" cannot be \"%V\"", name);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    if (ngx_file_info(name->data, &fi) != NGX_FILE_ERROR && !ngx_is_dir(&fi)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"jwks_state\" \"%V\" is not a directory", name);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    (*path)->conf_file = cf->conf_file->file.name.data;
    (*path)->line = cf->conf_file->line;

    if (ngx_add_path(cf, path) != NGX_OK) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    return NGX_CONF_OK;
}
