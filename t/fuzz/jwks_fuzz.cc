// Key sets.
//
// Input: the document.

#include <jansson.h>

#include <set>

#include "idt_jose/jwks.h"
#include "idt_lib/openssl.h"
#include "idt_jose/signature.h"
#include "fuzz/fuzz.h"

using namespace id_token;

namespace {

// Members of JWKs, and values that are nearly right.
constexpr const char *kNames[] = {"kty", "kid", "alg", "use",  "key_ops",
                                  "n",   "e",   "crv", "x",    "y",
                                  "d",   "p",   "k",   "keys", "x5c"};
constexpr const char *kValues[] = {
    R"("RSA")", R"("EC")", R"("OKP")", R"("oct")", R"("P-256")", R"("P-384")",
    R"("P-521")", R"("Ed25519")", R"("Ed448")", R"("RS256")", R"("ES256")",
    R"("EdDSA")", R"("sig")", R"("enc")", R"(["verify"])", R"(["sign"])",
    R"("AQAB")", R"("Aw")", R"("AQ")", R"("AA")", R"("AAAA")", R"("")",
    R"("k1")", R"("k2")", R"("=")", R"("+/")", "null", "1", "1.5", "[]", "{}",
    "true", "9223372036854775808", R"("k1\u0000")",
    // small-order points of Ed25519, and one of P-256
    R"("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")",
    R"("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")",
    R"("7P_______________________________________38")",
    R"({"kty":"OKP","crv":"Ed25519",)"
    R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
    R"({"kty":"EC","crv":"P-256",)"
    R"("x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
    R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"})"};
constexpr fuzz::Words kWords{kNames, kValues};

// Entries of "keys", by a reader of its own.
std::size_t entries(std::string_view document) {
    if (document.starts_with("\xef\xbb\xbf")) {
        document.remove_prefix(3);
    }
    json_t *plain =
        json_loadb(document.data(), document.size(),
                   JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, nullptr);
    REQUIRE(plain != nullptr);
    const std::size_t n = json_array_size(json_object_get(plain, "keys"));
    json_decref(plain);
    return n;
}

void check_key(const Jwk &key) {
    const int bits = EVP_PKEY_get_bits(key.pkey.get());
    const EvpPkeyCtx ctx(EVP_PKEY_CTX_new(key.pkey.get(), nullptr));
    switch (key.kind) {
        case KeyKind::rsa:
            REQUIRE(EVP_PKEY_is_a(key.pkey.get(), "RSA") == 1);
            REQUIRE(bits >= 2048 && bits <= 16384);
            REQUIRE(key.signature_size ==
                    static_cast<std::size_t>((bits + 7) / 8));
            break;
        case KeyKind::ed25519:
            REQUIRE(EVP_PKEY_is_a(key.pkey.get(), "ED25519") == 1);
            REQUIRE(key.signature_size == 64);
            break;
        default:
            REQUIRE(EVP_PKEY_is_a(key.pkey.get(), "EC") == 1);
            REQUIRE(EVP_PKEY_public_check(ctx.get()) == 1);
            REQUIRE(key.signature_size ==
                    static_cast<std::size_t>((bits + 7) / 8) * 2);
            break;
    }
}

// A key verifies nothing at all of zeros, and nothing is left in the queue.
void check_zeros(Jwk &key, const Algorithm &a) {
    static SignatureVerifier verifier;
    const std::string zeros(key.signature_size, '\0');
    const Error error = verifier.verify(
        a, key, "e30.e30",
        {reinterpret_cast<const unsigned char *>(zeros.data()), zeros.size()});
    REQUIRE(error == Error::signature);
    REQUIRE(ERR_peek_error() == 0);
}

void check_candidates(const KeySet::Candidates &found, const Algorithm &a,
                      const std::string *kid) {
    REQUIRE(found.count <= kMaxKeysTried);
    for (std::size_t i = 0; i < found.count; i++) {
        Jwk &key = *found.keys[i];
        REQUIRE(key.fits(a) && key.kind == a.key);
        REQUIRE(kid == nullptr || (key.kid && *key.kid == *kid));
        check_key(key);
        if (key.signature_size <= 512) {
            check_zeros(key, a);
        }
    }
}

void check_set(KeySet &set) {
    static const std::string kAbsent("no such kid");
    std::set<std::string> kids;
    std::size_t found_any = 0;
    for (const Algorithm &a : algorithms()) {
        const auto found = set.find(a, nullptr);
        check_candidates(found, a, nullptr);
        found_any += found.count;
        for (std::size_t i = 0; i < found.count; i++) {
            if (found.keys[i]->kid) {
                kids.insert(*found.keys[i]->kid);
            }
        }
        for (const std::string &kid : kids) {
            REQUIRE(set.has_kid(kid));
            check_candidates(set.find(a, &kid), a, &kid);
        }
        const auto none = set.find(a, &kAbsent);
        REQUIRE(set.has_kid(kAbsent) == none.kid_known);
    }
    REQUIRE(found_any > 0);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string_view document = fuzz::text_of(data, size);
    ERR_clear_error();
    std::vector<SkippedKey> skipped;
    const auto set = KeySet::parse(document, 7, &skipped);
    REQUIRE(ERR_peek_error() == 0);
    std::set<std::size_t> indexes;
    for (const SkippedKey &key : skipped) {
        REQUIRE(indexes.insert(key.index).second);
        REQUIRE(key.kid.size() <= 64);
        REQUIRE(!jwk_error_row(key.error).text.empty());
    }
    if (!set) {
        REQUIRE(!jwks_error_text(set.error()).empty());
        return 0;
    }
    REQUIRE((*set)->id() == 7);
    REQUIRE((*set)->size() + skipped.size() == entries(document));
    check_set(**set);
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    fuzz::Random random(seed);
    if (random() % 5 == 0) {
        return LLVMFuzzerMutate(data, size, max);
    }
    const std::string document(fuzz::text_of(data, size));
    return fuzz::give_back(fuzz::mutate_json(document, kWords, max, random),
                           data, size, max);
}
