/* The directories of what is kept over a restart. */

#ifndef IDT_SOURCE_DIRECTORY_H
#define IDT_SOURCE_DIRECTORY_H

extern "C" {
#include <ngx_config.h>
#include <ngx_core.h>
}


namespace id_token::nginx {


/*
 * In the master: it is there, and the workers' own. NULL, or the call that has
 * failed, with errno.
 */

const char *prepare_directory(ngx_cycle_t *cycle, const ngx_str_t *path)
    noexcept;


}  // namespace id_token::nginx

#endif /* IDT_SOURCE_DIRECTORY_H */
