/* What nginx -t tells of guards that are none, when all has been read. */

#include "idt_conf/told.h"

#include <algorithm>
#include <string>

#include "idt_upstream/upstream.h"


namespace id_token::nginx {


/* rules are an error; headers and the like do something all the same */

static ngx_int_t
tell_of_written(ngx_conf_t *cf, main_conf_t *mcf)
{
    ngx_int_t  rc;

    rc = NGX_OK;

    for (const written_t &w : mcf->written) {

        if (w.conf->guards) {
            continue;
        }

        if (w.is_rule) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"%V\" guards nothing in %V:%ui: no "
                          "\"auth_id_token\" is in effect there, and whoever "
                          "comes is let in; name a provider, or remove it",
                          &w.directive, &w.file, w.line);
            rc = NGX_ERROR;
            continue;
        }

        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"%V\" stands where nobody is asked for a token in "
                      "%V:%ui: no \"auth_id_token\" is in effect there",
                      &w.directive, &w.file, w.line);
    }

    return rc;
}


/* a provider that is served by no location is a slip, or a leftover */

static void
tell_of_unused(ngx_conf_t *cf, main_conf_t *mcf)
{
    if (mcf->chosen) {
        return;
    }

    for (const auto &[name, provider] : mcf->providers) {
        if (!provider->used) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "id_token_provider \"%V\" is used by no "
                          "\"auth_id_token\"",
                          &provider->name);
        }
    }
}


static void
tell_of_report(ngx_conf_t *cf, main_conf_t *mcf)
{
    for (const loc_conf_t *conf : mcf->locations) {
        if (conf->enable && conf->mode == Mode::report) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"auth_id_token_mode report\" is in effect: there, "
                          "requests without a good token are let in");
            return;
        }
    }
}


/* a directive of another module that keeps its words at a known place */

static ngx_command_t *
find_command(ngx_conf_t *cf, std::string_view module, std::string_view name,
    ngx_module_t **found)
{
    ngx_uint_t      i;
    ngx_command_t  *cmd;

    for (i = 0; cf->cycle->modules[i] != NULL; i++) {

        if (cf->cycle->modules[i]->name != module) {
            continue;
        }

        cmd = cf->cycle->modules[i]->commands;

        for ( /* void */ ; cmd != NULL && cmd->name.len; cmd++) {
            if (view(cmd->name) == name) {
                *found = cf->cycle->modules[i];
                return cmd;
            }
        }
    }

    return NULL;
}


/* headers that are set twice: the upstream module's own come last */

static void
tell_of_header(ngx_conf_t *cf, const loc_conf_t *conf, ngx_command_t *cmd,
    ngx_array_t *set)
{
    for (ngx_keyval_t &kv : items<ngx_keyval_t>(set)) {
        if (is_listed(conf->headers, kv.key)) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"%V %V\" sends its own value, not the one of "
                          "\"auth_id_token_set_header\": use one of the two",
                          &cmd->name, &kv.key);
        }
    }
}


static void
tell_of_headers(ngx_conf_t *cf, main_conf_t *mcf, std::string_view module,
    std::string_view name)
{
    ngx_array_t    *set;
    ngx_module_t   *of;
    ngx_command_t  *cmd;

    std::vector<ngx_array_t *>  told;

    cmd = find_command(cf, module, name, &of);

    if (cmd == NULL || cmd->set != ngx_conf_set_keyval_slot) {
        return;
    }

    for (const loc_conf_t *conf : mcf->locations) {

        if (conf->headers == NULL) {
            continue;
        }

        set = *reinterpret_cast<ngx_array_t **>(
                  static_cast<u_char *>(conf->modules[of->ctx_index])
                  + cmd->offset);

        if (set == NULL || set == NGX_CONF_UNSET_PTR) {
            continue;
        }

        /* inherited ones are told of once */

        if (std::find(told.begin(), told.end(), set) == told.end()) {
            told.push_back(set);
            tell_of_header(cf, conf, cmd, set);
        }
    }
}


/*
 * The codes of the rewrite module are the first member of its configuration,
 * and the first code is never one of an "if" when it is a "return".
 */

static void
tell_of_return(ngx_conf_t *cf, main_conf_t *mcf)
{
    ngx_array_t                    *codes;
    ngx_module_t                   *of;
    ngx_command_t                  *log;
    ngx_http_core_loc_conf_t       *clcf;
    ngx_http_script_return_code_t  *code;

    log = find_command(cf, "ngx_http_rewrite_module", "rewrite_log", &of);

    if (log == NULL || log->offset != 2 * sizeof(void *)) {
        return;
    }

    for (const loc_conf_t *conf : mcf->locations) {

        codes = *static_cast<ngx_array_t **>(conf->modules[of->ctx_index]);

        if (!conf->enable || codes == NULL || codes->size != 1
            || codes->nelts < sizeof(ngx_http_script_return_code_t))
        {
            continue;
        }

        code = static_cast<ngx_http_script_return_code_t *>(codes->elts);

        if (code->code != ngx_http_script_return_code
            || code->status < 200 || code->status > 299)
        {
            continue;
        }

        clcf = static_cast<ngx_http_core_loc_conf_t *>(
                   conf->modules[ngx_http_core_module.ctx_index]);

        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"return %ui\" in location \"%V\" answers everybody, "
                      "before \"auth_id_token\" is asked",
                      code->status, &clcf->name);
    }
}


/*
 * A variable that is worked out once for a request and remembered, as that of
 * a "map" (or "geo", "split_clients"), which keeps a pointer to its own; one of
 * "set" has a number there.
 */

static ngx_uint_t
is_remembered(ngx_conf_t *cf, std::string_view name)
{
    ngx_http_variable_t  *var;

    auto  keys = &core_main_conf(cf)->variables_keys->keys;

    for (const ngx_hash_key_t &key : items<ngx_hash_key_t>(keys)) {

        if (view(key.key) != name) {
            continue;
        }

        var = static_cast<ngx_http_variable_t *>(key.value);

        return var->get_handler != NULL && var->data > 0xffff
               && (var->flags & NGX_HTTP_VAR_CHANGEABLE)
               && !(var->flags & NGX_HTTP_VAR_NOCACHEABLE);
    }

    return 0;
}


/* "$name" or "${name}" at the beginning of `text`: the name */

static std::string_view
variable_name(std::string_view text)
{
    text.remove_prefix(text.starts_with("${") ? 2 : 1);

    return text.substr(0, text.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyz0123456789_"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
}


static void
tell_of_selectors(ngx_conf_t *cf, main_conf_t *mcf)
{
    size_t  at;

    std::vector<std::string>  told;

    for (const loc_conf_t *conf : mcf->locations) {

        if (!conf->enable || conf->selector == NULL) {
            continue;
        }

        auto  text = view(conf->selector->value);

        for (at = text.find('$');
             at != text.npos;
             at = text.find('$', at + 1))
        {
            std::string  name(variable_name(text.substr(at)));

            for (char &c : name) {
                c = static_cast<char>(ngx_tolower(c));
            }

            if (is_remembered(cf, name)
                && std::find(told.begin(), told.end(), name) == told.end())
            {
                told.push_back(name);
                ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                              "\"$%*s\" in \"auth_id_token\" keeps its first "
                              "value for the whole request, also where a "
                              "redirect leads to another location: write "
                              "\"volatile;\" into its map",
                              name.size(), name.data());
            }
        }
    }
}


ngx_int_t
tell(ngx_conf_t *cf)
{
    main_conf_t  *mcf;

    mcf = main_conf(cf);

    if (tell_of_written(cf, mcf) != NGX_OK) {
        return NGX_ERROR;
    }

    tell_of_unused(cf, mcf);
    tell_of_report(cf, mcf);
    tell_of_selectors(cf, mcf);
    tell_of_headers(cf, mcf, "ngx_http_proxy_module", "proxy_set_header");
    tell_of_headers(cf, mcf, "ngx_http_grpc_module", "grpc_set_header");
    tell_of_return(cf, mcf);

    return NGX_OK;
}


}  // namespace id_token::nginx
