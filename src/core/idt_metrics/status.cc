#include "idt_metrics/status.h"

namespace id_token {

namespace {

template <class Numbers, class Counters>
void read_all(Numbers &numbers, const Counters &counters) noexcept {
    for (std::size_t i = 0; i < counters.size(); i++) {
        numbers[i] = counters[i].load(std::memory_order_relaxed);
    }
}

}  // namespace

void ProviderStatus::read(const ProviderCounters &counters) noexcept {
    read_all(requests, counters.requests);
    read_all(logins, counters.logins);
    read_all(counts, counters.counts);
}

}  // namespace id_token
