#include "idt_jose/algorithm.h"

#include "idt_lib/openssl.h"
#include "unit/support.h"

using namespace id_token;

namespace {

void every_algorithm_is_found_by_its_name(void **) {
    assert_int_equal(algorithms().size(), kAlgorithmCount);
    std::size_t index = 0;
    for (const Algorithm &a : algorithms()) {
        assert_ptr_equal(find_algorithm(a.name), &a);
        assert_int_equal(a.index, index++);
    }
}

void other_names_are_not_found(void **) {
    for (const char *name :
         {"",         "none",    "None",  "NONE",    "HS256",   "HS384",
          "HS512",    "rs256",   "Rs256", "RS256 ",  " RS256",  "RS1",
          "RS224",    "ES256K",  "ES521", "eddsa",   "ED25519", "Ed448",
          "RSA-OAEP", "ECDH-ES", "dir",   "A128GCM", "RS2560",  "RS25"}) {
        assert_null(find_algorithm(name));
    }
    assert_null(find_algorithm(std::string_view("RS256\0", 6)));
}

void sizes_are_those_of_the_digest_and_the_curve(void **) {
    for (const Algorithm &a : algorithms()) {
        if (a.scheme == Scheme::eddsa) {
            assert_null(a.digest);
            assert_int_equal(a.signature_size, 64);
            continue;
        }
        const EvpMd md(EVP_MD_fetch(nullptr, a.digest, nullptr));
        assert_non_null(md.get());
        assert_int_equal(EVP_MD_get_size(md.get()), a.digest_size);
        assert_text(a.name.substr(2), std::string_view(a.digest).substr(3));
    }
    // RFC 7518 3.4
    assert_int_equal(find_algorithm("ES256")->signature_size, 64);
    assert_int_equal(find_algorithm("ES384")->signature_size, 96);
    assert_int_equal(find_algorithm("ES512")->signature_size, 132);
}

void a_set_holds_what_was_added(void **) {
    AlgorithmSet set;
    assert_true(set.empty());

    for (const Algorithm &a : algorithms()) {
        AlgorithmSet one;
        one.add(a);
        assert_false(one.empty());
        for (const Algorithm &b : algorithms()) {
            assert_int_equal(one.has(b), &a == &b);
        }
        set.add(a);
        assert_true(set.has(a));
    }
}

void eddsa_and_ed25519_do_not_imply_each_other(void **) {
    AlgorithmSet set;
    set.add(*find_algorithm("EdDSA"));
    assert_true(set.has(*find_algorithm("EdDSA")));
    assert_false(set.has(*find_algorithm("Ed25519")));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_is_found_by_its_name),
        cmocka_unit_test(other_names_are_not_found),
        cmocka_unit_test(sizes_are_those_of_the_digest_and_the_curve),
        cmocka_unit_test(a_set_holds_what_was_added),
        cmocka_unit_test(eddsa_and_ed25519_do_not_imply_each_other),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
