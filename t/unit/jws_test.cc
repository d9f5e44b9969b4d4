#include "idt_jose/jws.h"

#include <new>

#include "idt_jose/header_cost.h"
#include "unit/allocation.h"
#include "unit/support.h"

using namespace id_token;

namespace {

Error split(std::string_view token) {
    const auto segments = parse_segments(token);
    return segments ? Error::ok : segments.error();
}

Error judge(const std::string &header,
            std::optional<std::string> *kid = nullptr) {
    const auto parsed =
        parse_jose_header(mint::base64url(header), unit::any_algorithm(), kid);
    return parsed ? Error::ok : parsed.error();
}

// Members beside a good "alg".
Error with(const std::string &members) {
    return judge(R"({"alg":"RS256",)" + members + "}");
}

void three_segments(void **) {
    const std::string_view token = "QUJD.REVG.R0hJ";
    const auto s = parse_segments(token);
    assert_true(static_cast<bool>(s));
    assert_text(s->header, "QUJD");
    assert_text(s->payload, "REVG");
    assert_text(s->signature, "R0hJ");
    assert_text(s->signing_input, "QUJD.REVG");
    // Views into the token, which is what gets signed.
    assert_ptr_equal(s->signing_input.data(), token.data());
}

void another_number_of_segments_is_refused(void **) {
    assert_reason(split(""), Error::token_format);
    assert_reason(split("QUJD"), Error::token_format);
    assert_reason(split("QUJD.REVG"), Error::token_format);
    assert_reason(split("QUJD.REVG.R0hJ"), Error::ok);
    assert_reason(split("QUJD.REVG.R0hJ.QUJD"), Error::token_format);
    assert_reason(split("QUJD.REVG.R0hJ.QUJD.QUJD"), Error::token_encrypted);
    assert_reason(split("QUJD..R0hJ.QUJD.QUJD"), Error::token_encrypted);
    assert_reason(split("QUJD.REVG.R0hJ.QUJD.QUJD.QUJD"), Error::token_format);
    assert_reason(split("...."), Error::token_encrypted);
    assert_reason(split("....."), Error::token_format);
    assert_reason(split("..."), Error::token_format);
}

void header_and_signature_must_not_be_empty(void **) {
    assert_reason(split("."), Error::token_format);
    assert_reason(split(".."), Error::token_format);
    assert_reason(split(".REVG.R0hJ"), Error::token_format);
    assert_reason(split("QUJD.REVG."), Error::token_format);
    // A well-formed JWS, if no claim set.
    assert_reason(split("QUJD..R0hJ"), Error::ok);
    assert_reason(split("QUJD.R0hJ."), Error::token_format);
}

void each_segment_is_strict_base64url(void **) {
    for (const std::string bad : {"A", "QR", "QQ=", "Q Q", "Q+Q", "QQ\n"}) {
        assert_reason(split(bad + ".REVG.R0hJ"), Error::base64url);
        assert_reason(split("QUJD." + bad + ".R0hJ"), Error::base64url);
        assert_reason(split("QUJD.REVG." + bad), Error::base64url);
    }
    assert_reason(split("QQ.QQ.QQ"), Error::ok);
    assert_reason(split(std::string("QUJD.REVG.R0hJ\0", 15)), Error::base64url);
}

void length_is_bounded(void **) {
    const std::string head = "QUJD.";
    const std::string tail = ".R0hJ";
    std::string body(kMaxTokenBytes - head.size() - tail.size(), 'A');
    body.resize(body.size() / 4 * 4);
    assert_reason(split(head + body + tail), Error::ok);
    assert_reason(split(std::string(kMaxTokenBytes, 'A')), Error::token_format);
    assert_reason(split(std::string(kMaxTokenBytes + 1, 'A')),
                  Error::token_too_long);
}

void a_plain_header(void **) {
    const auto h =
        parse_jose_header(mint::base64url(R"({"alg":"ES256","kid":"k 1"})"),
                          unit::any_algorithm());
    assert_true(static_cast<bool>(h));
    assert_ptr_equal(h->algorithm, find_algorithm("ES256"));
    assert_text(h->kid.value(), "k 1");

    const auto none = parse_jose_header(mint::base64url(R"({"alg":"EdDSA"})"),
                                        unit::any_algorithm());
    assert_false(none->kid.has_value());
}

void a_header_is_a_json_object(void **) {
    for (const char *text :
         {"", "x", "[]", "null", "\"RS256\"", R"({"alg":"RS256"} x)",
          "\xef\xbb\xbf{\"alg\":\"RS256\"}",
          "{\"alg\":\"RS256\",\"x\":\"\xff\"}"}) {
        assert_reason(judge(text), Error::header_json);
    }
    for (const char *text : {R"({"alg":"RS256","alg":"RS256"})",
                             R"({"alg":"RS256","x":{"a":1,"a":2}})"}) {
        assert_reason(judge(text), Error::header_duplicate);
    }
    for (const char *text :
         {R"({"alg":"RS256","x":"\ud800"})", R"({"alg":"RS256","x":"\u0000"})",
          R"({"alg":"RS256","x":1e999})"}) {
        assert_reason(judge(text), Error::header_value);
    }
    assert_reason(judge(R"( {"alg":"RS256"} )"), Error::ok);
    assert_reason(judge(R"({"alg":"RS256","x":)" + std::string(99, '[') +
                        std::string(99, ']') + "}"),
                  Error::ok);
    assert_reason(judge(R"({"alg":"RS256","x":)" + std::string(100, '[') +
                        std::string(100, ']') + "}"),
                  Error::header_depth);

    const auto malformed = parse_jose_header("A", unit::any_algorithm());
    assert_reason(malformed.error(), Error::base64url);
}

void alg_is_a_string_that_we_know(void **) {
    for (const Algorithm &a : algorithms()) {
        assert_reason(judge(unit::header(std::string(a.name), "k")), Error::ok);
    }
    assert_reason(judge("{}"), Error::alg_missing);
    for (const char *value : {"null", "1", "true", "[\"RS256\"]", "{}"}) {
        assert_reason(judge(std::string(R"({"alg":)") + value + "}"),
                      Error::alg_missing);
    }
    for (const char *name : {"", "none", "None", "nOnE", "HS256", "HS512",
                             "rs256", "RS256 ", "RSA-OAEP", "ES256K"}) {
        assert_reason(judge(unit::header(name, "k")), Error::alg_not_allowed);
    }
    // An encrypted token's header, though of three segments.
    assert_reason(judge(R"({"alg":"RSA-OAEP","enc":"A256GCM"})"),
                  Error::alg_not_allowed);
}

void alg_is_one_of_those_allowed(void **) {
    AlgorithmSet allowed;
    const auto parse = [&](const std::string &header) {
        const auto h = parse_jose_header(mint::base64url(header), allowed);
        return h ? Error::ok : h.error();
    };
    assert_reason(parse(unit::header("RS256", "k")), Error::alg_not_allowed);
    allowed.add(*find_algorithm("RS256"));
    assert_reason(parse(unit::header("RS256", "k")), Error::ok);
    assert_reason(parse(unit::header("RS512", "k")), Error::alg_not_allowed);
    // before the rest of the header
    assert_reason(parse(R"({"alg":"RS512","crit":[],"typ":1})"),
                  Error::alg_not_allowed);
    assert_reason(parse(R"({"alg":"RS256","crit":[],"typ":1})"), Error::crit);
}

void crit_is_refused_whatever_it_holds(void **) {
    for (const char *value :
         {"[]", "[\"b64\"]", "[\"exp\"]", "null", "\"exp\"", "false"}) {
        assert_reason(with(std::string("\"crit\":") + value), Error::crit);
    }
    assert_reason(with("\"Crit\":[]"), Error::ok);
}

void b64_may_only_be_true(void **) {
    assert_reason(with("\"b64\":true"), Error::ok);
    for (const char *value : {"false", "null", "1", "\"true\""}) {
        assert_reason(with(std::string("\"b64\":") + value), Error::b64);
    }
}

void zip_is_refused(void **) {
    assert_reason(with("\"zip\":\"DEF\""), Error::zip);
    assert_reason(with("\"zip\":null"), Error::zip);
    assert_reason(with("\"zap\":\"DEF\""), Error::ok);
}

void nested_tokens_are_refused(void **) {
    for (const char *value :
         {"\"JWT\"", "\"jwt\"", "\"Jwt\"", "\"application/jwt\"",
          "\"Application/JWT\"", "1", "null", "[\"JWT\"]"}) {
        assert_reason(with(std::string("\"cty\":") + value), Error::cty);
    }
    assert_reason(with("\"cty\":\"json\""), Error::ok);
    assert_reason(with("\"cty\":\"JWT2\""), Error::ok);
    assert_reason(with("\"cty\":\"\""), Error::ok);
}

void kid_is_a_string(void **) {
    for (const char *value : {"1", "null", "true", "[\"k\"]", "{}"}) {
        assert_reason(with(std::string("\"kid\":") + value), Error::kid_type);
    }
    assert_reason(with("\"kid\":\"\""), Error::ok);
    assert_reason(with("\"kid\":\"../../etc/passwd\""), Error::ok);
}

void typ_is_that_of_a_jwt(void **) {
    for (const char *type : {"JWT", "jwt", "JwT", "application/jwt",
                             "APPLICATION/JWT", "JOSE", "jose"}) {
        assert_reason(with(std::string("\"typ\":\"") + type + "\""), Error::ok);
    }
    for (const char *type :
         {"at+jwt", "AT+JWT", "application/at+jwt", "logout+jwt",
          "secevent+jwt", "dpop+jwt", "token-introspection+jwt", "", "JWT ",
          " JWT", "JW", "JWTX", "JOSE+JSON", "application/jose", "text/jwt",
          "id_token"}) {
        assert_reason(with(std::string("\"typ\":\"") + type + "\""),
                      Error::typ);
    }
    for (const char *value : {"null", "1", "[\"JWT\"]"}) {
        assert_reason(with(std::string("\"typ\":") + value), Error::typ);
    }
}

// RFC 8725 3.10
void keys_and_urls_in_the_header_mean_nothing(void **) {
    assert_reason(with(R"("jku":"https://evil.example/","x5u":1,"jwk":{},)"
                       R"("x5c":["AA"],"x5t":"x","x5t#S256":"y","iss":"z")"),
                  Error::ok);
}

// A header of so many bytes: a chain of certificates fills it.
std::string chain(std::size_t size) {
    const std::string before = R"({"alg":"RS256","x5c":[")";
    const std::string after = R"("]})";
    std::string certificates(size - before.size() - after.size(), 'M');
    for (std::size_t i = 1600; i < certificates.size(); i += 1600) {
        certificates.replace(i, 3, "\",\"");
    }
    return before + certificates + after;
}

void a_chain_of_certificates_is_legal(void **) {
    assert_reason(judge(chain(8000)), Error::ok);
    assert_reason(judge(chain(kMaxHeaderBytes)), Error::ok);
    assert_reason(judge(chain(kMaxHeaderBytes + 1)), Error::header_size);
    assert_true(is_cheap_header(chain(kMaxHeaderBytes)));
    assert_false(is_cheap_header(chain(kMaxHeaderBytes + 1)));
    // PHP's json_encode() escapes each slash
    std::string escaped = chain(12000);
    for (std::size_t i = 100; i < 10000; i += 64) {
        escaped.replace(i, 2,
                        escaped[i] == 'M' && escaped[i + 1] == 'M'
                            ? "\\/"
                            : escaped.substr(i, 2));
    }
    assert_reason(judge(escaped), Error::ok);
}

// `"alg"` and a member `x` of `unit` as often as `dear` bytes allow, each of
// which has `each` of them.
std::string dear_header(const std::string &open, const std::string &unit,
                        std::size_t each, std::size_t dear,
                        const std::string &close) {
    const std::string before = R"({"alg":"RS256","x":)" + open;
    // { } : , : and three strings; what `open` and `close` add is said by each
    const std::size_t rest = 5 + 6;
    std::string header = before;
    std::size_t used = rest;
    while (used + each <= dear) {
        header += unit;
        used += each;
    }
    header += close;
    return header + std::string(dear - used, ' ') + "}";
}

void what_is_dear_to_read_is_bounded(void **) {
    struct Case {
        std::string open, unit;
        std::size_t each, around;
        std::string close;
    };
    const Case cases[] = {
        {"[0", ",0", 2, 3, "]"},
        {"[{}", ",{}", 3, 4, "]"},
        {"[\"\"", ",\"\"", 3, 4, "]"},
        {"0", ",\"\":0", 5, 1, ""},  // a member twice: not looked at
        {"\"", "\\n", 1, 2, "\""},
        {"\"", "\\\"", 2, 2, "\""},
        {"\"", "\\\\", 2, 2, "\""},
        {"\"", "\\u0041", 1, 2, "\""},
        {"\"", "\xc3\xa9", 2, 2, "\""},
        {"1", "0", 1, 1, ""},
        {"", " ", 1, 1, "1"},
    };
    for (const Case &c : cases) {
        const auto header = [&](std::size_t dear) {
            return dear_header(c.open, c.unit, c.each, dear - c.around,
                               c.close);
        };
        assert_true(is_cheap_header(header(kMaxDearBytes)));
        assert_false(is_cheap_header(header(kMaxDearBytes + 1)));
        assert_reason(judge(header(kMaxDearBytes + 1)), Error::header_size);
        assert_reason(judge(header(15 * kMaxDearBytes)), Error::header_size);
    }
}

void the_cost_of_any_bytes_is_told(void **) {
    assert_true(is_cheap_header(""));
    assert_true(is_cheap_header("\""));
    assert_true(is_cheap_header("\"\\"));
    assert_true(is_cheap_header("\"\\\""));
    assert_true(is_cheap_header(std::string(kMaxDearBytes, '{')));
    assert_false(is_cheap_header(std::string(kMaxDearBytes + 1, '{')));
    // an escaped quote does not end a string, nor hide what follows it
    const std::string values(kMaxDearBytes, '0');
    assert_true(is_cheap_header(R"(["\"aa)" + values + "\"]"));
    assert_false(is_cheap_header(R"(["\"",)" + values + "]"));
    assert_false(is_cheap_header(R"(["\\",)" + values + ",\"\"]"));
}

void the_cheaper_rule_speaks_first(void **) {
    assert_reason(judge(R"({"crit":[],"zip":1,"typ":1})"), Error::alg_missing);
    assert_reason(judge(R"({"alg":"none","crit":[]})"), Error::alg_not_allowed);
    assert_reason(with(R"("crit":[],"b64":false,"zip":1)"), Error::crit);
    assert_reason(with(R"("b64":false,"zip":1)"), Error::b64);
    assert_reason(with(R"("zip":1,"cty":"JWT")"), Error::zip);
    assert_reason(with(R"("cty":"JWT","kid":1)"), Error::cty);
    assert_reason(with(R"("kid":1,"typ":1)"), Error::kid_type);
}

void a_refusal_names_the_kid(void **) {
    std::optional<std::string> kid;
    assert_reason(judge(R"({"alg":"none","kid":"k1"})", &kid),
                  Error::alg_not_allowed);
    assert_text(kid.value(), "k1");
    assert_reason(judge(R"({"alg":"none","kid":7})", &kid),
                  Error::alg_not_allowed);
    assert_false(kid.has_value());
    assert_reason(judge(R"({"alg":"RS256","kid":"k2"})", &kid), Error::ok);
    assert_text(kid.value(), "k2");
}

void a_failed_allocation_is_out_of_memory(void **) {
    const std::string good =
        mint::base64url(R"({"alg":"RS256","typ":"JWT","kid":")" +
                        std::string(200, 'k') + "\"}");
    const std::string bad = mint::base64url(R"({"alg":"none","kid":")" +
                                            std::string(200, 'k') + "\"}");
    for (const std::string &header : {good, bad}) {
        const Error answer =
            header == good ? Error::ok : Error::alg_not_allowed;
        const long failed = unit::with_each_allocation_failing(
            unit::Failing::one,
            [&] {
                try {
                    std::optional<std::string> kid;
                    const auto h =
                        parse_jose_header(header, unit::any_algorithm(), &kid);
                    return h ? Error::ok : h.error();
                } catch (const std::bad_alloc &) {
                    return Error::out_of_memory;
                }
            },
            [&](Error error, bool hit) {
                assert_reason(error, hit ? Error::out_of_memory : answer);
            });
        assert_true(failed > 3);
    }
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(three_segments),
        cmocka_unit_test(another_number_of_segments_is_refused),
        cmocka_unit_test(header_and_signature_must_not_be_empty),
        cmocka_unit_test(each_segment_is_strict_base64url),
        cmocka_unit_test(length_is_bounded),
        cmocka_unit_test(a_plain_header),
        cmocka_unit_test(a_header_is_a_json_object),
        cmocka_unit_test(alg_is_a_string_that_we_know),
        cmocka_unit_test(alg_is_one_of_those_allowed),
        cmocka_unit_test(crit_is_refused_whatever_it_holds),
        cmocka_unit_test(b64_may_only_be_true),
        cmocka_unit_test(zip_is_refused),
        cmocka_unit_test(nested_tokens_are_refused),
        cmocka_unit_test(kid_is_a_string),
        cmocka_unit_test(typ_is_that_of_a_jwt),
        cmocka_unit_test(keys_and_urls_in_the_header_mean_nothing),
        cmocka_unit_test(a_chain_of_certificates_is_legal),
        cmocka_unit_test(what_is_dear_to_read_is_bounded),
        cmocka_unit_test(the_cost_of_any_bytes_is_told),
        cmocka_unit_test(the_cheaper_rule_speaks_first),
        cmocka_unit_test(a_refusal_names_the_kid),
        cmocka_unit_test(a_failed_allocation_is_out_of_memory),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
