// For whom a request speaks (L3): the tokens that it holds, and which of them
// counts.
//
// RFC 6750 2 binds clients to one method. Browsers attach cookies by
// themselves, keep one of another path beside ours, and the whole one when it
// was split: so each value is a candidate, and what is asked is whether all
// that are proven are of one person.

#ifndef IDT_TOKEN_CANDIDATES_H
#define IDT_TOKEN_CANDIDATES_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "idt_base/result.h"

namespace id_token {

enum class Carrier : std::uint8_t {
    authorization,  // what a browser never attaches by itself
    header,         // another one, which a proxy may fill from a cookie
    cookie,
};

struct Candidate {
    std::string_view token;  // of the caller, who keeps it
    Carrier carrier = Carrier::authorization;
    std::size_t source = 0;  // a number of the caller's
};

// A candidate that no key could save.
struct Dropped {
    Candidate candidate;
    Error error = Error::ok;
};

// More than so many tokens of the right form are refused: as many signatures
// are checked for a request at most, one for each.
inline constexpr std::size_t kMaxCandidates = 4;
inline constexpr std::size_t kMaxSignatures = 4;

// What is asked without a key: format, decoding, header.
class Sieve {
  public:
    // ok, or why the candidate is none. May throw std::bad_alloc.
    [[nodiscard]] virtual Error sift(const Candidate &candidate) = 0;

  protected:
    ~Sieve() = default;
};

class Candidates {
  public:
    explicit Candidates(Sieve &sieve) noexcept : sieve_(&sieve) {}

    // A value that was presented. An empty one is none, an equal one is the
    // same, and the Authorization header's if it is there, too. A sole one is
    // not sifted: it is judged as it is.
    void add(const Candidate &candidate);

    // A value that is known to be no token.
    void add_dropped(const Candidate &candidate, Error error) noexcept;

    // In the order of add(). Up to kMaxCandidates, unless too_many().
    [[nodiscard]] std::span<const Candidate> left() const noexcept {
        return {left_.data(), count_};
    }
    [[nodiscard]] bool too_many() const noexcept { return too_many_; }

    // The first that was dropped, or null.
    [[nodiscard]] const Dropped *dropped() const noexcept {
        return dropped_ ? &*dropped_ : nullptr;
    }

  private:
    [[nodiscard]] bool merge(const Candidate &candidate) noexcept;
    [[nodiscard]] bool passes(const Candidate &candidate);

    Sieve *sieve_;
    std::array<Candidate, kMaxCandidates> left_;
    std::size_t count_ = 0;
    std::optional<Dropped> dropped_;
    bool sifted_ = false;  // all that are left
    bool too_many_ = false;
};

// How many signatures the n-th of `count` candidates may take of those that are
// left for the request: one is kept for each that follows.
[[nodiscard]] constexpr std::size_t signatures_for(std::size_t n,
                                                   std::size_t count,
                                                   std::size_t left) noexcept {
    return left - (count - n - 1);
}

// What is known of a candidate once it was judged.
struct Judged {
    Error error = Error::ok;  // ok: proven
    Carrier carrier = Carrier::authorization;
    std::string_view issuer;  // who it is and since when, of a proven one
    std::string_view subject;
    double issued_at = 0;
};

// Which candidate the answer is about. `error` ok: it counts.
struct Choice {
    Error error = Error::token_missing;
    std::optional<std::size_t> index;  // into `judged`; nothing: none of them
};

// One identity proven: the Authorization header's token, else the one that was
// issued last. Two: credentials_ambiguous. None: unavailable if one of them
// could not be judged, else the reason of the first; if none is left, of the
// first that was dropped.
//
// `optional`: cookies that are merely stale are no credentials, for their
// sender could as well have left them out. Whatever else is bad is refused.
[[nodiscard]] Choice choose(std::span<const Judged> judged,
                            const Dropped *dropped, bool optional) noexcept;

// A cookie that was good once. key_unknown is for the caller to have looked
// for before.
[[nodiscard]] bool is_stale(Error error, Carrier carrier) noexcept;

// The reason for a refused token of an Authorization header that was not even
// looked at as one (split_bearer): its characters decide.
[[nodiscard]] Error reason_of_bearer(Error error,
                                     std::string_view token) noexcept;

}  // namespace id_token

#endif
