/* auth_id_token_csrf and auth_id_token_nonce. */

#include "idt_conf/told.h"


namespace id_token::nginx {


/* auth_id_token_csrf on | off | ORIGIN ... */

char *
csrf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept
{
    ngx_str_t   *value, word;
    ngx_uint_t   i;
    loc_conf_t  *lcf;

    lcf = static_cast<loc_conf_t *>(conf);

    if (lcf->csrf != NGX_CONF_UNSET) {
        return const_cast<char *>("is duplicate");
    }

    value = static_cast<ngx_str_t *>(cf->args->elts);
    lcf->csrf = 1;

    if (cf->args->nelts == 2) {
        if (view(value[1]) == "off") {
            lcf->csrf = 0;
            return NGX_CONF_OK;
        }

        if (view(value[1]) == "on") {
            return NGX_CONF_OK;
        }
    }

    if (note_directive(cf, lcf, false) != NGX_OK) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    try {
        for (i = 1; i < cf->args->nelts; i++) {
            auto  origin = parse_origin(view(value[i]));

            if (!origin) {
                word = shown(cf, value[i]);
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "\"%V\" in \"auth_id_token_csrf\" is no "
                                   "origin such as \"https://app.example.com\"",
                                   &word);
                return static_cast<char *>(NGX_CONF_ERROR);
            }

            for (const auto &other : lcf->origins) {
                if (other == *origin) {
                    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                       "\"auth_id_token_csrf\" names \"%V\" "
                                       "twice",
                                       &value[i]);
                    return static_cast<char *>(NGX_CONF_ERROR);
                }
            }

            lcf->origins.push_back(std::move(*origin));
        }

    } catch (...) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "out of memory");
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    return NGX_CONF_OK;
}


/* auth_id_token_nonce $variable | off */

char *
nonce(ngx_conf_t *cf, ngx_command_t *cmd, void *conf) noexcept
{
    ngx_str_t   *value, claim = ngx_string("nonce");
    loc_conf_t  *lcf;

    lcf = static_cast<loc_conf_t *>(conf);

    if (lcf->nonce != NGX_CONF_UNSET_PTR) {
        return const_cast<char *>("is duplicate");
    }

    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (view(value[1]) == "off") {
        lcf->nonce = NULL;
        lcf->nonce_off = 1;
        return NGX_CONF_OK;
    }

    if (ngx_http_script_variables_count(&value[1]) == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"auth_id_token_nonce\" needs a variable such as "
                           "\"$cookie_nonce\", not \"%V\"",
                           &value[1]);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    lcf->nonce = compile(cf, &value[1]);

    if (lcf->nonce == NULL
        || note_directive(cf, lcf, false) != NGX_OK
        || claim_slot(cf, &claim, &lcf->nonce_slot) != NGX_OK)
    {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    return NGX_CONF_OK;
}


}  // namespace id_token::nginx
