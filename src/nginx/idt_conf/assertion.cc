/* The block id_token_assertion, and what names one. */

#include "idt_conf/assertion_block.h"
#include "idt_conf/defaults.h"


namespace id_token::nginx {


#define MAX_CLAIMS  64


static const word_t  assertion_words[] = {
    { "key", 1, 1, into<assertion_set_key, assertion_block_t> },
    { "issuer", 1, 1, into<assertion_set_issuer, assertion_block_t> },
    { "audience", 1, 1, to<set_str, &assertion_block_t::audience> },
    { "claims", 1, MAX_CLAIMS, into<assertion_set_claims, assertion_block_t> },
    { "lifetime", 1, 1,
      to<assertion_set_lifetime, &assertion_block_t::lifetime> }
};


static char *assertion_finish(ngx_conf_t *cf, main_conf_t *mcf,
    assertion_block_t *block);


/* as nginx folds the names of variables */

static ngx_uint_t
is_assertion_name(std::string_view name)
{
    for (unsigned char c : name) {
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
            return 0;
        }
    }

    return !name.empty();
}


/* id_token_assertion NAME { ... } */

char *
assertion(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char              *rv;
    main_conf_t       *mcf;
    assertion_t       *assertion;
    assertion_block_t  block;

    mcf = static_cast<main_conf_t *>(conf);

    auto  value = args(cf);

    std::string_view  name = view(value[1]);

    if (!is_assertion_name(name)) {
        return emerg(cf, "invalid name \"%V\" in \"id_token_assertion\", it "
                         "must be made of lower-case letters, digits and "
                         "\"_\", as the name of a variable", &value[1]);
    }

    if (find_assertion(mcf, name) != NULL) {
        return emerg(cf, "duplicate id_token_assertion \"%V\"", &value[1]);
    }

    assertion = create<assertion_t>(cf->pool);
    if (assertion == NULL) {
        return CONF_ERROR;
    }

    assertion->name = value[1];
    assertion->file = cf->conf_file->file.name;
    assertion->line = cf->conf_file->line;

    ngx_memzero(&block, sizeof(block));

    block.assertion = assertion;
    block.lifetime = NGX_CONF_UNSET;

    reader_t  reader = { "id_token_assertion", &assertion->name,
                         assertion_words, &block };

    rv = read_block(cf, reader);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return assertion_finish(cf, mcf, &block);
}


static char *
assertion_finish(ngx_conf_t *cf, main_conf_t *mcf, assertion_block_t *block)
{
    const char   *missing;
    assertion_t  *assertion;

    assertion = block->assertion;

    missing = (block->key.data == NULL) ? "key"
              : (block->issuer.data == NULL) ? "issuer"
              : (block->audience.data == NULL) ? "audience" : NULL;

    if (missing != NULL) {
        return emerg(cf, "id_token_assertion \"%V\" has no \"%s\"",
                         &assertion->name, missing);
    }

    if (block->claims == NULL) {
        assertion->policy.claims.emplace_back(DEFAULT_CLAIM);
    }

    assertion->policy.issuer = view(block->issuer);
    assertion->policy.audience = view(block->audience);
    ngx_conf_init_value(block->lifetime, DEFAULT_LIFETIME);
    assertion->policy.lifetime = block->lifetime;

    assertion->index = mcf->assertions.size();
    mcf->assertions.push_back(assertion);

    return NGX_CONF_OK;
}


/* id_token_assertion_jwks NAME */

char *
assertion_jwks(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;
    assertion_jwks_t          *jwks;

    jwks = &static_cast<loc_conf_t *>(conf)
               ->assertion_jwks;

    if (jwks->name.data != NULL) {
        return IS_DUPLICATE;
    }

    auto  value = args(cf);

    jwks->name = value[1];
    jwks->file = cf->conf_file->file.name;
    jwks->line = cf->conf_file->line;

    clcf = core_loc_conf(cf);
    clcf->handler = answers<assertion_jwks_handler>;

    return NGX_CONF_OK;
}


ngx_int_t
merge_assertion_jwks(ngx_conf_t *cf, assertion_jwks_t *prev,
    assertion_jwks_t *conf)
{
    ngx_http_core_loc_conf_t  *clcf;
    main_conf_t               *mcf;

    clcf = core_loc_conf(cf);

    /* "if" and limit_except inside the location */

    if (clcf->noname && clcf->handler == NULL && prev->name.data != NULL) {
        *conf = *prev;
        clcf->handler = answers<assertion_jwks_handler>;
    }

    if (conf->name.data == NULL || conf->assertion != NULL) {
        return NGX_OK;
    }

    mcf = main_conf(cf);

    conf->assertion = find_assertion(mcf, view(conf->name));

    if (conf->assertion == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown id_token_assertion \"%V\" in "
                      "\"id_token_assertion_jwks\" in %V:%ui",
                      &conf->name, &conf->file, conf->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* issuers that differ in a final slash are one to some verifiers */

static std::string_view
bare_issuer(std::string_view issuer)
{
    return issuer.substr(0, issuer.find_last_not_of('/') + 1);
}


static ngx_int_t
check_issuers(ngx_conf_t *cf, const main_conf_t *mcf)
{
    for (const auto *assertion : mcf->assertions) {
        for (const auto &[key, provider] : mcf->providers) {

            if (bare_issuer(assertion->policy.issuer)
                != bare_issuer(provider->policy.issuer))
            {
                continue;
            }

            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "id_token_assertion \"%V\" has the \"issuer\" of "
                          "id_token_provider \"%V\" in %V:%ui",
                          &assertion->name, &provider->name,
                          &assertion->file, assertion->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
check_assertions(ngx_conf_t *cf)
{
    main_conf_t  *mcf;

    mcf = main_conf(cf);

    if (check_issuers(cf, mcf) != NGX_OK) {
        return NGX_ERROR;
    }

    auto  variables = &core_main_conf(cf)->variables;

    for (ngx_http_variable_t &v : items<ngx_http_variable_t>(variables)) {

        std::string_view  name = view(v.name);

        if (!name.starts_with(ASSERTION_PREFIX)) {
            continue;
        }

        name.remove_prefix(sizeof(ASSERTION_PREFIX) - 1);

        if (find_assertion(mcf, name) == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "the variable \"$%V\" names no id_token_assertion",
                          &v.name);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


}  // namespace id_token::nginx
