/* The reader of blocks: which words there are, and how many arguments. */

#include "idt_conf/block.h"


namespace id_token::nginx {


static const word_t *
find_word(const reader_t &reader, std::string_view name)
{
    for (const word_t &word : reader.words) {
        if (name == word.name) {
            return &word;
        }
    }

    return NULL;
}


/* nginx does not count the arguments of include here */

static char *
include(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    if (cf->args->nelts != 2) {
        return emerg(cf, "invalid number of arguments in \"include\" "
                         "directive");
    }

    return ngx_conf_include(cf, cmd, conf);
}


static char *
read_word(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    char          *rv;
    reader_t      *reader;
    const word_t  *word;

    reader = static_cast<reader_t *>(conf);

    auto  value = args(cf);

    if (view(value[0]) == "include") {
        return include(cf, dummy, conf);
    }

    word = find_word(*reader, view(value[0]));

    if (word == NULL && reader->name == NULL) {
        return emerg(cf, "unknown directive \"%V\" in %s", &value[0],
                         reader->directive);
    }

    if (word == NULL) {
        return emerg(cf, "unknown directive \"%V\" in %s \"%V\"", &value[0],
                         reader->directive, reader->name);
    }

    if (value.size() - 1 < word->min_args
        || value.size() - 1 > word->max_args)
    {
        return emerg(cf, "invalid number of arguments in \"%s\" directive",
                         word->name);
    }

    if (!(word->kind & WORD_SECRET)) {
        warn_literal(cf);
    }

    if ((word->kind & WORD_REMOTE) && reader->remote == NULL) {
        reader->remote = word->name;
    }

    if (word->kind & WORD_LOGIN) {
        reader->login = word->name;
    }

    rv = word->set(cf, reader->block);

    if (rv != NGX_CONF_OK && rv != NGX_CONF_ERROR) {
        return refuse(cf, word->name, rv, value.back());
    }

    return rv;
}


char *
read_block(ngx_conf_t *cf, reader_t &reader)
{
    char        *rv;
    ngx_conf_t   save;

    save = *cf;

    cf->handler = configures<read_word>;
    cf->handler_conf = reinterpret_cast<char *>(&reader);

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    return rv;
}


}  // namespace id_token::nginx
