#include "idt_jose/jwks.h"

#include <algorithm>
#include <new>
#include <string>

#include "unit/allocation.h"
#include "unit/support.h"

using namespace id_token;

namespace {

using Set = std::unique_ptr<KeySet>;

Set parse(const std::string &document,
          std::vector<SkippedKey> *skipped = nullptr) {
    auto set = KeySet::parse(document, 1, skipped);
    if (!set) {
        assert_text(jwks_error_text(set.error()), "accepted");
    }
    return std::move(*set);
}

void refuse(const std::string &document, JwksError reason) {
    const auto set = KeySet::parse(document, 1);
    assert_text(set ? "accepted" : jwks_error_text(set.error()),
                jwks_error_text(reason));
}

std::string kid(const char *name) {
    return unit::key(name).kid;
}

// Of signatures as long as those of the tenant's RSA keys, or of the curve.
std::size_t usual_size(const Algorithm &a) {
    return a.signature_size == 0 ? 256 : a.signature_size;
}

KeySet::Candidates find(KeySet &set, const char *alg, const std::string &kid) {
    const Algorithm &a = *find_algorithm(alg);
    return set.find(a, &kid, usual_size(a));
}

KeySet::Candidates find(KeySet &set, const char *alg) {
    const Algorithm &a = *find_algorithm(alg);
    return set.find(a, nullptr, usual_size(a));
}

// One that has the kid given and otherwise the key of that name.
std::string renamed(const char *name, const std::string &kid) {
    std::string text = unit::jwk(name, {.kid = false, .alg = false});
    return "{\"kid\":\"" + kid + "\"," + text.substr(1);
}

void a_set_is_an_object_with_a_keys_array(void **) {
    const std::string keys = "[" + unit::jwk("rsa1") + "]";
    assert_int_equal(parse("{\"keys\":" + keys + "}")->size(), 1);
    assert_int_equal(parse("{\"x\":1,\"keys\":" + keys + "}")->size(), 1);

    refuse("{}", JwksError::no_keys);
    refuse("{\"Keys\":" + keys + "}", JwksError::no_keys);
    for (const char *value : {"null", "1", "\"[]\"", "{}"}) {
        refuse(std::string("{\"keys\":") + value + "}", JwksError::no_keys);
    }
    refuse(keys, JwksError::not_an_object);
    refuse("null", JwksError::not_an_object);
    refuse("", JwksError::syntax);
    refuse("<html>", JwksError::syntax);
    refuse("{\"keys\":" + keys + "} x", JwksError::syntax);
    refuse("{\"keys\":" + keys, JwksError::syntax);
    refuse(std::string(20'000, '['), JwksError::depth);
}

void a_member_twice_refuses_the_set(void **) {
    const std::string key = unit::jwk("rsa1");
    const auto set = [&](const std::string &entry, const std::string &more) {
        return "{\"keys\":[" + key + entry + "]" + more + "}";
    };
    parse(set(R"(,{"kid":"a","kie":"b"})", R"(,"key":[])"));
    for (const std::string &document :
         {set("", R"(,"keys":[])"), set("", R"(,"\u006beys":[])"),
          set("", R"(,"x":1,"x":1)"), set("", R"(,"x":[{"a":{"b":1,"b":1}}])"),
          set(R"(,{"kid":"a","kid":"b"})", ""),
          // Spoiled by a value, too.
          set(R"(,{"x":1e400,"kid":"a","kid":"b"})", ""),
          set(R"(,{"x":[{"y":1,"y":2}]})", "")}) {
        refuse(document, JwksError::duplicate);
    }
}

// RFC 7517 4 and 5
void the_values_of_unknown_members_do_not_matter(void **) {
    const std::string key = unit::jwk("rsa1");
    const std::string tail = key.substr(1);
    for (const char *value :
         {"9223372036854775808", "-123456789012345678901234567890", "1.5",
          R"("a\u0000b")", R"([1e300,{"x":18446744073709551616}])", "null"}) {
        const std::string member = std::string("\"x\":") + value;
        const std::string sets[] = {
            "{" + member + ",\"keys\":[" + key + "]}",
            "{\"keys\":[{" + member + "," + tail + "]}",
            "{\"keys\":[{\"kty\":\"unknown\"," + member + "}," + key + "]}"};
        for (const std::string &set : sets) {
            const Set parsed = parse(set);
            assert_int_equal(find(*parsed, "RS256", kid("rsa1")).count, 1);
        }
    }
    // Beside the keys even those that jansson cannot hold.
    for (const char *value : {"1e400", R"("\ud800")", R"({"\u0000":1})"}) {
        parse("{\"keys\":[" + key + "],\"x\":" + value + "}");
    }
    for (const char *value : {"01", "\"\xff\"", "+1", ""}) {
        refuse("{\"keys\":[" + key + "],\"x\":" + value + "}",
               JwksError::syntax);
    }
}

// RFC 7517 5
void an_entry_spoiled_by_a_value_is_passed_over(void **) {
    const std::string tail = unit::jwk("rsa2").substr(1);
    const struct {
        const char *member;
        JwkError error;
    } spoiled[] = {{R"("x":1e400)", JwkError::number},
                   {R"("x":-1e400)", JwkError::number},
                   {R"("x":"Ann \ud83d")", JwkError::surrogate},
                   {R"("x":"\ude00\ud83d")", JwkError::surrogate},
                   {R"("\ud83d":1)", JwkError::surrogate},
                   {R"("a\u0000":1)", JwkError::nul_name}};
    for (const auto &s : spoiled) {
        std::vector<SkippedKey> skipped;
        const Set set =
            parse("{\"keys\":[" + unit::jwk("ec1") + ",{" + s.member + "," +
                      tail + "," + unit::jwk("rsa1") + "]}",
                  &skipped);
        assert_int_equal(set->size(), 2);
        assert_true(set->has_kid(kid("ec1")));
        assert_true(set->has_kid(kid("rsa1")));
        assert_int_equal(skipped.size(), 1);
        assert_int_equal(skipped[0].index, 1);
        assert_text(skipped[0].kid, kid("rsa2"));
        assert_text(jwk_error_row(skipped[0].error).name,
                    jwk_error_row(s.error).name);
        assert_true(jwk_error_row(s.error).warn);
    }
    for (const char *fine : {R"("x":1e300)", R"("x":"\ud83d\ude00")"}) {
        const Set set =
            parse("{\"keys\":[{" + std::string(fine) + "," + tail + "]}");
        assert_true(set->has_kid(kid("rsa2")));
    }
}

void a_member_that_is_null_is_absent(void **) {
    const std::string tail = unit::jwk("rsa1", {.alg = false}).substr(1);
    const Set set =
        parse(R"({"x":null,"keys":[{"d":null,"k":null,"alg":null,"use2":null,)"
              R"("key_ops":null,"x5c":null,)" +
              tail + "]}");
    assert_int_equal(find(*set, "RS512", kid("rsa1")).count, 1);
    refuse(R"({"keys":null})", JwksError::no_keys);
    refuse(R"({"keys":[null]})", JwksError::no_usable_key);
}

void what_is_no_key_set_is_named(void **) {
    const std::string pem = "-----BEGIN PUBLIC KEY-----\nMIIB\n";
    refuse(pem, JwksError::pem);
    refuse("\xef\xbb\xbf \n" + pem, JwksError::pem);
    refuse("x" + pem, JwksError::syntax);
    const std::string certificate =
        R"({"kid1":"-----BEGIN CERTIFICATE-----\nMIIB\n")";
    refuse(certificate + "}", JwksError::certificates);
    refuse(R"({"kid1":"MIIB"})", JwksError::no_keys);
    refuse(certificate + R"(,"keys":{}})", JwksError::no_keys);
    refuse(unit::jwk("rsa1"), JwksError::single_key);
}

void an_entry_has_a_size(void **) {
    const auto entry = [](std::size_t size) {
        std::string text = R"({"x":")" + std::string(size, 'x');
        const std::string tail = "\"," + unit::jwk("rsa1").substr(1);
        text.resize(size - tail.size());
        return text + tail;
    };
    std::vector<SkippedKey> skipped;
    parse("{\"keys\":[" + entry(kMaxKeyBytes) + "]}", &skipped);
    assert_true(skipped.empty());
    parse(
        "{\"keys\":[" + entry(kMaxKeyBytes + 1) + "," + unit::jwk("ec1") + "]}",
        &skipped);
    assert_int_equal(skipped.size(), 1);
    assert_text(skipped[0].kid, kid("rsa1"));
    assert_true(skipped[0].error == JwkError::too_large);
}

// The budget: a slice ends where it is used up, and an entry later at most.
void a_set_is_made_in_steps(void **) {
    std::string keys;
    for (int i = 0; i < 50; i++) {
        keys += (i == 0 ? "" : ",") + renamed("rsa1", "k" + std::to_string(i));
    }
    const std::string document =
        "{\"x\":\"\\u0041\xc3\xa4\",\"keys\":[" + keys + ",{\"kty\":\"oct\"}]}";
    const auto whole = KeySet::parse(document, 1);
    for (const std::size_t work : {std::size_t{1}, std::size_t{1000},
                                   std::size_t{20'000}, kKeySetStep}) {
        KeySetBuilder builder(document, 9);
        std::size_t steps = 1;
        auto progress = builder.step(work);
        while (progress == KeySetBuilder::Progress::more) {
            progress = builder.step(work);
            steps++;
        }
        assert_true(progress == KeySetBuilder::Progress::done);
        assert_true(steps >= (document.size() + 50 * 5000) / (work + 10'000));
        assert_int_equal(builder.skipped().size(), 1);
        const Set set = builder.take();
        assert_int_equal(set->id(), 9);
        assert_int_equal(set->size(), (*whole)->size());
        assert_int_equal(find(*set, "RS256", "k49").count, 1);
    }

    KeySetBuilder bad("{\"keys\":[]}x", 9);
    auto progress = bad.step(1);
    while (progress == KeySetBuilder::Progress::more) {
        progress = bad.step(1);
    }
    assert_true(progress == KeySetBuilder::Progress::failed);
    assert_true(bad.error() == JwksError::syntax);
}

void keys_of_another_length_use_up_no_place(void **) {
    std::string keys;
    for (int i = 0; i < 4; i++) {
        keys += renamed("rsa4096", "same") + ",";
    }
    const Set set =
        parse("{\"keys\":[" + keys + renamed("rsa1", "same") + "]}");
    for (const auto &found :
         {find(*set, "RS256"), find(*set, "RS256", "same")}) {
        assert_int_equal(found.count, 1);
        assert_int_equal(found.keys[0]->signature_size, 256);
    }
    const Algorithm &rs256 = *find_algorithm("RS256");
    assert_int_equal(set->find(rs256, nullptr, 512).count, 4);
    const std::string same = "same";
    for (const std::string *name :
         {static_cast<const std::string *>(nullptr), &same}) {
        const auto none = set->find(rs256, name, 257);
        assert_int_equal(none.count, 0);
        assert_true(none.other_length);
    }
    assert_false(find(*set, "ES256").other_length);
    assert_false(find(*set, "RS256", "other").other_length);
    assert_true(set->has_key_for(rs256));
    assert_false(set->has_key_for(*find_algorithm("ES256")));
}

void a_known_member_is_compared_with_its_nul(void **) {
    refuse(
        R"({"keys":[{"kty":"RSA\u0000",)" +
            unit::jwk("rsa1").substr(std::string(R"({"kty":"RSA",)").size()) +
            "]}",
        JwksError::no_usable_key);
    const Set set = parse("{\"keys\":[" + renamed("rsa1", "k\\u0000") + "]}");
    assert_int_equal(find(*set, "RS256", "k").count, 0);
    assert_int_equal(find(*set, "RS256", std::string("k\0", 2)).count, 1);
}

void a_set_may_start_with_a_bom(void **) {
    const std::string set = unit::jwks({"rsa1"});
    parse("\xef\xbb\xbf" + set);
    refuse("\xef\xbb\xbf\xef\xbb\xbf" + set, JwksError::syntax);
    refuse("\xff\xfe" + set, JwksError::syntax);
    refuse("\xef\xbb\xbf", JwksError::syntax);
}

void other_entries_are_passed_over(void **) {
    std::vector<SkippedKey> skipped;
    const Set set = parse(R"({"keys":[1,{"kty":"oct","k":"AQ","kid":"sym"},)" +
                              unit::jwk("rsa1") + R"(,{"kty":"RSA","kid":7},)" +
                              unit::jwk("ed448") + "," + unit::jwk("ec1") +
                              "," + unit::jwk("rsa2", {.secret = true}) + "]}",
                          &skipped);
    assert_int_equal(set->size(), 2);
    assert_true(set->has_kid(kid("rsa1")));
    assert_true(set->has_kid(kid("ec1")));
    assert_false(set->has_kid(kid("ed448")));
    assert_false(set->has_kid(kid("rsa2")));
    assert_false(set->has_kid("sym"));

    assert_int_equal(skipped.size(), 5);
    const struct {
        std::size_t index;
        std::string kid;
        JwkError error;
    } expected[] = {{0, "", JwkError::not_an_object},
                    {1, "sym", JwkError::symmetric},
                    {3, "", JwkError::kid_type},
                    {4, kid("ed448"), JwkError::crv_unknown},
                    {6, kid("rsa2"), JwkError::private_members}};
    for (std::size_t i = 0; i < skipped.size(); i++) {
        assert_int_equal(skipped[i].index, expected[i].index);
        assert_text(skipped[i].kid, expected[i].kid);
        assert_text(jwk_error_row(skipped[i].error).name,
                    jwk_error_row(expected[i].error).name);
    }
}

void a_long_kid_is_cut_in_reports(void **) {
    std::vector<SkippedKey> skipped;
    parse(R"({"keys":[{"kty":"oct","kid":")" + std::string(1000, 'k') + "\"}," +
              unit::jwk("rsa1") + "]}",
          &skipped);
    assert_text(skipped.at(0).kid, std::string(64, 'k'));
}

void a_set_without_a_usable_key_is_refused(void **) {
    refuse("{\"keys\":[]}", JwksError::no_usable_key);
    refuse("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AQ\"}]}",
           JwksError::no_usable_key);
    refuse("{\"keys\":[" + unit::jwk("rsa1024") + "]}",
           JwksError::no_usable_key);
}

void a_kid_chooses_its_keys_only(void **) {
    const Set set = parse(unit::jwks({"rsa1", "rsa2", "ec1"}));
    const auto found = find(*set, "RS256", kid("rsa2"));
    assert_int_equal(found.count, 1);
    assert_true(found.kid_known);
    assert_text(found.keys[0]->kid.value(), kid("rsa2"));
    assert_null(found.keys[1]);

    for (const std::string &other :
         {std::string("other"), std::string(), kid("rsa1") + "x",
          kid("rsa1").substr(1)}) {
        const auto none = find(*set, "RS256", other);
        assert_int_equal(none.count, 0);
        assert_false(none.kid_known);
        assert_false(set->has_kid(other));
    }
}

void a_key_without_a_kid_is_not_chosen_by_one(void **) {
    const Set set = parse(unit::jwks({"rsa1"}, {.kid = false}));
    assert_int_equal(find(*set, "RS256", "").count, 0);
    assert_int_equal(find(*set, "RS256", kid("rsa1")).count, 0);
    assert_int_equal(find(*set, "RS256").count, 1);
}

void a_known_kid_of_a_key_that_does_not_fit(void **) {
    const Set set = parse(unit::jwks({"rsa1", "ec1"}));
    const auto found = find(*set, "ES256", kid("rsa1"));
    assert_int_equal(found.count, 0);
    assert_true(found.kid_known);

    // Its own "alg" is RS256.
    assert_int_equal(find(*set, "RS256", kid("rsa1")).count, 1);
    assert_int_equal(find(*set, "RS512", kid("rsa1")).count, 0);
    assert_int_equal(find(*set, "PS256", kid("rsa1")).count, 0);
    const Set any = parse(unit::jwks({"rsa1"}, {.alg = false}));
    assert_int_equal(find(*any, "RS512", kid("rsa1")).count, 1);
    assert_int_equal(find(*any, "PS256", kid("rsa1")).count, 1);
    assert_int_equal(find(*any, "ES256", kid("rsa1")).count, 0);
}

void all_keys_of_a_kid_are_tried_in_order(void **) {
    const Set set =
        parse("{\"keys\":[" + renamed("rsa1", "same") + "," +
              renamed("ec1", "same") + "," + renamed("rsa2", "same") + "]}");
    const auto found = find(*set, "RS256", "same");
    assert_int_equal(found.count, 2);
    assert_int_equal(
        EVP_PKEY_eq(found.keys[0]->key.get(), unit::key("rsa1").pkey.get()), 1);
    assert_int_equal(
        EVP_PKEY_eq(found.keys[1]->key.get(), unit::key("rsa2").pkey.get()), 1);
    assert_int_equal(find(*set, "ES256", "same").count, 1);
}

void at_most_four_keys_are_tried(void **) {
    std::string keys;
    for (int i = 0; i < 5; i++) {
        keys += (i == 0 ? "" : ",") + renamed("rsa1", "same");
    }
    const Set set = parse("{\"keys\":[" + keys + "]}");
    assert_int_equal(set->size(), 5);
    assert_int_equal(find(*set, "RS256").count, kMaxKeysTried);
    assert_int_equal(find(*set, "RS256", "same").count, kMaxKeysTried);
    assert_int_equal(kMaxKeysTried, 4);
}

void without_a_kid_the_fitting_keys_are_tried(void **) {
    const Set set =
        parse(unit::jwks({"ec1", "rsa1", "ec384", "rsa2", "ed1", "ec2"}));
    const auto rsa = find(*set, "RS256");
    assert_int_equal(rsa.count, 2);
    assert_text(rsa.keys[0]->kid.value(), kid("rsa1"));
    assert_text(rsa.keys[1]->kid.value(), kid("rsa2"));
    assert_false(rsa.kid_known);
    assert_int_equal(find(*set, "ES256").count, 2);
    assert_int_equal(find(*set, "ES384").count, 1);
    assert_int_equal(find(*set, "ES512").count, 0);
    assert_int_equal(find(*set, "EdDSA").count, 1);
    assert_int_equal(find(*set, "Ed25519").count, 0);
    assert_int_equal(find(*set, "PS256").count, 0);
}

void a_thousand_keys(void **) {
    std::string keys;
    for (int i = 0; i < 1000; i++) {
        keys += (i == 0 ? "" : ",") + renamed("rsa1", "k" + std::to_string(i));
    }
    const Set set = parse("{\"keys\":[" + keys + "]}");
    assert_int_equal(set->size(), 1000);
    for (int i = 0; i < 1000; i++) {
        const std::string name = "k" + std::to_string(i);
        const auto found = find(*set, "RS256", name);
        assert_int_equal(found.count, 1);
        assert_text(found.keys[0]->kid.value(), name);
    }
    assert_false(set->has_kid("k1000"));
}

void what_is_beyond_two_thousand_is_skipped(void **) {
    const std::string other = R"({"kty":"oct"},)";
    std::string keys;
    for (std::size_t i = 1; i < kMaxKeys; i++) {
        keys += other;
    }
    std::vector<SkippedKey> skipped;
    const Set most =
        parse("{\"keys\":[" + keys + unit::jwk("rsa1") + "]}", &skipped);
    assert_int_equal(most->size(), 1);
    assert_int_equal(skipped.size(), kMaxKeys - 1);

    skipped.clear();
    const Set more =
        parse("{\"keys\":[" + unit::jwk("rsa1") + "," + keys +
                  unit::jwk("rsa2") + "," + unit::jwk("ec1") + "]}",
              &skipped);
    assert_int_equal(more->size(), 1);
    assert_int_equal(skipped.size(), kMaxKeys);
    assert_int_equal(skipped.back().index, kMaxKeys);
    assert_text(skipped.back().kid, kid("rsa2"));
    assert_true(skipped.back().error == JwkError::surplus);
    assert_true(jwk_error_row(JwkError::surplus).warn);
}

void a_set_has_its_number(void **) {
    const auto set = KeySet::parse(unit::jwks({"rsa1"}), 77);
    assert_int_equal((*set)->id(), 77);
}

void headers_are_remembered(void **) {
    const Set set = parse(unit::jwks({"rsa1"}));
    assert_null(set->find_memo("c2VnbWVudA"));

    const JoseHeader header{find_algorithm("RS256"), kid("rsa1")};
    set->remember("c2VnbWVudA", header);
    const KeySet::Memo *memo = set->find_memo("c2VnbWVudA");
    assert_non_null(memo);
    assert_ptr_equal(memo->algorithm, header.algorithm);
    assert_text(memo->kid.value(), kid("rsa1"));

    assert_null(set->find_memo("c2VnbWVudB"));
    assert_null(set->find_memo("c2VnbWVud"));
    assert_null(set->find_memo(""));
}

void what_is_remembered_is_bounded(void **) {
    const Set set = parse(unit::jwks({"rsa1"}));
    const JoseHeader header{find_algorithm("RS256"), std::nullopt};
    int kept = 0;
    for (int i = 0; i < 1000; i++) {
        const std::string segment = "segment" + std::to_string(i);
        set->remember(segment, header);
        kept += set->find_memo(segment) != nullptr ? 1 : 0;
    }
    assert_int_equal(kept, 64);
    assert_non_null(set->find_memo("segment0"));
    assert_non_null(set->find_memo("segment63"));

    const Set other = parse(unit::jwks({"rsa1"}));
    const std::string longest(4096, 'A');
    other->remember(longest, header);
    assert_non_null(other->find_memo(longest));
    other->remember(longest + "A", header);
    assert_null(other->find_memo(longest + "A"));
}

void a_failed_allocation_loses_no_key(void **) {
    const std::string document = unit::jwks({"rsa1", "ec1", "ed1"});
    parse(document);
    const long failed = unit::with_each_allocation_failing(
        unit::Failing::one,
        [&]() -> std::string {
            try {
                const auto set = KeySet::parse(document, 1);
                return set ? std::string((*set)->size(), 'k') : "refused";
            } catch (const std::bad_alloc &) {
                return "bad_alloc";
            }
        },
        [&](const std::string &answer, bool hit) {
            if (!hit || answer != "kkk") {
                assert_text(answer, hit ? "bad_alloc" : "kkk");
            }
        });
    assert_true(failed > 50);
}

void what_another_set_lacks_is_told(void **) {
    const Set old = parse(unit::jwks({"rsa1", "rsa2", "ec1"}));
    const Set now = parse(unit::jwks({"rsa2", "ed1"}));
    auto missing = old->kids_missing_from(*now, 8);
    std::sort(missing.begin(), missing.end());
    std::vector<std::string> expected = {kid("rsa1"), kid("ec1")};
    std::sort(expected.begin(), expected.end());
    assert_true(std::equal(missing.begin(), missing.end(), expected.begin(),
                           expected.end()));
    assert_int_equal(old->kids_missing_from(*now, 1).size(), 1);
    assert_true(old->kids_missing_from(*old, 8).empty());
}

void a_failed_allocation_forgets(void **) {
    const JoseHeader header{find_algorithm("RS256"), std::string(100, 'k')};
    const Set set = parse(unit::jwks({"rsa1"}));
    unit::with_each_allocation_failing(
        unit::Failing::one,
        [&] {
            set->remember("a segment that is not short", header);
            return set->find_memo("a segment that is not short") != nullptr;
        },
        [](bool kept, bool hit) { assert_int_equal(kept, !hit); });
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_set_is_an_object_with_a_keys_array),
        cmocka_unit_test(a_member_twice_refuses_the_set),
        cmocka_unit_test(the_values_of_unknown_members_do_not_matter),
        cmocka_unit_test(an_entry_spoiled_by_a_value_is_passed_over),
        cmocka_unit_test(a_member_that_is_null_is_absent),
        cmocka_unit_test(what_is_no_key_set_is_named),
        cmocka_unit_test(an_entry_has_a_size),
        cmocka_unit_test(a_set_is_made_in_steps),
        cmocka_unit_test(keys_of_another_length_use_up_no_place),
        cmocka_unit_test(a_known_member_is_compared_with_its_nul),
        cmocka_unit_test(a_set_may_start_with_a_bom),
        cmocka_unit_test(other_entries_are_passed_over),
        cmocka_unit_test(a_long_kid_is_cut_in_reports),
        cmocka_unit_test(a_set_without_a_usable_key_is_refused),
        cmocka_unit_test(a_kid_chooses_its_keys_only),
        cmocka_unit_test(a_key_without_a_kid_is_not_chosen_by_one),
        cmocka_unit_test(a_known_kid_of_a_key_that_does_not_fit),
        cmocka_unit_test(all_keys_of_a_kid_are_tried_in_order),
        cmocka_unit_test(at_most_four_keys_are_tried),
        cmocka_unit_test(without_a_kid_the_fitting_keys_are_tried),
        cmocka_unit_test(a_thousand_keys),
        cmocka_unit_test(what_is_beyond_two_thousand_is_skipped),
        cmocka_unit_test(a_set_has_its_number),
        cmocka_unit_test(headers_are_remembered),
        cmocka_unit_test(what_is_remembered_is_bounded),
        cmocka_unit_test(a_failed_allocation_loses_no_key),
        cmocka_unit_test(what_another_set_lacks_is_told),
        cmocka_unit_test(a_failed_allocation_forgets),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
