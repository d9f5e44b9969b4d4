// A million distinct tokens through the cache: memory stays at the bound and
// the millionth costs what the first ones cost.
//
//     cache_bench        exit status 1 if a gate is missed
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "idt_token/claims.h"
#include "idt_token/token_cache.h"

using namespace id_token;

namespace {

constexpr std::size_t kBound = 64U << 20;
constexpr int kTokens = 1'000'000;
constexpr int kSlice = 50'000;
constexpr double kMemory = 1.10;  // times the bound
constexpr double kCost = 1.25;    // times the first full slice, best of three

double cpu_ns() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

double resident_bytes() {
    std::ifstream file("/proc/self/statm");
    double total = 0;
    double resident = 0;
    file >> total >> resident;
    return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Tokens of 600 to 3,600 bytes whose last 300 are as good as random.
class Source {
  public:
    std::string_view next() {
        for (std::size_t i = 0; i < 300; i += sizeof(std::uint64_t)) {
            const std::uint64_t bits = random_();
            text_.replace(text_.size() - 304 + i, sizeof(bits),
                          reinterpret_cast<const char *>(&bits), sizeof(bits));
        }
        const std::size_t size = 600 + random_() % 3000;
        return std::string_view(text_).substr(text_.size() - size);
    }

  private:
    std::mt19937_64 random_{1};
    std::string text_ = std::string(3600, 'x');
};

class Flood {
  public:
    // Nanoseconds for a token: made, missed, inserted, found.
    double slice() {
        double spent = 0;
        for (int i = 0; i < kSlice; i++) {
            const std::string token(source_.next());
            const double start = cpu_ns();
            if (cache_.find(1, 1, token) != nullptr) {
                std::exit(2);
            }
            cache_.insert(VerifiedToken::create(token, 1, 1, algorithm_, "kid",
                                                true, {}, claims_, slots_));
            if (cache_.find(1, 1, token) == nullptr) {
                std::exit(2);
            }
            spent += cpu_ns() - start;
        }
        return spent / kSlice;
    }

  private:
    Source source_;
    const Algorithm &algorithm_ = *find_algorithm("RS256");
    Claims claims_ = std::move(*Claims::parse(
        R"({"sub":"auth0|65f0c2a1b7e94d","email":"jane.doe@example.com"})"));
    std::vector<ClaimPath> slots_ = {{"sub"}, {"email"}};
    TokenCache cache_{kBound};
};

}  // namespace

int main() {
    const double before = resident_bytes();
    Flood flood;
    std::vector<double> costs;
    double memory = 0;
    while (costs.size() < kTokens / kSlice) {
        costs.push_back(flood.slice());
        memory = std::max(memory, resident_bytes() - before);
    }
    // The cache is full after the first slice.
    const double first =
        *std::min_element(costs.begin() + 1, costs.begin() + 4);
    const double last = *std::min_element(costs.end() - 3, costs.end());
    const double times = memory / static_cast<double>(kBound);
    const bool ok = times <= kMemory && last <= kCost * first;
    std::printf(
        "cache_bench: %d tokens, bound %.0f MB: %.1f MB resident, "
        "%.2f of the bound; %.0f ns a token at first, %.0f at last; "
        "gates <= %.2f, <= %.2f times: %s\n",
        kTokens, static_cast<double>(kBound) / 1e6, memory / 1e6, times, first,
        last, kMemory, kCost, ok ? "ok" : "MISSED");
    return ok ? 0 : 1;
}
