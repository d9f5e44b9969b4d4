// Token cookies, whatever else reads them, and the candidates that they make.
//
// Input: the values of Cookie headers, a line each.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "idt_base/ascii.h"
#include "idt_token/candidates.h"
#include "idt_token/cookies.h"
#include "fuzz/fuzz.h"

using namespace id_token;

namespace {

constexpr std::string_view kName = "id_t";

bool is_ours(std::string_view part, const std::optional<CookiePair> &pair) {
    return (pair && is_token_cookie(pair->name, kName)) ||
           may_pass_for(part, kName);
}

// nginx's $cookie_NAME, the way of ngx_http_parse_multi_header_lines().
bool nginx_finds(std::string_view line) {
    std::size_t at = 0;
    while (at < line.size()) {
        std::size_t end = at + kName.size();
        if (end <= line.size() &&
            equal_ignoring_case(line.substr(at, kName.size()), kName)) {
            while (end < line.size() && line[end] == ' ') {
                end++;
            }
            if (end < line.size() && line[end] == '=') {
                return true;
            }
        }
        at = line.find_first_of(";,", at);
        if (at == line.npos) {
            return false;
        }
        at = line.find_first_not_of(' ', at + 1);
        if (at == line.npos) {
            return false;
        }
    }
    return false;
}

void check_rest(std::string_view line) {
    const auto kept = without_cookies(line, is_ours);
    const std::string rest = kept ? *kept : std::string(line);
    REQUIRE(rest.size() <= line.size());
    REQUIRE(!nginx_finds(rest));
    REQUIRE(!without_cookies(rest, is_ours));

    TokenCookies again(kName);
    again.read(rest, [](std::string_view) { REQUIRE(false); });
    REQUIRE(!again.foreign() && !again.has_pieces());
}

class Form : public Sieve {
  public:
    Error sift(const Candidate &candidate) override {
        return good(candidate.token) ? Error::ok : Error::token_format;
    }
    static bool good(std::string_view token) {
        return token.find('.') != token.npos;
    }
};

// The same rule, written the plain way.
void check_candidates(const std::vector<Candidate> &presented) {
    Form form;
    Candidates candidates(form);
    std::vector<std::string_view> values, good;
    for (const Candidate &c : presented) {
        candidates.add(c);
        const auto add = [&c](std::vector<std::string_view> &to) {
            if (std::find(to.begin(), to.end(), c.token) == to.end()) {
                to.push_back(c.token);
            }
        };
        if (!c.token.empty()) {
            add(values);
            if (Form::good(c.token)) {
                add(good);
            }
        }
    }
    REQUIRE(candidates.too_many() == (good.size() > kMaxCandidates));
    if (candidates.too_many()) {
        return;
    }
    if (values.size() == 1) {
        good = values;
    }
    REQUIRE(candidates.left().size() == good.size());
    for (std::size_t i = 0; i < good.size(); i++) {
        const Candidate &left = candidates.left()[i];
        REQUIRE(left.token == good[i]);
        const bool bearer = std::any_of(
            presented.begin(), presented.end(), [&left](const Candidate &c) {
                return c.token == left.token &&
                       c.carrier == Carrier::authorization;
            });
        REQUIRE((left.carrier == Carrier::authorization) == bearer);
    }
    REQUIRE((candidates.dropped() != nullptr) == (good.size() < values.size()));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string_view rest = fuzz::text_of(data, size);
    TokenCookies cookies(kName);
    std::vector<Candidate> presented;
    while (!rest.empty()) {
        const std::string_view line = fuzz::take_line(rest);
        check_rest(line);
        cookies.read(line, [&presented](std::string_view value) {
            presented.push_back({value,
                                 value.ends_with('b') ? Carrier::authorization
                                                      : Carrier::cookie,
                                 0});
        });
    }
    const std::vector<PieceSet> sets = cookies.join();
    std::set<std::pair<Error, std::string>> seen;
    for (const PieceSet &set : sets) {
        REQUIRE(seen.emplace(set.error, set.token).second);
        REQUIRE(!set.pieces.empty() || set.error != Error::ok);
        REQUIRE((set.error == Error::ok) == !set.token.empty());
        presented.push_back({set.token, Carrier::cookie, 1});
    }
    check_candidates(presented);
    return 0;
}
