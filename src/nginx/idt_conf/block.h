/* Blocks: their reader; id_token_provider while it is read, its setters. */

#ifndef IDT_CONF_BLOCK_H
#define IDT_CONF_BLOCK_H

#include "idt_conf/login_block.h"


namespace id_token::nginx {


/*
 * A word of a block. Its setter returns what is put between the word and its
 * last argument, or that an error has been logged.
 */

struct word_t {
    const char  *name;
    ngx_uint_t   min_args;
    ngx_uint_t   max_args;
    char      *(*set)(ngx_conf_t *cf, void *block);
    unsigned     kind = 0;
};

#define WORD_SECRET  1   /* its value is not for the log */
#define WORD_REMOTE  2   /* means nothing with jwks_file */
#define WORD_LOGIN   4   /* means nothing without redirect_uri */


/* a block while it is read */

struct reader_t {
    const char              *directive;
    const ngx_str_t         *name;     /* NULL: there is one such block */
    std::span<const word_t>  words;
    void                    *block;
    const char              *remote = NULL;   /* the first such word */
    const char              *login = NULL;    /* the last such word */
};

/* up to the closing brace; every error has been logged */
char *read_block(ngx_conf_t *cf, reader_t &reader);


/* the setter S of a member, named by the steps that lead to it */

template <class B, class M>
B block_of(M B::*);

template <auto S, auto First, auto... Rest>
char *
to(ngx_conf_t *cf, void *block)
{
    using B = decltype(block_of(First));

    return S(cf, ((static_cast<B *>(block)->*First) .* ... .* Rest));
}


/* the setter S of several members of B */

template <auto S, class B>
char *
into(ngx_conf_t *cf, void *block)
{
    return S(cf, *static_cast<B *>(block));
}


/* what has been read so far; becomes a provider at the closing brace */

typedef struct block_s {
    ngx_str_t          name;
    ngx_str_t          issuer;
    ngx_str_t          client_id;
    ngx_str_t          jwks_file;
    ngx_array_t       *algorithms;
    ngx_array_t       *trusted_audiences;
    ngx_array_t       *authorized_parties;
    time_t             leeway;
    time_t             max_age;
    time_t             max_auth_age;
    key_source_conf_t  keys;
    login_block_t      login;
    const char        *remote;  /* a word for a URL */
} block_t;


#define DUPLICATE                                                             \
    const_cast<char *>("is duplicate, near")


char *set_str(ngx_conf_t *cf, ngx_str_t &field);
char *set_name(ngx_conf_t *cf, ngx_str_t &field);
char *set_file(ngx_conf_t *cf, ngx_str_t &field);
char *set_leeway(ngx_conf_t *cf, time_t &field);
char *set_positive_sec(ngx_conf_t *cf, time_t &field);
char *set_positive_msec(ngx_conf_t *cf, ngx_msec_t &field);
char *set_size(ngx_conf_t *cf, size_t &field);
char *set_depth(ngx_conf_t *cf, ngx_uint_t &field);
char *set_list(ngx_conf_t *cf, ngx_array_t *&field);
char *set_names(ngx_conf_t *cf, ngx_array_t *&field);
char *set_audiences(ngx_conf_t *cf, ngx_array_t *&field);
char *set_state(ngx_conf_t *cf, ngx_path_t *&field);
char *set_jwks_uri(ngx_conf_t *cf, block_t &block);
char *set_jwks_header(ngx_conf_t *cf, block_t &block);
char *set_proxy(ngx_conf_t *cf, block_t &block);


/* complete.cc: the provider of a block that has been read */
char *complete_provider(ngx_conf_t *cf, main_conf_t *mcf, block_t *block);


}  // namespace id_token::nginx

#endif /* IDT_CONF_BLOCK_H */
