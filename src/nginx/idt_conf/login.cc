/* The directives of logins in http, server and location; merge. */

#include "idt_conf/defaults.h"
#include "idt_conf/login.h"
#include "idt_conf/login_block.h"
#include "idt_ending/ending.h"

#include "idt_login/set_cookie.h"


namespace id_token::nginx {


static void
remember_place(ngx_conf_t *cf, login_conf_t *login)
{
    login->file = cf->conf_file->file.name;
    login->line = cf->conf_file->line;
}


/* id_token_login_key FILE ... */

char *
login_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t    *file;
    ngx_uint_t    i;
    main_conf_t  *mcf;

    mcf = static_cast<main_conf_t *>(conf);

    auto  value = args(cf);

    if (mcf->login.key_files != NULL) {
        return IS_DUPLICATE;
    }

    mcf->login.key_files = ngx_array_create(cf->pool, value.size(),
                                            sizeof(ngx_str_t));
    if (mcf->login.key_files == NULL) {
        return CONF_ERROR;
    }

    warn_literal(cf);

    for (i = 1; i < value.size(); i++) {
        file = push<ngx_str_t>(mcf->login.key_files);
        if (file == NULL) {
            return CONF_ERROR;
        }

        *file = value[i];

        if (ngx_conf_full_name(cf->cycle, file, 1) != NGX_OK) {
            return CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* auth_id_token_login on | off */

char *
login(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    loc_conf_t  *lcf;

    lcf = static_cast<loc_conf_t *>(conf);

    remember_place(cf, &lcf->login);

    return ngx_conf_set_flag_slot(cf, cmd, conf);
}


/* auth_id_token_login_parameter NAME VALUE */

char *
login_parameter(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return push_parameter(cf,
                          static_cast<loc_conf_t *>(conf)->login.parameters);
}


/* auth_id_token_renew SHARE% | off */

char *
login_renew(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_int_t    n;
    loc_conf_t  *lcf;

    lcf = static_cast<loc_conf_t *>(conf);

    auto  value = args(cf);

    if (lcf->login.renew != NGX_CONF_UNSET_UINT) {
        return IS_DUPLICATE;
    }

    if (view(value[1]) == "off") {
        lcf->login.renew = 0;
        return NGX_CONF_OK;
    }

    n = view(value[1]).ends_with('%')
            ? ngx_atoi(value[1].data, value[1].len - 1) : NGX_ERROR;

    if (n == NGX_ERROR || n < 1 || n > 90) {
        return emerg(cf, "\"auth_id_token_renew\" needs a share of the "
                         "token's life from \"1%%\" to \"90%%\", or \"off\", "
                         "not \"%V\"", &value[1]);
    }

    lcf->login.renew = n;

    return NGX_CONF_OK;
}


static ngx_int_t
take_location(ngx_conf_t *cf, login_conf_t *login, LoginHandler handler,
    ngx_http_handler_pt content)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = core_loc_conf(cf);

    if (login->handler != LoginHandler::none || clcf->handler != NULL) {
        return emerg(cf, "the location \"%V\" has another handler already",
                         &clcf->name);
    }

    remember_place(cf, login);

    login->handler = handler;
    login->location = clcf;
    clcf->handler = content;

    return NGX_OK;
}


typedef struct {
    const char          *word;
    LoginHandler         handler;
    ngx_http_handler_pt  content;
    bool                 logs_in;    /* the provider needs a login for it */
    bool                 revokes;
} place_t;


static const place_t  places[] = {
    { "id_token_callback", LoginHandler::callback, answers<callback_handler>,
      true, false },
    { "id_token_login", LoginHandler::login, answers<login_handler>,
      true, false },
    { "id_token_logout", LoginHandler::logout, answers<logout_handler>,
      true, true },
    { "id_token_identity", LoginHandler::identity, answers<identity_handler>,
      false, false },
    { "id_token_backchannel_logout", LoginHandler::backchannel,
      answers<backchannel_handler>, false, true },
    { "id_token_frontchannel_logout", LoginHandler::frontchannel,
      answers<frontchannel_handler>, false, true },
    { "id_token_revoke", LoginHandler::revoke, answers<revoke_handler>,
      false, true }
};




static const place_t *
place_of(LoginHandler handler)
{
    for (const place_t &place : places) {
        if (place.handler == handler) {
            return &place;
        }
    }

    return NULL;
}


/* a directive of the table; its first argument, if any, is a provider */

char *
login_place(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    loc_conf_t  *lcf;

    lcf = static_cast<loc_conf_t *>(conf);

    auto  value = args(cf);

    warn_literal(cf);

    for (const place_t &place : places) {
        if (view(cmd->name) != place.word) {
            continue;
        }

        if (take_location(cf, &lcf->login, place.handler, place.content)
            != NGX_OK)
        {
            return CONF_ERROR;
        }

        if (value.size() > 1) {
            lcf->login.provider_name = value[1];
        }

        if (place.revokes) {
            main_conf(cf)->may_revoke = true;
        }
    }

    return NGX_CONF_OK;
}


/* id_token_identity [claim ...] */

char *
login_identity(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_uint_t   i;
    loc_conf_t  *lcf;

    lcf = static_cast<loc_conf_t *>(conf);

    auto  value = args(cf);

    warn_literal(cf);

    for (i = 1; i < value.size(); i++) {
        if (value[i].len == 0 || value[i].data[0] == '/') {
            return emerg(cf, "\"id_token_identity\" cannot name \"%V\": "
                             "whole claims only, no JSON pointer",
                             &value[i]);
        }

        lcf->login.claims.emplace_back(view(value[i]));
    }

    return take_location(cf, &lcf->login, LoginHandler::identity,
                         answers<identity_handler>)
           == NGX_OK ? NGX_CONF_OK : CONF_ERROR;
}


void
create_login_conf(login_conf_t *login)
{
    login->enable = NGX_CONF_UNSET;
    login->renew = NGX_CONF_UNSET_UINT;
}


static carrier_t *
session_carrier(loc_conf_t *conf)
{
    ngx_uint_t   i;
    carrier_t   *carrier;

    carrier = static_cast<carrier_t *>(conf->sources->elts);

    for (i = 0; i < conf->sources->nelts; i++) {
        if (carrier[i].carrier == Carrier::cookie
            && is_session_cookie_name(view(carrier[i].value))) {
            return &carrier[i];
        }
    }

    return NULL;
}


static const char *
login_word(const login_conf_t *login)
{
    const place_t  *place;

    place = place_of(login->handler);

    return place != NULL ? place->word : "auth_id_token_login";
}


static ngx_int_t
resolve_provider(ngx_conf_t *cf, login_conf_t *login)
{
    main_conf_t  *mcf;

    mcf = main_conf(cf);

    auto  it = mcf->providers.find(view(login->provider_name));

    if (it == mcf->providers.end()) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown id_token_provider \"%V\" in \"%s\" in %V:%ui%s",
                      &login->provider_name, login_word(login), &login->file,
                      login->line, known_providers(cf).c_str());
        return NGX_ERROR;
    }

    login->provider = it->second;
    login->provider->used = 1;

    return NGX_OK;
}


static ngx_int_t
check_login(ngx_conf_t *cf, login_conf_t *login, provider_t *provider,
    bool needs_cookie)
{
    if (provider != NULL && provider->login == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" in %V:%ui needs \"redirect_uri\" in "
                      "id_token_provider \"%V\"",
                      login_word(login), &login->file, login->line,
                      &provider->name);
        return NGX_ERROR;
    }

    if (needs_cookie && login->carrier == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" in %V:%ui needs a cookie to write whose name no "
                      "other host can set: \"auth_id_token_source "
                      "cookie=__Host-NAME\", not ending in \"-r\" and not "
                      "beginning with \"__Host-oidc_\"",
                      login_word(login), &login->file, login->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
use_login(ngx_conf_t *cf, loc_conf_t *conf, provider_t *provider)
{
    main_conf_t  *mcf;

    mcf = main_conf(cf);

    auto  *server = static_cast<ngx_http_core_srv_conf_t *>(
        ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module));

    mcf->login.uses.push_back({ provider, server, conf });
}


static ngx_int_t
merge_handler(ngx_conf_t *cf, loc_conf_t *conf)
{
    bool           writes;
    login_conf_t  *login;

    login = &conf->login;

    if (login->provider_name.data == NULL) {
        return NGX_OK;
    }

    /* who is not logged in yet, or not any more, has to get there */

    conf->enable = 0;

    /* what comes here has a nonce of its own */

    conf->nonce = NULL;

    if (resolve_provider(cf, login) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!place_of(login->handler)->logs_in) {
        return NGX_OK;
    }

    writes = login->handler != LoginHandler::callback;

    if (check_login(cf, login, login->provider, writes) != NGX_OK) {
        return NGX_ERROR;
    }

    use_login(cf, conf, login->provider);

    return NGX_OK;
}


ngx_int_t
merge_login(ngx_conf_t *cf, loc_conf_t *prev, loc_conf_t *conf)
{
    login_conf_t  *login;

    login = &conf->login;

    if (login->enable == NGX_CONF_UNSET) {
        login->enable = (prev->login.enable == NGX_CONF_UNSET)
                        ? 0 : prev->login.enable;

        if (login->handler == LoginHandler::none) {
            login->file = prev->login.file;
            login->line = prev->login.line;
        }
    }

    ngx_conf_merge_uint_value(login->renew, prev->login.renew, DEFAULT_RENEW);

    if (login->parameters == NULL) {
        login->parameters = prev->login.parameters;
    }

    login->carrier = session_carrier(conf);

    if (merge_handler(cf, conf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!login->enable || !conf->enable) {
        login->enable = 0;
        return NGX_OK;
    }

    if (check_login(cf, login, conf->provider, true) != NGX_OK) {
        return NGX_ERROR;
    }

    use_login(cf, conf, conf->provider);

    return NGX_OK;
}


}  // namespace id_token::nginx
