// One node's part in telling all nodes who has been logged out, through one
// stream of Redis or Valkey (L2). Pure: events in, commands out; two
// connections, clocks and the list are the caller's.
//
// What holds:
// - A logout that was accepted here is written once in each generation of the
//   engine: at once, as soon as this node has read to the end.
// - What was learnt from the stream is never written in the same generation.
// - A generation ends when the engine lacks what this node knows it had
//   (restarted empty, failed over to an older copy, the stream deleted). Then
//   all is read from the start, and one node after the other, by a lock in the
//   engine, writes what it holds and the stream lacks.

#ifndef IDT_REVOKE_FOLLOWER_H
#define IDT_REVOKE_FOLLOWER_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "idt_revoke/engine_reply.h"
#include "idt_revoke/stream_key.h"

namespace id_token {

// How far a generation of the engine has been read. Lies in shared memory, so
// that the next worker goes on: plain, all zero is the beginning.
struct StreamPlace {
    std::array<char, 32> generation;  // as the engine has it
    std::uint32_t number;             // ours for it, from kFirstNumber up
    StreamId read;                    // the list has all up to here
    StreamId high;                    // the greatest that was ever seen there
};

// What a list says of an entry: in which generation it is known to be in the
// engine.
inline constexpr std::uint32_t kNeverSent = 0;  // accepted here: write at once
inline constexpr std::uint32_t kMaybeSent = 1;  // by others, or before a start
inline constexpr std::uint32_t kFirstNumber = 2;

enum class Unsent : std::uint8_t {
    fresh,  // kNeverSent
    held    // of another number
};

// The list, as far as it is asked here.
class EngineList {
  public:
    virtual ~EngineList() = default;

    // It is in the stream, in this generation.
    virtual void met(const Revocation &revocation, std::uint32_t number) = 0;

    // Some of those that are not in it, `limit` at most. Nothing that has been
    // marked comes again.
    virtual std::vector<Revocation> unsent(Unsent which, std::uint32_t number,
                                           std::size_t limit) = 0;
};

// Each of its own connection, since a reader waits for what others write.
enum class EngineChannel : std::uint8_t { reading, writing };

struct EngineCommand {
    EngineChannel channel;
    std::vector<std::string> words;
};

enum class EnginePhase : std::uint8_t {
    away,
    greeting,  // what is there?
    reading,   // what we lack
    in_step
};

struct FollowerConf {
    std::string stream;
    std::string user;       // empty: none
    std::string password;   // empty: none
    std::int64_t keep = 0;  // ms; the stream keeps twice that
    void (*random)(unsigned char *bytes, std::size_t size) = nullptr;
};

class Follower {
  public:
    // All of these outlive it.
    Follower(const FollowerConf &conf, const StreamKeys &keys,
             StreamPlace &place, EngineList &list)
        : conf_(conf), keys_(keys), place_(place), list_(list) {}

    // Both connections are open. `now` is any clock of milliseconds.
    void connected(std::int64_t now);

    // An answer, in the order of the commands of its channel. False: this
    // engine is of no use, error() says why; then call lost().
    [[nodiscard]] bool reply(EngineChannel channel, const EngineReply &reply,
                             std::int64_t now);

    // Time has passed, or something unsent may be in the list.
    void tick(std::int64_t now);

    // One of the connections is gone: both are.
    void lost();

    // To be sent now, in this order.
    [[nodiscard]] std::vector<EngineCommand> take_commands() {
        return std::exchange(commands_, {});
    }

    [[nodiscard]] EnginePhase phase() const noexcept { return phase_; }

    // Whether an answer is awaited.
    [[nodiscard]] bool waits(EngineChannel channel) const noexcept {
        return !queue(channel).empty();
    }
    [[nodiscard]] const std::string &error() const noexcept { return error_; }

    // Records of the stream that are none of ours, since the last look.
    struct Refused {
        std::uint64_t malformed;
        std::uint64_t unknown_key;
        std::uint64_t forged;
        std::uint64_t no_logout;
    };
    [[nodiscard]] Refused take_refused() noexcept {
        return std::exchange(refused_, {});
    }

  private:
    enum class Awaited : std::uint8_t {
        login,
        ignored,  // any answer but an error
        generation,
        time,
        last,     // XREVRANGE of one
        high,     // XRANGE of the greatest that was seen
        records,  // XREAD
        lock,
        lock_last,  // XREVRANGE of one, under the lock
        written     // XADD
    };
    enum class Refill : std::uint8_t { idle, asking, catching_up, writing };

    using Queue = std::deque<Awaited>;
    Queue &queue(EngineChannel c) noexcept {
        return c == EngineChannel::reading ? reading_ : writing_;
    }
    const Queue &queue(EngineChannel c) const noexcept {
        return c == EngineChannel::reading ? reading_ : writing_;
    }

    void send(EngineChannel channel, Awaited awaited,
              std::vector<std::string> words);
    void login(EngineChannel channel);
    void look(std::int64_t now);
    void ask_last(Awaited awaited);
    void read_on();
    void write_on(std::int64_t now);
    void write(std::vector<Revocation> revocations, std::int64_t now);
    void refill(std::int64_t now);
    void end_refill(std::int64_t now);

    bool refuse(std::string text);
    bool judge(Awaited awaited, const EngineReply &reply, std::int64_t now);
    bool judge_generation(const EngineReply &reply);
    bool judge_time(const EngineReply &reply, std::int64_t now);
    bool judge_last(const EngineReply &reply, std::int64_t now);
    bool judge_high(const EngineReply &reply);
    bool judge_records(const EngineReply &reply, std::int64_t now);
    bool judge_lock(const EngineReply &reply, std::int64_t now);
    bool judge_lock_last(const EngineReply &reply, std::int64_t now);
    bool judge_written(const EngineReply &reply, std::int64_t now);

    void take_record(const StreamRecord &record);
    [[nodiscard]] bool has_changed(std::int64_t now) const noexcept;
    void settle(bool at_end, std::int64_t now);
    void begin_generation();
    [[nodiscard]] std::int64_t random_below(std::int64_t limit) const;
    [[nodiscard]] std::int64_t oldest(std::int64_t now) const noexcept;

    const FollowerConf &conf_;
    const StreamKeys &keys_;
    StreamPlace &place_;
    EngineList &list_;

    EnginePhase phase_ = EnginePhase::away;
    Queue reading_;
    Queue writing_;
    std::vector<EngineCommand> commands_;
    std::string error_;
    Refused refused_{};

    // of the greeting, and of each look after it
    std::array<char, 32> generation_{};
    StreamId asked_high_{};
    StreamId last_{};
    bool high_is_there_ = true;
    std::int64_t next_look_ = 0;

    std::int64_t engine_ahead_ = 0;  // its clock, less ours
    std::vector<Revocation> under_way_;
    std::size_t answered_ = 0;

    Refill refill_ = Refill::idle;
    std::int64_t next_refill_ = 0;
    std::int64_t locked_until_ = 0;
    StreamId lock_last_{};
};

}  // namespace id_token

#endif
