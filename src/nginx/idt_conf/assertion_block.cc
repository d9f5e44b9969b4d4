/* The setters of the block id_token_assertion. */

#include "idt_conf/assertion_block.h"
#include "idt_conf/secret.h"

#include "idt_keys/url.h"


namespace id_token::nginx {


#define MAX_LIFETIME  (60 * 60)


char *
assertion_set_key(ngx_conf_t *cf, assertion_block_t &block)
{
    char           *rv;
    secret_file_t   file;

    rv = set_file(cf, block.key);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    file.word = "key";
    file.name = &block.key;
    file.limit = kMaxPrivateKeyBytes;
    file.kind = "a private key";
    file.harm = "sign identities";

    auto  secret = read_secret(cf, file);

    if (!secret) {
        return CONF_ERROR;
    }

    auto  key = AssertionKey::parse(std::move(*secret));

    if (!key) {
        return emerg(cf, "the \"key\" \"%V\" %V", &block.key,
                         assertion_key_error_text(key.error()));
    }

    block.assertion->key.emplace(std::move(*key));

    return NGX_CONF_OK;
}


char *
assertion_set_issuer(ngx_conf_t *cf, assertion_block_t &block)
{
    char  *rv;

    rv = set_str(cf, block.issuer);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    auto  url = parse_url(view(block.issuer));

    if (!url) {
        ngx_str_t  word = shown(cf, block.issuer);

        return emerg(cf, "the \"issuer\" \"%V\" %V", &word,
                         url_error_text(url.error()));
    }

    return NGX_CONF_OK;
}


char *
assertion_set_claims(ngx_conf_t *cf, assertion_block_t &block)
{
    char  *rv;

    rv = set_list(cf, block.claims);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    auto  &claims = block.assertion->policy.claims;

    for (const ngx_str_t &name : items<ngx_str_t>(block.claims)) {
        std::string  claim(view(name));

        if (!is_assertion_claim(claim)) {
            return emerg(cf, "\"claims\" cannot name \"%V\", which an "
                             "assertion does not take from the ID token",
                             &name);
        }

        if (claim[0] == '/') {
            return emerg(cf, "\"claims\" cannot name \"%V\": whole claims "
                             "only, no JSON pointer", &name);
        }

        claims.push_back(std::move(claim));
    }

    return NGX_CONF_OK;
}


char *
assertion_set_lifetime(ngx_conf_t *cf, time_t &field)
{
    char  *rv;

    rv = set_positive_sec(cf, field);

    if (rv == NGX_CONF_OK && field > MAX_LIFETIME) {
        return const_cast<char *>("needs a time from 1s to 1h, not");
    }

    return rv;
}


}  // namespace id_token::nginx
