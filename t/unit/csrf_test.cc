// Evidence that our own pages made a request; CORS preflights.

#include "idt_token/csrf.h"

#include <vector>

#include "unit/support.h"

using namespace id_token;

namespace {

const std::vector<Origin> kNamed = {*parse_origin("https://app.example.com")};

Evidence from(Field site, Field origin, Field host = {1, "gate.example.com"},
              bool https = true) {
    return {site, origin, https, host};
}

void same(const Evidence &evidence) {
    assert_true(is_same_origin(evidence, kNamed));
}

void cross(const Evidence &evidence) {
    assert_false(is_same_origin(evidence, kNamed));
}

void the_browser_says_same_origin(void **) {
    same(from({1, "same-origin"}, {}));
    same(from({1, "same-origin"}, {1, "https://evil.example"}));
    for (const char *site :
         {"same-site", "cross-site", "none", "Same-Origin", "same-origin "}) {
        cross(from({1, site}, {}));
    }
    cross(from({2, "same-origin"}, {}));
    cross(from({}, {}));
}

void a_named_origin_is_ours_wherever_it_is(void **) {
    const Field named{1, "https://app.example.com"};
    same(from({}, named));
    same(from({1, "cross-site"}, named));
    same(from({2, "cross-site"}, named));
    cross(from({1, "cross-site"}, {2, "https://app.example.com"}));
    cross(from({1, "cross-site"}, {1, "https://app.example.com:8443"}));
    cross(from({1, "cross-site"}, {1, "http://app.example.com"}));
    cross(from({}, {1, "null"}));
}

void an_old_browser_has_origin_alone(void **) {
    const Field ours{1, "https://gate.example.com"};
    same(from({}, ours));
    same(from({}, {1, "https://gate.example.com:443"}));
    cross(from({1, "same-site"}, ours));
    cross(from({}, ours, {1, "gate.example.com:444"}));
    cross(from({}, ours, {2, "gate.example.com"}));
    cross(from({}, ours, {1, "gate.example.com"}, false));
    cross(from({}, ours, {1, ""}));
    same(from({}, {1, "https://gate.example.com:8443"},
              {1, "gate.example.com:8443"}));
    // from :authority: there was no Host
    same(from({}, ours, {0, "gate.example.com"}));
}

void safe_methods_change_nothing_but_open_websockets(void **) {
    assert_true(changes_nothing(true, {}));
    assert_false(changes_nothing(false, {}));
    for (const char *upgrade : {"websocket", "WebSocket", "h2c, websocket",
                                "websocket/13", " websocket "}) {
        assert_false(changes_nothing(true, {1, upgrade}));
    }
    for (const char *upgrade :
         {"", "h2c", "TLS/1.2", "websockets", "x/websocket"}) {
        assert_true(changes_nothing(true, {1, upgrade}));
        assert_false(changes_nothing(true, {2, upgrade}));
        assert_false(changes_nothing(false, {1, upgrade}));
    }
}

void a_preflight_is_exact(void **) {
    const PreflightFields good{true,       false, false, {1, "https://a"},
                               {1, "PUT"}, {}};
    assert_true(is_preflight(good));

    std::vector<PreflightFields> bad(9, good);
    bad[0].options = false;
    bad[1].credentials = true;
    bad[2].body = true;
    bad[3].origin = {};
    bad[4].origin = {2, "https://a"};
    bad[5].origin = {1, ""};
    bad[6].method = {};
    bad[7].method = {1, ""};
    bad[8].cookie = {1, ""};
    for (const PreflightFields &fields : bad) {
        assert_false(is_preflight(fields));
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_browser_says_same_origin),
        cmocka_unit_test(a_named_origin_is_ours_wherever_it_is),
        cmocka_unit_test(an_old_browser_has_origin_alone),
        cmocka_unit_test(safe_methods_change_nothing_but_open_websockets),
        cmocka_unit_test(a_preflight_is_exact),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
