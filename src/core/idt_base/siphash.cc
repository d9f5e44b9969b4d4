#include "idt_base/siphash.h"

#include <bit>
#include <cstddef>

namespace id_token {

namespace {

struct State {
    std::uint64_t v0, v1, v2, v3;

    explicit State(const SipKey &key) noexcept
        : v0(key.k0 ^ 0x736f6d6570736575),
          v1(key.k1 ^ 0x646f72616e646f6d),
          v2(key.k0 ^ 0x6c7967656e657261),
          v3(key.k1 ^ 0x7465646279746573) {}

    void round() noexcept {
        v0 += v1;
        v2 += v3;
        v1 = std::rotl(v1, 13) ^ v0;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 = std::rotl(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = std::rotl(v1, 17) ^ v2;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 = std::rotl(v2, 32);
    }

    void add(std::uint64_t word) noexcept {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
    }

    std::uint64_t finish() noexcept {
        v2 ^= 0xff;
        for (int i = 0; i < 4; ++i) {
            round();
        }
        return v0 ^ v1 ^ v2 ^ v3;
    }
};

// Up to eight bytes, the first one lowest, on every machine.
std::uint64_t word_of(std::string_view bytes) noexcept {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        word |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i]))
                << (8 * i);
    }
    return word;
}

}  // namespace

std::uint64_t siphash(const SipKey &key, std::string_view text) noexcept {
    State state(key);
    const std::uint64_t length = text.size();
    while (text.size() >= 8) {
        state.add(word_of(text.substr(0, 8)));
        text.remove_prefix(8);
    }
    state.add(word_of(text) | length << 56);
    return state.finish();
}

}  // namespace id_token
