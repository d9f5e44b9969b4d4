#include "idt_revoke/follower.h"

#include <algorithm>

namespace id_token {

namespace {

using Kind = EngineReply::Kind;

constexpr std::int64_t kLookEvery = 500;  // ms
constexpr std::int64_t kLockTime = 2000;  // its owner may die
constexpr std::int64_t kRefillEvery = 1000;
constexpr std::int64_t kRefillPause = 250;
constexpr std::int64_t kLockPause = 100;
constexpr std::size_t kWriteAtOnce = 128;
constexpr char kReadAtOnce[] = "512";
constexpr char kReadTime[] = "500";  // ms

constexpr std::string_view kAsked[] = {"AUTH",      "SET",    "GET",   "TIME",
                                       "XREVRANGE", "XRANGE", "XREAD", "SET",
                                       "XREVRANGE", "XADD"};

std::string hex(const unsigned char *bytes, std::size_t size) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < size; i++) {
        text += kDigits[bytes[i] >> 4];
        text += kDigits[bytes[i] & 15];
    }
    return text;
}

std::string random_name(const FollowerConf &conf) {
    unsigned char bytes[16];
    conf.random(bytes, sizeof(bytes));
    return hex(bytes, sizeof(bytes));
}

bool is_ok(const EngineReply &reply) noexcept {
    return reply.kind == Kind::status && reply.text == "OK";
}

// Of an XREVRANGE of one: 0-0 if there is none.
std::optional<StreamId> last_id(const EngineReply &reply) {
    const auto records = range_records(reply);
    if (!records || records->size() > 1) {
        return std::nullopt;
    }
    return records->empty() ? StreamId{} : records->front().id;
}

}  // namespace

void Follower::connected(std::int64_t now) {
    lost();
    error_.clear();
    phase_ = EnginePhase::greeting;
    login(EngineChannel::reading);
    login(EngineChannel::writing);
    send(EngineChannel::writing, Awaited::ignored,
         {"SET", conf_.stream + ":generation", random_name(conf_), "NX"});
    look(now);
}

void Follower::lost() {
    phase_ = EnginePhase::away;
    reading_.clear();
    writing_.clear();
    commands_.clear();
    under_way_.clear();
    refill_ = Refill::idle;
}

void Follower::tick(std::int64_t now) {
    if (phase_ == EnginePhase::away || phase_ == EnginePhase::greeting) {
        return;
    }
    if (now >= next_look_ && !waits(EngineChannel::writing)) {
        look(now);
    }
    write_on(now);
}

bool Follower::reply(EngineChannel channel, const EngineReply &reply,
                     std::int64_t now) {
    Queue &awaited = queue(channel);
    if (awaited.empty()) {
        return refuse("answered without being asked");
    }
    const Awaited what = awaited.front();
    awaited.pop_front();
    if (reply.kind == Kind::error) {
        return refuse("answered " +
                      std::string(kAsked[static_cast<std::size_t>(what)]) +
                      " with \"" + engine_complaint(reply.text) + "\"");
    }
    if (judge(what, reply, now)) {
        return true;
    }
    return refuse("answered " +
                  std::string(kAsked[static_cast<std::size_t>(what)]) +
                  " with something else");
}

// The first complaint stays: it says more.
bool Follower::refuse(std::string text) {
    if (error_.empty()) {
        error_ = std::move(text);
    }
    return false;
}

void Follower::send(EngineChannel channel, Awaited awaited,
                    std::vector<std::string> words) {
    commands_.push_back({channel, std::move(words)});
    queue(channel).push_back(awaited);
}

void Follower::login(EngineChannel channel) {
    if (conf_.password.empty()) {
        return;
    }
    std::vector<std::string> words{"AUTH"};
    if (!conf_.user.empty()) {
        words.push_back(conf_.user);
    }
    words.push_back(conf_.password);
    send(channel, Awaited::login, std::move(words));
}

// XREVRANGE comes last: its answer is the conclusion. What is read in the
// meantime is newer than what it tells, so `high` is the one of now.
void Follower::look(std::int64_t now) {
    const std::string high = stream_id_text(place_.high);
    asked_high_ = place_.high;
    high_is_there_ = true;
    next_look_ = now + kLookEvery;
    send(EngineChannel::writing, Awaited::generation,
         {"GET", conf_.stream + ":generation"});
    send(EngineChannel::writing, Awaited::time, {"TIME"});
    if (asked_high_ != StreamId{}) {
        send(EngineChannel::writing, Awaited::high,
             {"XRANGE", conf_.stream, high, high, "COUNT", "1"});
    }
    ask_last(Awaited::last);
}

void Follower::ask_last(Awaited awaited) {
    send(EngineChannel::writing, awaited,
         {"XREVRANGE", conf_.stream, "+", "-", "COUNT", "1"});
}

void Follower::read_on() {
    send(EngineChannel::reading, Awaited::records,
         {"XREAD", "COUNT", kReadAtOnce, "BLOCK", kReadTime, "STREAMS",
          conf_.stream, stream_id_text(place_.read)});
}

bool Follower::judge(Awaited awaited, const EngineReply &reply,
                     std::int64_t now) {
    switch (awaited) {
        case Awaited::login:
            return is_ok(reply);
        case Awaited::ignored:
            return true;
        case Awaited::generation:
            return judge_generation(reply);
        case Awaited::time:
            return judge_time(reply, now);
        case Awaited::last:
            return judge_last(reply, now);
        case Awaited::high:
            return judge_high(reply);
        case Awaited::records:
            return judge_records(reply, now);
        case Awaited::lock:
            return judge_lock(reply, now);
        case Awaited::lock_last:
            return judge_lock_last(reply, now);
        case Awaited::written:
            return judge_written(reply, now);
    }
    return false;
}

bool Follower::judge_generation(const EngineReply &reply) {
    if (reply.kind == Kind::nil) {
        return refuse("has been emptied");
    }
    if (reply.kind != Kind::text || reply.text.size() != generation_.size()) {
        return false;
    }
    std::copy(reply.text.begin(), reply.text.end(), generation_.begin());
    return true;
}

bool Follower::judge_time(const EngineReply &reply, std::int64_t now) {
    const auto time = engine_time(reply);
    engine_ahead_ = time ? *time - now : 0;
    return time.has_value();
}

bool Follower::judge_high(const EngineReply &reply) {
    const auto records = range_records(reply);
    high_is_there_ = records && !records->empty();
    return records.has_value();
}

// Trimming takes away what is old, and nothing else.
bool Follower::has_changed(std::int64_t now) const noexcept {
    if (generation_ != place_.generation || last_ < asked_high_) {
        return true;
    }
    return !high_is_there_ &&
           static_cast<std::int64_t>(asked_high_.ms) >= oldest(now);
}

bool Follower::judge_last(const EngineReply &reply, std::int64_t now) {
    const auto last = last_id(reply);
    if (!last) {
        return false;
    }
    last_ = *last;
    if (phase_ != EnginePhase::greeting) {
        return has_changed(now) ? refuse("lacks what it had") : true;
    }
    if (place_.number < kFirstNumber || has_changed(now)) {
        begin_generation();
    }
    phase_ = EnginePhase::reading;
    read_on();
    settle(false, now);
    return true;
}

void Follower::begin_generation() {
    place_.generation = generation_;
    place_.number = std::max(kFirstNumber, place_.number + 1);
    place_.read = place_.high = {};
}

bool Follower::judge_records(const EngineReply &reply, std::int64_t now) {
    const auto records = read_records(reply);
    if (!records) {
        return false;
    }
    for (const StreamRecord &record : *records) {
        if (record.id <= place_.read) {
            return false;
        }
        take_record(record);
        place_.read = record.id;
        place_.high = std::max(place_.high, record.id);
    }
    read_on();
    settle(records->empty(), now);
    write_on(now);
    return true;
}

// One that is none of ours is passed over: who can write to the engine can
// hold nobody up.
void Follower::take_record(const StreamRecord &record) {
    const auto revocation = keys_.open(conf_.stream, record.sealed);
    if (revocation) {
        list_.met(*revocation, place_.number);
        return;
    }
    switch (revocation.error()) {
        case SealError::malformed:
            refused_.malformed++;
            return;
        case SealError::unknown_key:
            refused_.unknown_key++;
            return;
        case SealError::forged:
            refused_.forged++;
            return;
        case SealError::no_logout:
            refused_.no_logout++;
            return;
    }
}

void Follower::settle(bool at_end, std::int64_t now) {
    if (phase_ == EnginePhase::reading && (at_end || place_.read >= last_)) {
        phase_ = EnginePhase::in_step;
        next_refill_ = now + random_below(kRefillPause);
        write_on(now);
    }
}

void Follower::write_on(std::int64_t now) {
    if (phase_ != EnginePhase::in_step || !under_way_.empty()) {
        return;
    }
    auto fresh = list_.unsent(Unsent::fresh, place_.number, kWriteAtOnce);
    if (!fresh.empty()) {
        write(std::move(fresh), now);
        return;
    }
    refill(now);
}

void Follower::write(std::vector<Revocation> revocations, std::int64_t now) {
    const std::int64_t oldest_kept = oldest(now);
    under_way_ = std::move(revocations);
    answered_ = 0;
    for (const Revocation &revocation : under_way_) {
        SealNonce nonce;
        conf_.random(nonce.data(), nonce.size());
        std::vector<std::string> words{"XADD", conf_.stream};
        if (oldest_kept > 0) {
            words.insert(words.end(),
                         {"MINID", "~", std::to_string(oldest_kept)});
        }
        words.insert(
            words.end(),
            {"*", kRecordField, keys_.seal(conf_.stream, revocation, nonce)});
        send(EngineChannel::writing, Awaited::written, std::move(words));
    }
}

bool Follower::judge_written(const EngineReply &reply, std::int64_t now) {
    const auto id = parse_stream_id(reply.text);
    if (reply.kind != Kind::text || !id || answered_ >= under_way_.size()) {
        return false;
    }
    place_.high = std::max(place_.high, *id);
    list_.met(under_way_[answered_++], place_.number);
    if (answered_ == under_way_.size()) {
        under_way_.clear();
        write_on(now);
    }
    return true;
}

// One node after the other writes what is held, each when it has read what the
// one before it wrote.
void Follower::refill(std::int64_t now) {
    if (refill_ == Refill::catching_up && place_.read >= lock_last_) {
        refill_ = Refill::writing;
    }
    if (refill_ == Refill::asking || refill_ == Refill::catching_up ||
        (refill_ == Refill::idle && now < next_refill_)) {
        return;
    }
    const bool writes = refill_ == Refill::writing;
    if (writes && now >= locked_until_) {
        end_refill(now);
        return;
    }
    auto held =
        list_.unsent(Unsent::held, place_.number, writes ? kWriteAtOnce : 1);
    if (held.empty()) {
        end_refill(now);
    } else if (writes) {
        locked_until_ = now + kLockTime;
        send(EngineChannel::writing, Awaited::ignored,
             {"PEXPIRE", conf_.stream + ":writer", std::to_string(kLockTime)});
        write(std::move(held), now);
    } else {
        refill_ = Refill::asking;
        locked_until_ = now + kLockTime;
        send(EngineChannel::writing, Awaited::lock,
             {"SET", conf_.stream + ":writer", random_name(conf_), "NX", "PX",
              std::to_string(kLockTime)});
    }
}

void Follower::end_refill(std::int64_t now) {
    if (refill_ == Refill::writing && now < locked_until_) {
        send(EngineChannel::writing, Awaited::ignored,
             {"DEL", conf_.stream + ":writer"});
    }
    refill_ = Refill::idle;
    next_refill_ = now + kRefillEvery;
}

bool Follower::judge_lock(const EngineReply &reply, std::int64_t now) {
    if (reply.kind == Kind::nil) {
        refill_ = Refill::idle;
        next_refill_ = now + kLockPause + random_below(kLockPause);
        return true;
    }
    refill_ = Refill::catching_up;
    lock_last_ = {~std::uint64_t{0}, 0};
    ask_last(Awaited::lock_last);
    return is_ok(reply);
}

bool Follower::judge_lock_last(const EngineReply &reply, std::int64_t now) {
    const auto last = last_id(reply);
    if (!last) {
        return false;
    }
    lock_last_ = *last;
    write_on(now);
    return true;
}

std::int64_t Follower::random_below(std::int64_t limit) const {
    std::uint32_t number = 0;
    conf_.random(reinterpret_cast<unsigned char *>(&number), sizeof(number));
    return static_cast<std::int64_t>(number) % limit;
}

// The greatest time of the engine that need not be kept any more.
std::int64_t Follower::oldest(std::int64_t now) const noexcept {
    return now + engine_ahead_ - 2 * conf_.keep;
}

}  // namespace id_token
