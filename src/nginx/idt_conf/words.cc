/* What directives make of their words: choices, variables, lists. */

#include "idt_conf/directives.h"

#include <algorithm>

#include "idt_keys/url.h"


namespace id_token::nginx {


/* for set_enum */

ngx_conf_enum_t  modes[] = {
    { ngx_string("enforce"), Mode::enforce },
    { ngx_string("optional"), Mode::optional },
    { ngx_string("report"), Mode::report },
    { ngx_null_string, 0 }
};


ngx_conf_enum_t  preflights[] = {
    { ngx_string("check"), 0 },
    { ngx_string("pass"), 1 },
    { ngx_null_string, 0 }
};


ngx_conf_enum_t  log_levels[] = {
    { ngx_string("info"), NGX_LOG_INFO },
    { ngx_string("notice"), NGX_LOG_NOTICE },
    { ngx_string("warn"), NGX_LOG_WARN },
    { ngx_string("error"), NGX_LOG_ERR },
    { ngx_null_string, 0 }
};


/* one word of the list that the directive brings along */

char *
set_enum(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    u_char           *p, *last;
    ngx_uint_t        i, *field;
    ngx_conf_enum_t  *e;
    u_char            choices[128];

    field = reinterpret_cast<ngx_uint_t *>(static_cast<char *>(conf)
                                           + cmd->offset);

    if (*field != NGX_CONF_UNSET_UINT) {
        return IS_DUPLICATE;
    }

    e = static_cast<ngx_conf_enum_t *>(cmd->post);

    auto  value = args(cf);

    p = choices;
    last = choices + sizeof(choices) - 1;

    for (i = 0; e[i].name.len != 0; i++) {

        if (view(e[i].name) == view(value[1])) {
            *field = e[i].value;
            return NGX_CONF_OK;
        }

        p = ngx_slprintf(p, last, "%s\"%V\"",
                         (i == 0) ? "" : e[i + 1].name.len ? ", " : " or ",
                         &e[i].name);
    }

    *p = '\0';

    return emerg(cf, "\"%V\" must be %s, not \"%V\"",
                     &cmd->name, choices, &value[1]);
}


ngx_str_t
shown(ngx_conf_t *cf, const ngx_str_t &word)
{
    ngx_str_t    copy;
    std::string  text = without_userinfo(view(word));

    copy = copied(cf->temp_pool, text);
    if (copy.data == NULL) {
        throw std::bad_alloc();
    }

    return copy;
}


char *
refuse(ngx_conf_t *cf, const char *directive, const char *why,
    const ngx_str_t &word)
{
    ngx_str_t  text = shown(cf, word);

    return emerg(cf, "\"%s\" %s \"%V\"", directive, why, &text);
}


/* a template that was not filled in, or a variable where there are none */

void
warn_literal(ngx_conf_t *cf)
{
    u_char      *p, c;
    ngx_str_t    word;
    ngx_uint_t   i;

    auto  value = args(cf);

    for (i = 1; i < value.size(); i++) {
        for (p = value[i].data; p + 1 < value[i].data + value[i].len; p++) {

            c = p[1] | 0x20;

            if (p[0] == '$' && ((c >= 'a' && c <= 'z') || p[1] == '{')) {
                word = shown(cf, value[i]);
                ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                                   "\"%V\" in \"%V\" is taken as it stands: "
                                   "there are no variables here",
                                   &word, &value[0]);
                break;
            }
        }
    }
}


ngx_http_complex_value_t *
compile(ngx_conf_t *cf, ngx_str_t *value)
{
    ngx_http_complex_value_t          *cv;
    ngx_http_compile_complex_value_t   ccv;

    cv = static_cast<ngx_http_complex_value_t *>(
             ngx_pcalloc(cf->pool, sizeof(ngx_http_complex_value_t)));
    if (cv == NULL) {
        return NULL;
    }

    ngx_memzero(&ccv, sizeof(ccv));
    ccv.cf = cf;
    ccv.value = value;
    ccv.complex_value = cv;

    return (ngx_http_compile_complex_value(&ccv) == NGX_OK) ? cv : NULL;
}


ngx_array_t *
concat(ngx_conf_t *cf, ngx_array_t *a, ngx_array_t *b)
{
    u_char       *p;
    ngx_array_t  *sum;

    sum = ngx_array_create(cf->pool, a->nelts + b->nelts, a->size);
    if (sum == NULL) {
        return NULL;
    }

    p = static_cast<u_char *>(ngx_array_push_n(sum, a->nelts + b->nelts));
    p = ngx_cpymem(p, a->elts, a->nelts * a->size);
    ngx_memcpy(p, b->elts, b->nelts * b->size);

    return sum;
}


/* ": known are "a", "b"", for messages; the first of them */

std::string
known_providers(ngx_conf_t *cf)
{
    std::string                    text;
    std::vector<std::string_view>  names;

    for (const auto &[name, provider] : main_conf(cf)->providers) {
        names.push_back(name);
    }

    if (names.empty()) {
        return ": there is none";
    }

    std::sort(names.begin(), names.end());

    for (std::string_view name : names) {
        if (text.size() > 128) {
            return ": known are " + text + ", ...";
        }

        text += (text.empty() ? "\"" : ", \"") + std::string(name) + "\"";
    }

    return ": known are " + text;
}


}  // namespace id_token::nginx
