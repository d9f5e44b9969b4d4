/* client_auth of the block id_token_provider, and the files that it names. */

#include "idt_conf/block.h"
#include "idt_conf/secret.h"


namespace id_token::nginx {


#define MAX_SECRET  4096


/* client_auth none | secret_basic FILE | secret_post FILE | private_key_jwt */

char *
set_client_auth(ngx_conf_t *cf, block_t &block)
{
    std::string_view   kind;

    auto  value = args(cf);

    kind = view(value[1]);

    if (block.login.auth.data != NULL) {
        return DUPLICATE;
    }

    block.login.auth = value[1];

    if (kind != "none" && kind != "secret_basic" && kind != "secret_post"
        && kind != "private_key_jwt")
    {
        return const_cast<char *>("must be \"none\", \"secret_basic FILE\", "
                                  "\"secret_post FILE\" or "
                                  "\"private_key_jwt FILE\", near");
    }

    if ((kind == "none") != (value.size() == 2)) {
        return const_cast<char *>(kind == "none" ? "none has no file, near"
                                                 : "needs a file, near");
    }

    if (kind == "none") {
        return NGX_CONF_OK;
    }

    block.login.auth_file = value[2];

    return ngx_conf_full_name(cf->cycle, &block.login.auth_file, 1) == NGX_OK
           ? NGX_CONF_OK : CONF_ERROR;
}


static char *
load_client_secret(ngx_conf_t *cf, block_t *block, login_provider_t *login)
{
    secret_file_t  file;

    file.word = "client_auth";
    file.name = &block->login.auth_file;
    file.limit = MAX_SECRET;
    file.kind = "a secret";
    file.harm = "speak for this client";

    auto  bytes = read_secret(cf, file);

    if (!bytes) {
        return CONF_ERROR;
    }

    auto  secret = parse_client_secret({ reinterpret_cast<const char *>(
                                             bytes->data()), bytes->size() });

    if (secret.empty()) {
        return emerg(cf, "the file \"%V\" of \"client_auth\" holds no secret "
                         "in one line of printable ASCII", file.name);
    }

    login->secret.emplace(secret);

    return NGX_CONF_OK;
}


static char *
load_client_key(ngx_conf_t *cf, block_t *block, login_provider_t *login)
{
    secret_file_t  file;

    file.word = "client_auth";
    file.name = &block->login.auth_file;
    file.limit = kMaxPrivateKeyBytes;
    file.kind = "a private key";
    file.harm = "speak for this client";

    auto  bytes = read_secret(cf, file);

    if (!bytes) {
        return CONF_ERROR;
    }

    auto  key = AssertionKey::parse(std::move(*bytes));

    if (!key) {
        return emerg(cf, "the file \"%V\" of \"client_auth\" %V",
                         file.name, assertion_key_error_text(key.error()));
    }

    login->key.emplace(std::move(*key));

    return NGX_CONF_OK;
}


char *
finish_client_auth(ngx_conf_t *cf, block_t *block, login_provider_t *login)
{
    std::string_view  kind = view(block->login.auth);

    if (kind.empty() || kind == "none") {
        login->auth = ClientAuth::none;
        return NGX_CONF_OK;
    }

    if (login->flow != Flow::code) {
        return emerg(cf, "\"client_auth %V\" of id_token_provider \"%V\" "
                         "means nothing without \"response_type code\"",
                         &block->login.auth, &block->name);
    }

    if (kind == "private_key_jwt") {
        login->auth = ClientAuth::private_key_jwt;
        return load_client_key(cf, block, login);
    }

    login->auth = (kind == "secret_basic") ? ClientAuth::secret_basic
                                           : ClientAuth::secret_post;

    return load_client_secret(cf, block, login);
}


}  // namespace id_token::nginx
