/* A provider of what its block says: nothing is missing, nothing left over. */

#include "idt_conf/block.h"
#include "idt_conf/defaults.h"


namespace id_token::nginx {


static char *
missing(ngx_conf_t *cf, block_t *block, const char *word)
{
    return emerg(cf, "id_token_provider \"%V\" has no \"%s\"",
                     &block->name, word);
}


static char *
set_algorithms(ngx_conf_t *cf, block_t *block, Policy &policy)
{
    const Algorithm  *algorithm;

    if (block->algorithms == NULL) {
        policy.algorithms.add(*find_algorithm(DEFAULT_ALGORITHM));
        return NGX_CONF_OK;
    }

    for (ngx_str_t &name : items<ngx_str_t>(block->algorithms)) {
        algorithm = find_algorithm(view(name));

        if (algorithm == nullptr) {
            return emerg(cf, "\"%V\" in \"algorithms\" of id_token_provider "
                             "\"%V\" is not an asymmetric signature algorithm "
                             "known here: %V", &name, &block->name,
                             std::string_view(algorithm_names()));
        }

        policy.algorithms.add(*algorithm);
    }

    return NGX_CONF_OK;
}


static std::vector<std::string>
names_of(ngx_array_t *list)
{
    std::vector<std::string>  names;

    for (const ngx_str_t &name : items<ngx_str_t>(list)) {
        names.emplace_back(view(name));
    }

    return names;
}


static char *
set_policy(ngx_conf_t *cf, block_t *block, Policy &policy)
{
    /* different for all providers of all cycles of a process */
    static uint64_t  id;

    policy.id = ++id;
    policy.issuer = view(block->issuer);
    policy.client_id = view(block->client_id);

    policy.trusted_audiences = names_of(block->trusted_audiences);
    policy.authorized_parties = names_of(block->authorized_parties);

    if (policy.trusted_audiences.size() == 1
        && policy.trusted_audiences[0] == "any")
    {
        policy.trusted_audiences.clear();
        policy.trust_any_audience = true;
    }

    ngx_conf_init_value(block->leeway, DEFAULT_LEEWAY);

    policy.leeway = block->leeway;

    if (block->max_age != NGX_CONF_UNSET) {
        policy.max_age = block->max_age;
    }

    if (block->max_auth_age != NGX_CONF_UNSET) {
        policy.max_auth_age = block->max_auth_age;
    }

    return set_algorithms(cf, block, policy);
}


static key_source_t *
read_key_file(ngx_conf_t *cf, block_t *block, const Policy &policy)
{
    key_source_t  *keys;

    if (block->remote != NULL) {
        return emerg(cf, "id_token_provider \"%V\" has \"jwks_file\", where "
                         "\"%s\" means nothing", &block->name, block->remote);
    }

    keys = keys_add_file(cf, &block->jwks_file);

    if (keys != NULL && !keys_file_fits(keys, policy.algorithms)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "no key of \"jwks_file\" \"%V\" fits the "
                           "\"algorithms\" of id_token_provider \"%V\"",
                           &block->jwks_file, &block->name);
    }

    return keys;
}


static key_source_t *
add_keys(ngx_conf_t *cf, block_t *block)
{
    time_t              limit;
    key_source_conf_t  *keys;

    keys = &block->keys;

    if (keys->jwks_uri.len == 0
        && view(block->issuer).ends_with("/.well-known/openid-configuration"))
    {
        return emerg(cf, "\"issuer\" of id_token_provider \"%V\" is the URL of "
                         "the document, not the issuer, which ends before "
                         "\"/.well-known\"", &block->name);
    }

    if ((keys->trust.certificate.len == 0)
        != (keys->trust.certificate_key.len == 0))
    {
        (void) missing(cf, block, keys->trust.certificate.len
                                  ? "ssl_certificate_key" : "ssl_certificate");
        return NULL;
    }

    keys->issuer = block->issuer;

    /* a short max_stale shortens what is left to us */

    ngx_conf_init_value(keys->max_stale, DEFAULT_MAX_STALE);

    limit = ngx_max(keys->max_stale / 2, 1);

    ngx_conf_init_value(keys->refresh, ngx_min(DEFAULT_REFRESH, limit));
    ngx_conf_init_value(keys->min_interval,
                        ngx_min(DEFAULT_MIN_INTERVAL, limit));
    ngx_conf_init_msec_value(keys->timeout, DEFAULT_TIMEOUT);
    ngx_conf_init_size_value(keys->max_size, DEFAULT_MAX_SIZE);
    ngx_conf_init_uint_value(keys->trust.verify_depth, DEFAULT_VERIFY_DEPTH);

    return keys_add(cf, keys);
}


char *
complete_provider(ngx_conf_t *cf, main_conf_t *mcf, block_t *block)
{
    char        *rv;
    provider_t  *provider;

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

    rv = set_policy(cf, block, provider->policy);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    provider->keys = block->jwks_file.data != NULL
                         ? read_key_file(cf, block, provider->policy)
                         : add_keys(cf, block);
    if (provider->keys == NULL) {
        return CONF_ERROR;
    }

    mcf->providers.emplace(view(provider->name), provider);

    return finish_login(cf, block, provider);
}


}  // namespace id_token::nginx
