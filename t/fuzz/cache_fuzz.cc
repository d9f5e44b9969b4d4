// The cache of proven tokens: any order of what a worker does with it.
//
// Input: a byte that chooses the bound, then two bytes for each step.

#include <array>
#include <deque>

#include "idt_token/token_cache.h"
#include "fuzz/fuzz.h"

using namespace id_token;

namespace {

// Tokens of sizes from 3 bytes to 6 KiB; 64 of them, so that steps meet.
struct Made {
    std::string token;
    std::uint64_t policy;
    std::uint64_t keys;
};

Made made(unsigned n) {
    n %= 64;
    return {"t" + std::to_string(n) + std::string(n % 8 * n % 7 * 900, 'x'),
            1 + n % 3, 1 + n / 3 % 2};
}

TokenRef create(const Made &m) {
    static const auto claims =
        Claims::parse(R"({"sub":"u","roles":["a","b"],"n":1})");
    static const std::vector<ClaimPath> slots{{"sub"}, {"roles"}, {"absent"}};
    return VerifiedToken::create(m.token, m.policy, m.keys,
                                 *find_algorithm("ES256"), "kid", true, {},
                                 *claims, slots);
}

void check_token(VerifiedToken &token, const Made &m) {
    REQUIRE(token.token() == m.token);
    REQUIRE(token.policy_id() == m.policy && token.keys_id() == m.keys);
    REQUIRE(token.slot(0).text() == "u" && !token.slot(2).present());
    const std::string_view note = token.remembered(0, 1);
    REQUIRE(note.find_first_not_of('n') == note.npos);
}

struct World {
    explicit World(std::size_t bound) : bound(bound), cache(bound) {}

    void step(unsigned what, unsigned n) {
        const Made m = made(n);
        VerifiedToken *found = cache.find(m.policy, m.keys, m.token);
        if (found != nullptr) {
            check_token(*found, m);
        }
        switch (what % 8) {
            case 0:
            case 1:
            case 2:
                insert(m, found != nullptr);
                break;
            case 3:
                if (found != nullptr) {
                    found->remember(n % 3, std::string(n * 40, 'n'), 2);
                    cache.charge(found);
                }
                break;
            case 4:
                if (found != nullptr) {
                    held.emplace_back(found->ref(), m);
                }
                break;
            case 5:
                if (!held.empty()) {
                    held.pop_front();
                }
                break;
            case 6:
                // Of another policy, and of other keys: another token.
                REQUIRE(cache.find(m.policy + 9, m.keys, m.token) == nullptr);
                REQUIRE(cache.find(m.policy, m.keys + 9, m.token) == nullptr);
                break;
            default:
                if (n == 7) {
                    cache.clear();
                    REQUIRE(cache.count() == 0);
                }
                break;
        }
        REQUIRE(cache.bytes() <= bound);
        for (auto &[token, of] : held) {
            check_token(*token.get(), of);
        }
    }

    void insert(const Made &m, bool known) {
        if (known) {
            return;
        }
        const std::size_t before = cache.count();
        const TokenRef token = create(m);
        cache.insert(token);
        const bool kept = cache.find(m.policy, m.keys, m.token) != nullptr;
        REQUIRE(kept || cache.count() <= before);
        REQUIRE(kept || token->bytes() + bound / 64 + 64 > bound / 2);
    }

    std::size_t bound;
    TokenCache cache;
    std::deque<std::pair<TokenRef, Made>> held;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    constexpr std::array<std::size_t, 4> kBounds{0, 3000, 16384, 65536};
    std::string_view rest = fuzz::text_of(data, size);
    World world(kBounds[fuzz::take_byte(rest) % kBounds.size()]);
    while (rest.size() > 1) {
        const unsigned what = fuzz::take_byte(rest);
        world.step(what, fuzz::take_byte(rest));
    }
    return 0;
}
