/* auth_id_token_set_header: which headers, and how they are inherited. */

#include "idt_conf/told.h"
#include "idt_upstream/upstream.h"


namespace id_token::nginx {


static bool parse_options(ngx_conf_t *cf, header_t *header);


static ngx_int_t
check_header_name(ngx_conf_t *cf, loc_conf_t *lcf, ngx_str_t &name)
{
    if (!is_field_name(name)) {
        return emerg(cf, "\"%V\" in \"auth_id_token_set_header\" is not the "
                         "name of a header", &name);
    }

    if (is_reserved(name)) {
        return emerg(cf, "header \"%V\" in \"auth_id_token_set_header\" "
                         "steers the connection or nginx itself and cannot "
                         "carry a claim", &name);
    }

    if (is_listed(lcf->headers, name)) {
        return emerg(cf, "duplicate header \"%V\" in "
                         "\"auth_id_token_set_header\"", &name);
    }

    return NGX_OK;
}


/* auth_id_token_set_header HEADER CLAIM|VALUE with variables [OPTION ...] */

char *
set_header(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    header_t    *header;
    loc_conf_t  *lcf;

    lcf = static_cast<loc_conf_t *>(conf);

    auto  value = args(cf);

    if (note_directive(cf, lcf, false) != NGX_OK
        || check_header_name(cf, lcf, value[1]) != NGX_OK)
    {
        return CONF_ERROR;
    }

    if (lcf->headers == NULL) {
        lcf->headers = ngx_array_create(cf->pool, 4, sizeof(header_t));
        if (lcf->headers == NULL) {
            return CONF_ERROR;
        }
    }

    header = push<header_t>(lcf->headers);
    if (header == NULL) {
        return CONF_ERROR;
    }

    header->name = value[1];
    header->lowcase_key = static_cast<u_char *>(
                              ngx_pnalloc(cf->pool, value[1].len));
    if (header->lowcase_key == NULL) {
        return CONF_ERROR;
    }

    header->hash = ngx_hash_strlow(header->lowcase_key, value[1].data,
                                   value[1].len);

    if (ngx_http_script_variables_count(&value[2])) {
        header->variable = compile(cf, &value[2]);
        if (header->variable == NULL) {
            return CONF_ERROR;
        }

    } else if (claim_slot(cf, &value[2], &header->slot) != NGX_OK) {
        return CONF_ERROR;
    }

    return parse_options(cf, header) ? NGX_CONF_OK : CONF_ERROR;
}


/* NULL, or what is wrong with it */

static const char *
parse_option(header_t *header, const ngx_str_t &word)
{
    std::string_view  option(view(word));

    if (option.starts_with("encode=")) {
        auto  encoding = find_encoding(option.substr(sizeof("encode=") - 1));

        if (header->encoding != Encoding::plain) {
            return "is given twice";
        }

        if (!encoding) {
            return "is no encoding: percent, base64 or rfc8187";
        }

        header->encoding = *encoding;
        return NULL;
    }

    if (!option.starts_with("join=")) {
        return "is neither encode= nor join=";
    }

    option.remove_prefix(sizeof("join=") - 1);

    if (header->join.len != 0) {
        return "is given twice";
    }

    if (header->variable != NULL) {
        return "joins the elements of a claim and not of a value with "
               "variables: name the claim instead";
    }

    if (!is_separator(option)) {
        return "needs a separator of printable ASCII characters, such as "
               "\"join=,\"";
    }

    header->join.data = word.data + sizeof("join=") - 1;
    header->join.len = option.size();

    return NULL;
}


static bool
parse_options(ngx_conf_t *cf, header_t *header)
{
    ngx_uint_t   i;
    const char  *wrong;

    auto  value = args(cf);

    for (i = 3; i < value.size(); i++) {

        wrong = parse_option(header, value[i]);
        if (wrong == NULL) {
            continue;
        }

        (void) emerg(cf, "\"%V\" in \"auth_id_token_set_header\" %s",
                         &value[i], wrong);
        return false;
    }

    return true;
}


/* inherited headers stay in effect, but for those that are set again */

ngx_int_t
merge_headers(ngx_conf_t *cf, loc_conf_t *prev, loc_conf_t *conf)
{
    header_t  *copy;

    if (prev->headers == NULL) {
        return NGX_OK;
    }

    if (conf->headers == NULL) {
        conf->headers = prev->headers;
        return NGX_OK;
    }

    for (const header_t &header : items<header_t>(prev->headers)) {

        if (is_listed(conf->headers, header.name)) {
            continue;
        }

        copy = push<header_t>(conf->headers);
        if (copy == NULL) {
            return NGX_ERROR;
        }

        *copy = header;
    }

    return NGX_OK;
}


}  // namespace id_token::nginx
