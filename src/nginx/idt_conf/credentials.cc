/*
 * The setters of the block id_token_provider: what is told to key servers and
 * proxies of us.
 */

#include "idt_conf/block.h"

#include "idt_base/ascii.h"
#include "idt_keys/http_request.h"


namespace id_token::nginx {


static const char *header_name_error(const ngx_array_t *fields);
static char *header_checked(ngx_conf_t *cf, block_t *block,
    const added_field_t *added, const char *error);


/* file=PATH: the path, complete; a name that is none has no length */

static ngx_int_t
set_path(ngx_conf_t *cf, const ngx_str_t *word, ngx_str_t *path)
{
    path->data = word->data + sizeof("file=") - 1;
    path->len = word->len - (sizeof("file=") - 1);

    return path->len ? ngx_conf_full_name(cf->cycle, path, 1) : NGX_ERROR;
}


/*
 * jwks_header NAME VALUE; NAME file=PATH; NAME VALUE file=PATH. No message says
 * the value, which may be a secret.
 */

char *
set_jwks_header(ngx_conf_t *cf, block_t &block)
{
    ngx_str_t      *last;
    const char     *error;
    added_field_t  *added;

    auto  value = args(cf);

    last = &value.back();

    if (block.keys.fields == NULL) {
        block.keys.fields = ngx_array_create(cf->pool, 2,
                                             sizeof(added_field_t));
    }

    added = block.keys.fields ? push<added_field_t>(block.keys.fields) : NULL;
    if (added == NULL) {
        return CONF_ERROR;
    }

    added->name = value[1];

    error = header_name_error(block.keys.fields);

    if (error == NULL && view(*last).starts_with("file=")) {
        error = set_path(cf, last, &added->file) == NGX_OK
                    ? NULL : "names no file";

    } else if (error == NULL && value.size() == 4) {
        error = "needs \"NAME VALUE\", \"NAME file=PATH\" or "
                "\"NAME VALUE file=PATH\"";
    }

    if (added->file.len == 0 || value.size() == 4) {
        added->value = value[2];
    }

    return header_checked(cf, &block, added, error);
}


static const char *
header_name_error(const ngx_array_t *fields)
{
    ngx_uint_t  i;

    auto  field = items<added_field_t>(fields);

    for (i = 0; i + 1 < field.size(); i++) {
        if (equal_ignoring_case(view(field[i].name), view(field[i + 1].name))) {
            return "is duplicate";
        }
    }

    return may_be_added(view(field[i].name))
               ? NULL : "is not a header that can be added to the fetches";
}


/* what is wrong with it now would be wrong with the first fetch */

static char *
header_checked(ngx_conf_t *cf, block_t *block, const added_field_t *added,
    const char *error)
{
    std::string  value;

    error = error ? error : field_value(added, &value);

    if (error == NULL) {
        return NGX_CONF_OK;
    }

    return emerg(cf, "\"jwks_header\" \"%V\" of id_token_provider \"%V\": %s",
                     &added->name, &block->name, error);
}


static char *
proxy_refused(ngx_conf_t *cf, block_t *block, const char *error)
{
    return emerg(cf, "\"jwks_proxy\" of id_token_provider \"%V\" %s",
                     &block->name, error);
}


static char *
proxy_malformed(ngx_conf_t *cf, const ngx_str_t *url)
{
    return emerg(cf, "\"jwks_proxy\" needs \"http://HOST:PORT\", not \"%V\"",
                     url);
}


static char *
set_proxy_file(ngx_conf_t *cf, block_t *block, const ngx_str_t *word)
{
    std::string  line;
    const char  *error;

    if (!view(*word).starts_with("file=")
        || set_path(cf, word, &block->keys.proxy_file) != NGX_OK)
    {
        return const_cast<char *>("has an unknown parameter");
    }

    error = proxy_credentials(&block->keys.proxy_file, &line);

    return error ? proxy_refused(cf, block, error) : NGX_CONF_OK;
}


/* jwks_proxy http://HOST:PORT [file=PATH] */

char *
set_proxy(ngx_conf_t *cf, block_t &block)
{
    ngx_url_t   u;

    auto  value = args(cf);

    if (block.keys.proxy_host.data != NULL) {
        return DUPLICATE;
    }

    /* what it may hold is not for the log */

    if (ngx_strlchr(value[1].data, value[1].data + value[1].len, '@')) {
        return proxy_refused(cf, &block, "has a user name or password in its "
                             "URL: put \"USER:PASSWORD\" into a file and name "
                             "it by \"file=PATH\"");
    }

    if (!view(value[1]).starts_with("http://")) {
        return proxy_malformed(cf, &value[1]);
    }

    ngx_memzero(&u, sizeof(u));
    u.url.data = value[1].data + 7;
    u.url.len = value[1].len - 7;
    u.no_resolve = 1;
    u.uri_part = 1;

    if (ngx_parse_url(cf->pool, &u) != NGX_OK || u.no_port
        || u.family == AF_UNIX
        || (u.uri.len != 0 && view(u.uri) != "/"))
    {
        return proxy_malformed(cf, &value[1]);
    }

    block.keys.proxy_host = u.host;
    block.keys.proxy_port = u.port;

    return value.size() == 3 ? set_proxy_file(cf, &block, &value[2])
                                : NGX_CONF_OK;
}

}  // namespace id_token::nginx
