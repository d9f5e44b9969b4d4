// A key set, RFC 7517 5, and the choice of a key in it.

#ifndef IDT_JOSE_JWKS_H
#define IDT_JOSE_JWKS_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "idt_jose/jwk.h"
#include "idt_jose/jws.h"
#include "idt_base/result.h"

namespace id_token {

// Keys tried for a token without a kid.
inline constexpr std::size_t kMaxKeysTried = 4;

// Entries of a set that are looked at: no tenant comes near it, and while
// they are no request is served.
inline constexpr std::size_t kMaxKeys = 2000;

// Why a document is not a key set that can be used.
// X(name, text)
#define ID_TOKEN_JWKS_ERRORS(X)                                                \
    X(syntax, "is not valid JSON")                                             \
    X(depth, "is nested too deeply")                                           \
    X(not_an_object, "is not a JSON object")                                   \
    X(no_keys, "has no \"keys\" array")                                        \
    X(no_usable_key, "holds no usable key")

enum class JwksError : std::uint8_t {
#define X(name, text) name,
    ID_TOKEN_JWKS_ERRORS(X)
#undef X
};

[[nodiscard]] std::string_view jwks_error_text(JwksError error) noexcept;

// An entry that was passed over.
struct SkippedKey {
    std::size_t index;
    std::string kid;  // cut to 64 bytes; empty if it has none
    JwkError error;
};

class KeySet {
  public:
    // `id` must be different for every key set that a process ever holds: it
    // is part of the key of what is remembered. Throws std::bad_alloc only.
    [[nodiscard]] static Result<std::unique_ptr<KeySet>, JwksError> parse(
        std::string_view document, std::uint64_t id,
        std::vector<SkippedKey> *skipped = nullptr);

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }
    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

    // Whether a key of this very kid is here, fitting or not. Whether a new
    // fetch could help a token, its Candidates::kid_known tells.
    [[nodiscard]] bool has_kid(std::string_view kid) const noexcept;

    // Kids that are here and not in `other`, at most `most` of them: views into
    // this set. Throws std::bad_alloc.
    [[nodiscard]] std::vector<std::string_view> kids_missing_from(
        const KeySet &other, std::size_t most) const;

    // The keys to try for a token, in order; empty if none fits. At most
    // kMaxKeysTried when the token has no kid; all of the kid otherwise
    // (bounded by kMaxKeysTried too).
    struct Candidates {
        std::array<Jwk *, kMaxKeysTried> keys{};
        std::size_t count = 0;
        bool kid_known = false;  // some key has the token's kid
    };
    [[nodiscard]] Candidates find(const Algorithm &algorithm,
                                  const std::string *kid) noexcept;

    // What proven tokens had in their header: segment -> header and keys.
    // Bounded; remembers nothing more when full.
    struct Memo {
        JoseHeader header;
        Candidates candidates;
    };
    [[nodiscard]] const Memo *find_memo(
        std::string_view header_segment) const noexcept;
    void remember(std::string_view header_segment, const JoseHeader &header,
                  const Candidates &candidates) noexcept;

  private:
    // Lets a view be looked for without making a string of it.
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>()(text);
        }
    };

    explicit KeySet(std::uint64_t id) noexcept : id_(id) {}
    void add(Jwk key);

    std::uint64_t id_;
    std::vector<std::unique_ptr<Jwk>> keys_;
    // What find() answers, worked out once: without a kid by algorithm, with
    // one by that. The views are into the keys.
    std::array<Candidates, kAlgorithmCount> without_kid_;
    std::unordered_map<std::string_view, std::vector<Jwk *>> by_kid_;
    std::unordered_map<std::string, Memo, Hash, std::equal_to<>> memos_;
};

}  // namespace id_token

#endif
