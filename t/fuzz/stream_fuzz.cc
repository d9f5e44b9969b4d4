// What an engine answers to a node, and the records of its stream, sealed
// again after each change, so that what is behind the seal is read, too.
//
// Input: lines. "i" an integer, "n" nil, "s", "t" and "e" a status, a text and
// an error with the rest of the line, "r" a text that is a sealed record of the
// rest, "l" and a digit a list of so many of what follows; "." goes to the
// reader, "," to the writer.

#include <algorithm>
#include <iterator>

#include "fuzz/fuzz.h"
#include "idt_revoke/follower.h"

using namespace id_token;

namespace {

using Kind = EngineReply::Kind;

constexpr std::int64_t kNow = 1'800'000'000'000;
constexpr int kMaxDepth = 8;

void no_random(unsigned char *bytes, std::size_t size) {
    std::fill_n(bytes, size, 7);
}

const StreamKeys &keys() {
    static const StreamKeys made = [] {
        StreamKeys k;
        k.add(StreamKey("0123456789abcdef0123456789abcdef"));
        return k;
    }();
    return made;
}

struct List : EngineList {
    std::size_t count = 0;
    std::vector<Revocation> waiting{3};

    void met(const Revocation &r, std::uint32_t number) override {
        REQUIRE(number >= kFirstNumber);
        REQUIRE(r.kind != RevokedKind::seen);
        count++;
        if (!waiting.empty()) {
            waiting.pop_back();
        }
    }
    std::vector<Revocation> unsent(Unsent which, std::uint32_t,
                                   std::size_t limit) override {
        auto some = waiting;
        some.resize(std::min(limit, some.size()));
        if (which == Unsent::held) {
            return some;
        }
        return waiting.size() % 2 != 0 ? some : std::vector<Revocation>();
    }
};

Revocation revocation_of(std::string_view text) {
    Revocation r;
    r.kind = static_cast<RevokedKind>(fuzz::take_byte(text));
    r.cut = fuzz::take_byte(text);
    r.until = INT64_MAX - fuzz::take_byte(text);
    std::copy_n(text.begin(), std::min(text.size(), r.value.size()),
                r.value.begin());
    return r;
}

EngineReply read_reply(std::string_view &rest, int depth) {
    std::string_view line = fuzz::take_line(rest);
    EngineReply reply;
    switch (fuzz::take_byte(line)) {
        case 'i':
            reply.kind = Kind::integer;
            break;
        case 's':
            reply.kind = Kind::status;
            reply.text = line;
            break;
        case 'e':
            reply.kind = Kind::error;
            reply.text = line;
            break;
        case 't':
            reply.kind = Kind::text;
            reply.text = line;
            break;
        case 'r':
            reply.kind = Kind::text;
            reply.text = keys().seal("s", revocation_of(line), {});
            break;
        case 'l': {
            reply.kind = Kind::list;
            const unsigned count = fuzz::take_byte(line) % 10;
            for (unsigned i = 0; i < count && depth < kMaxDepth; i++) {
                reply.items.push_back(read_reply(rest, depth + 1));
            }
            break;
        }
        default:
            break;
    }
    return reply;
}

void check_ids(std::string_view text) {
    const auto id = parse_stream_id(text);
    if (id) {
        REQUIRE(parse_stream_id(stream_id_text(*id)) == *id);
    }
    const std::string shown = engine_complaint(text);
    REQUIRE(!fuzz::has_control_byte(shown) && shown.size() <= 200);
}

void check_seal(std::string_view text) {
    REQUIRE(!keys().open("s", text));
    const Revocation r = revocation_of(text);
    const auto opened = keys().open("s", keys().seal("s", r, {}));
    REQUIRE(opened ? *opened == r : opened.error() == SealError::no_logout);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string_view rest = fuzz::text_of(data, size);
    check_ids(rest);
    check_seal(rest);

    FollowerConf conf;
    conf.stream = "s";
    conf.keep = 1000;
    conf.random = no_random;
    StreamPlace place{};
    List list;
    Follower follower(conf, keys(), place, list);
    std::int64_t now = kNow;
    follower.connected(now);

    while (!rest.empty()) {
        const auto channel = rest.front() == '.' ? EngineChannel::reading
                                                 : EngineChannel::writing;
        rest.remove_prefix(1);
        const StreamId read = place.read;
        const std::uint32_t number = place.number;
        now += 100;
        if (!follower.reply(channel, read_reply(rest, 0), now)) {
            REQUIRE(!follower.error().empty());
            REQUIRE(!fuzz::has_control_byte(follower.error()));
            follower.lost();
            follower.connected(now);
        }
        follower.tick(now);
        REQUIRE(place.number >= number);
        REQUIRE(place.number > number || place.read >= read);
        REQUIRE(place.high >= place.read);
        REQUIRE(follower.take_commands().size() < 64);
    }
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    static const char *const kLines[] = {
        ",sOK\n",
        ",taaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
        ",l2\nt1800000000\nt5\n",
        ",l0\n",
        ",l1\nl2\nt9-1\nl2\ntr\ntx\n",
        ",t1800000000000-1\n",
        ".n\n",
        ".l1\nl2\nts\nl1\nl2\nt9-1\nl2\ntr\nr\1abc\n",
        ",n\n",
        ",eREADONLY\n"};
    fuzz::Random random(seed);
    std::string text(reinterpret_cast<const char *>(data), size);
    if (random() % 3 == 0) {
        return LLVMFuzzerMutate(data, size, max);
    }
    text.insert(random() % 2 != 0 ? text.size() : random() % (size + 1),
                kLines[random() % std::size(kLines)]);
    return fuzz::give_back(text, data, size, max);
}
