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


/* a new variable; NULL: logged */

static ngx_http_variable_t *
add_claim_variable(ngx_conf_t *cf, ngx_str_t &word)
{
    ngx_str_t             name;
    ngx_http_variable_t  *var;

    if (!is_variable(word)) {
        return emerg(cf, "invalid variable name \"%V\" in "
                         "\"id_token_claim_set\"", &word);
    }

    name.data = word.data + 1;
    name.len = word.len - 1;

    if (name.len >= sizeof("id_token_") - 1
        && ngx_strncasecmp(name.data, bytes("id_token_"),
                           sizeof("id_token_") - 1)
           == 0)
    {
        return emerg(cf, "\"%V\" in \"id_token_claim_set\" is a name that the "
                         "module keeps for itself", &word);
    }

    /* not changeable: no "set", "map" or capture of an URI may replace it */

    var = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);

    if (var != NULL && var->get_handler != NULL) {
        return emerg(cf, "the variable \"%V\" in \"id_token_claim_set\" is "
                         "defined already", &word);
    }

    return var;
}


/* one word is a name or a JSON pointer, several are a step each */

static std::optional<ClaimPath>
claim_path(ngx_conf_t *cf, std::span<ngx_str_t> words)
{
    ClaimPath  path;

    for (ngx_str_t &word : words) {
        auto  step = (words.size() == 1)
                         ? parse_claim_path(view(word))
                         : ClaimPath{ std::string(view(word)) };

        if (!step || word.len == 0) {
            (void) emerg(cf, "invalid claim \"%V\" in \"id_token_claim_set\"",
                             &word);
            return std::nullopt;
        }

        path.insert(path.end(), step->begin(), step->end());
    }

    return path;
}


/* id_token_claim_set $variable path ... [escape=uri] */

char *
claim_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    bool                  escaped;
    ngx_uint_t            n;
    ngx_http_variable_t  *var;

    auto  value = args(cf);

    var = add_claim_variable(cf, value[1]);
    if (var == NULL) {
        return CONF_ERROR;
    }

    n = value.size();
    escaped = (n > 3 && view(value[n - 1]).starts_with("escape="));

    if (escaped && view(value[--n]) != "escape=uri") {
        return emerg(cf, "\"%V\" in \"id_token_claim_set\" is no form: "
                         "escape=uri is the only one", &value[n]);
    }

    auto  path = claim_path(cf, value.subspan(2, n - 2));

    if (!path) {
        return CONF_ERROR;
    }

    var->get_handler = escaped ? shows<escaped_slot_variable>
                               : shows<slot_variable>;
    var->data = slot_of(static_cast<main_conf_t *>(conf), *path);

    return NGX_CONF_OK;
}


}  // namespace id_token::nginx
