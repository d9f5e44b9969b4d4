/* auth_id_token_require: how rules on claims and variables are written. */

#include "idt_conf/told.h"
#include "idt_request/rules.h"


namespace id_token::nginx {


static ngx_int_t rule_operand(ngx_conf_t *cf, rule_t *rule, ngx_str_t *word);
static ngx_int_t rule_values(ngx_conf_t *cf, rule_t *rule, ngx_str_t *value,
    ngx_uint_t n);
static ngx_int_t rule_regex(ngx_conf_t *cf, rule_t *rule, ngx_str_t *pattern);


/* words are in their places: NGX_ERROR, logged, if not */

static ngx_int_t
check_words(ngx_conf_t *cf)
{
    ngx_uint_t  i, n;

    auto  value = args(cf);

    n = value.size();

    if (n == 2 || (n == 3 && view(value[2]).starts_with("error="))) {
        return emerg(cf, "\"auth_id_token_require\" needs an operator after "
                         "\"%V\"", &value[1]);
    }

    for (i = 1; i < n - 1; i++) {
        auto  word = view(value[i]);

        if (word == "error=401" || word == "error=403" || word == "error=404") {
            return emerg(cf, "\"%V\" in \"auth_id_token_require\" must be the "
                             "last word", &value[i]);
        }
    }

    return NGX_OK;
}


/* error=CODE */

static ngx_int_t
rule_error(ngx_conf_t *cf, rule_t *rule, ngx_str_t *word)
{
    auto  code = view(*word).substr(sizeof("error=") - 1);

    if (code == "401") {
        rule->error = Error::claim_rule_401;

    } else if (code == "404") {
        rule->error = Error::claim_rule_404;

    } else if (code != "403") {
        return emerg(cf, "invalid \"%V\" in \"auth_id_token_require\", it must "
                         "be 401, 403 or 404", word);
    }

    return NGX_OK;
}


/* the operator, and whether the number of values is what it needs */

static ngx_int_t
rule_operator(ngx_conf_t *cf, rule_t *rule, ngx_str_t *word, ngx_uint_t nvalues)
{
    auto  op = parse_operator(view(*word));

    if (!op) {
        return emerg(cf, "unknown operator \"%V\" in \"auth_id_token_require\":"
                         " it must be %V, or one of them behind \"!\"",
                         word, std::string_view(operator_words()));
    }

    rule->op = *op;

    if ((op->no_value && nvalues != 0) || (op->one_value && nvalues != 1)
        || (!op->no_value && nvalues == 0))
    {
        return emerg(cf, "operator \"%V\" in \"auth_id_token_require\" needs "
                         "%s", word,
                         op->no_value ? "no value"
                         : op->one_value ? "exactly one value" : "a value");
    }

    return NGX_OK;
}


static char *
add_rule(ngx_conf_t *cf, loc_conf_t *lcf)
{
    rule_t      *rule;
    ngx_uint_t   n;

    auto  value = args(cf);

    if (lcf->rules == NULL) {
        lcf->rules = ngx_array_create(cf->pool, 4, sizeof(rule_t));
        if (lcf->rules == NULL) {
            return CONF_ERROR;
        }
    }

    rule = push<rule_t>(lcf->rules);
    if (rule == NULL) {
        return CONF_ERROR;
    }

    n = value.size();
    rule->error = Error::claim_rule;

    if (view(value[n - 1]).starts_with("error=")) {
        if (rule_error(cf, rule, &value[--n]) != NGX_OK) {
            return CONF_ERROR;
        }
    }

    if (rule_operand(cf, rule, &value[1]) != NGX_OK
        || rule_operator(cf, rule, &value[2], n - 3) != NGX_OK
        || rule_values(cf, rule, &value[3], n - 3) != NGX_OK)
    {
        return CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * auth_id_token_require CLAIM [!]OPERATOR VALUE ... [error=401|403|404];
 * auth_id_token_require off;
 */

char *
require(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    loc_conf_t  *lcf;

    lcf = static_cast<loc_conf_t *>(conf);

    auto  value = args(cf);

    if (value.size() == 2 && view(value[1]) == "off") {
        lcf->drop_rules = 1;
        return NGX_CONF_OK;
    }

    if (check_words(cf) != NGX_OK || note_directive(cf, lcf, true) != NGX_OK) {
        return CONF_ERROR;
    }

    return add_rule(cf, lcf);
}


static ngx_int_t
rule_operand(ngx_conf_t *cf, rule_t *rule, ngx_str_t *word)
{
    rule->name = *word;

    if (ngx_http_script_variables_count(word)) {
        rule->variable = compile(cf, word);
        return (rule->variable != NULL) ? NGX_OK : NGX_ERROR;
    }

    return claim_slot(cf, word, &rule->slot);
}


static ngx_int_t
rule_values(ngx_conf_t *cf, rule_t *rule, ngx_str_t *value, ngx_uint_t n)
{
    ngx_uint_t                  i;
    ngx_http_complex_value_t   *cv, *compiled;

    rule->values = ngx_array_create(cf->pool, n ? n : 1,
                                    sizeof(ngx_http_complex_value_t));
    if (rule->values == NULL) {
        return NGX_ERROR;
    }

    if (rule->op.op == Operator::matches) {
        return rule_regex(cf, rule, &value[0]);
    }

    for (i = 0; i < n; i++) {

        compiled = compile(cf, &value[i]);
        if (compiled == NULL) {
            return NGX_ERROR;
        }

        if ((rule->op.op == Operator::less || rule->op.op == Operator::greater)
            && compiled->lengths == NULL
            && !parse_number(view(value[i])))
        {
            return emerg(cf, "\"%V\" in \"auth_id_token_require\" is not a "
                             "number", &value[i]);
        }

        cv = push<ngx_http_complex_value_t>(rule->values);
        if (cv == NULL) {
            return NGX_ERROR;
        }

        *cv = *compiled;
    }

    return NGX_OK;
}


#if (NGX_PCRE)

/*
 * A "$" that is neither escaped nor in a character class stands for the end of
 * the text: a word behind it was meant as a variable.
 */

static ngx_uint_t
has_variable(std::string_view pattern)
{
    size_t         i;
    ngx_uint_t     in_class;
    unsigned char  c;

    in_class = 0;

    for (i = 0; i + 1 < pattern.size(); i++) {

        if (pattern[i] == '\\') {
            i++;

        } else if (in_class) {
            in_class = (pattern[i] != ']');

        } else if (pattern[i] == '[') {
            in_class = 1;

            /* a "]" right at the beginning is one of the class */

            i += pattern.substr(i + 1).starts_with("]")
                 ? 1 : pattern.substr(i + 1).starts_with("^]") ? 2 : 0;

        } else if (pattern[i] == '$') {
            c = pattern[i + 1];

            if (((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
                || (c >= '0' && c <= '9') || c == '_' || c == '{')
            {
                return 1;
            }
        }
    }

    return 0;
}

#endif


static ngx_int_t
rule_regex(ngx_conf_t *cf, rule_t *rule, ngx_str_t *pattern)
{
#if (NGX_PCRE)

    ngx_regex_compile_t  rc;
    u_char               errstr[NGX_MAX_CONF_ERRSTR];

    if (has_variable(view(*pattern))) {
        return emerg(cf, "\"%V\" in \"auth_id_token_require\": a regular "
                         "expression cannot contain variables", pattern);
    }

    ngx_memzero(&rc, sizeof(rc));

    rc.pattern = *pattern;
    rc.pool = cf->pool;
    rc.err.len = NGX_MAX_CONF_ERRSTR;
    rc.err.data = errstr;

    if (ngx_regex_compile(&rc) != NGX_OK) {
        return emerg(cf, "%V in \"auth_id_token_require\"", &rc.err);
    }

    rule->regex = rc.regex;

    return NGX_OK;

#else

    return emerg(cf, "\"%V\" in \"auth_id_token_require\" needs an nginx with "
                     "PCRE", pattern);

#endif
}


/* inherited rules come first; "off" drops them */

ngx_int_t
merge_rules(ngx_conf_t *cf, loc_conf_t *prev, loc_conf_t *conf)
{
    ngx_array_t  *rules;

    if (conf->drop_rules || prev->rules == NULL) {
        return NGX_OK;
    }

    if (conf->rules == NULL) {
        conf->rules = prev->rules;
        return NGX_OK;
    }

    rules = concat(cf, prev->rules, conf->rules);
    if (rules == NULL) {
        return NGX_ERROR;
    }

    conf->rules = rules;

    return NGX_OK;
}


}  // namespace id_token::nginx
