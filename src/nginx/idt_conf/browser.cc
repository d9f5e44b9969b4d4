/* auth_id_token_csrf and auth_id_token_nonce. */

#include "idt_conf/told.h"


namespace id_token::nginx {


/* auth_id_token_csrf on | off | ORIGIN ... */

char *
csrf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t    word;
    ngx_uint_t   i;
    loc_conf_t  *lcf;

    lcf = static_cast<loc_conf_t *>(conf);

    if (lcf->csrf != NGX_CONF_UNSET) {
        return IS_DUPLICATE;
    }

    auto  value = args(cf);

    lcf->csrf = 1;

    if (value.size() == 2) {
        if (view(value[1]) == "off") {
            lcf->csrf = 0;
            return NGX_CONF_OK;
        }

        if (view(value[1]) == "on") {
            return NGX_CONF_OK;
        }
    }

    if (note_directive(cf, lcf, false) != NGX_OK) {
        return CONF_ERROR;
    }

    for (i = 1; i < value.size(); i++) {
        auto  origin = parse_origin(view(value[i]));

        if (!origin) {
            word = shown(cf, value[i]);

            return emerg(cf, "\"%V\" in \"auth_id_token_csrf\" is no "
                             "origin such as \"https://app.example.com\"",
                             &word);
        }

        for (const auto &other : lcf->origins) {
            if (other == *origin) {
                return emerg(cf, "\"auth_id_token_csrf\" names \"%V\" "
                                 "twice", &value[i]);
            }
        }

        lcf->origins.push_back(std::move(*origin));
    }

    return NGX_CONF_OK;
}


/* auth_id_token_nonce $variable | off */

char *
nonce(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t    claim = ngx_string("nonce");
    loc_conf_t  *lcf;

    lcf = static_cast<loc_conf_t *>(conf);

    if (lcf->nonce != NGX_CONF_UNSET_PTR) {
        return IS_DUPLICATE;
    }

    auto  value = args(cf);

    if (view(value[1]) == "off") {
        lcf->nonce = NULL;
        lcf->nonce_off = 1;
        return NGX_CONF_OK;
    }

    if (ngx_http_script_variables_count(&value[1]) == 0) {
        return emerg(cf, "\"auth_id_token_nonce\" needs a variable such as "
                         "\"$cookie_nonce\", not \"%V\"", &value[1]);
    }

    lcf->nonce = compile(cf, &value[1]);

    if (lcf->nonce == NULL
        || note_directive(cf, lcf, false) != NGX_OK
        || claim_slot(cf, &claim, &lcf->nonce_slot) != NGX_OK)
    {
        return CONF_ERROR;
    }

    return NGX_CONF_OK;
}


}  // namespace id_token::nginx
