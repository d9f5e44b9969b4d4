// The cookies that hold a token: the whole one, the pieces NAME.0, NAME.1 ...
// of one that had to be split, and what another reader may take for either
// (L2). RFC 6265 4.2 and 5.4.

#ifndef IDT_TOKEN_COOKIES_H
#define IDT_TOKEN_COOKIES_H

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "idt_token/credentials.h"
#include "idt_base/result.h"

namespace id_token {

// 4 KB a cookie: more than fits any header buffer.
inline constexpr unsigned kMaxPieces = 32;

// More than so many pieces under one name are no token that was split: five
// full sets, one more than candidates are judged.
inline constexpr std::size_t kMaxPieceCookies = 5 * std::size_t{kMaxPieces};

// One cookie NAME.7: decimal, no leading zero, below kMaxPieces.
struct Piece {
    unsigned number = 0;
    std::string_view value;  // a view into the line
};

// Whether `name` is NAME itself or one of its pieces, byte for byte.
[[nodiscard]] bool is_token_cookie(std::string_view name,
                                   std::string_view cookie) noexcept;

// Whether another reader may find the token cookie, or a piece of it, in
// `part`, which is what stands between two semicolons: in another case (nginx's
// $cookie_NAME), behind a comma or white space or inside quotes (nginx,
// Python), with an escaped name (Rack), as an array or with a dot for an
// underscore (PHP). What is_token_cookie() is true of passes, too.
[[nodiscard]] bool may_pass_for(std::string_view part,
                                std::string_view cookie) noexcept;

// Pieces that belong together, joined.
struct PieceSet {
    Error error = Error::ok;    // credentials_malformed: one is missing
    std::string token;          // empty: all were emptied
    std::vector<Piece> pieces;  // as they came
};

// What cookies one name has. A browser keeps a cookie of another path beside
// ours, and the whole one when it was split (RFC 6265 5.4): nothing here is an
// error, each value is for others to judge.
class TokenCookies {
  public:
    explicit TokenCookies(std::string_view cookie) noexcept : cookie_(cookie) {}

    // Reads the value of one Cookie header; the views live as long as it.
    // `whole` is called with each value of NAME itself, empty ones included.
    template <class Whole>
    void read(std::string_view line, Whole &&whole) {
        while (!line.empty()) {
            const std::string_view part = next_cookie_part(line);
            std::string_view rest = part;
            const auto pair = next_cookie(rest);
            if (!pair) {
                continue;
            }
            if (pair->name == cookie_) {
                whole(pair->value);
            } else if (!take_piece(*pair) && may_pass_for(part, cookie_)) {
                foreign_ = true;
            }
        }
    }

    // Whether there was something that only another reader would take.
    [[nodiscard]] bool foreign() const noexcept { return foreign_; }
    [[nodiscard]] bool has_pieces() const noexcept { return !pieces_.empty(); }

    // Each token that the pieces may have been, none twice. A number that comes
    // once or always with the same value leaves one set, in whatever order;
    // else sets are told apart by where numbers begin anew.
    [[nodiscard]] std::vector<PieceSet> join() const;

  private:
    bool take_piece(const CookiePair &pair);

    std::string_view cookie_;
    std::vector<Piece> pieces_;
    bool foreign_ = false;
    bool too_many_ = false;
};

// A Cookie line without some of its parts. What is kept is kept as it came, so
// that it is never longer than `line`; nothing if every part is. `drop` is
// called with each part and its pair, if it is one.
[[nodiscard]] std::optional<std::string> without_cookies(
    std::string_view line,
    const std::function<bool(std::string_view part,
                             const std::optional<CookiePair> &pair)> &drop);

}  // namespace id_token

#endif
