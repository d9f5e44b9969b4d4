/*
 * Claims that the configuration names: each has a slot, where its value lies
 * ready beside a proven token.
 */

#include "idt_conf/directives.h"
#include "idt_show/variables.h"


namespace id_token::nginx {


/* what names a claim gets its slot; no step leads to all of them */

static void
give_slot(main_conf_t *mcf, ngx_http_variable_t *v)
{
    std::string_view  name = view(v->name);

    if (v->get_handler == shows<claims_variable>) {
        v->data = slot_of(mcf, {});
        v->get_handler = shows<slot_variable>;

    } else if (v->get_handler == shows<escaped_claim_variable>) {
        name.remove_prefix(sizeof(ESCAPED_PREFIX) - 1);

        v->data = slot_of(mcf, {std::string(name)});
        v->get_handler = shows<escaped_slot_variable>;

    } else if (v->get_handler == shows<claim_variable>) {
        name.remove_prefix(sizeof(CLAIM_PREFIX) - 1);

        v->data = slot_of(mcf, {std::string(name)});
        v->get_handler = shows<slot_variable>;
    }
}


static void
sort_variables(main_conf_t *mcf, const ngx_array_t *variables)
{
    ngx_uint_t  i;

    auto  v = items<ngx_http_variable_t>(variables);

    mcf->header_variables.clear();
    mcf->verdict_variables.clear();

    for (i = 0; i < v.size(); i++) {

        std::string_view  name = view(v[i].name);

        if (!(v[i].flags & NGX_HTTP_VAR_CHANGEABLE)
            && (name.starts_with("http_") || name.starts_with("cookie_")))
        {
            mcf->header_variables.push_back(i);
            continue;
        }

        if (name.starts_with("id_token_")
            || v[i].get_handler == shows<slot_variable>
            || v[i].get_handler == shows<escaped_slot_variable>)
        {
            mcf->verdict_variables.push_back(i);
        }

        give_slot(mcf, &v[i]);
    }
}


/*
 * All variables that the configuration refers to are known now: each claim
 * among them gets a slot, where its value lies ready. What is asked for by
 * name at run time (SSI, perl) takes the slow way.
 */

ngx_int_t
init_variables(ngx_cycle_t *cycle) noexcept
{
    ngx_http_core_main_conf_t  *cmcf;
    main_conf_t                *mcf;

    mcf = main_conf(cycle);
    cmcf = static_cast<ngx_http_core_main_conf_t *>(
               ngx_http_cycle_get_module_main_conf(cycle,
                                                   ngx_http_core_module));

    if (mcf == NULL || cmcf == NULL) {
        return NGX_OK;
    }

    try {
        sort_variables(mcf, &cmcf->variables);

    } catch (...) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0, "out of memory");
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
claim_slot(ngx_conf_t *cf, ngx_str_t *word, ngx_uint_t *slot)
{
    main_conf_t  *mcf;

    mcf = main_conf(cf);

    auto  path = parse_claim_path(view(*word));

    if (word->len == 0 || !path) {
        return emerg(cf, "\"%V\" in \"%V\" is not the name of a claim",
                         word, &args(cf)[0]);
    }

    *slot = slot_of(mcf, *path);

    return NGX_OK;
}


ngx_uint_t
slot_of(main_conf_t *mcf, const ClaimPath &path)
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


}  // namespace id_token::nginx
