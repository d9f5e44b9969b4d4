// What is told now and then, with a count: the first time at once, then once a
// minute. Lives in shared memory: plain, and all zero is empty.

#ifndef IDT_KEYS_TALLY_H
#define IDT_KEYS_TALLY_H

#include <cstdint>
#include <optional>

namespace id_token {

inline constexpr std::int64_t kTallyInterval = 60 * 1000;

class Tally {
  public:
    void add() noexcept { ++count_; }

    // How many are to be told at `now` (ms); 0: nothing yet.
    [[nodiscard]] std::uint64_t take(std::int64_t now) noexcept {
        if (count_ == 0 || (told_ && now < next_)) {
            return 0;
        }
        const std::uint64_t count = count_;
        count_ = 0;
        told_ = true;
        next_ = now + kTallyInterval;
        return count;
    }

    // When there is something to tell.
    [[nodiscard]] std::optional<std::int64_t> due() const noexcept {
        if (count_ == 0) {
            return std::nullopt;
        }
        return told_ ? next_ : 0;
    }

  private:
    std::uint64_t count_;
    std::int64_t next_;
    bool told_;
};

}  // namespace id_token

#endif
