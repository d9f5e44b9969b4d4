// The cache of proven tokens: recognises exactly, keeps its bound.

#include "idt_token/token_cache.h"

#include <malloc.h>
#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <string>

#include "unit/support.h"
#include "unit/tenant.h"

using namespace id_token;

namespace {

TokenRef make(std::string_view token, std::uint64_t policy_id = 1,
              std::uint64_t keys_id = 1) {
    static const Claims claims =
        unit::parse_claims(R"({"sub":"alice","roles":["a"],"n":null})");
    static const std::vector<ClaimPath> slots = {
        {"sub"}, {"n"}, {"roles"}, {"none"}};
    return VerifiedToken::create(token, policy_id, keys_id,
                                 *find_algorithm("RS256"), "k1", true,
                                 Times{5, 4, 3.0, std::nullopt}, claims, slots);
}

// As long as `size`, different for every n in its last 24 bytes only.
std::string name(unsigned n, std::size_t size = 600) {
    char tail[25];
    std::snprintf(tail, sizeof(tail), "%024llx",
                  n * 0x9e3779b97f4a7c15ULL % 0xffffffffffffULL);
    return std::string(size - 24, 'x') + tail;
}

void a_token_holds_what_answers_need(void **) {
    TokenRef t = make("the.token");
    assert_true(t->token() == "the.token");
    assert_true(t->kid() == "k1");
    assert_true(t->has_kid());
    assert_true(t->algorithm().name == "RS256");
    assert_true(t->times().exp == 5);
    assert_true(t->slot(0).text() == "alice");
    assert_false(t->slot(1).present());
    assert_true(t->slot(2).text() == R"(["a"])");
    assert_false(t->slot(3).present());
    assert_false(t->slot(4).present());
    TokenRef other = t;
    t = TokenRef();
    assert_true(other->token() == "the.token");
    other = other->ref();
    assert_true(other->slot(0).text() == "alice");
}

void a_token_is_found_again(void **) {
    TokenCache cache(1 << 20);
    assert_null(cache.find(1, 1, name(1)));
    TokenRef t = make(name(1));
    cache.insert(t);
    assert_ptr_equal(cache.find(1, 1, name(1)), t.get());
    assert_int_equal(cache.count(), 1);
    cache.insert(t);
    cache.insert(make(name(1)));
    assert_int_equal(cache.count(), 1);
    cache.clear();
    assert_null(cache.find(1, 1, name(1)));
    assert_int_equal(cache.count(), 0);
    assert_true(t->token() == name(1));
}

void every_byte_is_compared(void **) {
    TokenCache cache(1 << 20);
    std::string token = name(7);
    cache.insert(make(token));
    for (std::size_t i = 0; i < token.size(); i++) {
        std::string other = token;
        other[i] ^= 1;
        assert_null(cache.find(1, 1, other));
    }
    assert_null(cache.find(1, 1, token + "x"));
    assert_null(cache.find(1, 1, token.substr(1)));
    assert_null(cache.find(1, 1, ""));
    assert_non_null(cache.find(1, 1, token));
}

void another_provider_or_key_set_finds_nothing(void **) {
    TokenCache cache(1 << 20);
    TokenRef a = make(name(1), 1, 1);
    TokenRef b = make(name(1), 2, 1);
    cache.insert(a);
    assert_null(cache.find(2, 1, name(1)));
    assert_null(cache.find(1, 2, name(1)));
    cache.insert(b);
    assert_int_equal(cache.count(), 2);
    assert_ptr_equal(cache.find(1, 1, name(1)), a.get());
    assert_ptr_equal(cache.find(2, 1, name(1)), b.get());
}

// The hash does not decide: in a table of one bucket nothing else is found.
void one_bucket_does_not_mix_providers_or_key_sets(void **) {
    TokenCache cache(2000);
    TokenRef a = make(name(1, 64), 1, 1);
    cache.insert(a);
    assert_int_equal(cache.count(), 1);
    assert_null(cache.find(2, 1, name(1, 64)));
    assert_null(cache.find(1, 2, name(1, 64)));
    assert_null(cache.find(1, 1, name(2, 64)));
    assert_ptr_equal(cache.find(1, 1, name(1, 64)), a.get());
}

void the_least_recently_used_goes_first(void **) {
    TokenCache cache(8192);
    const std::size_t fit = (8192 - cache.bytes()) / make(name(0))->bytes();
    for (unsigned n = 0; n < fit; n++) {
        cache.insert(make(name(n)));
    }
    assert_int_equal(cache.count(), fit);
    assert_non_null(cache.find(1, 1, name(0)));
    cache.insert(make(name(100)));
    assert_int_equal(cache.count(), fit);
    assert_null(cache.find(1, 1, name(1)));
    assert_non_null(cache.find(1, 1, name(0)));
    assert_non_null(cache.find(1, 1, name(2)));
    assert_non_null(cache.find(1, 1, name(100)));
}

void what_does_not_fit_is_not_kept(void **) {
    TokenCache cache(4096);
    cache.insert(make(name(1)));
    cache.insert(make(name(2, 4096)));
    assert_null(cache.find(1, 1, name(2, 4096)));
    assert_non_null(cache.find(1, 1, name(1)));
    for (std::size_t tiny : {0, 1, 7, 100, 1000}) {
        TokenCache off(tiny);
        off.insert(make(name(1, 24)));
        assert_int_equal(off.count(), 0);
        assert_true(off.bytes() <= tiny);
        assert_null(off.find(1, 1, name(1, 24)));
    }
}

void a_dropped_token_lives_while_it_is_used(void **) {
    TokenCache cache(2048);
    TokenRef used = make(name(0));
    cache.insert(used);
    for (unsigned n = 1; n < 100; n++) {
        cache.insert(make(name(n)));
    }
    assert_null(cache.find(1, 1, name(0)));
    assert_true(used->token() == name(0));
    cache.insert(used);
    assert_ptr_equal(cache.find(1, 1, name(0)), used.get());
}

void short_tokens_do_not_disturb(void **) {
    TokenCache cache(1 << 16);
    for (std::size_t size = 0; size < 40; size++) {
        cache.insert(make(std::string(size, 'a')));
    }
    assert_int_equal(cache.count(), 40);
    for (std::size_t size = 0; size < 40; size++) {
        assert_non_null(cache.find(1, 1, std::string(size, 'a')));
    }
}

void something_is_remembered_beside_a_token(void **) {
    TokenRef t = make("t");
    assert_true(t->remembered(0, 1).empty());
    t->remember(0, "first", 10);
    t->remember(3, "other", 20);
    assert_true(t->remembered(0, 9) == "first");
    assert_true(t->remembered(0, 10).empty());
    assert_true(t->remembered(1, 9).empty());
    t->remember(0, "second", 30);
    assert_true(t->remembered(0, 29) == "second");
    assert_true(t->remembered(3, 19) == "other");
}

void what_is_remembered_counts(void **) {
    TokenCache cache(8192);
    TokenRef t = make(name(0));
    cache.insert(t);
    cache.insert(make(name(1)));
    const std::size_t before = cache.bytes();
    const std::size_t own = t->bytes();
    t->remember(0, std::string(1000, 'y'), 10);
    assert_true(t->bytes() >= own + 1000);
    cache.charge(t.get());
    assert_int_equal(cache.bytes(), before + t->bytes() - own);
    t->remember(0, "", 10);
    cache.charge(t.get());
    assert_true(cache.bytes() < before + 100);

    t->remember(1, std::string(7000, 'y'), 10);
    (void)cache.find(1, 1, name(0));
    cache.charge(t.get());
    assert_null(cache.find(1, 1, name(1)));
    assert_ptr_equal(cache.find(1, 1, name(0)), t.get());
    t->remember(2, std::string(9000, 'y'), 10);
    cache.charge(t.get());
    assert_int_equal(cache.count(), 0);
    assert_true(t->remembered(2, 9).size() == 9000);
    cache.charge(t.get());
    cache.clear();
    assert_int_equal(cache.bytes(), 8192 / 1024 * sizeof(void *));
}

std::size_t heap_in_use() {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

// What most slices of the tokens take: the machine is shared, and may stand
// still during some.
double seconds(void (*run)(TokenCache &, unsigned, unsigned), TokenCache &cache,
               unsigned from, unsigned to) {
    constexpr unsigned kSlices = 50;
    const unsigned step = (to - from) / kSlices;
    std::array<double, kSlices> cost;
    for (double &slice : cost) {
        const std::clock_t begin = std::clock();
        run(cache, from, from + step);
        slice = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
        from += step;
    }
    std::sort(cost.begin(), cost.end());
    return cost[kSlices / 2] * kSlices;
}

void a_million_tokens_stay_within_the_bound(void **) {
    constexpr std::size_t kBound = 8 << 20;
    constexpr unsigned kStep = 250'000;
    auto run = [](TokenCache &cache, unsigned from, unsigned to) {
        for (unsigned n = from; n < to; n++) {
            cache.insert(make(name(n, 500 + n % 700)));
            (void)cache.find(1, 1, name(n, 500 + n % 700));
            assert_true(cache.bytes() <= kBound);
        }
    };
    (void)make("warm");
    const std::size_t heap = heap_in_use();
    TokenCache cache(kBound);
    std::size_t counts[4];
    double cost[4];
    for (unsigned i = 0; i < 4; i++) {
        cost[i] = seconds(run, cache, i * kStep, (i + 1) * kStep);
        counts[i] = cache.count();
        const std::size_t used = heap_in_use() - heap;
        if (heap != 0) {  // a sanitizer's heap is not counted
            assert_true(used >= kBound - kBound / 10 &&
                        used <= kBound + kBound / 10);
        }
        std::printf("%u tokens: %zu kept, heap %zu, %.2f s\n", (i + 1) * kStep,
                    counts[i], used, cost[i]);
    }
    for (unsigned i = 1; i < 4; i++) {
        assert_true(counts[i] + 200 >= counts[0] &&
                    counts[i] <= counts[0] + 200);
        // flat; wide, because the machine is shared
        assert_true(cost[i] < 3 * cost[0]);
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_token_holds_what_answers_need),
        cmocka_unit_test(a_token_is_found_again),
        cmocka_unit_test(every_byte_is_compared),
        cmocka_unit_test(another_provider_or_key_set_finds_nothing),
        cmocka_unit_test(one_bucket_does_not_mix_providers_or_key_sets),
        cmocka_unit_test(the_least_recently_used_goes_first),
        cmocka_unit_test(what_does_not_fit_is_not_kept),
        cmocka_unit_test(a_dropped_token_lives_while_it_is_used),
        cmocka_unit_test(short_tokens_do_not_disturb),
        cmocka_unit_test(something_is_remembered_beside_a_token),
        cmocka_unit_test(what_is_remembered_counts),
        cmocka_unit_test(a_million_tokens_stay_within_the_bound),
    };
    return cmocka_run_group_tests_name("token_cache", tests, nullptr, nullptr);
}
