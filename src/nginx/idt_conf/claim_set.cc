/* id_token_claim_set: a variable of a claim that no other variable names. */

#include "idt_conf/directives.h"
#include "idt_show/variables.h"


namespace id_token::nginx {


/* "$" and a name that can be written without braces; "$1" is a capture */

static ngx_uint_t
is_variable(const ngx_str_t &word)
{
    size_t  i;
    u_char  c;

    if (word.len < 2 || word.data[0] != '$'
        || (word.data[1] >= '0' && word.data[1] <= '9'))
    {
        return 0;
    }

    for (i = 1; i < word.len; i++) {
        c = word.data[i] | 0x20;

        if (!((c >= 'a' && c <= 'z')
              || (word.data[i] >= '0' && word.data[i] <= '9')
              || word.data[i] == '_'))
        {
            return 0;
        }
    }

    return 1;
}


/* id_token_claim_set $variable path ... [escape=uri] */

char *
claim_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    bool                  escaped;
    ngx_str_t             name;
    ngx_uint_t            i, n;
    ngx_http_variable_t  *var;
    main_conf_t          *mcf;

    mcf = static_cast<main_conf_t *>(conf);

    auto  value = args(cf);

    if (!is_variable(value[1])) {
        return emerg(cf, "invalid variable name \"%V\" in "
                         "\"id_token_claim_set\"", &value[1]);
    }

    name.data = value[1].data + 1;
    name.len = value[1].len - 1;

    if (name.len >= sizeof("id_token_") - 1
        && ngx_strncasecmp(name.data,
                           bytes("id_token_"),
                           sizeof("id_token_") - 1)
           == 0)
    {
        return emerg(cf, "\"%V\" in \"id_token_claim_set\" is a name that the "
                         "module keeps for itself", &value[1]);
    }

    /* not changeable: no "set", "map" or capture of an URI may replace it */

    var = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
    if (var == NULL) {
        return CONF_ERROR;
    }

    if (var->get_handler != NULL) {
        return emerg(cf, "the variable \"%V\" in \"id_token_claim_set\" is "
                         "defined already", &value[1]);
    }

    n = value.size();
    escaped = (n > 3 && view(value[n - 1]).starts_with("escape="));

    if (escaped && view(value[--n]) != "escape=uri") {
        return emerg(cf, "\"%V\" in \"id_token_claim_set\" is no form: "
                         "escape=uri is the only one", &value[n]);
    }

    ClaimPath  path;

    for (i = 2; i < n; i++) {
        auto  step = (n == 3)
                     ? parse_claim_path(view(value[i]))
                     : ClaimPath{
                           std::string(view(value[i]))};

        if (!step || value[i].len == 0) {
            return emerg(cf, "invalid claim \"%V\" in "
                             "\"id_token_claim_set\"", &value[i]);
        }

        path.insert(path.end(), step->begin(), step->end());
    }

    var->get_handler = escaped ? shows<escaped_slot_variable>
                                : shows<slot_variable>;
    var->data = slot_of(mcf, path);

    return NGX_CONF_OK;
}


}  // namespace id_token::nginx
