/* The setters of the block id_token_assertion. */

#include "idt_conf/assertion_block.h"
#include "idt_conf/secret.h"

#include "idt_keys/url.h"


namespace id_token::nginx {


#define MAX_LIFETIME  (60 * 60)


char *
assertion_set_key(ngx_conf_t *cf, assertion_block_t *block)
{
    char           *rv;
    secret_file_t   file;

    rv = set_file(cf, NULL, &block->key);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    file.word = "key";
    file.name = &block->key;
    file.limit = kMaxPrivateKeyBytes;
    file.kind = "a private key";
    file.harm = "sign identities";

    auto  secret = read_secret(cf, file);

    if (!secret) {
        return CONF_ERROR;
    }

    auto  key = AssertionKey::parse(std::move(*secret));

    if (!key) {
        return emerg(cf, "the \"key\" \"%V\" %V", &block->key,
                         assertion_key_error_text(key.error()));
    }

    block->assertion->key.emplace(std::move(*key));

    return NGX_CONF_OK;
}


char *
assertion_set_issuer(ngx_conf_t *cf, assertion_block_t *block)
{
    char  *rv;

    rv = set_str(cf, NULL, &block->issuer);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    auto  url = parse_url(view(block->issuer));

    if (!url) {
        ngx_str_t  word = shown(cf, block->issuer);

        return emerg(cf, "the \"issuer\" \"%V\" %V", &word,
                         url_error_text(url.error()));
    }

    return NGX_CONF_OK;
}


char *
assertion_set_audience(ngx_conf_t *cf, assertion_block_t *block)
{
    return set_str(cf, NULL, &block->audience);
}


char *
assertion_set_claims(ngx_conf_t *cf, assertion_block_t *block)
{
    char        *rv;
    ngx_str_t   *name;
    ngx_uint_t   i;

    rv = set_list(cf, NULL, &block->claims);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    auto  &claims = block->assertion->policy.claims;

    name = static_cast<ngx_str_t *>(block->claims->elts);

    for (i = 0; i < block->claims->nelts; i++) {

        std::string  claim(view(name[i]));

        if (!is_assertion_claim(claim)) {
            return emerg(cf, "\"claims\" cannot name \"%V\", which an "
                             "assertion does not take from the ID token",
                             &name[i]);
        }

        if (claim[0] == '/') {
            return emerg(cf, "\"claims\" cannot name \"%V\": whole claims "
                             "only, no JSON pointer", &name[i]);
        }

        claims.push_back(std::move(claim));
    }

    return NGX_CONF_OK;
}


char *
assertion_set_lifetime(ngx_conf_t *cf, assertion_block_t *block)
{
    char  *rv;

    rv = set_positive_sec(cf, NULL, &block->lifetime);

    if (rv == NGX_CONF_OK && block->lifetime > MAX_LIFETIME) {
        return const_cast<char *>("needs a time from 1s to 1h, not");
    }

    return rv;
}


}  // namespace id_token::nginx
