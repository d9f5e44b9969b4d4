#include "idt_token/cookies.h"

#include <algorithm>
#include <array>

#include "idt_base/ascii.h"
#include "idt_jose/jws.h"

namespace id_token {

namespace {

// The number of a piece by what follows the dot.
std::optional<unsigned> piece_number(std::string_view digits) noexcept {
    if (digits.empty() || digits.size() > 2 || !is_digit(digits[0]) ||
        (digits.size() == 2 && (digits[0] == '0' || !is_digit(digits[1])))) {
        return std::nullopt;
    }
    unsigned n = 0;
    for (const char c : digits) {
        n = n * 10 + static_cast<unsigned>(c - '0');
    }
    return n < kMaxPieces ? std::optional(n) : std::nullopt;
}

std::optional<unsigned> piece_of(std::string_view name,
                                 std::string_view cookie) noexcept {
    if (name.size() < cookie.size() + 2 || !name.starts_with(cookie) ||
        name[cookie.size()] != '.') {
        return std::nullopt;
    }
    return piece_number(name.substr(cookie.size() + 1));
}

int hex_digit(char c) noexcept {
    if (is_digit(c)) {
        return c - '0';
    }
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Takes the next character of a name off, as the most generous reader would.
char next_folded(std::string_view &name) noexcept {
    char c = name[0];
    std::size_t size = 1;
    if (c == '%' && name.size() > 2 && hex_digit(name[1]) >= 0 &&
        hex_digit(name[2]) >= 0) {
        c = static_cast<char>(hex_digit(name[1]) * 16 + hex_digit(name[2]));
        size = 3;
    }
    name.remove_prefix(size);
    return c;
}

// PHP cannot have these in a name.
char fold(char c) noexcept {
    return c == '.' || c == ' ' || c == '[' ? '_' : lower(c);
}

// Whether what follows NAME makes it another cookie: not nothing, not an index
// and not the number of a piece, be it one that we do not read.
bool ends_name(std::string_view rest) noexcept {
    if (rest.empty()) {
        return true;
    }
    const char c = next_folded(rest);
    if (c == '[' || c == '\0') {
        return true;
    }
    bool digits = c == '.' && !rest.empty();
    while (digits && !rest.empty()) {
        digits = is_digit(next_folded(rest));
    }
    return digits;
}

bool names_alike(std::string_view name, std::string_view cookie) noexcept {
    for (const char c : cookie) {
        if (name.empty() || fold(next_folded(name)) != fold(c)) {
            return false;
        }
    }
    return ends_name(name);
}

constexpr bool is_around(char c) noexcept {
    return c == ' ' || c == '\t' || c == '"' || c == '\'';
}

// What ends at an equals sign, back to where some reader sees a cookie begin.
std::string_view name_before(std::string_view text) noexcept {
    while (!text.empty() && is_around(text.back())) {
        text.remove_suffix(1);
    }
    std::size_t begin = text.size();
    while (begin > 0 && !is_around(text[begin - 1]) && text[begin - 1] != ',') {
        begin--;
    }
    text.remove_prefix(begin);
    while (text.starts_with('=')) {
        text.remove_prefix(1);
    }
    return text;
}

using Sets = std::vector<PieceSet>;

PieceSet join_pieces(std::vector<Piece> pieces) {
    std::array<std::string_view, kMaxPieces> values;
    std::array<bool, kMaxPieces> there{};
    unsigned count = 0;  // emptied pieces behind the last are none
    std::size_t size = 0;
    for (const Piece &p : pieces) {
        if (!there[p.number] || values[p.number].empty()) {
            values[p.number] = p.value;
            size += p.value.size();
        }
        there[p.number] = true;
        count = p.value.empty() ? count : std::max(count, p.number + 1);
    }
    PieceSet set;
    set.pieces = std::move(pieces);
    if (size > kMaxTokenBytes) {
        set.error = Error::token_too_long;
        return set;
    }
    if (std::find(there.begin(), there.begin() + count, false) !=
        there.begin() + count) {
        set.error = Error::credentials_malformed;
        return set;
    }
    for (unsigned n = 0; n < count; n++) {
        set.token += values[n];
    }
    return set;
}

// Whether a number comes with two values, neither of them empty.
bool has_rivals(const std::vector<Piece> &pieces) noexcept {
    std::array<std::string_view, kMaxPieces> values;
    for (const Piece &p : pieces) {
        if (p.value.empty()) {
            continue;
        }
        if (!values[p.number].empty() && values[p.number] != p.value) {
            return true;
        }
        values[p.number] = p.value;
    }
    return false;
}

void add_set(Sets &sets, std::vector<Piece> pieces) {
    PieceSet set = join_pieces(std::move(pieces));
    if (set.error == Error::ok && set.token.empty()) {
        return;
    }
    const bool known =
        std::any_of(sets.begin(), sets.end(), [&set](const PieceSet &other) {
            return other.error == set.error && other.token == set.token;
        });
    if (!known) {
        sets.push_back(std::move(set));
    }
}

// Begins a new set before each piece of which `begins` is true.
template <class Begins>
void split_sets(Sets &sets, const std::vector<Piece> &pieces, Begins begins) {
    std::vector<Piece> run;
    for (const Piece &p : pieces) {
        if (begins(std::as_const(run), p)) {
            add_set(sets, std::move(run));
            run.clear();
        }
        run.push_back(p);
    }
    add_set(sets, std::move(run));
}

}  // namespace

bool is_token_cookie(std::string_view name, std::string_view cookie) noexcept {
    return name == cookie || piece_of(name, cookie).has_value();
}

bool may_pass_for(std::string_view part, std::string_view cookie) noexcept {
    std::size_t equals = part.find('=');
    for (; equals != part.npos; equals = part.find('=', equals + 1)) {
        if (names_alike(name_before(part.substr(0, equals)), cookie)) {
            return true;
        }
    }
    return false;
}

bool TokenCookies::take_piece(const CookiePair &pair) {
    const auto number = piece_of(pair.name, cookie_);
    if (!number) {
        return false;
    }
    if (pieces_.size() == kMaxPieceCookies) {
        too_many_ = true;
    } else {
        pieces_.push_back({*number, pair.value});
    }
    return true;
}

std::vector<PieceSet> TokenCookies::join() const {
    Sets sets;
    if (too_many_) {
        sets.push_back({Error::credentials_malformed, {}, pieces_});
        return sets;
    }
    if (!has_rivals(pieces_)) {
        add_set(sets, pieces_);
        return sets;
    }
    using Run = std::vector<Piece>;
    split_sets(sets, pieces_, [](const Run &run, const Piece &p) {
        return !run.empty() && p.number <= run.back().number;
    });
    split_sets(sets, pieces_, [](const Run &run, const Piece &p) {
        return std::any_of(run.begin(), run.end(), [&p](const Piece &other) {
            return other.number == p.number;
        });
    });
    return sets;
}

std::optional<std::string> without_cookies(
    std::string_view line,
    const std::function<bool(std::string_view part,
                             const std::optional<CookiePair> &pair)> &drop) {
    std::string kept;
    bool dropped = false;
    while (!line.empty()) {
        std::string_view part = next_cookie_part(line);
        std::string_view rest = part;
        if (drop(part, next_cookie(rest))) {
            dropped = true;
            continue;
        }
        if (!kept.empty()) {
            kept += ';';
        } else {
            part.remove_prefix(
                std::min(part.find_first_not_of(' '), part.size()));
        }
        kept += part;
    }
    return dropped ? std::optional(std::move(kept)) : std::nullopt;
}

}  // namespace id_token
