// Claim sets and the paths into them: RFC 7519 7.2, RFC 6901.

#include "idt_token/claims.h"

#include <string>

#include "unit/support.h"
#include "unit/tenant.h"

using namespace id_token;

namespace {

void is_refused(std::string_view payload, Error reason = Error::payload_json) {
    Result<Claims> claims = Claims::parse(payload);
    assert_false(bool(claims));
    assert_reason(claims.error(), reason);
}

void a_payload_is_an_object(void **) {
    Claims claims = unit::parse_claims(R"({"a":"b"})");
    assert_true(claims.find("a").string() == "b");
    assert_false(bool(claims.find("b")));
    is_refused("");
    is_refused("[]");
    is_refused("\"a\"");
    is_refused("null");
    is_refused("{");
    is_refused("{}x");
    is_refused(R"({"a":1,"a":1})", Error::payload_duplicate);
    is_refused(R"({"a":{"b":1,"b":1}})", Error::payload_duplicate);
    is_refused(R"({"a":)" + std::string(100, '[') + std::string(100, ']') + "}",
               Error::payload_depth);
    unit::parse_claims(R"({"a":)" + std::string(99, '[') +
                       std::string(99, ']') + "}");
    is_refused("\xef\xbb\xbf{}");
    is_refused("{\"a\":\"\xff\"}");
}

// RFC 7519 4: claims that are not understood are ignored.
void what_nobody_reads_decides_nothing(void **) {
    for (const char *value : {R"("Ann \ud83d")", R"("\u0000")", "1e999",
                              "18446744073709551615", "null"}) {
        const Claims c = unit::parse_claims(R"({"a":)" + std::string(value) +
                                            R"(,"sub":"u"})");
        assert_true(c.find("sub").string() == "u");
    }
}

ClaimPath path(std::string_view text) {
    std::optional<ClaimPath> path = parse_claim_path(text);
    assert_true(path.has_value());
    return *path;
}

void a_name_is_one_step(void **) {
    assert_true(path("sub") == ClaimPath{"sub"});
    assert_true(path("a.b") == ClaimPath{"a.b"});
    assert_true(path("https://x.example/roles") ==
                ClaimPath{"https://x.example/roles"});
    assert_true(path("a~2") == ClaimPath{"a~2"});
}

void a_pointer_is_split_and_unescaped(void **) {
    assert_true((path("/a/0/b") == ClaimPath{"a", "0", "b"}));
    assert_true(path("/") == ClaimPath{""});
    assert_true((path("/a/") == ClaimPath{"a", ""}));
    assert_true(path("/~1~0") == ClaimPath{"/~"});
    assert_true(path("/~01") == ClaimPath{"~1"});
    assert_false(parse_claim_path("/~").has_value());
    assert_false(parse_claim_path("/a~/b").has_value());
    assert_false(parse_claim_path("/~2").has_value());
}

std::string at(const Claims &claims, std::string_view text) {
    std::string out;
    if (JsonView found = find_claim(claims.root(), path(text))) {
        found.append_text(out);
        return out;
    }
    return "absent";
}

void a_path_leads_to_a_claim(void **) {
    Claims c = unit::parse_claims(
        R"({"a":{"b":["x",{"c":"d"}],"":"e","0":"z"},"/a":"s","n":null})");
    assert_text(at(c, "/a/b/0"), "x");
    assert_text(at(c, "/a/b/1/c"), "d");
    assert_text(at(c, "/a/"), "e");
    assert_text(at(c, "/a/0"), "z");
    assert_text(at(c, "/~1a"), "s");
    assert_text(at(c, "/a/b"), R"(["x",{"c":"d"}])");
    for (const char *nowhere :
         {"/b", "/a/b/2", "/a/b/-", "/a/b/00", "/a/b/01", "/a/b/", "/a/b/+0",
          "/a/b/0/x", "/a/b/0x", "/a/b/99999999999999999999", "/n", "/n/a",
          "A"}) {
        assert_text(at(c, nowhere), "absent");
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_payload_is_an_object),
        cmocka_unit_test(what_nobody_reads_decides_nothing),
        cmocka_unit_test(a_name_is_one_step),
        cmocka_unit_test(a_pointer_is_split_and_unescaped),
        cmocka_unit_test(a_path_leads_to_a_claim),
    };
    return cmocka_run_group_tests_name("claims", tests, nullptr, nullptr);
}
