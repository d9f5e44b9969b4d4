#include "idt_login/transaction.h"

#include "idt_login/secret_chain.h"
#include "unit/support.h"

using namespace id_token;

namespace {

constexpr std::int64_t kNow = 1'800'000'000;
const std::string kSecret(43, 'A');
const std::string kOther = "E" + std::string(42, 'A');

LoginKeys keys() {
    LoginKeys keys;
    keys.add(Secret("0123456789abcdef0123456789abcdef"));
    return keys;
}

Transaction transaction(std::string secret = kSecret) {
    Transaction t;
    t.secret = std::move(secret);
    t.expires = kNow + kTransactionSeconds;
    t.provider = "tenant";
    t.host = "app.test:8443";
    t.redirect_uri = "https://app.test:8443/oidc/callback";
    t.cookie = "__Host-id";
    t.return_path = "/deep?link=1&x=:";
    return t;
}

constexpr CallbackPlace kPlace{"tenant", Flow::id_token, "app.test:8443",
                               "https://app.test:8443/oidc/callback"};

LoginError judged(const Transaction &t, const CallbackPlace &place = kPlace,
                  const std::string &state = login_state(kSecret),
                  std::int64_t now = kNow) {
    return check_transaction(t, place, state, now);
}

void the_name_begins_with_the_state(void **) {
    assert_text(transaction_cookie_name("abcdefghijk"),
                "__Host-oidc_tx_abcdefgh");
}

void what_is_sealed_is_opened(void **) {
    Transaction t = transaction();
    t.renews = kNow + 5;
    t.flow = Flow::code;
    const auto opened = open_transaction(keys(), seal_transaction(keys(), t));
    assert_true(opened.has_value());
    assert_text(opened->secret, t.secret);
    assert_true(opened->expires == t.expires);
    assert_text(opened->provider, t.provider);
    assert_true(opened->flow == Flow::code);
    assert_text(opened->host, t.host);
    assert_text(opened->redirect_uri, t.redirect_uri);
    assert_text(opened->cookie, t.cookie);
    assert_text(opened->return_path, t.return_path);
    assert_true(opened->renews == kNow + 5);
}

void five_of_the_longest_fit_into_a_request(void **) {
    Transaction t = transaction();
    t.return_path.assign(256, 'x');
    const std::size_t size = transaction_cookie_name(kSecret).size() +
                             seal_transaction(keys(), t).size();
    assert_true(kMaxTransactions * size < 4096);
}

// Sealed under the right label, and yet none.
void other_fields_are_none(void **) {
    const std::string sealed = seal_transaction(keys(), transaction());
    const std::string text = *keys().open("oidc_tx 1", sealed);
    const auto opens = [](const std::string &fields) {
        return open_transaction(keys(), keys().seal("oidc_tx 1", fields))
            .has_value();
    };
    assert_true(opens(text));
    assert_false(opens(text + "1:a"));
    assert_false(opens(text.substr(0, text.size() - 3)));
    assert_false(opens(""));
    std::string flow = text;
    flow.replace(flow.find("6:tenant1:0") + 8, 3, "1:2");
    assert_false(opens(flow));
    assert_false(
        open_transaction(keys(), keys().seal("oidc_tx 0", text)).has_value());
}

void the_right_answer_is_taken(void **) {
    assert_true(judged(transaction()) == LoginError::none);
}

void a_transaction_lives_ten_minutes(void **) {
    const auto at = [](std::int64_t now) {
        return judged(transaction(), kPlace, login_state(kSecret), now);
    };
    assert_true(at(kNow + 599) == LoginError::none);
    assert_true(at(kNow + 600) == LoginError::transaction_expired);
    // Made by a node whose clock is ahead, or was.
    assert_true(at(kNow - 60) == LoginError::none);
    assert_true(at(kNow - 61) == LoginError::transaction_expired);
}

void another_provider_or_flow_is_refused(void **) {
    CallbackPlace place = kPlace;
    place.provider = "tenant2";
    assert_true(judged(transaction(), place) ==
                LoginError::transaction_provider);
    place = kPlace;
    place.flow = Flow::code;
    assert_true(judged(transaction(), place) ==
                LoginError::transaction_provider);
}

void another_host_is_refused(void **) {
    CallbackPlace place = kPlace;
    place.host = "app.test";
    assert_true(judged(transaction(), place) == LoginError::transaction_host);
    place = kPlace;
    place.redirect_uri = "https://app.test:8443/oidc/callback2";
    assert_true(judged(transaction(), place) == LoginError::transaction_host);
}

void another_state_is_refused(void **) {
    // With the same first eight characters: the same cookie.
    std::string state = login_state(kSecret);
    state.back() = state.back() == 'A' ? 'E' : 'A';
    assert_true(judged(transaction(), kPlace, state) ==
                LoginError::state_differs);
    assert_true(judged(transaction(), kPlace, login_state(kOther)) ==
                LoginError::state_differs);
    assert_true(judged(transaction(), kPlace, "") == LoginError::state_differs);
}

struct Jar {
    std::vector<std::string> texts;
    std::vector<CookiePair> pairs;

    void put(const std::string &name, const std::string &value) {
        texts.reserve(200);  // views point into it
        texts.push_back(name);
        texts.push_back(value);
        pairs.push_back({texts[texts.size() - 2], texts.back()});
    }
    // Begun so many seconds ago.
    std::string begin(char c, std::int64_t ago) {
        Transaction t = transaction(c + std::string(42, 'A'));
        t.expires -= ago;
        const std::string name = transaction_cookie_name(login_state(t.secret));
        put(name, seal_transaction(keys(), t));
        return name;
    }
};

void five_may_stay(void **) {
    Jar jar;
    for (int i = 0; i < 5; i++) {
        jar.begin(static_cast<char>('a' + i), i);
    }
    assert_true(surplus_transactions(keys(), jar.pairs, kNow).empty());
}

void of_more_the_oldest_go(void **) {
    Jar jar;
    const std::string oldest = jar.begin('a', 50);
    for (int i = 1; i < 5; i++) {
        jar.begin(static_cast<char>('a' + i), i);
    }
    jar.begin('z', 49);
    const auto names = surplus_transactions(keys(), jar.pairs, kNow);
    assert_int_equal(names.size(), 1);
    assert_text(names[0], oldest);
}

void what_is_not_whole_goes_first(void **) {
    Jar jar;
    jar.put("__Host-oidc_tx_broken00", "x");
    const std::string over = jar.begin('b', 600);
    Transaction t = transaction(kOther);
    jar.put("__Host-oidc_tx_swapped0", seal_transaction(keys(), t));
    jar.begin('c', 1);
    jar.begin('d', 2);
    jar.begin('e', 3);
    const auto names = surplus_transactions(keys(), jar.pairs, kNow);
    assert_int_equal(names.size(), 3);
    assert_text(names[0], "__Host-oidc_tx_broken00");
    assert_text(names[1], over);
    assert_text(names[2], "__Host-oidc_tx_swapped0");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_name_begins_with_the_state),
        cmocka_unit_test(what_is_sealed_is_opened),
        cmocka_unit_test(five_of_the_longest_fit_into_a_request),
        cmocka_unit_test(other_fields_are_none),
        cmocka_unit_test(the_right_answer_is_taken),
        cmocka_unit_test(a_transaction_lives_ten_minutes),
        cmocka_unit_test(another_provider_or_flow_is_refused),
        cmocka_unit_test(another_host_is_refused),
        cmocka_unit_test(another_state_is_refused),
        cmocka_unit_test(five_may_stay),
        cmocka_unit_test(of_more_the_oldest_go),
        cmocka_unit_test(what_is_not_whole_goes_first),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
