/* Files that hold a secret: keys and passwords. */

#ifndef IDT_CONF_SECRET_H
#define IDT_CONF_SECRET_H

#include "idt_glue/ngx.h"

#include <optional>

#include "idt_mint/signing_key.h"


namespace id_token::nginx {


typedef struct {
    const char  *word;     /* the directive that names it */
    ngx_str_t   *name;     /* full, and ends with a NUL */
    size_t       limit;    /* of its size */
    const char  *kind;     /* "larger than a private key" */
    const char  *harm;     /* "whoever reads it can sign identities" */
} secret_file_t;


/*
 * The bytes; nothing: the error has been logged. How open the file is, is said
 * as a warning. May throw std::bad_alloc.
 */

std::optional<Secret> read_secret(ngx_conf_t *cf, const secret_file_t &file);


}  // namespace id_token::nginx

#endif /* IDT_CONF_SECRET_H */
