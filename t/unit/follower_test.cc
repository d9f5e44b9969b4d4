// Nodes that tell each other through an engine: simulated, with all that may
// happen to it.

#include "idt_revoke/follower.h"

#include <map>
#include <memory>
#include <tuple>

#include "unit/support.h"

using namespace id_token;

namespace {

using Kind = EngineReply::Kind;
using Words = std::vector<std::string>;

constexpr std::int64_t kKeep = 1000 * 1000;
constexpr std::int64_t kStart = 1'800'000'000'000;

std::uint32_t seed = 1;

void random_bytes(unsigned char *bytes, std::size_t size) {
    for (std::size_t i = 0; i < size; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = static_cast<unsigned char>(seed >> 16);
    }
}

EngineReply nil() {
    return {};
}
EngineReply text(std::string s) {
    return {Kind::text, 0, std::move(s), {}};
}
EngineReply ok() {
    return {Kind::status, 0, "OK", {}};
}
EngineReply list(std::vector<EngineReply> items) {
    return {Kind::list, 0, "", std::move(items)};
}
EngineReply complaint(std::string s) {
    return {Kind::error, 0, std::move(s), {}};
}

// What of Redis is asked. A copy is a snapshot.
struct Engine {
    struct Record {
        StreamId id;
        std::string field;
        std::string sealed;
    };
    std::map<std::string, std::pair<std::string, std::int64_t>> keys;
    std::vector<Record> stream;
    StreamId last{};
    std::string password;
    bool read_only = false;
    std::vector<std::string> min_ids;

    void add(const std::string &field, const std::string &sealed,
             std::int64_t now) {
        const auto ms = static_cast<std::uint64_t>(now);
        last = last.ms >= ms ? StreamId{last.ms, last.sequence + 1}
                             : StreamId{ms, 0};
        stream.push_back({last, field, sealed});
    }

    std::string *find(const std::string &key, std::int64_t now) {
        const auto it = keys.find(key);
        if (it == keys.end() ||
            (it->second.second != 0 && it->second.second <= now)) {
            return nullptr;
        }
        return &it->second.first;
    }

    EngineReply set(const Words &w, std::int64_t now) {
        if (read_only) {
            return complaint("READONLY You can't write\nhere");
        }
        if (find(w[1], now) != nullptr) {
            return nil();
        }
        keys[w[1]] = {w[2], w.size() > 5 ? now + std::stoll(w[5]) : 0};
        return ok();
    }

    static EngineReply entry(const Record &r) {
        return list({text(stream_id_text(r.id)),
                     list({text(r.field), text(r.sealed)})});
    }

    EngineReply range(const Words &w) {
        std::vector<EngineReply> entries;
        if (w[0] == "XREVRANGE" && !stream.empty()) {
            entries.push_back(entry(stream.back()));
        }
        for (const Record &r : stream) {
            if (w[0] == "XRANGE" && stream_id_text(r.id) == w[2]) {
                entries.push_back(entry(r));
            }
        }
        return list(entries);
    }

    // Nothing: it blocks.
    EngineReply read(const Words &w) {
        const StreamId after = *parse_stream_id(w[7]);
        std::vector<EngineReply> entries;
        for (const Record &r : stream) {
            if (r.id > after && entries.size() < std::stoul(w[2])) {
                entries.push_back(entry(r));
            }
        }
        return entries.empty() ? nil()
                               : list({list({text(w[6]), list(entries)})});
    }

    EngineReply answer(const Words &w, std::int64_t now) {
        if (w[0] == "AUTH") {
            return w.back() == password ? ok() : complaint("WRONGPASS no");
        }
        if (w[0] == "SET") {
            return set(w, now);
        }
        if (w[0] == "GET") {
            const std::string *value = find(w[1], now);
            return value == nullptr ? nil() : text(*value);
        }
        if (w[0] == "TIME") {
            return list({text(std::to_string(now / 1000)),
                         text(std::to_string(now % 1000 * 1000))});
        }
        if (w[0] == "DEL" || w[0] == "PEXPIRE") {
            if (w[0] == "DEL") {
                keys.erase(w[1]);
            }
            return {Kind::integer, 1, "", {}};
        }
        if (w[0] == "XADD") {
            min_ids.push_back(w[4]);
            add(w[6], w[7], now);
            return text(stream_id_text(last));
        }
        return w[0] == "XREAD" ? read(w) : range(w);
    }
};

// An unbounded list, by identity.
struct List : EngineList {
    struct Held {
        Revocation revocation;
        std::uint32_t sent;
    };
    std::map<std::string, Held> held;

    static std::string id(const Revocation &r) {
        return std::string(r.value.begin(), r.value.end()) +
               std::to_string(r.cut);
    }
    void met(const Revocation &r, std::uint32_t number) override {
        held[id(r)] = {r, number};
    }
    std::vector<Revocation> unsent(Unsent which, std::uint32_t number,
                                   std::size_t limit) override {
        std::vector<Revocation> out;
        for (const auto &[name, entry] : held) {
            const bool fresh = entry.sent == kNeverSent;
            if (out.size() < limit && entry.sent != number &&
                fresh == (which == Unsent::fresh)) {
                out.push_back(entry.revocation);
            }
        }
        return out;
    }
};

Revocation revocation(int n) {
    Revocation r;
    r.value[0] = static_cast<unsigned char>(n);
    r.kind = RevokedKind::sid;
    r.value[1] = static_cast<unsigned char>(n >> 8);
    r.cut = n;
    r.until = n + 1000;
    return r;
}

StreamKeys keys_of(std::initializer_list<const char *> secrets) {
    StreamKeys keys;
    for (const char *secret : secrets) {
        keys.add(StreamKey(secret));
    }
    return keys;
}

struct Node {
    FollowerConf conf;
    StreamKeys keys = keys_of({"one secret of the stream's nodes"});
    StreamPlace place{};
    List list;
    std::unique_ptr<Follower> follower;
    std::deque<Words> reading;
    std::deque<Words> writing;
    bool reachable = true;
    std::int64_t away_until = 0;
    std::int64_t blocked_since = 0;
    std::string error;

    Node() {
        conf.stream = "logouts";
        conf.keep = kKeep;
        conf.random = random_bytes;
        start();
    }
    // Another worker goes on.
    void start() {
        follower = std::make_unique<Follower>(conf, keys, place, list);
        reading.clear();
        writing.clear();
    }
    // The whole node: its list comes from the state file.
    void restart() {
        place = {};
        for (auto &[name, entry] : list.held) {
            entry.sent = kMaybeSent;
        }
        start();
    }
    void accept(int n) {
        const Revocation r = revocation(n);
        list.held.insert({List::id(r), {r, kNeverSent}});
    }
    bool has(int n) const {
        return list.held.count(List::id(revocation(n))) == 1;
    }
    bool in_step() const { return follower->phase() == EnginePhase::in_step; }
    void drop(std::int64_t now) {
        error = follower->error();
        follower->lost();
        reading.clear();
        writing.clear();
        away_until = now + 50;
    }
};

struct World {
    Engine engine;
    std::vector<std::unique_ptr<Node>> nodes;
    std::int64_t now = kStart;

    explicit World(int count) {
        for (int i = 0; i < count; i++) {
            nodes.push_back(std::make_unique<Node>());
        }
    }
    Node &operator[](std::size_t i) { return *nodes[i]; }

    void collect(Node &node) {
        for (EngineCommand &command : node.follower->take_commands()) {
            (command.channel == EngineChannel::reading ? node.reading
                                                       : node.writing)
                .push_back(std::move(command.words));
        }
    }

    // One command of a channel. False: the node let go.
    bool serve(Node &node, EngineChannel channel) {
        auto &queue =
            channel == EngineChannel::reading ? node.reading : node.writing;
        if (queue.empty()) {
            return true;
        }
        const EngineReply reply = engine.answer(queue.front(), now);
        const bool blocks =
            queue.front()[0] == "XREAD" && reply.kind == Kind::nil;
        if (blocks && node.blocked_since == 0) {
            node.blocked_since = now;
        }
        if (blocks && now < node.blocked_since + 500) {
            return true;
        }
        if (channel == EngineChannel::reading) {
            node.blocked_since = 0;
        }
        queue.pop_front();
        const bool good = node.follower->reply(channel, reply, now);
        collect(node);
        return good;
    }

    void step(Node &node) {
        if (!node.reachable) {
            return;
        }
        if (node.follower->phase() == EnginePhase::away) {
            if (now < node.away_until) {
                return;
            }
            node.blocked_since = 0;
            node.follower->connected(now);
            collect(node);
        }
        node.follower->tick(now);
        collect(node);
        for (int i = 0; i < 40; i++) {
            if (!serve(node, EngineChannel::writing) ||
                !serve(node, EngineChannel::reading)) {
                node.drop(now);
                return;
            }
        }
    }

    void run(std::int64_t ms) {
        for (const std::int64_t end = now + ms; now < end; now += 10) {
            for (const auto &node : nodes) {
                step(*node);
            }
        }
    }

    // How often this logout stands in the stream.
    int records(int n) {
        int count = 0;
        for (const auto &record : engine.stream) {
            const auto r = nodes[0]->keys.open("logouts", record.sealed);
            count += r && r->cut == n ? 1 : 0;
        }
        return count;
    }
    void everybody_has(int first, int last) {
        for (int n = first; n <= last; n++) {
            for (const auto &node : nodes) {
                assert_true(node->has(n));
            }
            assert_int_equal(records(n), 1);
        }
    }
    void cut_off(Node &node) {
        node.reachable = false;
        node.drop(now);
    }
    void restart_engine(Engine with) {
        engine = std::move(with);
        for (const auto &node : nodes) {
            node->drop(now);
        }
    }
};

void a_logout_is_everywhere_within_a_second(void **) {
    World world(3);
    world.run(1000);
    world[1].accept(7);
    world.run(100);
    world.everybody_has(7, 7);
    world.run(5000);
    world.everybody_has(7, 7);
}

void one_that_joins_late_reads_all(void **) {
    World world(3);
    world.cut_off(world[2]);
    for (int n = 0; n < 2000; n++) {
        world[static_cast<std::size_t>(n % 2)].accept(n);
    }
    world.run(3000);
    assert_false(world[2].has(0));
    world[2].reachable = true;
    world.run(1000);
    assert_true(world[2].in_step());
    world.run(3000);
    world.everybody_has(0, 1999);
}

void in_step_is_said_when_all_is_read(void **) {
    World world(2);
    world.cut_off(world[1]);
    for (int n = 0; n < 2000; n++) {
        world[0].accept(n);
    }
    world.run(1000);
    world[1].reachable = true;
    for (int i = 0; i < 100; i++) {
        world.run(10);
        assert_true(!world[1].in_step() || world[1].list.held.size() == 2000);
    }
    assert_true(world[1].in_step());
}

void one_that_was_cut_off_sends_later(void **) {
    World world(3);
    world.run(500);
    world.cut_off(world[0]);
    world[0].accept(1);
    world[1].accept(2);
    world.run(5000);
    assert_false(world[1].has(1));
    assert_false(world[0].has(2));
    world[0].reachable = true;
    world.run(1000);
    world.everybody_has(1, 2);
}

void an_engine_that_restarts_empty_is_filled_once(void **) {
    World world(3);
    for (int n = 0; n < 300; n++) {
        world[static_cast<std::size_t>(n % 3)].accept(n);
    }
    world.run(2000);
    world.restart_engine(Engine());
    world[1].accept(300);
    world.run(5000);
    world.everybody_has(0, 300);
    assert_int_equal(world[0].place.number, kFirstNumber + 1);
}

void an_engine_emptied_under_us_is_filled(void **) {
    World world(2);
    world[0].accept(1);
    world.run(1000);
    world.engine = Engine();
    world.run(3000);
    assert_text(world[0].error, "has been emptied");
    world.everybody_has(1, 1);
}

void a_deleted_stream_is_filled(void **) {
    World world(2);
    world[0].accept(1);
    world.run(1000);
    world.engine.stream.clear();
    world.run(3000);
    assert_text(world[0].error, "lacks what it had");
    world.everybody_has(1, 1);
}

void an_older_copy_is_filled(void **) {
    World world(3);
    world[0].accept(1);
    world.run(1000);
    const Engine copy = world.engine;
    world[1].accept(2);
    world.run(1000);
    world.restart_engine(copy);
    assert_int_equal(world.records(2), 0);
    world.run(3000);
    world.everybody_has(1, 2);
}

// The copy's last id is above ours by the time that we look.
void an_older_copy_that_went_on_is_filled(void **) {
    World world(3);
    world[0].accept(1);
    world.run(1000);
    const Engine copy = world.engine;
    world[1].accept(2);
    world.run(1000);
    world.cut_off(world[0]);
    world.cut_off(world[1]);
    world.cut_off(world[2]);
    world.engine = copy;
    world.engine.add("r", "of somebody else", world.now);
    for (const auto &node : world.nodes) {
        node->reachable = true;
    }
    world.run(3000);
    world.everybody_has(1, 2);
}

void a_node_that_starts_again_writes_nothing_twice(void **) {
    World world(2);
    world[0].accept(1);
    world[1].accept(2);
    world.run(1000);
    world[0].restart();
    world.run(3000);
    world.everybody_has(1, 2);
    // one that its disk alone knows
    world.cut_off(world[1]);
    world[1].accept(3);
    world[1].restart();
    world[1].reachable = true;
    world.run(3000);
    world.everybody_has(1, 3);
}

void the_next_worker_goes_on(void **) {
    World world(2);
    world[0].accept(1);
    world.run(1000);
    const StreamId read = world[0].place.read;
    world[0].start();
    world[0].accept(2);
    world.run(1000);
    assert_int_equal(world[0].place.number, kFirstNumber);
    assert_true(world[0].place.read > read);
    world.everybody_has(1, 2);
}

// Written, and the answer lost with the connection.
void a_lost_answer_is_no_second_record(void **) {
    World world(2);
    world.run(500);
    Node &node = world[0];
    node.accept(1);
    node.follower->tick(world.now);
    for (const EngineCommand &command : node.follower->take_commands()) {
        (void)world.engine.answer(command.words, world.now);
    }
    node.drop(world.now);
    world.run(2000);
    world.everybody_has(1, 1);
}

void a_lock_whose_owner_died_ends(void **) {
    World world(2);
    world[0].accept(1);
    world.run(1000);
    Engine empty;
    empty.keys["logouts:writer"] = {"dead", world.now + 2000};
    world.restart_engine(empty);
    world.run(1500);
    assert_int_equal(world.records(1), 0);
    world[1].accept(2);
    world.run(100);
    world.everybody_has(2, 2);  // needs no lock
    world.run(2000);
    world.everybody_has(1, 1);
}

void records_of_others_hold_nobody_up(void **) {
    World world(2);
    world.run(500);
    const StreamKeys others = keys_of({"a secret that is not of our ring"});
    const StreamKeys ours = keys_of({"one secret of the stream's nodes"});
    std::string forged = ours.seal("logouts", revocation(1), {});
    forged.back() = static_cast<char>(forged.back() ^ 1);
    world.engine.add("r", forged, world.now);
    world.engine.add("r", others.seal("logouts", revocation(2), {}), world.now);
    world.engine.add("r", ours.seal("other", revocation(3), {}), world.now);
    world.engine.add("x", "y", world.now);
    world.engine.add("r", ours.seal("logouts", revocation(4), {}), world.now);
    world.run(1000);
    assert_true(world[0].in_step());
    assert_int_equal(world[0].list.held.size(), 1);
    assert_true(world[0].has(4));
    const auto refused = world[0].follower->take_refused();
    assert_int_equal(refused.forged, 2);
    assert_int_equal(refused.unknown_key, 1);
    assert_int_equal(refused.malformed, 1);
    assert_int_equal(world[0].follower->take_refused().forged, 0);
}

void a_password_is_said_on_both_connections(void **) {
    World world(1);
    world.engine.password = "secret";
    world[0].conf.password = "wrong";
    world.run(100);
    assert_text(world[0].error, "answered AUTH with \"WRONGPASS no\"");
    world[0].conf.password = "secret";
    world[0].conf.user = "gate";
    world.run(100);
    assert_true(world[0].in_step());

    Follower follower(world[0].conf, world[0].keys, world[0].place,
                      world[0].list);
    follower.connected(kStart);
    const auto commands = follower.take_commands();
    assert_true(commands[0].channel == EngineChannel::reading);
    assert_true(commands[0].words == Words({"AUTH", "gate", "secret"}));
    assert_true(commands[1].channel == EngineChannel::writing);
    assert_true(commands[1].words == Words({"AUTH", "gate", "secret"}));
}

void a_complaint_is_told_in_print(void **) {
    World world(1);
    world.engine.read_only = true;
    world.run(20);
    assert_text(world[0].error,
                "answered SET with \"READONLY You can't write?here\"");
}

void old_records_are_trimmed_by_its_clock(void **) {
    World world(1);
    world[0].accept(1);
    world.run(200);
    assert_int_equal(world.engine.min_ids.size(), 1);
    const std::int64_t min = std::stoll(world.engine.min_ids[0]);
    assert_true(min >= kStart - 2 * kKeep && min < kStart + 200 - 2 * kKeep);
}

// What trimming took away is no sign of another engine; what is younger is.
void a_trimmed_end_is_no_change(void **) {
    World world(1);
    world[0].accept(1);
    world.run(200);
    world.now += 2 * kKeep;
    world.engine.stream.clear();
    world.engine.add("r", "z", world.now);
    world.run(1000);
    assert_int_equal(world[0].place.number, kFirstNumber);
    assert_true(world[0].place.high.ms > kStart + kKeep);
    world.cut_off(world[0]);
    world.engine.stream.clear();
    world.engine.add("r", "z", world.now);
    world[0].reachable = true;
    world.run(1000);
    assert_int_equal(world[0].place.number, kFirstNumber + 1);
}

void answers_of_another_shape_are_refused(void **) {
    struct Case {
        std::size_t asked;  // SET, GET, TIME, XREVRANGE
        EngineReply reply;
        bool good;
    };
    const std::string id(32, 'a');
    const EngineReply one = list({text("5-1"), list({text("r"), text("s")})});
    const Case cases[] = {
        {1, text(id), true},
        {1, text(id + "a"), false},
        {1, {Kind::integer, 1, id, {}}, false},
        {2, list({text("1800000000"), text("5")}), true},
        {2, list({text("1800000000"), text("1000000")}), false},
        {2, list({text("-1"), text("5")}), false},
        {2, list({text("99999999999999999"), text("5")}), false},
        {2, list({text("1800000000")}), false},
        {3, list({}), true},
        {3, list({one}), true},
        {3, list({one, one}), false},
        {3, list({list({text("5-"), list({})})}), false},
        {3, list({list({text("5"), list({})})}), false},
        {3, list({list({text("5-1")})}), false},
        {3, text("5-1"), false},
    };
    for (const Case &c : cases) {
        Node node;
        node.follower->connected(kStart);
        const EngineReply good[] = {
            ok(), text(id), list({text("1800000000"), text("5")}), list({})};
        for (std::size_t i = 0; i < c.asked; i++) {
            assert_true(
                node.follower->reply(EngineChannel::writing, good[i], kStart));
        }
        assert_int_equal(
            node.follower->reply(EngineChannel::writing, c.reply, kStart),
            c.good);
    }
}

void records_come_in_order_and_once(void **) {
    for (const bool good : {true, false}) {
        Node node;
        node.place.number = kFirstNumber;
        node.place.read = {5, 1};
        node.follower->connected(kStart);
        const std::string id(32, '\0');
        const auto say = [&](EngineReply r) {
            return node.follower->reply(EngineChannel::writing, r, kStart);
        };
        assert_true(say(ok()) && say(text(id)) &&
                    say(list({text("1800000000"), text("5")})) &&
                    say(list({})));
        const EngineReply one =
            list({text(good ? "5-2" : "5-1"), list({text("r"), text("s")})});
        assert_int_equal(
            node.follower->reply(EngineChannel::reading,
                                 list({list({text("logouts"), list({one})})}),
                                 kStart),
            good);
    }
}

void what_was_not_asked_is_refused(void **) {
    Node node;
    assert_false(node.follower->reply(EngineChannel::reading, nil(), kStart));
    assert_text(node.follower->error(), "answered without being asked");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(a_logout_is_everywhere_within_a_second),
        cmocka_unit_test(one_that_joins_late_reads_all),
        cmocka_unit_test(in_step_is_said_when_all_is_read),
        cmocka_unit_test(one_that_was_cut_off_sends_later),
        cmocka_unit_test(an_engine_that_restarts_empty_is_filled_once),
        cmocka_unit_test(an_engine_emptied_under_us_is_filled),
        cmocka_unit_test(a_deleted_stream_is_filled),
        cmocka_unit_test(an_older_copy_is_filled),
        cmocka_unit_test(an_older_copy_that_went_on_is_filled),
        cmocka_unit_test(a_node_that_starts_again_writes_nothing_twice),
        cmocka_unit_test(the_next_worker_goes_on),
        cmocka_unit_test(a_lost_answer_is_no_second_record),
        cmocka_unit_test(a_lock_whose_owner_died_ends),
        cmocka_unit_test(records_of_others_hold_nobody_up),
        cmocka_unit_test(a_password_is_said_on_both_connections),
        cmocka_unit_test(a_complaint_is_told_in_print),
        cmocka_unit_test(old_records_are_trimmed_by_its_clock),
        cmocka_unit_test(a_trimmed_end_is_no_change),
        cmocka_unit_test(answers_of_another_shape_are_refused),
        cmocka_unit_test(records_come_in_order_and_once),
        cmocka_unit_test(what_was_not_asked_is_refused),
    };
    return cmocka_run_group_tests_name("follower", tests, nullptr, nullptr);
}
