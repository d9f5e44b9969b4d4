/* What of logins fits only together: callbacks, servers, keys. */

#include "idt_conf/login.h"
#include "idt_conf/secret.h"

extern "C" {
#include <openssl/rand.h>
}

#include <algorithm>

#include "idt_keys/url.h"


namespace id_token::nginx {


static std::string
path_of(const login_provider_t *login)
{
    if (login->redirect_uri.starts_with('/')) {
        return login->redirect_uri;
    }

    auto  url = parse_url(login->redirect_uri);

    return url ? url->target.substr(0, url->target.find('?')) : std::string();
}


static bool
is_served_by(const login_use_t &use, std::string_view path)
{
    std::string_view           name;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = use.conf->login.location;
    name = view(clcf->name);

#if (NGX_PCRE)
    if (clcf->regex) {
        return true;    /* not worth a second look */
    }
#endif

    return clcf->exact_match ? path == name : path.starts_with(name);
}


/* a redirect to where nobody takes the answer */

static ngx_int_t
check_callback(ngx_conf_t *cf, const main_conf_t *mcf, provider_t *provider)
{
    bool  used;

    used = false;

    for (const auto &use : mcf->login.uses) {
        if (use.provider != provider) {
            continue;
        }

        used = true;

        if (use.conf->login.handler == LoginHandler::callback
            && is_served_by(use, path_of(provider->login)))
        {
            return NGX_OK;
        }
    }

    if (!used) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "no location with \"id_token_callback %V\" serves the "
                  "\"redirect_uri\" \"%s\" of that provider",
                  &provider->name, provider->login->redirect_uri.c_str());

    return NGX_ERROR;
}


/* the answer of one tenant must never be taken for another's */

static ngx_int_t
check_shared(ngx_conf_t *cf, const main_conf_t *mcf)
{
    for (const auto &a : mcf->login.uses) {
        for (const auto &b : mcf->login.uses) {
            if (a.provider != NULL && b.provider != NULL
                && a.provider != b.provider && a.server == b.server
                && a.provider->login->redirect_uri
                   == b.provider->login->redirect_uri)
            {
                ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                              "id_token_provider \"%V\" and \"%V\" of one "
                              "server have the same \"redirect_uri\" \"%s\": "
                              "each needs its own",
                              &a.provider->name, &b.provider->name,
                              a.provider->login->redirect_uri.c_str());
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
load_key(ngx_conf_t *cf, ngx_str_t *name, LoginKeys *keys)
{
    secret_file_t  file;

    file.word = "id_token_login_key";
    file.name = name;
    file.limit = kMaxLoginKeyBytes + 2;
    file.kind = "a key";
    file.harm = "begin logins for others";

    auto  bytes = read_secret(cf, file);

    if (!bytes) {
        return NGX_ERROR;
    }

    auto  key = parse_login_key({ reinterpret_cast<const char *>(bytes->data()),
                                  bytes->size() });

    if (!key) {
        return emerg(cf, "the \"id_token_login_key\" \"%V\" %V", name,
                         login_key_error_text(key.error()));
    }

    keys->add(std::move(*key));

    return NGX_OK;
}


/*
 * One key for all configurations of this process, so that a reload does not
 * break the logins that are under way.
 */

static ngx_int_t
make_key(ngx_conf_t *cf, LoginKeys *keys)
{
    static unsigned char  key[kMinLoginKeyBytes];
    static bool           made;

    if (!made && RAND_bytes(key, sizeof(key)) != 1) {
        return emerg(cf, "no random bytes for a login key");
    }

    if (!made) {
        ngx_conf_log_error(NGX_LOG_NOTICE, cf, 0,
                           "a login key was made: several nodes need the same "
                           "one, from a file, by \"id_token_login_key\"");
    }

    made = true;

    keys->add(Secret({ reinterpret_cast<char *>(key), sizeof(key) }));

    return NGX_OK;
}


static ngx_int_t
load_keys(ngx_conf_t *cf, login_main_conf_t *login)
{
    ngx_str_t   *file;
    ngx_uint_t   i;

    if (login->key_files == NULL) {
        return make_key(cf, &login->keys);
    }

    file = static_cast<ngx_str_t *>(login->key_files->elts);

    for (i = 0; i < login->key_files->nelts; i++) {
        if (load_key(cf, &file[i], &login->keys) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* whoever reads a cookie that a login writes asks for its binding */

static void
bind_cookies(main_conf_t *mcf)
{
    carrier_t  *writer;

    for (const auto &use : mcf->login.uses) {
        writer = use.conf->login.carrier;

        if (writer == NULL
            || use.conf->login.handler == LoginHandler::callback)
        {
            continue;
        }

        for (carrier_t *reader : mcf->carriers) {
            if (view(reader->value) == view(writer->value)) {
                reader->bound = 1;
            }
        }
    }

    mcf->login.nonce_slot = slot_of(mcf, ClaimPath{ "nonce" });
}


static void
keep_names(login_main_conf_t *login)
{
    ngx_http_server_name_t  *names;

    for (const auto &use : login->uses) {
        auto  same = [&](const login_server_t &kept) {
            return kept.server == use.server;
        };

        if (std::ranges::any_of(login->servers, same)) {
            continue;
        }

        names = static_cast<ngx_http_server_name_t *>(
                    use.server->server_names.elts);

        login->servers.push_back({ use.server,
                                   { names,
                                     names + use.server->server_names.nelts }
                                 });
    }
}


ngx_int_t
check_logins(ngx_conf_t *cf)
{
    main_conf_t  *mcf;

    mcf = main_conf(cf);

    if (mcf->login.uses.empty()) {
        return NGX_OK;
    }

    for (const auto &[name, provider] : mcf->providers) {
        if (provider->login != NULL
            && check_callback(cf, mcf, provider) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (check_shared(cf, mcf) != NGX_OK) {
        return NGX_ERROR;
    }

    bind_cookies(mcf);
    keep_names(&mcf->login);

    return load_keys(cf, &mcf->login);
}


}  // namespace id_token::nginx
