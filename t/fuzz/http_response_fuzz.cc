// The answer of a key server or a proxy: any cut into pieces reads the same.
//
// Input: a byte of options, a byte that chooses the cuts, the answer.

#include "idt_keys/http_response.h"
#include "idt_keys/refresh.h"
#include "fuzz/fuzz.h"

using namespace id_token;

namespace {

using State = HttpResponse::State;

struct Read {
    HttpResponse response;
    State state;
};

Read read_whole(std::string_view bytes, std::size_t max_body,
                HttpResponse::Kind kind) {
    Read read{HttpResponse(max_body, kind), State::more};
    read.state = read.response.feed(bytes);
    return read;
}

Read read_in_pieces(std::string_view bytes, std::size_t max_body,
                    HttpResponse::Kind kind, unsigned cuts) {
    Read read{HttpResponse(max_body, kind), State::more};
    fuzz::Random random(cuts + 1);
    while (!bytes.empty() && read.state == State::more) {
        const std::size_t most = cuts % 2 == 0 ? 3 : 200;
        const std::size_t n =
            std::min<std::size_t>(1 + random() % most, bytes.size());
        read.state = read.response.feed(bytes.substr(0, n));
        bytes.remove_prefix(n);
    }
    if (read.state == State::done && !bytes.empty()) {
        read.state = read.response.feed(bytes);
    }
    return read;
}

void check_answer(const Read &read, std::size_t max_body,
                  HttpResponse::Kind kind) {
    const HttpResponse &r = read.response;
    REQUIRE(r.body().size() <= max_body);
    REQUIRE((read.state == State::failed) == (r.error() != HttpError::none));
    REQUIRE(!fuzz::has_control_byte(r.error_text()));
    REQUIRE(r.error_text().size() < 400);
    REQUIRE(r.cache_control().find_first_of("\r\n") == std::string::npos);
    REQUIRE(r.cache_control().size() <= kMaxHttpHeadBytes);
    if (kind == HttpResponse::Kind::tunnel) {
        REQUIRE(r.body().empty());
        REQUIRE(read.state != State::done || r.status() / 100 == 2);
    } else {
        REQUIRE(r.body().empty() || r.status() == 200);
        REQUIRE(read.state != State::done || r.status() == 200);
    }
    const auto max_age = parse_max_age(r.cache_control());
    REQUIRE(!max_age || *max_age >= 0);
    const RefreshRules rules{900'000, 30'000, 86'400'000};
    const std::int64_t good = good_for(rules, max_age, r.age());
    REQUIRE(good >= rules.min_interval && good <= rules.refresh);
}

bool same(const Read &a, const Read &b) {
    const HttpResponse &x = a.response;
    const HttpResponse &y = b.response;
    return a.state == b.state && x.error() == y.error() &&
           x.status() == y.status() && x.body() == y.body() &&
           x.cache_control() == y.cache_control() && x.age() == y.age() &&
           x.error_text() == y.error_text() && x.begun() == y.begun();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string_view bytes = fuzz::text_of(data, size);
    const unsigned options = fuzz::take_byte(bytes);
    const unsigned cuts = fuzz::take_byte(bytes);
    const auto kind = options % 2 == 0 ? HttpResponse::Kind::document
                                       : HttpResponse::Kind::tunnel;
    const std::size_t max_body = options / 2 % 2 == 0 ? 65536 : 16;

    Read whole = read_whole(bytes, max_body, kind);
    Read pieces = read_in_pieces(bytes, max_body, kind, cuts);
    check_answer(whole, max_body, kind);
    // A body that is refused has been taken up to where the cut was.
    if (whole.response.error() != HttpError::body_too_long) {
        REQUIRE(same(whole, pieces));
    } else {
        REQUIRE(pieces.response.error() == HttpError::body_too_long);
    }

    const State before = whole.state;
    whole.state = whole.response.close();
    pieces.state = pieces.response.close();
    check_answer(whole, max_body, kind);
    REQUIRE(whole.state != State::more);
    REQUIRE(before == State::more || whole.state == before);
    REQUIRE(whole.response.error() == pieces.response.error());
    return 0;
}
