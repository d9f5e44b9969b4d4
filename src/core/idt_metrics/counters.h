// What is counted, for all workers in shared memory: plain numbers that only
// grow, without a lock. All zero is the beginning.

#ifndef IDT_METRICS_COUNTERS_H
#define IDT_METRICS_COUNTERS_H

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "idt_base/error.h"
#include "idt_login/login_error.h"

namespace id_token {

#define X(name, answer, description) +1
inline constexpr std::size_t kErrorCount = 0 ID_TOKEN_ERRORS(X);
#undef X

#define X(name, page, text) +1
inline constexpr std::size_t kLoginErrorCount = 0 ID_TOKEN_LOGIN_ERRORS(X);
#undef X

// X(name, help): the counters of a provider that have no further label; help
// is for whoever reads the metrics.
#define ID_TOKEN_COUNTS(X)                                                     \
    X(signatures_verified, "Signatures verified, right or wrong.")             \
    X(cache_hits, "Tokens that were found in the cache of a worker.")          \
    X(requests_parked, "Requests that waited for keys.")                       \
    X(logins_begun, "Logins begun, renewals among them.")                      \
    X(logouts, "Sessions ended by id_token_logout.")

enum class Count : std::uint8_t {
#define X(name, help) name,
    ID_TOKEN_COUNTS(X)
#undef X
};

#define X(name, help) +1
inline constexpr std::size_t kCountCount = 0 ID_TOKEN_COUNTS(X);
#undef X

using Counter = std::atomic<std::uint64_t>;
static_assert(Counter::is_always_lock_free,
              "an atomic in shared memory must not hide a lock");

// One provider. No order between counters is promised to a reader.
struct ProviderCounters {
    std::array<Counter, kErrorCount> requests;     // by Error
    std::array<Counter, kLoginErrorCount> logins;  // ended, by LoginError
    std::array<Counter, kCountCount> counts;       // by Count

    void request(Error error) noexcept {
        add(requests[static_cast<std::size_t>(error)], 1);
    }
    void login(LoginError error) noexcept {
        add(logins[static_cast<std::size_t>(error)], 1);
    }
    void count(Count what, std::uint64_t times = 1) noexcept {
        add(counts[static_cast<std::size_t>(what)], times);
    }

    // From nothing again, for another provider.
    void clear() noexcept;

  private:
    static void add(Counter &counter, std::uint64_t times) noexcept {
        counter.fetch_add(times, std::memory_order_relaxed);
    }
};

}  // namespace id_token

#endif
