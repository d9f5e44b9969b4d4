// The file that keeps a key set over a restart.
//
// Input: a byte of options, the file.

#include "idt_keys/saved_keys.h"
#include "fuzz/fuzz.h"

using namespace id_token;

namespace {

constexpr std::int64_t kNow = 1'800'000'000;
constexpr KeyOrigin kOrigin{"https://op.example/", "https://op.example/jwks",
                            "ca:system depth:9"};
constexpr std::string_view kMagic = "id-token-keys 1\nsha256 ";

// A file whose hash is right, so that the lines behind it are read.
std::string sealed(std::string_view rest) {
    return std::string(kMagic) + sha256_hex(rest) + "\n" + std::string(rest);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string_view text = fuzz::text_of(data, size);
    const unsigned options = fuzz::take_byte(text);
    const std::int64_t max_stale = options % 2 == 0 ? 86400 : 60;

    const auto state = parse_key_state(text, kOrigin, kNow, max_stale);
    if (state) {
        REQUIRE(state->fetched_at <= kNow);
        REQUIRE(state->fetched_at > kNow - max_stale);
        REQUIRE(text.ends_with(state->document));
        REQUIRE(text.size() - state->document.size() <= kMaxKeyStateHeader);
        // Of another source by one letter.
        for (KeyOrigin other :
             {KeyOrigin{"https://op.example", kOrigin.url, kOrigin.trust},
              KeyOrigin{kOrigin.issuer, "https://op.example/jwks2",
                        kOrigin.trust},
              KeyOrigin{kOrigin.issuer, kOrigin.url, "ca:other depth:9"}}) {
            const auto foreign = parse_key_state(text, other, kNow, max_stale);
            REQUIRE(!foreign && foreign.error() == KeyStateError::foreign);
        }
        // A changed byte is found.
        std::string damaged(text);
        damaged.back() = static_cast<char>(damaged.back() ^ 1);
        REQUIRE(!parse_key_state(damaged, kOrigin, kNow, max_stale));
    }

    // What is written is read, whatever the document is.
    const std::string file = format_key_state(kOrigin, kNow - 59, text);
    const auto read = parse_key_state(file, kOrigin, kNow, max_stale);
    REQUIRE(read && read->fetched_at == kNow - 59 && read->document == text);
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    fuzz::Random random(seed);
    const std::string_view text = fuzz::text_of(data, size);
    const std::size_t begin = 1 + kMagic.size() + 65;
    if (size < begin || random() % 8 == 0) {
        return LLVMFuzzerMutate(data, size, max);
    }
    const std::string rest =
        fuzz::mutate_bytes(std::string(text.substr(begin)), max - begin);
    return fuzz::give_back(std::string(text.substr(0, 1)) + sealed(rest), data,
                           size, max);
}
