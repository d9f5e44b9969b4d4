/* What a worker remembers: proven tokens, contexts of OpenSSL. */

#include "idt_request/judge.h"


namespace id_token::nginx {


/*
 * With "master_process off" a reload brings a new configuration into this
 * process.
 */

static struct {
    main_conf_t                *conf;
    std::unique_ptr<Validator>  validator;
} the_worker;


Validator *
get_validator(main_conf_t *mcf)
{
    auto  &worker = the_worker;

    if (worker.conf != mcf) {
        worker.validator = std::make_unique<Validator>(
                               mcf->slots, mcf->cache_size);
        worker.conf = mcf;
    }

    return worker.validator.get();
}


void
charge(VerifiedToken *token) noexcept
{
    if (the_worker.validator) {
        the_worker.validator->cache().charge(token);
    }
}


void
exit_worker(void) noexcept
{
    the_worker.validator.reset();
    the_worker.conf = NULL;
}


}  // namespace id_token::nginx
