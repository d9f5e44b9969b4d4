/* The setters of the block id_token_assertion. */

#include "idt_conf/assertion_block.h"

#include "idt_keys/url.h"


namespace id_token::nginx {


#define MAX_LIFETIME  (60 * 60)


/* the bytes of a key file; how open it is, is said */

static std::optional<Secret>
read_key(ngx_conf_t *cf, ngx_fd_t fd, ngx_str_t *name)
{
    size_t           size;
    ssize_t          n;
    ngx_file_info_t  fi;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", name);
        return std::nullopt;
    }

    if (!ngx_is_file(&fi)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the \"key\" \"%V\" is not a file", name);
        return std::nullopt;
    }

    if (ngx_file_size(&fi) > static_cast<off_t>(kMaxPrivateKeyBytes)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the \"key\" \"%V\" is larger than a private key",
                           name);
        return std::nullopt;
    }

    if (fi.st_mode & (S_IRWXG|S_IRWXO)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "the \"key\" \"%V\" is open to %s: whoever reads "
                           "it can sign identities, give it mode 0600",
                           name,
                           (fi.st_mode & S_IRWXO) ? "everyone" : "its group");
    }

    Secret  bytes(static_cast<size_t>(ngx_file_size(&fi)));

    for (size = 0; size < bytes.size(); size += n) {

        n = ngx_read_fd(fd, bytes.data() + size, bytes.size() - size);

        if (n <= 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, (n == 0) ? 0 : ngx_errno,
                               "the \"key\" \"%V\" could not be read", name);
            return std::nullopt;
        }
    }

    return bytes;
}


char *
assertion_set_key(ngx_conf_t *cf, assertion_block_t *block)
{
    char      *rv;
    ngx_fd_t   fd;

    rv = set_file(cf, NULL, &block->key);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    fd = ngx_open_file(block->key.data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "the \"key\" \"%V\" could not be opened",
                           &block->key);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    auto  bytes = read_key(cf, fd, &block->key);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_ALERT, cf, ngx_errno,
                           ngx_close_file_n " \"%V\" failed", &block->key);
    }

    if (!bytes) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    auto  key = AssertionKey::parse(std::move(*bytes));

    if (!key) {
        auto  text = assertion_key_error_text(key.error());
        ngx_str_t  s = { text.size(), reinterpret_cast<u_char *>(
                                          const_cast<char *>(text.data())) };

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the \"key\" \"%V\" %V",
                           &block->key, &s);
        return static_cast<char *>(NGX_CONF_ERROR);
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
        auto  text = url_error_text(url.error());
        ngx_str_t  s = { text.size(), reinterpret_cast<u_char *>(
                                          const_cast<char *>(text.data())) };
        ngx_str_t  word = shown(cf, block->issuer);

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "the \"issuer\" \"%V\" %V",
                           &word, &s);
        return static_cast<char *>(NGX_CONF_ERROR);
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
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"claims\" cannot name \"%V\", which an "
                               "assertion does not take from the ID token",
                               &name[i]);
            return static_cast<char *>(NGX_CONF_ERROR);
        }

        if (claim[0] == '/') {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"claims\" cannot name \"%V\": whole claims "
                               "only, no JSON pointer",
                               &name[i]);
            return static_cast<char *>(NGX_CONF_ERROR);
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
