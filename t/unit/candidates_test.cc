// A request speaks for one person: which tokens are candidates, which counts.

#include "idt_token/candidates.h"

#include <string>
#include <vector>

#include "unit/support.h"

using namespace id_token;

namespace {

constexpr Carrier kBearer = Carrier::authorization;
constexpr Carrier kHeader = Carrier::header;
constexpr Carrier kCookie = Carrier::cookie;

// Tokens that begin with '!' are of the wrong form.
class Form : public Sieve {
  public:
    Error sift(const Candidate &candidate) override {
        sifted += candidate.token;
        sifted += ' ';
        return candidate.token.starts_with('!') ? Error::token_format
                                                : Error::ok;
    }
    std::string sifted;
};

struct Request {
    Form form;
    Candidates candidates{form};

    Request &add(Carrier carrier, std::string_view token) {
        candidates.add({token, carrier, static_cast<std::size_t>(carrier)});
        return *this;
    }
    std::string left() const {
        std::string text;
        for (const Candidate &c : candidates.left()) {
            text += c.token;
            text += c.carrier == kBearer ? "b " : "c ";
        }
        return text;
    }
};

void one_is_left_as_it_is(void **) {
    Request r;
    r.add(kCookie, "").add(kCookie, "!x").add(kCookie, "!x").add(kBearer, "");
    assert_text(r.left(), "!xc ");
    assert_text(r.form.sifted, "");
    assert_null(r.candidates.dropped());
}

void equal_ones_are_one_and_the_headers(void **) {
    Request r;
    r.add(kCookie, "a").add(kCookie, "b").add(kBearer, "a").add(kCookie, "a");
    assert_text(r.left(), "ab bc ");
    assert_int_equal(r.candidates.left()[0].source, 0);
    assert_int_equal(r.candidates.left()[1].source, 2);
}

void what_has_no_form_is_dropped_first(void **) {
    Request r;
    r.add(kCookie, "!x").add(kCookie, "a").add(kCookie, "!y").add(kBearer, "b");
    assert_text(r.left(), "ac bb ");
    assert_text(r.candidates.dropped()->candidate.token, "!x");
    assert_reason(r.candidates.dropped()->error, Error::token_format);
    assert_text(r.form.sifted, "!x a !y b ");

    Request none;
    none.add(kCookie, "!x").add(kCookie, "!y");
    assert_text(none.left(), "");
}

void a_broken_value_leaves_the_next_to_be_sifted(void **) {
    Request r;
    r.candidates.add_dropped({}, Error::credentials_malformed);
    r.add(kCookie, "!x").add(kCookie, "a");
    assert_text(r.left(), "ac ");
    assert_reason(r.candidates.dropped()->error, Error::credentials_malformed);
}

void more_than_four_are_too_many(void **) {
    Request r;
    r.add(kCookie, "!1").add(kCookie, "a").add(kCookie, "b").add(kCookie, "c");
    r.add(kCookie, "!2").add(kCookie, "d").add(kCookie, "!3").add(kCookie, "a");
    assert_text(r.left(), "ac bc cc dc ");
    assert_false(r.candidates.too_many());
    r.add(kBearer, "e");
    assert_true(r.candidates.too_many());
}

void each_candidate_keeps_a_signature(void **) {
    assert_int_equal(signatures_for(0, 1, kMaxSignatures), 4);
    assert_int_equal(signatures_for(0, 4, kMaxSignatures), 1);
    assert_int_equal(signatures_for(0, 2, 4), 3);
    assert_int_equal(signatures_for(1, 2, 1), 1);
    assert_int_equal(signatures_for(3, 4, 1), 1);
}

Judged proven(Carrier carrier, double issued_at, std::string_view subject) {
    return {Error::ok, carrier, "https://a", subject, issued_at};
}

Judged refused(Error error, Carrier carrier = kCookie) {
    return {error, carrier, {}, {}, 0};
}

void counts(const std::vector<Judged> &judged, std::size_t index) {
    for (const bool optional : {false, true}) {
        const Choice choice = choose(judged, nullptr, optional);
        assert_reason(choice.error, Error::ok);
        assert_int_equal(choice.index.value_or(99), index);
    }
}

// index 99: the answer is about none of them
void refuses(const std::vector<Judged> &judged, Error error, std::size_t index,
             bool optional = false, const Dropped *dropped = nullptr) {
    const Choice choice = choose(judged, dropped, optional);
    assert_reason(choice.error, error);
    assert_int_equal(choice.index.value_or(99), index);
}

void a_proven_one_counts_whatever_stands_beside_it(void **) {
    counts({proven(kCookie, 1, "ann")}, 0);
    counts({refused(Error::expired), proven(kCookie, 1, "ann")}, 1);
    counts({refused(Error::signature, kBearer), proven(kCookie, 1, "ann")}, 1);
    counts({proven(kBearer, 1, "ann"), refused(Error::keys_unavailable)}, 0);
    counts({refused(Error::key_unknown), proven(kHeader, 1, "ann")}, 1);
}

void of_one_person_the_header_counts_else_the_latest(void **) {
    counts({proven(kCookie, 1, "ann"), proven(kCookie, 2, "ann")}, 1);
    counts({proven(kCookie, 2, "ann"), proven(kCookie, 1, "ann")}, 0);
    counts({proven(kCookie, 2, "ann"), proven(kHeader, 2, "ann")}, 0);
    counts({proven(kCookie, 9, "ann"), proven(kBearer, 1, "ann"),
            proven(kCookie, 8, "ann")},
           1);
    counts({proven(kBearer, 1, "ann"), proven(kCookie, 9, "ann")}, 0);
}

void two_persons_are_ambiguous(void **) {
    for (const bool optional : {false, true}) {
        refuses({proven(kBearer, 1, "ann"), proven(kCookie, 2, "bob")},
                Error::credentials_ambiguous, 99, optional);
    }
    Judged elsewhere = proven(kCookie, 2, "ann");
    elsewhere.issuer = "https://b";
    refuses({proven(kCookie, 1, "ann"), elsewhere},
            Error::credentials_ambiguous, 99);
    refuses({proven(kCookie, 1, "ann"), refused(Error::expired),
             proven(kCookie, 1, "ann"), proven(kCookie, 1, "bob")},
            Error::credentials_ambiguous, 99);
}

void none_proven_is_the_first_or_unavailable(void **) {
    refuses({}, Error::token_missing, 99);
    refuses({refused(Error::expired), refused(Error::signature)},
            Error::expired, 0);
    refuses({refused(Error::expired), refused(Error::keys_unavailable)},
            Error::keys_unavailable, 1);
    refuses({refused(Error::expired), refused(Error::out_of_memory)},
            Error::out_of_memory, 1);
    const Dropped dropped{{}, Error::token_format};
    refuses({refused(Error::expired)}, Error::expired, 0, false, &dropped);
    refuses({}, Error::token_format, 99, false, &dropped);
}

void optional_takes_a_stale_cookie_for_none(void **) {
    for (const Error stale :
         {Error::expired, Error::too_old, Error::revoked, Error::key_unknown}) {
        refuses({refused(stale)}, Error::token_missing, 99, true);
        refuses({refused(stale)}, stale, 0);
        refuses({refused(stale, kBearer)}, stale, 0, true);
        refuses({refused(stale, kHeader)}, stale, 0, true);
        refuses({refused(stale), refused(Error::signature)}, Error::signature,
                1, true);
        refuses({refused(stale), refused(Error::keys_refetch_failed)},
                Error::keys_refetch_failed, 1, true);
        const Dropped dropped{{}, Error::token_format};
        refuses({refused(stale)}, Error::token_format, 99, true, &dropped);
    }
    for (const Error bad : {Error::signature, Error::not_yet_valid,
                            Error::nonce, Error::audience}) {
        refuses({refused(bad)}, bad, 0, true);
    }
}

void a_bearer_is_malformed_by_its_characters(void **) {
    assert_reason(reason_of_bearer(Error::token_format, "a b"),
                  Error::credentials_malformed);
    assert_reason(reason_of_bearer(Error::token_format, "a"),
                  Error::token_format);
    assert_reason(reason_of_bearer(Error::base64url, "a.b.\"c\""),
                  Error::credentials_malformed);
    assert_reason(reason_of_bearer(Error::expired, "a b"), Error::expired);
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(one_is_left_as_it_is),
        cmocka_unit_test(equal_ones_are_one_and_the_headers),
        cmocka_unit_test(what_has_no_form_is_dropped_first),
        cmocka_unit_test(a_broken_value_leaves_the_next_to_be_sifted),
        cmocka_unit_test(more_than_four_are_too_many),
        cmocka_unit_test(each_candidate_keeps_a_signature),
        cmocka_unit_test(a_proven_one_counts_whatever_stands_beside_it),
        cmocka_unit_test(of_one_person_the_header_counts_else_the_latest),
        cmocka_unit_test(two_persons_are_ambiguous),
        cmocka_unit_test(none_proven_is_the_first_or_unavailable),
        cmocka_unit_test(optional_takes_a_stale_cookie_for_none),
        cmocka_unit_test(a_bearer_is_malformed_by_its_characters),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
