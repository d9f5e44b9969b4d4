#include "idt_revoke/engine_reply.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace id_token {

namespace {

using Kind = EngineReply::Kind;

constexpr std::size_t kMaxComplaint = 200;

template <class Number>
std::optional<Number> read_decimal(std::string_view text) noexcept {
    Number number = 0;
    const char *end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end) {
        return std::nullopt;
    }
    return number;
}

// [name, value, name, value, ...]; others may have written it.
std::string_view find_sealed(const EngineReply &fields) noexcept {
    for (std::size_t i = 0; i + 1 < fields.items.size(); i += 2) {
        if (fields.items[i].text == kRecordField &&
            fields.items[i + 1].kind == Kind::text) {
            return fields.items[i + 1].text;
        }
    }
    return {};
}

// [id, fields]
std::optional<StreamRecord> read_record(const EngineReply &entry) noexcept {
    if (entry.kind != Kind::list || entry.items.size() != 2) {
        return std::nullopt;
    }
    const auto id = parse_stream_id(entry.items[0].text);
    if (!id) {
        return std::nullopt;
    }
    return StreamRecord{*id, find_sealed(entry.items[1])};
}

}  // namespace

std::optional<StreamId> parse_stream_id(std::string_view text) noexcept {
    const std::size_t dash = text.find('-');
    if (dash == text.npos) {
        return std::nullopt;
    }
    const auto ms = read_decimal<std::uint64_t>(text.substr(0, dash));
    const auto sequence = read_decimal<std::uint64_t>(text.substr(dash + 1));
    if (!ms || !sequence) {
        return std::nullopt;
    }
    return StreamId{*ms, *sequence};
}

std::string stream_id_text(const StreamId &id) {
    return std::to_string(id.ms) + "-" + std::to_string(id.sequence);
}

std::optional<std::vector<StreamRecord>> range_records(
    const EngineReply &reply) {
    std::vector<StreamRecord> records;
    if (reply.kind == Kind::nil) {
        return records;
    }
    if (reply.kind != Kind::list) {
        return std::nullopt;
    }
    for (const EngineReply &entry : reply.items) {
        const auto record = read_record(entry);
        if (!record) {
            return std::nullopt;
        }
        records.push_back(*record);
    }
    return records;
}

// [[stream, entries]]
std::optional<std::vector<StreamRecord>> read_records(
    const EngineReply &reply) {
    if (reply.kind == Kind::nil) {
        return std::vector<StreamRecord>();
    }
    if (reply.kind != Kind::list || reply.items.size() != 1 ||
        reply.items[0].items.size() != 2) {
        return std::nullopt;
    }
    return range_records(reply.items[0].items[1]);
}

// [seconds, microseconds]
std::optional<std::int64_t> engine_time(const EngineReply &reply) noexcept {
    if (reply.kind != Kind::list || reply.items.size() != 2) {
        return std::nullopt;
    }
    const auto seconds = read_decimal<std::int64_t>(reply.items[0].text);
    const auto micro = read_decimal<std::int64_t>(reply.items[1].text);
    constexpr std::int64_t kMax =
        std::numeric_limits<std::int64_t>::max() / 1000 - 1;
    if (!seconds || !micro || *seconds < 0 || *seconds > kMax || *micro < 0 ||
        *micro >= 1'000'000) {
        return std::nullopt;
    }
    return *seconds * 1000 + *micro / 1000;
}

std::string engine_complaint(std::string_view text) {
    std::string shown(text.substr(0, kMaxComplaint));
    std::replace_if(
        shown.begin(), shown.end(),
        [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
    return shown;
}

}  // namespace id_token
