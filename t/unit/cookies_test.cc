// The cookies that hold a token: RFC 6265 4.2 and 5.4.

#include "idt_token/cookies.h"

#include <string>
#include <vector>

#include "unit/support.h"

using namespace id_token;

namespace {

// What a Cookie header says of the cookie "idt".
struct Found {
    std::string whole;   // each value in brackets
    std::string joined;  // each set's token, or the name of its error
    bool foreign = false;
};

Found read(std::string_view line, std::string_view name = "idt") {
    TokenCookies cookies(name);
    Found found;
    cookies.read(line, [&found](std::string_view value) {
        found.whole += "[" + std::string(value) + "]";
    });
    for (const PieceSet &set : cookies.join()) {
        found.joined +=
            "[" +
            std::string(set.error == Error::ok ? std::string_view(set.token)
                                               : unit::name_of(set.error)) +
            "]";
    }
    found.foreign = cookies.foreign();
    return found;
}

void whole_is(std::string_view line, std::string_view values) {
    const Found found = read(line);
    assert_text(found.whole, values);
    assert_text(found.joined, "");
}

void joined_is(std::string_view line, std::string_view sets) {
    const Found found = read(line);
    assert_text(found.joined, sets);
    assert_false(found.foreign);
}

void is_foreign(std::string_view line, std::string_view name = "idt") {
    const Found found = read(line, name);
    assert_text(found.whole + found.joined, "");
    assert_true(found.foreign);
    assert_true(may_pass_for(line, name));
}

void is_nobodys(std::string_view line, std::string_view name = "idt") {
    const Found found = read(line, name);
    assert_text(found.whole + found.joined, "");
    assert_false(found.foreign);
}

void each_value_of_the_name_is_told(void **) {
    whole_is("idt=a", "[a]");
    whole_is("x=1; idt=a; idt=b;idt=", "[a][b][]");
    whole_is("idt=\"a\"", "[a]");
    whole_is("x=idt; y", "");
    whole_is("", "");
}

void pieces_are_joined_by_number(void **) {
    joined_is("idt.0=a; idt.1=b", "[ab]");
    joined_is("idt.1=b; x=1; idt.0=a", "[ab]");
    joined_is("idt.0=a", "[a]");
    joined_is("idt.0=a; idt.1=b; idt.0=a", "[ab]");
    joined_is("idt.0=a; idt.1=; idt.2=c", "[ac]");
    joined_is("idt.0=a; idt.1=", "[a]");
    joined_is("idt.0=; idt.1=", "");
    joined_is("idt.0=; idt.0=a", "[a]");
    joined_is("idt.0=a; idt.0=", "[a]");
    joined_is("idt.31=z; idt.0=a", "[credentials_malformed]");
}

void a_missing_piece_is_told(void **) {
    joined_is("idt.0=a; idt.2=c", "[credentials_malformed]");
    joined_is("idt.1=b", "[credentials_malformed]");
}

void sets_of_two_paths_are_told_apart(void **) {
    joined_is("idt.0=a; idt.1=b; idt.0=c; idt.1=d; idt.2=e", "[ab][cde]");
    joined_is("idt.0=a; idt.1=b; idt.2=c; idt.0=d; idt.1=e", "[abc][de]");
    joined_is("idt.0=a; idt.0=b", "[a][b]");
    // an orphan before, and one behind
    joined_is("idt.1=x; idt.0=a; idt.1=b", "[credentials_malformed][ab][ax]");
    joined_is("idt.0=a; idt.1=b; idt.1=x", "[ab][credentials_malformed]");
    // numbers out of order, twice
    joined_is("idt.1=b; idt.0=a; idt.1=d; idt.0=c",
              "[credentials_malformed][ad][c][ab][cd]");
}

void pieces_are_bounded(void **) {
    std::string line;
    for (unsigned n = 0; n < kMaxPieces; n++) {
        line += "idt." + std::to_string(n) + "=" + std::string(2048, 'a') + ";";
    }
    assert_int_equal(read(line).joined.size(), 2 + 64 * 1024);
    assert_text(
        read(line + "idt.0=" + std::string(2049, 'a')).joined.substr(0, 3),
        "[aa");
    line.replace(line.find("idt.31="), 7, "idt.31=b");
    assert_text(read(line).joined, "[token_too_long]");

    std::string many;
    for (std::size_t n = 0; n < kMaxPieceCookies; n++) {
        many += "idt.0=" + std::to_string(n) + ";";
    }
    assert_text(read(many).joined.substr(0, 6), "[0][1]");
    assert_text(read(many + "idt.0=x").joined, "[credentials_malformed]");
}

void other_spellings_are_foreign(void **) {
    is_foreign("IDT=a");
    is_foreign("x=1; Idt.0=a");
    is_foreign("x=1, idt=a");
    is_foreign("x=1,idt=a");
    is_foreign("x=1 idt=a");
    is_foreign("x=\"1, idt=a\"");
    is_foreign("x=\"idt=a\"");
    is_foreign("x='idt=a'");
    is_foreign("\"idt\"=a");
    is_foreign("x=1, idt.0 = a");
    is_foreign("=idt=a");
    is_foreign("%69dt=a");
    is_foreign("i%44T=a");
    is_foreign("idt[]=a");
    is_foreign("idt[0=a");
    is_foreign("idt%5b%5d=a");
    is_foreign("idt%00x=a");
    is_foreign("idt.00=a");
    is_foreign("idt.32=a");
    is_foreign("idt%2e1=a");
    is_foreign("my.id=a", "my_id");
    is_foreign("my_id=a", "my.id");
}

void what_nobody_would_take_is_not(void **) {
    is_nobodys("idtx=a");
    is_nobodys("xidt=a");
    is_nobodys("id=a");
    is_nobodys("x=idt");
    is_nobodys("x=idt=a");
    is_nobodys("x=/?idt=a");
    is_nobodys("x=1&idt=a");
    is_nobodys("idt");
    is_nobodys("x=1, idt");
    is_nobodys("idt.=a");
    is_nobodys("idt.x=a");
    is_nobodys("idt.1x=a");
    is_nobodys("idt-0=a");
    is_nobodys("idt_0=a");
    is_nobodys("%6adt=a");
    is_nobodys("%6=a; %=b; =");
    is_nobodys("");
}

void our_own_cookies_pass_for_themselves(void **) {
    assert_true(may_pass_for("idt=a", "idt"));
    assert_true(may_pass_for(" idt.7 = a", "idt"));
    assert_true(is_token_cookie("idt", "idt"));
    assert_true(is_token_cookie("idt.31", "idt"));
    for (const char *name : {"idt.32", "idt.00", "IDT", "idt.", "idt.1 "}) {
        assert_false(is_token_cookie(name, "idt"));
    }
}

std::string without_idt(std::string_view line) {
    const auto kept = without_cookies(
        line, [](std::string_view, const std::optional<CookiePair> &pair) {
            return pair && is_token_cookie(pair->name, "idt");
        });
    return kept ? *kept : "(as it was)";
}

void parts_are_taken_out_and_the_rest_stays(void **) {
    assert_text(without_idt("idt=a"), "");
    assert_text(without_idt("idt=a; x=1; y"), "x=1; y");
    assert_text(without_idt("x=1;   idt.0=a;   y=2"), "x=1;   y=2");
    assert_text(without_idt("x=1;idt=a"), "x=1");
    assert_text(without_idt("x=1; y=2;"), "(as it was)");
    assert_text(without_idt(";;"), "(as it was)");
    assert_text(without_idt(""), "(as it was)");
}

}  // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(each_value_of_the_name_is_told),
        cmocka_unit_test(pieces_are_joined_by_number),
        cmocka_unit_test(a_missing_piece_is_told),
        cmocka_unit_test(sets_of_two_paths_are_told_apart),
        cmocka_unit_test(pieces_are_bounded),
        cmocka_unit_test(other_spellings_are_foreign),
        cmocka_unit_test(what_nobody_would_take_is_not),
        cmocka_unit_test(our_own_cookies_pass_for_themselves),
        cmocka_unit_test(parts_are_taken_out_and_the_rest_stays),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
