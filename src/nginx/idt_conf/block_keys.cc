/* The setters of the block id_token_provider: where the keys come from. */

#include "idt_conf/block.h"


namespace id_token::nginx {


/* a key set of less than this cannot hold a key; one of more, not ours */

#define MIN_JWKS  1024
#define MAX_JWKS  (64 * 1024 * 1024)


char *
set_size(ngx_conf_t *cf, size_t &field)
{
    ssize_t     n;

    auto  value = args(cf);

    if (field != NGX_CONF_UNSET_SIZE) {
        return DUPLICATE;
    }

    n = ngx_parse_size(&value[1]);

    if (n == NGX_ERROR || n < MIN_JWKS || n > MAX_JWKS) {
        return const_cast<char *>("needs a size from 1k to 64m, not");
    }

    field = n;

    return NGX_CONF_OK;
}


char *
set_depth(ngx_conf_t *cf, ngx_uint_t &field)
{
    ngx_int_t    n;

    auto  value = args(cf);

    if (field != NGX_CONF_UNSET_UINT) {
        return DUPLICATE;
    }

    n = ngx_atoi(value[1].data, value[1].len);

    if (n == NGX_ERROR || n > 100) {
        return const_cast<char *>("needs a number from 0 to 100, not");
    }

    field = n;

    return NGX_CONF_OK;
}


char *
set_jwks_uri(ngx_conf_t *cf, block_t &block)
{
    auto  value = args(cf);

    if (value.size() == 3) {
        if (view(value[2]) != "insecure") {
            return const_cast<char *>("has an unknown parameter");
        }

        if (ngx_strncasecmp(value[1].data,
                            bytes("https://"), 8)
            == 0)
        {
            return const_cast<char *>("is https, which is never");
        }

        block.keys.insecure = 1;
    }

    return set_str(cf, block.keys.jwks_uri);
}


/* the master creates the directory and gives it to the worker user */

char *
set_state(ngx_conf_t *cf, ngx_path_t *&field)
{
    ngx_str_t        *name;
    ngx_file_info_t   fi;

    auto  value = args(cf);

    if (field != NULL) {
        return DUPLICATE;
    }

    if (value[1].len == 0) {
        return const_cast<char *>("cannot be empty:");
    }

    field = static_cast<ngx_path_t *>(
                ngx_pcalloc(cf->pool, sizeof(ngx_path_t)));
    if (field == NULL) {
        return CONF_ERROR;
    }

    name = &field->name;
    *name = value[1];

    while (name->len > 1 && name->data[name->len - 1] == '/') {
        name->data[--name->len] = '\0';
    }

    if (ngx_conf_full_name(cf->cycle, name, 0) != NGX_OK) {
        return CONF_ERROR;
    }

    if (view(*name) == "/") {
        return emerg(cf, "\"%V\" cannot be \"%V\"", &value[0], name);
    }

    if (ngx_file_info(name->data, &fi) != NGX_FILE_ERROR && !ngx_is_dir(&fi)) {
        return emerg(cf, "\"%V\" \"%V\" is not a directory", &value[0],
                     name);
    }

    return NGX_CONF_OK;
}


}  // namespace id_token::nginx
