/* The block id_token_provider: read, checked for completeness, registered. */

#include "idt_conf/block.h"


namespace id_token::nginx {


typedef char *(*set_pt)(ngx_conf_t *cf, block_t *block, void *field);

typedef struct {
    const char  *name;
    ngx_uint_t   min_args;
    ngx_uint_t   max_args;
    set_pt       set;
    size_t       offset;
    ngx_uint_t   remote;   /* means nothing with jwks_file */
} word_t;


static char *word(ngx_conf_t *cf, ngx_command_t *dummy, void *conf);
static char *complete_provider(ngx_conf_t *cf, main_conf_t *mcf,
    block_t *block);


#define AT(field)                                                             \
    offsetof(block_t, field)


static const word_t  words[] = {

    { "issuer", 1, 1, set_name,
      AT(issuer), 0 },

    { "client_id", 1, 1, set_name,
      AT(client_id), 0 },

    { "jwks_uri", 1, 2, set_jwks_uri,
      AT(keys.jwks_uri), 1 },

    { "jwks_file", 1, 1, set_file,
      AT(jwks_file), 0 },

    { "algorithms", 1, 16, set_list,
      AT(algorithms), 0 },

    { "leeway", 1, 1, set_leeway,
      AT(leeway), 0 },

    { "max_age", 1, 1, set_positive_sec,
      AT(max_age), 0 },

    { "max_auth_age", 1, 1, set_positive_sec,
      AT(max_auth_age), 0 },

    { "trusted_audience", 1, 64, set_audiences,
      AT(trusted_audiences), 0 },

    { "authorized_party", 1, 64, set_names,
      AT(authorized_parties), 0 },

    { "jwks_refresh", 1, 1, set_positive_sec,
      AT(keys.refresh), 1 },

    { "jwks_min_interval", 1, 1, set_positive_sec,
      AT(keys.min_interval), 1 },

    { "jwks_max_stale", 1, 1, set_positive_sec,
      AT(keys.max_stale), 1 },

    { "jwks_timeout", 1, 1, set_positive_msec,
      AT(keys.timeout), 1 },

    { "jwks_max_size", 1, 1, set_size,
      AT(keys.max_size), 1 },

    { "jwks_state", 1, 1, set_state,
      AT(keys.state), 1 },

    { "jwks_proxy", 1, 2, set_proxy,
      AT(keys.proxy_host), 1 },

    { "jwks_header", 2, 3, set_jwks_header, AT(keys.fields), 1 },

    { "ssl_trusted_certificate", 1, 1, set_file,
      AT(keys.trust.trusted_certificate), 1 },

    { "ssl_certificate", 1, 1, set_file, AT(keys.trust.certificate), 1 },

    { "ssl_certificate_key", 1, 1, set_file, AT(keys.trust.certificate_key),
      1 },

    { "ssl_verify_depth", 1, 1, set_depth,
      AT(keys.trust.verify_depth), 1 },

    { "ssl_crl", 1, 1, set_file,
      AT(keys.trust.crl), 1 },

    { "redirect_uri", 1, 1, set_redirect_uri, AT(login.redirect_uri), 0 },

    { "response_type", 1, 1, set_response_type, AT(login.response_type), 0 },

    { "client_auth", 1, 2, set_client_auth, AT(login.auth), 0 },

    { "scope", 1, 32, set_scope, AT(login.scope), 0 },

    { "login_parameter", 2, 2, set_login_parameter, AT(login.parameters), 0 },

    { "authorization_endpoint", 1, 1, set_login_url,
      AT(login.authorization_endpoint), 0 },

    { "token_endpoint", 1, 1, set_login_url, AT(login.token_endpoint), 0 },

    { "end_session_endpoint", 1, 1, set_login_url,
      AT(login.end_session_endpoint), 0 },

    { "post_logout_redirect_uri", 1, 1, set_post_logout,
      AT(login.post_logout), 0 },

    { "logout_hint", 1, 1, set_logout_hint, AT(login.logout_hint), 0 },

    { NULL, 0, 0, NULL, 0, 0 }
};


/* id_token_provider NAME { ... } */

char *
provider(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char         *rv;
    ngx_conf_t    save;
    block_t       block;
    main_conf_t  *mcf;

    mcf = static_cast<main_conf_t *>(conf);

    auto  value = args(cf);

    if (value[1].len == 0
        || view(value[1]) == "off"
        || ngx_strlchr(value[1].data, value[1].data + value[1].len, '$')
           != NULL)
    {
        return emerg(cf, "a provider cannot be named \"%V\"", &value[1]);
    }

    if (mcf->providers.contains(view(value[1]))) {
        return emerg(cf, "duplicate id_token_provider \"%V\"", &value[1]);
    }

    ngx_memzero(&block, sizeof(block));

    block.name = value[1];
    block.leeway = NGX_CONF_UNSET;
    block.max_age = NGX_CONF_UNSET;
    block.max_auth_age = NGX_CONF_UNSET;

    block.keys.provider = value[1];
    block.keys.refresh = NGX_CONF_UNSET;
    block.keys.min_interval = NGX_CONF_UNSET;
    block.keys.max_stale = NGX_CONF_UNSET;
    block.keys.timeout = NGX_CONF_UNSET_MSEC;
    block.keys.max_size = NGX_CONF_UNSET_SIZE;
    block.keys.trust.verify_depth = NGX_CONF_UNSET_UINT;
    block.keys.file = cf->conf_file->file.name.data;
    block.keys.line = cf->conf_file->line;

    save = *cf;

    cf->handler = configures<word>;
    cf->handler_conf = &block;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return complete_provider(cf, mcf, &block);
}


static char *
word(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    char          *rv;
    block_t       *block;
    const word_t  *word;

    block = static_cast<block_t *>(conf);

    auto  value = args(cf);

    if (view(value[0]) == "include") {
        return include(cf, dummy, conf);
    }

    for (word = words; word->name != NULL; word++) {
        if (view(value[0]) == word->name) {
            break;
        }
    }

    if (word->name == NULL) {
        return emerg(cf, "unknown directive \"%V\" in id_token_provider \"%V\"",
                         &value[0], &block->name);
    }

    if (value.size() - 1 < word->min_args
        || value.size() - 1 > word->max_args)
    {
        return emerg(cf, "invalid number of arguments in \"%s\" directive",
                         word->name);
    }

    /* the value of a header is not for the log */

    if (word->set != set_jwks_header && word->set != set_login_parameter) {
        warn_literal(cf);
    }

    if (word->remote && block->remote == NULL) {
        block->remote = word->name;
    }

    rv = word->set(cf, block, reinterpret_cast<u_char *>(block) + word->offset);

    if (rv != NGX_CONF_OK && rv != NGX_CONF_ERROR) {
        return refuse(cf, word->name, rv, value.back());
    }

    return rv;
}


static char *
set_algorithms(ngx_conf_t *cf, block_t *block, Policy &policy)
{
    ngx_str_t        *name;
    ngx_uint_t        i;
    const Algorithm  *algorithm;

    if (block->algorithms == NULL) {
        policy.algorithms.add(*find_algorithm("RS256"));
        return NGX_CONF_OK;
    }

    name = static_cast<ngx_str_t *>(block->algorithms->elts);

    for (i = 0; i < block->algorithms->nelts; i++) {
        algorithm = find_algorithm(view(name[i]));

        if (algorithm == nullptr) {
            return emerg(cf, "\"%V\" in \"algorithms\" of id_token_provider "
                             "\"%V\" is not an asymmetric signature algorithm "
                             "known here", &name[i], &block->name);
        }

        policy.algorithms.add(*algorithm);
    }

    return NGX_CONF_OK;
}


static char *
missing(ngx_conf_t *cf, block_t *block, const char *word)
{
    return emerg(cf, "id_token_provider \"%V\" has no \"%s\"",
                     &block->name, word);
}


static std::vector<std::string>
names_of(ngx_array_t *list)
{
    ngx_str_t                 *name;
    ngx_uint_t                 i;
    std::vector<std::string>   names;

    if (list == NULL) {
        return names;
    }

    name = static_cast<ngx_str_t *>(list->elts);

    for (i = 0; i < list->nelts; i++) {
        names.emplace_back(view(name[i]));
    }

    return names;
}


static char *
complete_provider(ngx_conf_t *cf, main_conf_t *mcf, block_t *block)
{
    char               *rv;
    time_t              limit;
    provider_t         *provider;
    key_source_conf_t  *keys;

    /* different for all providers of all cycles of a process */
    static uint64_t                          id;

    if (block->issuer.data == NULL) {
        return missing(cf, block, "issuer");
    }

    if (block->client_id.data == NULL) {
        return missing(cf, block, "client_id");
    }

    provider = create<provider_t>(cf->pool);
    if (provider == NULL) {
        return CONF_ERROR;
    }

    provider->name = block->name;

    Policy  &policy = provider->policy;

    policy.id = ++id;
    policy.issuer = view(block->issuer);
    policy.client_id = view(block->client_id);

    rv = set_algorithms(cf, block, policy);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    policy.trusted_audiences = names_of(block->trusted_audiences);
    policy.authorized_parties = names_of(block->authorized_parties);

    if (policy.trusted_audiences.size() == 1
        && policy.trusted_audiences[0] == "any")
    {
        policy.trusted_audiences.clear();
        policy.trust_any_audience = true;
    }

    if (block->leeway != NGX_CONF_UNSET) {
        policy.leeway = block->leeway;
    }

    if (block->max_age != NGX_CONF_UNSET) {
        policy.max_age = block->max_age;
    }

    if (block->max_auth_age != NGX_CONF_UNSET) {
        policy.max_auth_age = block->max_auth_age;
    }

    keys = &block->keys;

    if (block->jwks_file.data != NULL) {
        if (block->remote != NULL) {
            return emerg(cf, "id_token_provider \"%V\" has \"jwks_file\", "
                             "where \"%s\" means nothing",
                             &block->name, block->remote);
        }

        provider->keys = keys_add_file(cf, &block->jwks_file);

        if (provider->keys != NULL
            && !keys_file_fits(provider->keys, policy.algorithms))
        {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "no key of \"jwks_file\" \"%V\" fits the "
                               "\"algorithms\" of id_token_provider \"%V\"",
                               &block->jwks_file, &block->name);
        }

    } else {
        if (keys->jwks_uri.len == 0
            && view(block->issuer).ends_with(
                   "/.well-known/openid-configuration"))
        {
            return emerg(cf, "\"issuer\" of id_token_provider \"%V\" is the "
                             "URL of the document, not the issuer, which ends "
                             "before \"/.well-known\"", &block->name);
        }

        if ((keys->trust.certificate.len == 0)
            != (keys->trust.certificate_key.len == 0))
        {
            return missing(cf, block, keys->trust.certificate.len
                                      ? "ssl_certificate_key"
                                      : "ssl_certificate");
        }

        keys->issuer = block->issuer;

        /* a short max_stale shortens what is left to us */

        ngx_conf_init_value(keys->max_stale, 24 * 60 * 60);

        limit = ngx_max(keys->max_stale / 2, 1);

        ngx_conf_init_value(keys->refresh, ngx_min(15 * 60, limit));
        ngx_conf_init_value(keys->min_interval, ngx_min(30, limit));
        ngx_conf_init_msec_value(keys->timeout, 5000);
        ngx_conf_init_size_value(keys->max_size, 1024 * 1024);
        ngx_conf_init_uint_value(keys->trust.verify_depth, 4);

        provider->keys = keys_add(cf, keys);
    }

    if (provider->keys == NULL) {
        return CONF_ERROR;
    }

    mcf->providers.emplace(view(provider->name), provider);

    return finish_login(cf, block, provider);
}


}  // namespace id_token::nginx
