/* What a key server is trusted by, and what it is told of us. */

#ifndef IDT_FETCH_TRUST_H
#define IDT_FETCH_TRUST_H

#include "idt_glue/ngx.h"

#include <string>


namespace id_token::nginx {


/* full names; empty: the system's, or none */

typedef struct {
    ngx_str_t            trusted_certificate;
    ngx_str_t            crl;
    ngx_str_t            certificate;      /* our own, with its key */
    ngx_str_t            certificate_key;
    ngx_uint_t           verify_depth;
} trust_t;


/*
 * The CA certificates of the system: where OpenSSL looks, or else in the usual
 * place of a distribution. No file: there are none.
 */

typedef struct {
    bool                 standard;         /* OpenSSL finds them itself */
    std::string          file;
    std::string          dir;
} system_trust_t;

system_trust_t system_trust(void);


/*
 * Configuration time. The digest of the bytes of a file, without a name of
 * those that the system trusts; each is read once in a cycle. A file that
 * cannot be read has one, too: it is refused where it is used. Throws
 * std::bad_alloc.
 */

std::string trust_digest(ngx_conf_t *cf, const ngx_str_t *file);


/* "jwks_header": a value, what a file holds, or the one before the other */

typedef struct {
    ngx_str_t            name;
    ngx_str_t            value;
    ngx_str_t            file;
} added_field_t;

/*
 * What is sent now, read anew by each call: NULL, or what is wrong. Both throw
 * std::bad_alloc. proxy_credentials: a whole field line.
 */

const char *field_value(const added_field_t *field, std::string *value);
const char *proxy_credentials(const ngx_str_t *file, std::string *line);

}  // namespace id_token::nginx

#endif /* IDT_FETCH_TRUST_H */
