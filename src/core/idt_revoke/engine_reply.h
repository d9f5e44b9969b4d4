// What Redis or Valkey answer (L2), and what of it we read.

#ifndef IDT_REVOKE_ENGINE_REPLY_H
#define IDT_REVOKE_ENGINE_REPLY_H

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace id_token {

// One answer, RESP2.
struct EngineReply {
    enum class Kind : std::uint8_t { nil, status, error, integer, text, list };
    Kind kind = Kind::nil;
    std::int64_t integer = 0;
    std::string text;  // of status, error, text
    std::vector<EngineReply> items;
};

// The place of a record in a stream: "MS-SEQUENCE", by the engine's clock.
// 0-0 is before all records. Lies in shared memory.
struct StreamId {
    std::uint64_t ms;
    std::uint64_t sequence;
    friend auto operator<=>(const StreamId &, const StreamId &) = default;
};

[[nodiscard]] std::optional<StreamId> parse_stream_id(
    std::string_view text) noexcept;
[[nodiscard]] std::string stream_id_text(const StreamId &id);

struct StreamRecord {
    StreamId id;
    std::string_view sealed;  // empty: it has no field of ours
};

// Of the field that holds what is sealed.
inline constexpr char kRecordField[] = "r";

// The records of XRANGE and XREVRANGE, or of XREAD for one stream; nil: none.
// Nothing if it is no such answer. The views are into `reply`.
[[nodiscard]] std::optional<std::vector<StreamRecord>> range_records(
    const EngineReply &reply);
[[nodiscard]] std::optional<std::vector<StreamRecord>> read_records(
    const EngineReply &reply);

// Milliseconds, of TIME.
[[nodiscard]] std::optional<std::int64_t> engine_time(
    const EngineReply &reply) noexcept;

// What can be shown of an engine's complaint: printable ASCII, bounded.
[[nodiscard]] std::string engine_complaint(std::string_view text);

}  // namespace id_token

#endif
