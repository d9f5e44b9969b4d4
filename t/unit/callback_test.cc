#include "idt_login/callback.h"

#include "unit/support.h"

using namespace id_token;

namespace {

const std::string kState(43, 'A');
constexpr std::string_view kIssuer = "https://op.example.com";

Form form_of(const std::string &text) {
    auto form = read_answer(text);
    assert_true(bool(form));
    return std::move(*form);
}

// What an answer comes to, with the state in front.
LoginError judged(const std::string &text, Flow flow, bool demanded = false) {
    const Form form = form_of("state=" + kState + text);
    const auto answer = parse_answer(form, flow);
    return answer ? check_answer(*answer, kIssuer, demanded) : answer.error();
}

void the_type_of_a_form_is_known(void **) {
    for (std::string_view type :
         {"application/x-www-form-urlencoded",
          "Application/X-WWW-Form-Urlencoded; charset=UTF-8",
          "application/x-www-form-urlencoded ;x"}) {
        assert_true(is_form_type(type));
    }
    for (std::string_view type :
         {"", "application/json", "multipart/form-data",
          "application/x-www-form-urlencoded2", "text/plain"}) {
        assert_false(is_form_type(type));
    }
}

void a_form_that_is_none_is_refused(void **) {
    assert_true(bool(read_answer("a=b")));
    assert_true(read_answer("a=b&a=b").error() == LoginError::answer_twice);
    assert_true(read_answer("a=%").error() == LoginError::answer_form);
    assert_true(read_answer(std::string(kMaxFormBytes + 1, 'a')).error() ==
                LoginError::answer_too_long);
    std::string many;
    for (std::size_t i = 0; i <= kMaxFormFields; i++) {
        many += "&f" + std::to_string(i);
    }
    assert_true(read_answer(many).error() == LoginError::answer_form);
}

void a_state_has_to_be_there(void **) {
    for (const auto &text :
         {std::string("id_token=a.b.c"), std::string("state=&id_token=a.b.c"),
          "state=" + kState.substr(1) + "&id_token=a.b.c",
          "state=" + kState + "A&id_token=a.b.c",
          "state=" + kState.substr(1) + "%00&id_token=a.b.c"}) {
        const Form form = form_of(text);
        assert_true(parse_answer(form, Flow::id_token).error() ==
                    LoginError::state_missing);
    }
    const Form form = form_of("state=" + kState + "&id_token=a.b.c");
    const auto answer = parse_answer(form, Flow::id_token);
    assert_true(bool(answer));
    assert_true(answer->state == kState);
    assert_true(answer->token == "a.b.c");
}

void each_flow_takes_its_own(void **) {
    assert_true(judged("&id_token=x", Flow::id_token) == LoginError::none);
    assert_true(judged("&code=x", Flow::code) == LoginError::none);
    assert_true(judged("&code=x", Flow::id_token) == LoginError::answer_empty);
    assert_true(judged("&id_token=x", Flow::code) == LoginError::answer_empty);
    assert_true(judged("", Flow::code) == LoginError::answer_empty);
    // A code beside it is another's affair: it is never redeemed.
    const Form form = form_of("state=" + kState + "&id_token=x&code=y");
    assert_false(parse_answer(form, Flow::id_token)->code.has_value());
}

void an_error_counts_more_than_a_token(void **) {
    assert_true(judged("&error=access_denied&id_token=x", Flow::id_token) ==
                LoginError::tenant_error);
    const Form form = form_of("state=" + kState + "&error=%3Cscript%3E&code=x");
    const auto answer = parse_answer(form, Flow::code);
    assert_true(answer->error == "unknown_error");
    assert_false(answer->code.has_value());
}

void the_issuer_is_compared_where_it_is_named(void **) {
    assert_true(judged("&code=x&iss=https://op.example.com", Flow::code) ==
                LoginError::none);
    assert_true(judged("&code=x&iss=https://op.example.com/", Flow::code) ==
                LoginError::answer_issuer);
    assert_true(judged("&id_token=x&iss=https://evil", Flow::id_token) ==
                LoginError::answer_issuer);
    assert_true(judged("&error=access_denied&iss=https://evil", Flow::code) ==
                LoginError::answer_issuer);
}

void it_is_demanded_where_the_tenant_says_so(void **) {
    assert_true(judged("&code=x", Flow::code, true) ==
                LoginError::answer_issuer);
    assert_true(judged("&code=x&iss=", Flow::code, true) ==
                LoginError::answer_issuer);
    assert_true(judged("&code=x&iss=https://op.example.com", Flow::code,
                       true) == LoginError::none);
    // The token itself names it.
    assert_true(judged("&id_token=x", Flow::id_token, true) ==
                LoginError::none);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_type_of_a_form_is_known),
        cmocka_unit_test(a_form_that_is_none_is_refused),
        cmocka_unit_test(a_state_has_to_be_there),
        cmocka_unit_test(each_flow_takes_its_own),
        cmocka_unit_test(an_error_counts_more_than_a_token),
        cmocka_unit_test(the_issuer_is_compared_where_it_is_named),
        cmocka_unit_test(it_is_demanded_where_the_tenant_says_so),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
