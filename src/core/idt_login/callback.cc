#include "idt_login/callback.h"

#include "idt_base/ascii.h"
#include "idt_login/secret_chain.h"

namespace id_token {

namespace {

LoginError refusal(FormError error) noexcept {
    switch (error) {
        case FormError::too_long:
            return LoginError::answer_too_long;
        case FormError::twice:
            return LoginError::answer_twice;
        case FormError::too_many:
        case FormError::malformed:
            break;
    }
    return LoginError::answer_form;
}

}  // namespace

bool is_form_type(std::string_view content_type) noexcept {
    return equal_ignoring_case(
        trim(content_type.substr(0, content_type.find(';'))),
        "application/x-www-form-urlencoded");
}

Result<Form, LoginError> read_answer(std::string_view text) {
    auto form = Form::parse(text);
    if (!form) {
        return refusal(form.error());
    }
    return std::move(*form);
}

Result<CallbackAnswer, LoginError> parse_answer(const Form &form, Flow flow) {
    CallbackAnswer answer;
    answer.state = form.find("state").value_or("");
    if (!is_login_value(answer.state)) {
        return LoginError::state_missing;
    }
    answer.issuer = form.find("iss");
    if (const auto error = form.find("error")) {
        answer.error = known_error_code(*error);
    } else if (flow == Flow::id_token) {
        answer.token = form.find("id_token");
    } else {
        answer.code = form.find("code");
    }
    return answer;
}

LoginError check_answer(const CallbackAnswer &answer, std::string_view issuer,
                        bool demanded) noexcept {
    if (answer.issuer ? *answer.issuer != issuer : demanded && answer.code) {
        return LoginError::answer_issuer;
    }
    if (answer.error) {
        return LoginError::tenant_error;
    }
    return answer.token || answer.code ? LoginError::none
                                       : LoginError::answer_empty;
}

}  // namespace id_token
