#include "idt_logout/logout_request.h"

#include "idt_login/form.h"
#include "unit/support.h"

using namespace id_token;

namespace {

constexpr std::string_view kIssuer = "https://op.example/";

#define assert_logout(actual, expected)                                        \
    assert_text(logout_error_row(actual).name,                                 \
                logout_error_row(LogoutError::expected).name)

void the_form_holds_a_logout_token(void **) {
    const auto token = read_logout_form("x=1&logout_token=a.b.c");
    assert_true(bool(token));
    assert_text(*token, "a.b.c");
    assert_logout(read_logout_form("logout_token=").error(),
                  logout_token_missing);
    assert_logout(read_logout_form("id_token=a.b.c").error(),
                  logout_token_missing);
    assert_logout(read_logout_form("").error(), logout_token_missing);
    assert_logout(read_logout_form("logout_token=a&logout_token=a").error(),
                  logout_twice);
    assert_logout(read_logout_form("logout_token=%").error(), logout_form);
    assert_logout(read_logout_form(std::string(kMaxFormBytes + 1, 'a')).error(),
                  logout_too_long);
}

void a_query_names_issuer_and_session(void **) {
    const auto sid =
        read_logout_query("iss=https%3A%2F%2Fop.example%2F&sid=a%26b", kIssuer);
    assert_true(bool(sid));
    assert_text(*sid, "a&b");
    for (const char *query :
         {"sid=a", "iss=https://op.example&sid=a", "iss=&sid=a", "",
          "iss=https://op.example//&sid=a"}) {
        assert_logout(read_logout_query(query, kIssuer).error(), logout_issuer);
    }
    for (const char *query :
         {"iss=https://op.example/",
          "iss=https://op.example/&sid=", "iss=https://op.example/&SID=a"}) {
        assert_logout(read_logout_query(query, kIssuer).error(),
                      logout_sid_missing);
    }
    const std::string longest(kMaxSessionIdBytes, 's');
    const std::string front = "iss=https://op.example/&sid=";
    assert_true(bool(read_logout_query(front + longest, kIssuer)));
    assert_logout(read_logout_query(front + longest + "s", kIssuer).error(),
                  logout_sid_missing);
    assert_logout(read_logout_query(front + "a&sid=a", kIssuer).error(),
                  logout_twice);
    assert_logout(read_logout_query(front + "%zz", kIssuer).error(),
                  logout_form);
}

LogoutError operator_error(std::string_view json) {
    const auto read = read_operator_logout(json);
    return read ? LogoutError::none : read.error();
}

void an_operator_names_one_thing(void **) {
    const std::pair<const char *, RevokedKind> kinds[] = {
        {"sub", RevokedKind::sub},
        {"sid", RevokedKind::sid},
        {"jti", RevokedKind::jti}};
    for (const auto &[name, kind] : kinds) {
        const auto read = read_operator_logout(
            std::string(R"({"provider":"p",")") + name + R"(":"v"})");
        assert_true(bool(read));
        assert_text(read->provider, "p");
        assert_true(read->kind == kind);
        assert_text(read->value, "v");
    }
    const auto all = read_operator_logout(R"({"all":true,"provider":"p"})");
    assert_true(bool(all));
    assert_true(all->kind == RevokedKind::all);
    assert_text(all->value, "");
}

void what_an_operator_writes_is_read_strictly(void **) {
    assert_logout(operator_error(R"({"provider":"p","sub":"a"})"), none);
    assert_logout(operator_error(R"({"sub":"a"})"), logout_provider);
    assert_logout(operator_error(R"({"provider":1,"sub":"a"})"),
                  logout_provider);
    for (const char *json :
         {R"({"provider":"p"})", R"({"provider":"p","sub":""})",
          R"({"provider":"p","sub":1})", R"({"provider":"p","all":"true"})",
          R"({"provider":"p","all":false})", R"({"provider":"p","all":1})",
          R"({"provider":"p","sub":null})",
          R"({"provider":"p","sub":"a","sid":"b"})",
          R"({"provider":"p","sub":"a","all":true})"}) {
        assert_logout(operator_error(json), logout_whom);
    }
    for (const char *json :
         {"", "[]", "{}x", R"({"provider":"p","user":"a"})",
          R"({"provider":"p","sub":"a","until":1})",
          R"({"provider":"p","sub":"a","sub":"a"})", R"({"provider")"}) {
        assert_logout(operator_error(json), logout_form);
    }
    const std::string space(kMaxOperatorBytes, ' ');
    const std::string good = R"({"provider":"p","sub":"a"})";
    assert_logout(operator_error(good + space.substr(good.size())), none);
    assert_logout(operator_error(good + space.substr(good.size() - 1)),
                  logout_too_long);
}

LogoutScope scope() {
    return {provider_digest(kIssuer, "web"), 3600, 10};
}

RevocationDigest digest(RevokedKind kind, std::string_view value) {
    return value_digest(scope().provider, kind, value);
}

void a_session_and_its_subject_make_two_entries(void **) {
    const auto both =
        revocations_of({"alice", "s1", "j1", 1000, 1200}, scope());
    assert_int_equal(both.size(), 3);
    assert_true(both[0].kind == RevokedKind::sid);
    assert_true(both[0].value == digest(RevokedKind::sid, "s1"));
    assert_true(both[0].owner == digest(RevokedKind::sub, "alice"));
    assert_int_equal(both[0].cut, 1000);
    assert_int_equal(both[0].until, 1000 + 3600 + 10 + 1);
    assert_true(both[1].kind == RevokedKind::sub_without_sid);
    assert_true(both[1].value == digest(RevokedKind::sub, "alice"));
    assert_true(both[1].owner == both[0].owner);
    assert_int_equal(both[1].cut, 1000);
    assert_true(both[2].kind == RevokedKind::seen);
    assert_true(both[2].value == digest(RevokedKind::seen, "j1"));
    assert_int_equal(both[2].until, 1200);
    for (const Revocation &entry : both) {
        assert_true(entry.provider == scope().provider);
    }
}

void one_of_them_makes_one(void **) {
    const auto sub = revocations_of({"alice", {}, "j1", 1000, 9999}, scope());
    assert_int_equal(sub.size(), 2);
    assert_true(sub[0].kind == RevokedKind::sub);
    assert_true(sub[0].owner == sub[0].value);
    // What was seen is not remembered longer than it could do anything.
    assert_int_equal(sub[1].until, 1000 + 3600 + 10 + 1);
    const auto sid = revocations_of({{}, "s1", "j1", 1000, 1200}, scope());
    assert_int_equal(sid.size(), 2);
    assert_true(sid[0].kind == RevokedKind::sid);
    assert_true(sid[0].owner == RevocationDigest{});
    assert_true(sid[1].kind == RevokedKind::seen);
}

void a_name_alone_is_cut_by_our_clock(void **) {
    const Revocation sid = revocation_of(RevokedKind::sid, "s1", scope(), 500);
    assert_true(sid.value == digest(RevokedKind::sid, "s1"));
    assert_int_equal(sid.cut, 510);
    assert_int_equal(sid.until, 510 + 3600 + 10 + 1);
    const Revocation all = revocation_of(RevokedKind::all, "", scope(), 500);
    assert_true(all.kind == RevokedKind::all);
    assert_true(all.value == RevocationDigest{});
    const Revocation sub = revocation_of(RevokedKind::sub, "a", scope(), 500);
    assert_true(sub.owner == digest(RevokedKind::sub, "a"));
}

void the_answer_says_which_rule(void **) {
    assert_text(logout_error_json(LogoutError::logout_nonce),
                "{\"error\":\"invalid_request\",\"error_description\":"
                "\"a logout token has no nonce\"}\n");
    assert_text(logout_error_json(Error::issuer),
                "{\"error\":\"invalid_request\",\"error_description\":"
                "\"the issuer is wrong\"}\n");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_form_holds_a_logout_token),
        cmocka_unit_test(a_query_names_issuer_and_session),
        cmocka_unit_test(an_operator_names_one_thing),
        cmocka_unit_test(what_an_operator_writes_is_read_strictly),
        cmocka_unit_test(a_session_and_its_subject_make_two_entries),
        cmocka_unit_test(one_of_them_makes_one),
        cmocka_unit_test(a_name_alone_is_cut_by_our_clock),
        cmocka_unit_test(the_answer_says_which_rule),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
