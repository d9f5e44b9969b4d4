// What an operator sees of the module at a moment: plain values, and the two
// forms in which they are shown.

#ifndef IDT_METRICS_STATUS_H
#define IDT_METRICS_STATUS_H

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "idt_metrics/counters.h"

namespace id_token {

struct ProviderStatus {
    std::string name, issuer, client_id;
    std::array<std::uint64_t, kErrorCount> requests{};
    std::array<std::uint64_t, kLoginErrorCount> logins{};
    std::array<std::uint64_t, kCountCount> counts{};

    // Takes over what was counted.
    void read(const ProviderCounters &counters) noexcept;
};

struct KeyStatus {
    std::string kid;  // empty: it has none
    std::string_view kind;
    std::string_view algorithm;  // empty: any that fits its kind
    std::string thumbprint;      // RFC 7638
};

enum class KeysState : std::uint8_t {
    fresh,
    stale,  // the last fetch failed, or one is overdue: in use all the same
    none,   // never had, or too old to be used
};

// Where keys come from. Seconds; ages and waits are of now, none is negative.
struct SourceStatus {
    std::string source;  // its URL, or its file
    bool is_file = false;
    std::vector<std::string> providers;
    KeysState state = KeysState::none;
    std::vector<KeyStatus> keys;
    std::optional<std::int64_t> age;         // of the keys
    std::optional<std::int64_t> next_fetch;  // until then
    std::uint64_t fetches_good = 0, fetches_failed = 0;
    std::string last_error;  // in words; empty: none yet
    std::optional<std::int64_t> last_error_age;
    std::string address;  // that answered last; empty: none yet
};

struct RevocationsStatus {
    std::uint64_t held = 0, capacity = 0;
    std::optional<std::int64_t> in_step_for;  // with the engine, seconds
    bool has_engine = false;
    std::string last_error;  // of the engine
};

struct Status {
    std::string_view version;
    std::int64_t since = 0;  // seconds of the epoch: counted since then
    std::vector<ProviderStatus> providers;
    std::vector<SourceStatus> sources;
    std::uint64_t provider_unknown = 0;               // requests
    std::uint64_t parked = 0;                         // now, in all workers
    std::uint64_t cache_tokens = 0, cache_bytes = 0;  // in all workers
    std::optional<RevocationsStatus> revocations;
};

// Both throw std::bad_alloc.
[[nodiscard]] std::string status_json(const Status &status);

// Prometheus's text format 0.0.4. No kid and nothing personal is in a label;
// reasons that never occurred are left out, but for "ok".
[[nodiscard]] std::string status_prometheus(const Status &status);

}  // namespace id_token

#endif
