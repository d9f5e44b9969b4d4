// Key sets.
//
// Input: the document.

#include <jansson.h>

#include <memory>
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
    "true", "9223372036854775808", R"("k1\u0000")", "1e400", R"("\ud83d")",
    R"("-----BEGIN CERTIFICATE-----")",
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

using Tree = std::unique_ptr<json_t, Free<json_decref>>;

Tree jansson(std::string_view text) {
    if (text.find('\0') != text.npos) {
        return nullptr;  // dropped by jansson behind a number or a word
    }
    return Tree(json_loadb(text.data(), text.size(),
                           JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL |
                               JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES,
                           nullptr));
}

std::string_view without_bom(std::string_view text) {
    return text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text;
}

// What is split off is what jansson has there.
void check_same(std::string_view text, const json_t *expected) {
    const Tree tree = jansson(text);
    REQUIRE(tree != nullptr);
    REQUIRE(json_equal(tree.get(), const_cast<json_t *>(expected)) == 1);
}

void check_elements(const JsonSplit &split, const json_t *keys) {
    REQUIRE(split.has_array() == json_is_array(keys));
    REQUIRE(split.element_count() == json_array_size(keys));
    for (std::size_t i = 0; i < split.elements().size(); i++) {
        const JsonSplit::Element &element = split.elements()[i];
        const json_t *other = json_array_get(keys, i);
        check_same(element.value, other);
        const json_t *kid = json_object_get(other, "kid");
        REQUIRE(element.label.has_value() == json_is_string(kid));
        REQUIRE(!kid || !element.label ||
                *element.label == std::string_view(json_string_value(kid),
                                                   json_string_length(kid)));
    }
}

// Splitting against jansson, which has no flaws, no overflow and less patience.
void check_split(std::string_view document) {
    const std::string_view text = without_bom(document);
    const Tree tree = jansson(text);
    JsonSplit split(text, "keys", "kid", kMaxKeys);
    const auto progress = split.run();
    if (progress == JsonSplit::Progress::failed) {
        switch (split.error()) {
            case JsonSplitError::depth:
            case JsonSplitError::members:
                break;
            case JsonSplitError::not_an_object:
                REQUIRE(tree == nullptr || !json_is_object(tree.get()));
                break;
            default:
                REQUIRE(tree == nullptr);
        }
        return;
    }
    if (tree == nullptr) {
        return;  // a value that jansson cannot hold
    }
    REQUIRE(json_is_object(tree.get()));
    REQUIRE(split.members().size() == json_object_size(tree.get()));
    for (const JsonSplit::Member &member : split.members()) {
        check_same(member.value,
                   json_object_get(tree.get(), member.name.c_str()));
    }
    check_elements(split, json_object_get(tree.get(), "keys"));
}

// However it is cut into steps.
void check_steps(std::string_view document, bool good, std::size_t keys) {
    KeySetBuilder builder(std::string(document), 8);
    auto progress = KeySetBuilder::Progress::more;
    while (progress == KeySetBuilder::Progress::more) {
        progress = builder.step(document.size() / 7 + 1);
    }
    REQUIRE(good == (progress == KeySetBuilder::Progress::done));
    REQUIRE(!good || builder.take()->size() == keys);
}

void check_key(Jwk &key) {
    EVP_PKEY *pkey = key.key.get();
    REQUIRE(pkey != nullptr);
    const int bits = EVP_PKEY_get_bits(pkey);
    const EvpPkeyCtx ctx(EVP_PKEY_CTX_new(pkey, nullptr));
    switch (key.kind) {
        case KeyKind::rsa:
            REQUIRE(EVP_PKEY_is_a(pkey, "RSA") == 1);
            REQUIRE(bits >= 2048 && bits <= 8192);
            REQUIRE(key.signature_size ==
                    static_cast<std::size_t>((bits + 7) / 8));
            break;
        case KeyKind::ed25519:
            REQUIRE(EVP_PKEY_is_a(pkey, "ED25519") == 1);
            REQUIRE(key.signature_size == 64);
            break;
        default:
            REQUIRE(EVP_PKEY_is_a(pkey, "EC") == 1);
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

// Of the keys without regard to a kid, whatever the length of their signatures.
std::size_t check_algorithm(KeySet &set, const Algorithm &a,
                            std::set<std::string> &kids) {
    static const std::string kAbsent("no such kid");
    const std::size_t least = a.signature_size == 0 ? 256 : a.signature_size;
    const std::size_t most = a.signature_size == 0 ? 1024 : a.signature_size;
    std::size_t found_any = 0;
    for (std::size_t size = least; size <= most; size++) {
        const auto found = set.find(a, nullptr, size);
        check_candidates(found, a, nullptr);
        found_any += found.count;
        for (std::size_t i = 0; i < found.count; i++) {
            REQUIRE(found.keys[i]->signature_size == size);
            if (found.keys[i]->kid) {
                kids.insert(*found.keys[i]->kid);
            }
        }
        if (found.count == 0) {
            continue;
        }
        for (const std::string &kid : kids) {
            REQUIRE(set.has_kid(kid));
            check_candidates(set.find(a, &kid, size), a, &kid);
        }
    }
    REQUIRE(set.has_key_for(a) == (found_any > 0));
    const auto none = set.find(a, &kAbsent, least);
    REQUIRE(set.has_kid(kAbsent) == none.kid_known);
    return found_any;
}

void check_set(KeySet &set) {
    std::set<std::string> kids;
    std::size_t found_any = 0;
    for (const Algorithm &a : algorithms()) {
        found_any += check_algorithm(set, a, kids);
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
    check_split(document);
    check_steps(document, static_cast<bool>(set), set ? (*set)->size() : 0);
    if (!set) {
        REQUIRE(!jwks_error_text(set.error()).empty());
        return 0;
    }
    REQUIRE((*set)->id() == 7);
    JsonSplit split(without_bom(document), "keys", "kid", kMaxKeys);
    REQUIRE(split.run() == JsonSplit::Progress::done);
    REQUIRE((*set)->size() + skipped.size() == split.element_count());
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
