/*
 * Claims as variables: each that the configuration names has a slot, where its
 * value lies ready; the others are looked up in the proven token.
 */

#include "idt_show/variables.h"

#include "idt_base/base64url.h"


static ngx_int_t ngx_http_auth_id_token_slot_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);


/*
 * All variables that the configuration refers to are known now: each claim
 * among them gets a slot, where its value lies ready. What is asked for by
 * name at run time (SSI, perl) takes the slow way.
 */

ngx_int_t
ngx_http_auth_id_token_init_variables(ngx_cycle_t *cycle) noexcept
{
    ngx_uint_t                           i;
    std::string_view                     name;
    ngx_http_variable_t                 *v;
    ngx_http_core_main_conf_t           *cmcf;
    ngx_http_auth_id_token_main_conf_t  *mcf;

    mcf = static_cast<ngx_http_auth_id_token_main_conf_t *>(
              ngx_http_cycle_get_module_main_conf(cycle,
                                            ngx_http_auth_id_token_module));
    cmcf = static_cast<ngx_http_core_main_conf_t *>(
               ngx_http_cycle_get_module_main_conf(cycle,
                                                   ngx_http_core_module));

    if (mcf == NULL || cmcf == NULL) {
        return NGX_OK;
    }

    v = static_cast<ngx_http_variable_t *>(cmcf->variables.elts);

    mcf->header_variables.clear();

    try {
        for (i = 0; i < cmcf->variables.nelts; i++) {

            name = ngx_http_auth_id_token_view(v[i].name);

            if (!(v[i].flags & NGX_HTTP_VAR_CHANGEABLE)
                && (name.starts_with("http_") || name.starts_with("cookie_")))
            {
                mcf->header_variables.push_back(i);
                continue;
            }

            if (v[i].get_handler != ngx_http_auth_id_token_claim_variable) {
                continue;
            }

            name.remove_prefix(sizeof(NGX_HTTP_AUTH_ID_TOKEN_CLAIM_PREFIX) - 1);

            v[i].data = ngx_http_auth_id_token_slot(mcf, {std::string(name)});
            v[i].get_handler = ngx_http_auth_id_token_slot_variable;
        }

    } catch (...) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "out of memory");
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* "$" and a name that can be written without braces; "$1" is a capture */

static ngx_uint_t
ngx_http_auth_id_token_is_variable(const ngx_str_t &word)
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


/* id_token_claim_set $variable path ... */

char *
ngx_http_auth_id_token_claim_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
    noexcept
{
    ngx_str_t                           *value, name;
    ngx_uint_t                           i;
    ngx_http_variable_t                 *var;
    ngx_http_auth_id_token_main_conf_t  *mcf;

    mcf = static_cast<ngx_http_auth_id_token_main_conf_t *>(conf);
    value = static_cast<ngx_str_t *>(cf->args->elts);

    if (!ngx_http_auth_id_token_is_variable(value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid variable name \"%V\" in "
                           "\"id_token_claim_set\"",
                           &value[1]);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    name.data = value[1].data + 1;
    name.len = value[1].len - 1;

    if (name.len >= sizeof("id_token_") - 1
        && ngx_strncasecmp(name.data,
                           reinterpret_cast<u_char *>(
                               const_cast<char *>("id_token_")),
                           sizeof("id_token_") - 1)
           == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" in \"id_token_claim_set\" is a name that "
                           "the module keeps for itself",
                           &value[1]);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    /* not changeable: no "set", "map" or capture of an URI may replace it */

    var = ngx_http_add_variable(cf, &name, NGX_HTTP_VAR_NOCACHEABLE);
    if (var == NULL) {
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    if (var->get_handler != NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the variable \"%V\" in \"id_token_claim_set\" is "
                           "defined already",
                           &value[1]);
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    try {
        id_token::ClaimPath  path;

        for (i = 2; i < cf->args->nelts; i++) {
            auto  step = (cf->args->nelts == 3)
                         ? id_token::parse_claim_path(
                               ngx_http_auth_id_token_view(value[i]))
                         : id_token::ClaimPath{
                               std::string(
                                   ngx_http_auth_id_token_view(value[i]))};

            if (!step || value[i].len == 0) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "invalid claim \"%V\" in "
                                   "\"id_token_claim_set\"",
                                   &value[i]);
                return static_cast<char *>(NGX_CONF_ERROR);
            }

            path.insert(path.end(), step->begin(), step->end());
        }

        var->get_handler = ngx_http_auth_id_token_slot_variable;
        var->data = ngx_http_auth_id_token_slot(mcf, path);

    } catch (...) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "out of memory");
        return static_cast<char *>(NGX_CONF_ERROR);
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_http_auth_id_token_claim_slot(ngx_conf_t *cf, ngx_str_t *word,
    ngx_uint_t *slot) noexcept
{
    ngx_http_auth_id_token_main_conf_t  *mcf;

    mcf = static_cast<ngx_http_auth_id_token_main_conf_t *>(
        ngx_http_conf_get_module_main_conf(cf, ngx_http_auth_id_token_module));

    try {
        auto  path = id_token::parse_claim_path(
                         ngx_http_auth_id_token_view(*word));

        if (word->len == 0 || !path) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" in \"%V\" is not the name of a claim",
                               word, static_cast<ngx_str_t *>(cf->args->elts));
            return NGX_ERROR;
        }

        *slot = ngx_http_auth_id_token_slot(mcf, *path);

    } catch (...) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "out of memory");
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_auth_id_token_slot(ngx_http_auth_id_token_main_conf_t *mcf,
    const id_token::ClaimPath &path)
{
    ngx_uint_t  i;

    for (i = 0; i < mcf->slots.size(); i++) {
        if (mcf->slots[i] == path) {
            return i;
        }
    }

    mcf->slots.push_back(path);

    return i;
}


static ngx_int_t
ngx_http_auth_id_token_set_copy(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, std::string_view value)
{
    u_char  *p;

    p = static_cast<u_char *>(ngx_pnalloc(r->pool, value.size()));
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, value.data(), value.size());

    return ngx_http_auth_id_token_set_value(v,
               std::string_view(reinterpret_cast<char *>(p), value.size()));
}


/* parsed from the bytes of the proven token, once */

const id_token::Claims *
ngx_http_auth_id_token_parse_claims(ngx_http_auth_id_token_ctx_t *ctx)
{
    if (ctx->parsed.has_value() && ctx->parsed_of == ctx->token.get()) {
        return &*ctx->parsed;
    }

    auto  segments = id_token::parse_segments(ctx->token->token());
    if (!segments) {
        return NULL;
    }

    auto  bytes = id_token::base64url_decode(segments->payload);
    if (!bytes) {
        return NULL;
    }

    auto  claims = id_token::Claims::parse(*bytes);
    if (!claims) {
        return NULL;
    }

    ctx->parsed.emplace(std::move(*claims));
    ctx->parsed_of = ctx->token.get();

    return &*ctx->parsed;
}


ngx_int_t
ngx_http_auth_id_token_claims_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_auth_id_token_ctx_t  *ctx;

    ctx = ngx_http_auth_id_token_proven(r);

    if (ctx == NULL) {
        return ngx_http_auth_id_token_not_found(v);
    }

    if (ctx->claims.data != NULL) {
        return ngx_http_auth_id_token_set_value(v,
                   ngx_http_auth_id_token_view(ctx->claims));
    }

    try {
        const id_token::Claims  *claims;
        std::string              json;

        claims = ngx_http_auth_id_token_parse_claims(ctx);
        if (claims == NULL) {
            return NGX_ERROR;
        }

        claims->root().append_json(json);

        if (ngx_http_auth_id_token_set_copy(r, v, json) != NGX_OK) {
            return NGX_ERROR;
        }

    } catch (...) {
        return NGX_ERROR;
    }

    ctx->claims.data = v->data;
    ctx->claims.len = v->len;

    return NGX_OK;
}


/* a claim that the configuration names: data is its slot */

static ngx_int_t
ngx_http_auth_id_token_slot_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_auth_id_token_ctx_t  *ctx;

    ctx = ngx_http_auth_id_token_proven(r);

    if (ctx == NULL) {
        return ngx_http_auth_id_token_not_found(v);
    }

    id_token::ClaimValue  value = ctx->token->slot(data);

    if (!value.present() || !value.printable()) {
        return ngx_http_auth_id_token_not_found(v);
    }

    return ngx_http_auth_id_token_set_value(v, value.text());
}


/* a claim that is asked for by name at run time */

ngx_int_t
ngx_http_auth_id_token_claim_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                     *full;
    std::string_view               name;
    ngx_http_auth_id_token_ctx_t  *ctx;

    ctx = ngx_http_auth_id_token_proven(r);

    if (ctx == NULL) {
        return ngx_http_auth_id_token_not_found(v);
    }

    full = reinterpret_cast<ngx_str_t *>(data);
    name = ngx_http_auth_id_token_view(*full);
    name.remove_prefix(sizeof(NGX_HTTP_AUTH_ID_TOKEN_CLAIM_PREFIX) - 1);

    try {
        const id_token::Claims  *claims;
        std::string              packed;

        claims = ngx_http_auth_id_token_parse_claims(ctx);
        if (claims == NULL) {
            return NGX_ERROR;
        }

        id_token::ClaimValue::pack(packed, claims->find(name));
        id_token::ClaimValue  value(packed);

        if (!value.present() || !value.printable()) {
            return ngx_http_auth_id_token_not_found(v);
        }

        return ngx_http_auth_id_token_set_copy(r, v, value.text());

    } catch (...) {
        return NGX_ERROR;
    }
}
