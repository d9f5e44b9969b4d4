#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
#include <memory>
#include <string>
extern "C" {
#include <cmocka.h>
}

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "idt_base/siphash.h"

using namespace id_token;

namespace {

constexpr SipKey kKey{0x0706050403020100, 0x0f0e0d0c0b0a0908};

std::string counted(std::size_t length) {
    std::string text;
    for (std::size_t i = 0; i < length; ++i) {
        text.push_back(static_cast<char>(i));
    }
    return text;
}

// The published vectors for the key 00 01 .. 0f.
void the_vectors_of_its_authors(void **) {
    assert_true(siphash(kKey, counted(0)) == 0x726fdb47dd0e0e31);
    assert_true(siphash(kKey, counted(1)) == 0x74f839c593dc67fd);
    assert_true(siphash(kKey, counted(15)) == 0xa129ca6149be45e5);
}

std::uint64_t of_openssl(const std::string &text) {
    const std::string key = counted(16);
    std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> mac(
        EVP_MAC_fetch(nullptr, "SIPHASH", nullptr), EVP_MAC_free);
    std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> ctx(
        EVP_MAC_CTX_new(mac.get()), EVP_MAC_CTX_free);
    std::size_t size = 8;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
        OSSL_PARAM_construct_end()};
    unsigned char out[8];
    std::size_t length = 0;
    assert_int_equal(
        EVP_MAC_init(ctx.get(),
                     reinterpret_cast<const unsigned char *>(key.data()),
                     key.size(), params),
        1);
    assert_int_equal(
        EVP_MAC_update(ctx.get(),
                       reinterpret_cast<const unsigned char *>(text.data()),
                       text.size()),
        1);
    assert_int_equal(EVP_MAC_final(ctx.get(), out, &length, sizeof(out)), 1);
    std::uint64_t value = 0;
    for (int i = 7; i >= 0; --i) {
        value = value << 8 | out[i];
    }
    return value;
}

void openssl_says_the_same(void **) {
    for (std::size_t length = 0; length < 600; ++length) {
        const std::string text = counted(length);
        assert_true(siphash(kKey, text) == of_openssl(text));
    }
}

void the_key_counts(void **) {
    assert_true(siphash({0, 0}, "a") != siphash({1, 0}, "a"));
    assert_true(siphash({0, 0}, "a") != siphash({0, 1}, "a"));
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_its_authors),
        cmocka_unit_test(openssl_says_the_same),
        cmocka_unit_test(the_key_counts),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
