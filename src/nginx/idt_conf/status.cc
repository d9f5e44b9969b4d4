/* id_token_status: json, which is the default, or prometheus. */

#include "idt_conf/directives.h"

#include "idt_status/handlers.h"


namespace id_token::nginx {


char *
status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_handler_pt        handler;
    ngx_http_core_loc_conf_t  *clcf;

    auto  words = args(cf);

    handler = answers<status_json_handler>;

    if (words.size() > 1) {
        if (view(words[1]) == "prometheus") {
            handler = answers<status_prometheus_handler>;

        } else if (view(words[1]) != "json") {
            return emerg(cf, "invalid value \"%V\" in \"id_token_status\": "
                             "it must be \"json\" or \"prometheus\"",
                         &words[1]);
        }
    }

    clcf = core_loc_conf(cf);

    if (clcf->handler != NULL) {
        return emerg(cf, "the location \"%V\" has another handler already",
                     &clcf->name);
    }

    clcf->handler = handler;
    main_conf(cf)->shows_status = true;

    return NGX_CONF_OK;
}


}  // namespace id_token::nginx
