// The reader of proven payloads beside jansson, on any text.
//
// Input: the text.

#include <iterator>

#include "idt_lib/payload.h"
#include "fuzz/fuzz.h"
#include "unit/payload_reference.h"

using namespace id_token;

namespace {

constexpr const char *kNames[] = {"a",        "b",    "sub", "",
                                  "\xc3\xa9", "\x01", "/",   "a longer name"};
constexpr const char *kValues[] = {R"("")",
                                   R"("\u0000")",
                                   R"("\ud83d\ude00")",
                                   R"("\"\\\/\b\f\n\r\t")",
                                   "0",
                                   "-0",
                                   "1e22",
                                   "-1.5e-7",
                                   "5e-324",
                                   "1.7976931348623157e308",
                                   "12345678901234567890.0",
                                   "9223372036854775807",
                                   "-9223372036854775808",
                                   "true",
                                   "false",
                                   "null",
                                   "[]",
                                   "{}",
                                   R"([1,"x",[null],{"a":true}])",
                                   R"({"a":{"a":{"a":[]}}})"};
constexpr fuzz::Words kWords{kNames, kValues};

// What a JSON library cannot be asked to write.
constexpr const char *kRaw[] = {"\\u0000",      "\\ud800",
                                "\\udc00",      "\\ud83d\\ude00",
                                "1e400",        "-1e400",
                                "1e-400",       "\xff",
                                "\xed\xa0\x80", "18446744073709551615",
                                "\\u00e9",      "\"a\":0,",
                                "\\",           "\"",
                                "[[[[",         "12345678"};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string difference =
        unit::difference_from_jansson(fuzz::text_of(data, size));
    if (!difference.empty()) {
        std::fprintf(stderr, "%s\n", difference.c_str());
    }
    REQUIRE(difference.empty());
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    fuzz::Random random(seed);
    std::string text(fuzz::text_of(data, size));
    switch (random() % 3) {
        case 0:
            return LLVMFuzzerMutate(data, size, max);
        case 1:
            text.insert(random() % (text.size() + 1),
                        kRaw[random() % std::size(kRaw)]);
            break;
        default:
            text = fuzz::mutate_json(text, kWords, max, random);
    }
    return fuzz::give_back(text, data, size, max);
}
