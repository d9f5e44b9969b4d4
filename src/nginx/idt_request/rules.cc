/* auth_id_token_require: whether a proven token meets the rules. */

#include "idt_request/rules.h"


namespace id_token::nginx {


static Error judge_rule(ngx_http_request_t *r, rule_t *rule,
    VerifiedToken *token);


/* the first rule that is not met decides the answer */

Error
judge_rules(ngx_http_request_t *r, loc_conf_t *conf, ctx_t *ctx)
{
    Error  error;

    for (rule_t &rule : items<rule_t>(conf->rules)) {

        error = judge_rule(r, &rule, ctx->token.get());
        if (error != Error::ok) {
            ctx->rule = &rule.name;
            return error;
        }
    }

    return Error::ok;
}


#if (NGX_PCRE)

static Error
judge_pattern(const rule_t *rule, const Operand &operand)
{
    ngx_int_t  rc;
    ngx_str_t  text;

    auto  scalar = operand.scalar();

    if (!operand.present() || !scalar) {
        return rule->error;
    }

    text = str(*scalar);

    rc = ngx_regex_exec(rule->regex, &text, NULL, 0);

    /* one that gives up, as at PCRE's limits, tells neither */

    if (rc < 0 && rc != NGX_REGEX_NO_MATCHED) {
        return rule->error;
    }

    return ((rc >= 0) != rule->op.negated) ? Error::ok : rule->error;
}

#endif


static Error
judge_values(ngx_http_request_t *r, const rule_t *rule, const Operand &operand)
{
    ngx_str_t                      text;
    std::vector<std::string_view>  values;

    values.reserve(rule->values->nelts);

    for (auto &cv : items<ngx_http_complex_value_t>(rule->values)) {

        if (ngx_http_complex_value(r, &cv, &text) != NGX_OK) {
            return Error::out_of_memory;
        }

        /* a hole in a map is no value: nothing equals it, nothing differs */

        if (text.len == 0 && cv.lengths != NULL) {
            if (rule->op.negated) {
                return rule->error;
            }

            continue;
        }

        values.push_back(view(text));
    }

    if (values.empty() && !rule->op.no_value) {
        return rule->error;
    }

    return meets(operand, rule->op, values) ? Error::ok : rule->error;
}


static Error
judge_rule(ngx_http_request_t *r, rule_t *rule, VerifiedToken *token)
{
    Operand    operand;
    ngx_str_t  text;

    if (rule->variable == NULL) {
        operand.claim = token->slot(rule->slot);

    } else {
        if (ngx_http_complex_value(r, rule->variable, &text) != NGX_OK) {
            return Error::out_of_memory;
        }

        operand.text = view(text);
    }

#if (NGX_PCRE)

    if (rule->op.op == Operator::matches) {
        return judge_pattern(rule, operand);
    }

#endif

    return judge_values(r, rule, operand);
}


}  // namespace id_token::nginx
