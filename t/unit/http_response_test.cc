#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <csetjmp>
extern "C" {
#include <cmocka.h>
}

#include <random>

#include "idt_keys/http_response.h"

using namespace id_token;

namespace {

using Kind = HttpResponse::Kind;
using State = HttpResponse::State;

constexpr std::size_t kMaxBody = 100;

// Fed in one piece, byte by byte, and cut at random; `close` ends the
// connection at the end, if the answer is not over by then.
struct Outcome {
    State state;
    HttpError error;
    std::string body;
    std::string text;
};

template <class Cut>
Outcome feed(std::string_view bytes, bool close, Kind kind, Cut cut) {
    HttpResponse response(kMaxBody, kind);
    State state = State::more;
    while (!bytes.empty() && state == State::more) {
        const std::size_t n = cut(bytes.size());
        state = response.feed(bytes.substr(0, n));
        bytes.remove_prefix(n);
    }
    if (state == State::more && close) {
        state = response.close();
    }
    return {state, response.error(), response.body(), response.error_text()};
}

Outcome read(std::string_view bytes, bool close, Kind kind = Kind::document) {
    static std::mt19937 random(42);

    const Outcome whole =
        feed(bytes, close, kind, [](std::size_t left) { return left; });
    for (int round = 0; round < 20; ++round) {
        const Outcome cut = feed(bytes, close, kind, [&](std::size_t left) {
            return round == 0 ? 1 : 1 + random() % left;
        });
        // The surplus behind a tunnel's answer may come in a later read.
        if (whole.error == HttpError::surplus) {
            continue;
        }
        assert_int_equal(static_cast<int>(cut.state),
                         static_cast<int>(whole.state));
        assert_int_equal(static_cast<int>(cut.error),
                         static_cast<int>(whole.error));
        if (whole.state != State::failed) {
            assert_string_equal(cut.body.c_str(), whole.body.c_str());
        }
    }
    return whole;
}

void accept(std::string_view bytes, const char *body, bool close = false) {
    const Outcome outcome = read(bytes, close);
    assert_int_equal(static_cast<int>(outcome.error),
                     static_cast<int>(HttpError::none));
    assert_int_equal(static_cast<int>(outcome.state),
                     static_cast<int>(State::done));
    assert_string_equal(outcome.body.c_str(), body);
}

void refuse(std::string_view bytes, HttpError error, bool close = false) {
    const Outcome outcome = read(bytes, close);
    assert_int_equal(static_cast<int>(outcome.state),
                     static_cast<int>(State::failed));
    assert_int_equal(static_cast<int>(outcome.error), static_cast<int>(error));
    assert_false(outcome.text.empty());
}

void refuse_with(std::string_view bytes, const char *text,
                 Kind kind = Kind::document) {
    const Outcome outcome = read(bytes, false, kind);
    assert_int_equal(static_cast<int>(outcome.state),
                     static_cast<int>(State::failed));
    assert_string_equal(outcome.text.c_str(), text);
}

void wants_more(std::string_view bytes) {
    const Outcome outcome = read(bytes, false);
    assert_int_equal(static_cast<int>(outcome.state),
                     static_cast<int>(State::more));
}

std::string ok(std::string_view fields, std::string_view body) {
    return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n" +
           std::string(body);
}

std::string chunks(std::string_view body) {
    return ok("Transfer-Encoding: chunked\r\n", body);
}

void status_lines(void **) {
    for (const char *line :
         {"HTTP/1.1 200 OK", "HTTP/1.0 200 OK", "HTTP/1.1 200", "HTTP/1.1 200 ",
          "HTTP/1.9 200 \xc3\xa9", "HTTP/1.1 200 a b"}) {
        const std::string head = line;
        accept(head + "\r\nContent-Length: 1\r\n\r\na", "a");
        accept(head + "\nContent-Length: 1\n\na", "a");
    }
    for (const char *line :
         {"", "HTTP", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1 20", "HTTP/1.1 2000",
          "HTTP/1.1 099 a", "HTTP/1.1  200", "HTTP/1.1 +20", "HTTP/2 200 OK",
          "HTTP/2.0 200 OK", "http/1.1 200 OK", " HTTP/1.1 200 OK",
          "HTTP/1.1\t200 OK", "HTTP/1.1 200 a\x01", "HTTP/1.1 200 a\rb",
          "HTTP/1.x 200 OK", "<!DOCTYPE html>", "\x15\x03\x01"}) {
        refuse(line + std::string("\r\n"), HttpError::not_http);
    }
}

void only_200_counts(void **) {
    accept("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "");
    refuse_with("HTTP/1.1 204 No Content\r\n\r\n", "answered 204");
    refuse_with("HTTP/1.1 206 Partial Content\r\n\r\n", "answered 206");
    refuse_with("HTTP/1.1 404 Not Found\r\nContent-Length: 9999\r\n\r\nno",
                "answered 404");
    refuse_with("HTTP/1.1 503 a\r\nContent-Encoding: gzip\r\n\r\n",
                "answered 503");
    refuse_with("HTTP/1.1 999\r\n\r\n", "answered 999");
    refuse_with("HTTP/1.1 500\r\nLocation: /a\r\n\r\n", "answered 500");
}

void redirects_are_named_and_not_followed(void **) {
    refuse_with("HTTP/1.1 302 Found\r\nLocation: https://a/b\r\n\r\n",
                "answered 302 with a redirect to https://a/b");
    refuse_with("HTTP/1.1 301 Moved\r\n\r\n", "answered 301");
    refuse_with("HTTP/1.1 302 a\r\nLocation: https://u:p@a/\r\n\r\n",
                "answered 302 with a redirect to https://***@a/");
    refuse_with("HTTP/1.1 307 a\r\nLocation: /\xc3\xa4\tb\r\n\r\n",
                "answered 307 with a redirect to /???b");

    const std::string longest(200, 'a');
    const std::string head = "HTTP/1.1 308 a\r\nLocation: ";
    const std::string text = "answered 308 with a redirect to ";
    refuse_with(head + longest + "\r\n\r\n", (text + longest).c_str());
    refuse_with(head + longest + "b\r\n\r\n", (text + longest + "...").c_str());
}

void interim_answers_are_passed_over(void **) {
    accept(
        "HTTP/1.1 103 Early Hints\r\nLink: a\r\nContent-Length: 7\r\n"
        "Cache-Control: max-age=1\r\nTransfer-Encoding: gzip\r\n\r\n"
        "HTTP/1.1 100 Continue\r\n\r\n" +
            ok("Content-Length: 2\r\n", "ab"),
        "ab");
    wants_more("HTTP/1.1 100 Continue\r\n\r\n");
    refuse("HTTP/1.1 100 Continue\r\n\r\n", HttpError::truncated, true);
    refuse_with("HTTP/1.1 101 Switching Protocols\r\n\r\n", "answered 101");
}

void fields(void **) {
    accept(ok("content-LENGTH:2\r\nX-A:\r\nX-B: \t a\tb \xff\r\n", "ab"), "ab");
    for (const char *field :
         {"A", ": a", "A : b", "A\t: b", "A b: c", "A: b\x01", "A: b\x7f",
          "A: b\rc", "\xc3\xa4: b", "A(: b"}) {
        refuse(ok(std::string("B: c\r\n") + field + "\r\n", ""),
               HttpError::field);
    }
    refuse(ok(std::string_view("A: b\0c\r\n", 8), ""), HttpError::field);
}

void folded_fields_are_joined(void **) {
    accept(ok("A: b\r\n c\r\nContent-Length:\r\n\t 2\r\n", "ab"), "ab");
    accept(ok("Content-Length: 2,\r\n \r\n 2\r\n", "ab"), "ab");
    accept(ok("Transfer-Encoding:\n chunked\n", "1\na\n0\n\n"), "a");
    // A blank keeps two halves apart: "1" and "2" are no 12.
    refuse(ok("Content-Length: 1\r\n 2\r\n", ""), HttpError::length);
    // There is no field in front of these.
    refuse(ok(" A: b\r\n", ""), HttpError::field);
    refuse(ok("\tb\r\nA: b\r\n", ""), HttpError::field);
    refuse("HTTP/1.1 103 a\r\nA: b\r\n\r\n" + ok(" c\r\n", ""),
           HttpError::field);
    refuse(ok("A: b\r\n c\x01\r\n", ""), HttpError::field);
    refuse(ok("A\r\n : b\r\n", ""), HttpError::field);

    HttpResponse response(kMaxBody);
    (void)response.feed(
        ok("Cache-Control: public,\r\n  max-age=60 \r\nAge: 3\r\n", ""));
    assert_string_equal(response.cache_control().c_str(), "public, max-age=60");
    assert_int_equal(response.age(), 3);
}

void the_head_has_a_limit(void **) {
    const std::string start = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nA: ";
    const std::string end = "\r\n\r\n";
    const std::size_t room = kMaxHttpHeadBytes - start.size() - end.size();
    accept(start + std::string(room, 'a') + end + "b", "b");
    refuse(start + std::string(room + 1, 'a') + end + "b",
           HttpError::head_too_long);
    refuse(std::string(kMaxHttpHeadBytes, 'a'), HttpError::head_too_long);

    std::string interim;
    while (interim.size() <= kMaxHttpHeadBytes) {
        interim += "HTTP/1.1 100 Continue\r\n\r\n";
    }
    refuse(interim, HttpError::head_too_long);
}

void bodies_by_length(void **) {
    accept(ok("Content-Length: 2\r\n", "ab"), "ab");
    accept(ok("Content-Length: 2\r\n", "abHTTP/1.1"), "ab");
    accept(ok("Content-Length: 0002\r\n", "ab"), "ab");
    wants_more(ok("Content-Length: 2\r\n", "a"));
    refuse(ok("Content-Length: 2\r\n", "a"), HttpError::truncated, true);

    for (const char *length :
         {"", "a", "-1", "+1", "0x1", "1.0", "1 1", "1,", ",1", "1,,1",
          "18446744073709551616", "99999999999999999999999"}) {
        refuse(ok(std::string("Content-Length: ") + length + "\r\n", ""),
               HttpError::length);
    }
}

void a_repeated_length_is_the_same(void **) {
    accept(ok("Content-Length: 2\r\nContent-Length: 2\r\n", "ab"), "ab");
    accept(ok("Content-Length: 2, 2 ,2\r\n", "ab"), "ab");
    refuse(ok("Content-Length: 2\r\nContent-Length: 3\r\n", "ab"),
           HttpError::length_twice);
    refuse(ok("Content-Length: 2, 3\r\n", "ab"), HttpError::length_twice);
}

void chunked_bodies(void **) {
    accept(chunks("0\r\n\r\n"), "");
    accept(chunks("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), "abc");
    accept(chunks("1\na\n0\n\n"), "a");
    accept(chunks("0000000000000001\r\na\r\n000\r\n\r\n"), "a");
    accept(chunks("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"),
           "01234567890123456789");
    accept(chunks("1;b=c;d=\"e\"\r\na\r\n1 ; x\r\nb\r\n0;y\r\n\r\n"), "ab");
    accept(chunks("1\r\na\r\n0\r\nX: y\r\nContent-Length: 7\r\n\r\n"), "a");
    accept(ok("transfer-encoding: CHUNKED\r\n", "1\r\na\r\n0\r\n\r\n"), "a");

    for (const char *body :
         {"\r\n", "g\r\n", "-1\r\n", "0x1\r\n", " 1\r\n", "1x\r\n", "1 2\r\n",
          "00000000000000001\r\n", ";a\r\n", "1\r\nab\r\n", "1;a\x01\r\n",
          "1;a\rb\r\n"}) {
        refuse(chunks(body), HttpError::chunk);
    }
    refuse(chunks("0\r\nA: \x01\r\n\r\n"), HttpError::field);
    for (const char *body : {"", "1", "1\r\n", "1\r\na", "1\r\na\r\n",
                             "1\r\na\r\n0\r\n", "1\r\na\r\n0\r\nA: b\r\n"}) {
        wants_more(chunks(body));
        refuse(chunks(body), HttpError::truncated, true);
    }
}

void extensions_and_trailers_draw_on_the_limit_of_the_head(void **) {
    const std::string most(kMaxHttpHeadBytes - 200, 'a');
    accept(chunks("1;" + most + "\r\nb\r\n0\r\n\r\n"), "b");
    refuse(chunks("1;" + most + "\r\nb\r\n1;" + most + "\r\nb\r\n0\r\n\r\n"),
           HttpError::head_too_long);
    accept(chunks("0\r\nA: " + most + "\r\n\r\n"), "");
    refuse(chunks("0\r\nA: " + most + "\r\nA: " + most + "\r\n\r\n"),
           HttpError::head_too_long);
}

void many_small_chunks_do_not(void **) {
    HttpResponse response(20'000);
    std::string answer = chunks("");
    for (int i = 0; i < 20'000; ++i) {
        answer += "1\r\na\r\n";
    }
    assert_true(response.feed(answer + "0\r\n\r\n") == State::done);
    assert_int_equal(response.body().size(), 20'000);
    refuse(chunks("1\r\na" + std::string(kMaxHttpHeadBytes, '\r')),
           HttpError::head_too_long);
}

void bodies_to_the_end_of_the_connection(void **) {
    accept(ok("", "abc"), "abc", true);
    accept(ok("", ""), "", true);
    wants_more(ok("", "abc"));
    accept("HTTP/1.0 200 OK\r\n\r\nabc", "abc", true);
}

void bodies_have_a_limit(void **) {
    const std::string full(kMaxBody, 'a');
    accept(ok("Content-Length: 100\r\n", full), full.c_str());
    refuse(ok("Content-Length: 101\r\n", ""), HttpError::body_too_long);
    refuse(ok("Content-Length: 18446744073709551615\r\n", ""),
           HttpError::body_too_long);
    accept(ok("", full), full.c_str(), true);
    refuse(ok("", full + "a"), HttpError::body_too_long);
    accept(chunks("64\r\n" + full + "\r\n0\r\n\r\n"), full.c_str());
    refuse(chunks("65\r\n"), HttpError::body_too_long);
    refuse(chunks("64\r\n" + full + "\r\n1\r\n"), HttpError::body_too_long);
    refuse(chunks("ffffffffffffffff\r\n"), HttpError::body_too_long);
    refuse(chunks("63\r\n" + full.substr(1) + "\r\nffffffffffffffff\r\n"),
           HttpError::body_too_long);

    HttpResponse document(kMaxBody);
    (void)document.feed(ok("Content-Length: 101\r\n", ""));
    assert_string_equal(
        document.error_text().c_str(),
        "the answer is too long: jwks_max_size allows 100 bytes");
    HttpResponse token(kMaxBody, HttpResponse::Kind::token);
    (void)token.feed(ok("Content-Length: 101\r\n", ""));
    assert_string_equal(token.error_text().c_str(), "the answer is too long");
}

void a_length_that_can_be_read_in_two_ways_is_refused(void **) {
    refuse(ok("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "1"),
           HttpError::length_and_coding);
    refuse(ok("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "1"),
           HttpError::length_and_coding);
    for (const char *coding :
         {"", "gzip", "identity", "gzip, chunked", "chunked, chunked",
          "chunked,", "chunked;a=b", "chunked a", "\"chunked\"", "xchunked"}) {
        refuse(ok(std::string("Transfer-Encoding: ") + coding + "\r\n", ""),
               HttpError::transfer_coding);
    }
    refuse(
        ok("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", ""),
        HttpError::transfer_coding);
    refuse("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           HttpError::transfer_coding);
}

void compressed_bodies_are_refused(void **) {
    accept(ok("Content-Encoding: identity\r\nContent-Length: 1\r\n", "a"), "a");
    accept(ok("Content-Encoding:\r\nContent-Length: 1\r\n", "a"), "a");
    for (const char *coding : {"gzip", "br", "deflate", "identity, gzip"}) {
        refuse(ok(std::string("Content-Encoding: ") + coding +
                      "\r\nContent-Length: 1\r\n",
                  "a"),
               HttpError::content_coding);
    }
}

void early_ends(void **) {
    refuse("", HttpError::closed, true);
    refuse("HTTP/1.", HttpError::truncated, true);
    refuse("HTTP/1.1 200 OK\r\n", HttpError::truncated, true);
    refuse("HTTP/1.1 200 OK\r\nA: b\r\n", HttpError::truncated, true);
    refuse("\x15\x03\x01", HttpError::not_http, true);
    refuse("SSH-2.0-a", HttpError::not_http, true);

    const std::string whole = chunks("1;x\r\na\r\n0\r\nA: b\r\n\r\n");
    for (std::size_t n = 1; n < whole.size(); ++n) {
        refuse(whole.substr(0, n), HttpError::truncated, true);
    }
}

void cache_fields_are_kept(void **) {
    HttpResponse response(kMaxBody);
    assert_int_equal(
        static_cast<int>(response.feed(
            ok("Cache-Control: public\r\ncache-control: max-age=60\r\n"
               "Age: 7\r\nAge: 9\r\nContent-Length: 0\r\n",
               ""))),
        static_cast<int>(State::done));
    assert_string_equal(response.cache_control().c_str(), "public, max-age=60");
    assert_int_equal(response.age(), 7);
    assert_int_equal(response.status(), 200);
}

void age_is(const char *value, std::uint32_t expected) {
    HttpResponse response(kMaxBody);
    const std::string field = std::string("Age: ") + value + "\r\n";
    (void)response.feed(ok(field, ""));
    assert_true(response.age() == expected);
}

void an_age_is_a_number_of_seconds(void **) {
    age_is("0", 0);
    age_is("2147483647", 2147483647);
    age_is("2147483648", 2147483648U);
    age_is("2147483649", 2147483648U);
    age_is("99999999999999999999999", 2147483648U);
    age_is("", 0);
    age_is("-1", 0);
    age_is("1a", 0);
}

// RFC 6749 5.2.
void token_endpoints_give_a_reason(void **) {
    const std::string rest = " a\r\nContent-Length: 2\r\n\r\n{}";
    for (const char *status : {"200", "400", "401"}) {
        const Outcome outcome =
            read("HTTP/1.1 " + (status + rest), false, Kind::token);
        assert_true(outcome.state == State::done);
        assert_string_equal(outcome.body.c_str(), "{}");
    }
    for (const char *status : {"201", "302", "403", "500"}) {
        refuse_with("HTTP/1.1 " + (status + rest),
                    (std::string("answered ") + status).c_str(), Kind::token);
    }
    refuse_with("HTTP/1.1 400" + rest, "answered 400");
}

void tunnel(std::string_view bytes, State state, HttpError error) {
    const Outcome outcome = read(bytes, false, Kind::tunnel);
    assert_int_equal(static_cast<int>(outcome.state), static_cast<int>(state));
    assert_int_equal(static_cast<int>(outcome.error), static_cast<int>(error));
}

// RFC 9110 9.3.6: a length in the answer to CONNECT means nothing.
void tunnels_have_no_body(void **) {
    const std::string answer =
        "HTTP/1.0 200 Connection established\r\nContent-Length: 3\r\n"
        "Transfer-Encoding: chunked\r\n\r\n";
    tunnel(answer, State::done, HttpError::none);
    tunnel(answer + "a", State::failed, HttpError::surplus);
    tunnel("HTTP/1.1 204 a\r\n\r\n", State::done, HttpError::none);
    tunnel("HTTP/1.1 100 a\r\n\r\n", State::more, HttpError::none);
    refuse_with("HTTP/1.1 407 a\r\nContent-Length: 3\r\n\r\n",
                "the proxy answered 407", Kind::tunnel);
    refuse_with("HTTP/1.1 302 a\r\nLocation: /b\r\n\r\n",
                "the proxy answered 302", Kind::tunnel);
    refuse_with("SSH-2.0-a\r\n",
                "proxy: the answer is not HTTP/1.1 or HTTP/1.0", Kind::tunnel);
}

// Nothing that comes in breaks it, and it never keeps more than its limits.
void any_bytes_end_in_a_verdict(void **) {
    std::mt19937 random(7);
    const std::string seed =
        "HTTP/1.1 103 a\r\nA: b\r\n\r\n" +
        chunks("1;x\r\na\r\n5\r\nbcdef\r\n0\r\nA: b\r\n\r\n");
    for (int round = 0; round < 20000; ++round) {
        std::string bytes = seed;
        for (unsigned n = 1 + random() % 4; n > 0; --n) {
            bytes[random() % bytes.size()] = static_cast<char>(random());
        }
        const Kind kind = round % 5 == 0 ? Kind::tunnel : Kind::document;
        const Outcome outcome = feed(bytes, true, kind, [&](std::size_t left) {
            return 1 + random() % left;
        });
        assert_true(outcome.body.size() <= kMaxBody);
        assert_true(outcome.state != State::more);
        assert_true((outcome.state == State::failed) ==
                    (outcome.error != HttpError::none));
    }
}

// The end of the connection changes nothing any more, nor do further bytes.
void a_verdict_stays(void **) {
    HttpResponse good(kMaxBody);
    assert_true(good.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") ==
                State::done);
    assert_true(good.feed("HTTP/1.1 500 No\r\n\r\n") == State::done);
    assert_true(good.close() == State::done);
    assert_string_equal(good.body().c_str(), "{}");

    HttpResponse bad(kMaxBody);
    assert_true(bad.feed("HTTP/1.1 500 No\r\n\r\n") == State::failed);
    assert_true(bad.feed("HTTP/1.1 200 OK\r\n\r\n{}") == State::failed);
    assert_true(bad.close() == State::failed);
    assert_true(bad.error() == HttpError::status);
}

}  // namespace

int main() {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_lines),
        cmocka_unit_test(only_200_counts),
        cmocka_unit_test(redirects_are_named_and_not_followed),
        cmocka_unit_test(interim_answers_are_passed_over),
        cmocka_unit_test(fields),
        cmocka_unit_test(folded_fields_are_joined),
        cmocka_unit_test(the_head_has_a_limit),
        cmocka_unit_test(bodies_by_length),
        cmocka_unit_test(a_repeated_length_is_the_same),
        cmocka_unit_test(chunked_bodies),
        cmocka_unit_test(extensions_and_trailers_draw_on_the_limit_of_the_head),
        cmocka_unit_test(many_small_chunks_do_not),
        cmocka_unit_test(bodies_to_the_end_of_the_connection),
        cmocka_unit_test(bodies_have_a_limit),
        cmocka_unit_test(a_length_that_can_be_read_in_two_ways_is_refused),
        cmocka_unit_test(compressed_bodies_are_refused),
        cmocka_unit_test(early_ends),
        cmocka_unit_test(cache_fields_are_kept),
        cmocka_unit_test(an_age_is_a_number_of_seconds),
        cmocka_unit_test(token_endpoints_give_a_reason),
        cmocka_unit_test(tunnels_have_no_body),
        cmocka_unit_test(any_bytes_end_in_a_verdict),
        cmocka_unit_test(a_verdict_stays),
    };
    return cmocka_run_group_tests_name("http_response", tests, nullptr,
                                       nullptr);
}
