/* The block id_token_revocations, and when it is in force without one. */

#include <algorithm>

#include "idt_conf/block.h"
#include "idt_conf/defaults.h"
#include "idt_conf/directives.h"


namespace id_token::nginx {


#define MIN_ZONE  (32 * 1024)


static char *set_zone(ngx_conf_t *cf, size_t &field);


/* the block redis{} belongs here, too */

static const word_t  revocation_words[] = {
    { "zone", 1, 1, to<set_zone, &revocations_conf_t::zone> },
    { "keep", 1, 1, to<set_positive_sec, &revocations_conf_t::keep> },
    { "state", 1, 1, to<set_state, &revocations_conf_t::state> },
};


/* id_token_revocations { ... } */

char *
revocations(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    main_conf_t         *mcf;
    revocations_conf_t  *block;

    mcf = static_cast<main_conf_t *>(conf);
    block = &mcf->revocations_conf;

    if (block->file != NULL) {
        return IS_DUPLICATE;
    }

    block->file = cf->conf_file->file.name.data;
    block->line = cf->conf_file->line;
    block->zone = NGX_CONF_UNSET_SIZE;
    block->keep = NGX_CONF_UNSET;

    mcf->may_revoke = true;

    reader_t  reader = { "id_token_revocations", NULL, revocation_words,
                         block };

    return read_block(cf, reader);
}


static char *
set_zone(ngx_conf_t *cf, size_t &field)
{
    ssize_t  size;

    if (field != NGX_CONF_UNSET_SIZE) {
        return DUPLICATE;
    }

    size = ngx_parse_size(&args(cf)[1]);

    if (size == NGX_ERROR || size < MIN_ZONE) {
        return const_cast<char *>("needs a size from 32k such as \"1m\", not");
    }

    field = size;

    return NGX_CONF_OK;
}


/* what a token is asked for where its session may have ended */

static void
name_claims(main_conf_t *mcf)
{
    mcf->subject_slot = slot_of(mcf, { "sub" });
    mcf->sid_slot = slot_of(mcf, { "sid" });
    mcf->jti_slot = slot_of(mcf, { "jti" });
    mcf->session_nonce_slot = slot_of(mcf, { "nonce" });
}


/* no token outlives what is known of it */

static time_t
bound_providers(main_conf_t *mcf, time_t keep)
{
    int64_t  leeway = 0;

    for (auto &[name, provider] : mcf->providers) {
        Policy  &policy = provider->policy;

        provider->digest = provider_digest(policy.issuer, policy.client_id);
        policy.max_age = std::min<int64_t>(policy.max_age.value_or(keep), keep);
        leeway = std::max(leeway, policy.leeway);
    }

    return leeway;
}


ngx_int_t
init_revocations(ngx_conf_t *cf)
{
    main_conf_t         *mcf;
    revocations_conf_t  *conf;

    mcf = main_conf(cf);

    if (!mcf->may_revoke) {
        return NGX_OK;
    }

    conf = &mcf->revocations_conf;

    if (conf->file == NULL) {
        conf->zone = NGX_CONF_UNSET_SIZE;
        conf->keep = NGX_CONF_UNSET;
    }

    ngx_conf_init_size_value(conf->zone, DEFAULT_ZONE_SIZE);
    ngx_conf_init_value(conf->keep, DEFAULT_KEEP);

    mcf->revocations = revocations_add(cf, conf);
    if (mcf->revocations == NULL) {
        return NGX_ERROR;
    }

    name_claims(mcf);
    mcf->revocations->leeway = bound_providers(mcf, conf->keep);

    return NGX_OK;
}


}  // namespace id_token::nginx
