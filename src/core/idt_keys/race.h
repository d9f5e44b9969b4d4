// Which address of a key server is tried when, RFC 8305.
//
// The caller has the sockets and the clock: it asks what to do, does it, tells
// what came of it. Times are milliseconds of one monotonic clock.

#ifndef IDT_KEYS_RACE_H
#define IDT_KEYS_RACE_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace id_token {

// Connections of one fetch that are open at once.
inline constexpr std::size_t kMaxRacing = 4;

// The next address is tried after the longer one (RFC 8305 8); with many
// addresses sooner, not below the shorter one, so that the last has its turn
// in the first half of the time.
inline constexpr std::int64_t kRaceDelay = 250;
inline constexpr std::int64_t kMinRaceDelay = 100;

// Who has taken a request has this long to answer while others wait.
inline constexpr std::int64_t kMinAnswerTime = 1000;

// An address with its port, as its bytes; trivially copyable, for shared
// memory. Empty: none.
struct AddressBytes {
    std::uint8_t size = 0;
    std::array<std::uint8_t, 28> bytes{};

    // Longer ones are none.
    static AddressBytes of(std::span<const std::uint8_t> from) noexcept;

    friend bool operator==(const AddressBytes &,
                           const AddressBytes &) = default;
};

// What a source knows of its servers' addresses, from one attempt to the next,
// for all workers. Two that answered: discovery and key set may have a host
// each. Trivially copyable.
struct AddressMemory {
    std::array<AddressBytes, 2> answered{};  // the last one first
    AddressBytes failed;                     // the one that failed last

    void remember_answer(const AddressBytes &address) noexcept;
    void remember_failure(const AddressBytes &address) noexcept;
};

// An address as the order has to know it. `family` is any number: of two in a
// row the second one should be another.
struct Contestant {
    int family = 0;
    AddressBytes address;
};

// Positions in `found` in the order of trying: families take turns, beginning
// with that of the first (RFC 8305 4), from behind the address that failed
// last; before all others those that answered. Throws std::bad_alloc.
[[nodiscard]] std::vector<std::size_t> race_order(
    std::span<const Contestant> found, const AddressMemory &memory);

class Race {
  public:
    struct Step {
        enum class Kind : std::uint8_t {
            start,  // connect to `place`, then ask again
            drop,   // close `place`: it has had its time; then ask again
            wait,   // nothing to do before `until`, unless something happens
            lost,   // no address is left, or no time
        };
        Kind kind;
        std::size_t place = 0;  // in the order
        std::int64_t until = 0;
    };

    // Throws std::bad_alloc.
    Race(std::size_t addresses, std::int64_t now, std::int64_t deadline);

    [[nodiscard]] Step next(std::int64_t now) noexcept;

    // It does not work: the next address need not wait.
    void failed(std::size_t place) noexcept;

    // It is connected, its handshake is over: the others are to be closed, and
    // may have another turn should it fail. Until when it may answer.
    std::int64_t won(std::size_t place, std::int64_t now) noexcept;

  private:
    enum class Lane : std::uint8_t { waiting, running, out };

    [[nodiscard]] std::size_t find(Lane lane) const noexcept;
    [[nodiscard]] std::size_t oldest() const noexcept;
    [[nodiscard]] Step start(std::size_t place, std::int64_t now) noexcept;
    [[nodiscard]] Step drop(std::size_t place) noexcept;

    std::vector<Lane> lanes_;
    std::vector<std::int64_t> begun_;
    std::int64_t deadline_;
    std::int64_t delay_;
    std::int64_t next_start_;
    std::size_t running_ = 0;
    bool answering_ = false;
};

}  // namespace id_token

#endif
