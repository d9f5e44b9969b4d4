#include "idt_metrics/counters.h"

namespace id_token {

void ProviderCounters::clear() noexcept {
    const auto begin_anew = [](auto &counters) {
        for (Counter &counter : counters) {
            counter.store(0, std::memory_order_relaxed);
        }
    };
    begin_anew(requests);
    begin_anew(logins);
    begin_anew(counts);
}

}  // namespace id_token
