/* The block id_token_provider: its words, and how it begins. */

#include "idt_conf/block.h"
#include "idt_conf/defaults.h"


namespace id_token::nginx {


#define KEYS(member)                                                          \
    &block_t::keys, &key_source_conf_t::member

#define TRUST(member)                                                         \
    KEYS(trust), &trust_t::member

#define LOGIN(member)                                                         \
    &block_t::login, &login_block_t::member


static const word_t  provider_words[] = {
    { "issuer", 1, 1, to<set_name, &block_t::issuer> },
    { "client_id", 1, 1, to<set_name, &block_t::client_id> },
    { "jwks_uri", 1, 2, into<set_jwks_uri, block_t>, WORD_REMOTE },
    { "jwks_file", 1, 1, to<set_file, &block_t::jwks_file> },
    { "algorithms", 1, 16, to<set_list, &block_t::algorithms> },
    { "leeway", 1, 1, to<set_leeway, &block_t::leeway> },
    { "max_age", 1, 1, to<set_positive_sec, &block_t::max_age> },
    { "max_auth_age", 1, 1, to<set_positive_sec, &block_t::max_auth_age> },
    { "trusted_audience", 1, 64,
      to<set_audiences, &block_t::trusted_audiences> },
    { "authorized_party", 1, 64, to<set_names, &block_t::authorized_parties> },
    { "jwks_refresh", 1, 1, to<set_positive_sec, KEYS(refresh)>, WORD_REMOTE },
    { "jwks_min_interval", 1, 1, to<set_positive_sec, KEYS(min_interval)>,
      WORD_REMOTE },
    { "jwks_max_stale", 1, 1, to<set_positive_sec, KEYS(max_stale)>,
      WORD_REMOTE },
    { "jwks_timeout", 1, 1, to<set_positive_msec, KEYS(timeout)>,
      WORD_REMOTE },
    { "jwks_max_size", 1, 1, to<set_size, KEYS(max_size)>, WORD_REMOTE },
    { "jwks_state", 1, 1, to<set_state, KEYS(state)>, WORD_REMOTE },
    { "jwks_proxy", 1, 2, into<set_proxy, block_t>, WORD_REMOTE },
    { "jwks_header", 2, 3, into<set_jwks_header, block_t>,
      WORD_SECRET|WORD_REMOTE },
    { "ssl_trusted_certificate", 1, 1, to<set_file, TRUST(trusted_certificate)>,
      WORD_REMOTE },
    { "ssl_certificate", 1, 1, to<set_file, TRUST(certificate)>, WORD_REMOTE },
    { "ssl_certificate_key", 1, 1, to<set_file, TRUST(certificate_key)>,
      WORD_REMOTE },
    { "ssl_verify_depth", 1, 1, to<set_depth, TRUST(verify_depth)>,
      WORD_REMOTE },
    { "ssl_crl", 1, 1, to<set_file, TRUST(crl)>, WORD_REMOTE },
    { "redirect_uri", 1, 1, to<set_place, LOGIN(redirect_uri)> },
    { "response_type", 1, 1, to<set_response_type, LOGIN(response_type)>,
      WORD_LOGIN },
    { "client_auth", 1, 2, into<set_client_auth, block_t>, WORD_LOGIN },
    { "scope", 1, 32, to<set_scope, LOGIN(scope)>, WORD_LOGIN },
    { "login_parameter", 2, 2, to<push_parameter, LOGIN(parameters)>,
      WORD_SECRET|WORD_LOGIN },
    { "authorization_endpoint", 1, 1,
      to<set_login_url, LOGIN(authorization_endpoint)> },
    { "token_endpoint", 1, 1, to<set_login_url, LOGIN(token_endpoint)> },
    { "end_session_endpoint", 1, 1,
      to<set_login_url, LOGIN(end_session_endpoint)> },
    { "post_logout_redirect_uri", 1, 1, to<set_place, LOGIN(post_logout)>,
      WORD_LOGIN },
    { "logout_hint", 1, 1, to<set_logout_hint, LOGIN(logout_hint)>,
      WORD_LOGIN },
};


static ngx_uint_t
is_provider_name(const ngx_str_t &name)
{
    return name.len != 0 && view(name) != "off"
           && view(name).find('$') == std::string_view::npos;
}


/* id_token_provider NAME { ... } */

char *
provider(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char         *rv;
    block_t       block;
    main_conf_t  *mcf;

    mcf = static_cast<main_conf_t *>(conf);

    auto  value = args(cf);

    if (!is_provider_name(value[1])) {
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

    reader_t  reader = { "id_token_provider", &block.name, provider_words,
                         &block };

    rv = read_block(cf, reader);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    block.remote = reader.remote;
    block.login.word = reader.login;

    return complete_provider(cf, mcf, &block);
}


}  // namespace id_token::nginx
