// Where a token is presented: Authorization and Cookie.
//
// Input: the value of either.

#include <algorithm>
#include <vector>

#include "idt_token/credentials.h"
#include "fuzz/fuzz.h"

using namespace id_token;

namespace {

bool inside(std::string_view part, std::string_view whole) {
    return part.data() >= whole.data() &&
           part.data() + part.size() <= whole.data() + whole.size();
}

void check_bearer(std::string_view value) {
    const auto token = parse_bearer(value);
    if (!token) {
        REQUIRE(token.error() == Error::credentials_malformed);
        REQUIRE(is_bearer(value));
        return;
    }
    REQUIRE(token->has_value() == is_bearer(value));
    if (!token->has_value()) {
        return;
    }
    const std::string_view found = **token;
    REQUIRE(!found.empty() && inside(found, value) && value.ends_with(found));
    REQUIRE(found.find_first_of(" \t,;\"") == found.npos);
    REQUIRE(!fuzz::has_control_byte(found));
    for (const unsigned char c : found) {
        REQUIRE(c < 0x7f);
    }
    // Nothing but white space, the scheme and spaces before it.
    const std::size_t scheme = value.find_first_not_of(" \t");
    const std::string_view front =
        value.substr(scheme + 6, value.size() - found.size() - scheme - 6);
    REQUIRE(!front.empty());
    REQUIRE(front.find_first_not_of(' ') == front.npos);
}

struct Plain {
    std::string name, value;
};

std::string trimmed(const std::string &text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == text.npos) {
        return "";
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The same, written the plain way.
std::vector<Plain> split_cookies(const std::string &text) {
    std::vector<Plain> pairs;
    std::size_t at = 0;
    while (at <= text.size()) {
        std::size_t end = text.find(';', at);
        end = end == text.npos ? text.size() : end;
        const std::string part = text.substr(at, end - at);
        at = end + 1;
        const std::size_t equals = part.find('=');
        if (equals == part.npos) {
            continue;
        }
        Plain pair{trimmed(part.substr(0, equals)),
                   trimmed(part.substr(equals + 1))};
        if (pair.value.size() > 1 && pair.value.front() == '"' &&
            pair.value.back() == '"') {
            pair.value = pair.value.substr(1, pair.value.size() - 2);
        }
        pairs.push_back(pair);
    }
    return pairs;
}

void check_cookies(std::string_view header) {
    const std::vector<Plain> expected = split_cookies(std::string(header));
    std::string_view rest = header;
    std::size_t n = 0;
    while (const auto pair = next_cookie(rest)) {
        REQUIRE(n < expected.size());
        REQUIRE(pair->name == expected[n].name);
        REQUIRE(pair->value == expected[n].value);
        REQUIRE(inside(pair->name, header) && inside(pair->value, header));
        REQUIRE(pair->name.data() + pair->name.size() < pair->value.data());
        REQUIRE(pair->name.find_first_of(";=") == pair->name.npos);
        REQUIRE(pair->value.find(';') == pair->value.npos);
        REQUIRE(rest.empty() || rest.data() > pair->value.data());
        n++;
    }
    REQUIRE(n == expected.size() && rest.empty());
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    check_bearer(text);
    check_cookies(text);
    return 0;
}
