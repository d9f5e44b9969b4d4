/* The setters of the block id_token_provider that are about logins. */

#include "idt_conf/block.h"
#include "idt_conf/defaults.h"

#include "idt_keys/url.h"
#include "idt_login/endpoints.h"
#include "idt_login/page_load.h"


namespace id_token::nginx {


static bool
is_path(std::string_view text)
{
    return text.starts_with('/') && !text.starts_with("//")
           && return_path(text) == text
           && text.find_first_of("?#") == text.npos;
}


/* "http://" is for browsers on this very machine: they would drop cookies */

static char *
check_browser_url(std::string_view text)
{
    auto  url = parse_url(text);

    if (!url) {
        return const_cast<char *>("needs a path such as \"/oidc/callback\" or "
                                  "an https URL, not");
    }

    if (transport(*url) == Transport::insecure) {
        return const_cast<char *>("needs https, since browsers keep no cookie "
                                  "of a login over plain http, not");
    }

    return NGX_CONF_OK;
}


char *
set_place(ngx_conf_t *cf, ngx_str_t &field)
{
    char              *rv;
    std::string_view   text;

    rv = set_str(cf, field);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    text = view(field);

    if (is_path(text)) {
        return NGX_CONF_OK;
    }

    return check_browser_url(text);
}


/* that plain http is for an http issuer alone is judged at the end */

char *
set_login_url(ngx_conf_t *cf, ngx_str_t &field)
{
    char       *rv;

    auto  value = args(cf);

    rv = set_str(cf, field);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (!parse_url(view(value[1]))) {
        return const_cast<char *>("needs a URL, not");
    }

    return NGX_CONF_OK;
}


char *
set_response_type(ngx_conf_t *cf, ngx_str_t &field)
{
    char              *rv;
    std::string_view   text;

    rv = set_str(cf, field);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    text = view(field);
    if (text != "id_token" && text != "code") {
        return const_cast<char *>("must be \"id_token\" or \"code\", not");
    }

    return NGX_CONF_OK;
}


char *
set_logout_hint(ngx_conf_t *cf, ngx_str_t &field)
{
    char              *rv;
    std::string_view   text;

    rv = set_str(cf, field);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    text = view(field);
    if (text != "on" && text != "off") {
        return const_cast<char *>("must be \"on\" or \"off\", not");
    }

    return NGX_CONF_OK;
}


/* one word for each, as in nginx */

char *
set_scope(ngx_conf_t *cf, ngx_str_t &field)
{
    u_char      *p;
    size_t       len;
    ngx_uint_t   i;

    auto  value = args(cf);

    if (field.data != NULL) {
        return DUPLICATE;
    }

    for (i = 1, len = 0; i < value.size(); i++) {
        len += value[i].len + 1;
    }

    p = static_cast<u_char *>(ngx_pnalloc(cf->pool, len));
    if (p == NULL) {
        return CONF_ERROR;
    }

    field.data = p;
    field.len = len - 1;

    for (i = 1; i < value.size(); i++) {
        p = ngx_cpymem(p, value[i].data, value[i].len);
        *p++ = ' ';
    }

    if (!is_login_scope(view(field))) {
        return const_cast<char *>("needs words with \"openid\" among them "
                                  "(RFC 6749 3.3), near");
    }

    return NGX_CONF_OK;
}


char *
push_parameter(ngx_conf_t *cf, ngx_array_t *&list)
{
    login_parameter_t  *parameter;

    auto  value = args(cf);

    if (value[1].len == 0 || is_reserved_parameter(view(value[1]))) {
        return emerg(cf, "\"%V\" cannot set \"%V\", which a login sets itself "
                         "or which would speak for all others",
                         &value[0], &value[1]);
    }

    if (list == NULL) {
        list = ngx_array_create(cf->pool, 2, sizeof(login_parameter_t));
        if (list == NULL) {
            return CONF_ERROR;
        }
    }

    parameter = push<login_parameter_t>(list);
    if (parameter == NULL) {
        return CONF_ERROR;
    }

    parameter->name = value[1];
    parameter->value = compile(cf, &value[2]);

    return parameter->value != NULL ? NGX_CONF_OK
                                    : CONF_ERROR;
}


/* without discovery nothing but the configuration names endpoints */

static char *
check_endpoints(ngx_conf_t *cf, block_t *block, const login_provider_t *login)
{
    const char  *missing;

    for (const ngx_str_t *url : { &block->login.authorization_endpoint,
                                  &block->login.token_endpoint,
                                  &block->login.end_session_endpoint })
    {
        if (url->len && !is_usable_endpoint(view(*url), view(block->issuer))) {
            return emerg(cf, "the endpoint \"%V\" of id_token_provider \"%V\" "
                             "is plain http, and its issuer is not",
                             url, &block->name);
        }
    }

    if (login->flow == Flow::code && block->jwks_file.len) {
        return emerg(cf, "\"response_type code\" of id_token_provider \"%V\" "
                         "needs \"jwks_uri\" or discovery, whose rules of "
                         "transport are the token endpoint's, too",
                         &block->name);
    }

    missing = login->authorization_endpoint.empty()
                  ? "authorization_endpoint"
              : (login->flow == Flow::code && login->token_endpoint.empty())
                  ? "token_endpoint" : NULL;

    if (missing != NULL
        && (block->keys.jwks_uri.len || block->jwks_file.len))
    {
        return emerg(cf, "id_token_provider \"%V\" has no \"%s\", which a "
                         "login needs where \"%s\" makes discovery unnecessary",
                         &block->name, missing,
                         block->jwks_file.len ? "jwks_file" : "jwks_uri");
    }

    return NGX_CONF_OK;
}


char *
finish_login(ngx_conf_t *cf, block_t *block, provider_t *provider)
{
    char              *rv;
    login_provider_t  *login;

    const login_block_t  &b = block->login;

    if (b.redirect_uri.len == 0) {
        if (b.word != NULL) {
            return emerg(cf, "\"%s\" of id_token_provider \"%V\" means "
                             "nothing without \"redirect_uri\"",
                             b.word, &block->name);
        }

        return NGX_CONF_OK;
    }

    login = create<login_provider_t>(cf->pool);
    if (login == NULL) {
        return CONF_ERROR;
    }

    login->redirect_uri = view(b.redirect_uri);
    login->scope = b.scope.len ? view(b.scope) : DEFAULT_SCOPE;
    login->flow = (view(b.response_type) == "code") ? Flow::code
                                                    : Flow::id_token;
    login->parameters = b.parameters;
    login->authorization_endpoint = view(b.authorization_endpoint);
    login->token_endpoint = view(b.token_endpoint);
    login->end_session_endpoint = view(b.end_session_endpoint);
    login->post_logout = view(b.post_logout);
    login->logout_hint = (view(b.logout_hint) == "on");

    rv = check_endpoints(cf, block, login);

    if (rv == NGX_CONF_OK) {
        rv = finish_client_auth(cf, block, login);
    }

    provider->login = login;

    return rv;
}


}  // namespace id_token::nginx
