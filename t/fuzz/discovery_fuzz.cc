// The discovery document.
//
// Input: a line with the issuer, the document.

#include <jansson.h>

#include "idt_keys/discovery.h"
#include "fuzz/fuzz.h"

using namespace id_token;

namespace {

constexpr const char *kNames[] = {"issuer", "jwks_uri", "x", ""};
constexpr const char *kValues[] = {R"("https://op.example/")",
                                   R"("https://op.example")",
                                   R"("http://op.example/")",
                                   R"("HTTPS://op.example/")",
                                   R"("https://op.example/jwks")",
                                   R"("http://op.example/jwks")",
                                   R"("file:///etc/passwd")",
                                   R"("https:op.example")",
                                   R"("")",
                                   R"("\u0000")",
                                   "null",
                                   "1",
                                   "[]",
                                   "{}"};
constexpr fuzz::Words kWords{kNames, kValues};

std::string text_member(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? std::string(json_string_value(value),
                                               json_string_length(value))
                                 : std::string();
}

bool is_https(std::string text) {
    text.resize(std::min<std::size_t>(text.size(), 8));
    for (char &c : text) {
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return text == "https://";
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string_view document = fuzz::text_of(data, size);
    const std::string issuer(fuzz::take_line(document));
    const auto url = parse_discovery(document, issuer);
    if (!url) {
        REQUIRE(!discovery_error_text(url.error()).empty());
        return 0;
    }

    // The same, the plain way.
    json_t *plain = json_loadb(document.data(), document.size(), 0, nullptr);
    REQUIRE(plain != nullptr);
    REQUIRE(text_member(plain, "issuer") == issuer);
    REQUIRE(text_member(plain, "jwks_uri") == *url);
    REQUIRE(!url->empty());
    REQUIRE(!is_https(issuer) || is_https(*url));
    json_decref(plain);

    REQUIRE(!parse_discovery(document, issuer + "/"));
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    fuzz::Random random(seed);
    std::string_view document = fuzz::text_of(data, size);
    const std::string issuer(fuzz::take_line(document));
    if (random() % 5 == 0) {
        return LLVMFuzzerMutate(data, size, max);
    }
    return fuzz::give_back(
        issuer + "\n" +
            fuzz::mutate_json(std::string(document), kWords, max, random),
        data, size, max);
}
