// A key set, RFC 7517 5, and the choice of a key in it.

#ifndef IDT_JOSE_JWKS_H
#define IDT_JOSE_JWKS_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "idt_lib/json_split.h"
#include "idt_jose/jwk.h"
#include "idt_jose/jws.h"
#include "idt_base/result.h"

namespace id_token {

// Keys tried for a token.
inline constexpr std::size_t kMaxKeysTried = 4;

// Entries of a set that are looked at: no tenant comes near it.
inline constexpr std::size_t kMaxKeys = 2000;

// Bytes of an entry: a chain of certificates fits, and jansson reads it in less
// than a millisecond.
inline constexpr std::size_t kMaxKeyBytes = std::size_t{32} * 1024;

// Why a document is not a key set that can be used.
// X(name, text)
#define ID_TOKEN_JWKS_ERRORS(X)                                                \
    X(syntax, "is not valid JSON")                                             \
    X(depth, "is nested too deeply")                                           \
    X(not_an_object, "is not a JSON object")                                   \
    X(duplicate, "has a member twice in one object")                           \
    X(members, "has more than 4096 members in one object")                     \
    X(pem, "is PEM, which is not a key set")                                   \
    X(certificates, "is a map of certificates, which is not a key set")        \
    X(single_key, "is a single key, which is not a key set")                   \
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
    // is part of the key of what is remembered. At once, whatever it takes: see
    // KeySetBuilder. Throws std::bad_alloc only.
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

    // Whether some key can verify signatures of the algorithm.
    [[nodiscard]] bool has_key_for(const Algorithm &algorithm) const noexcept;

    // The keys to try for a token, in order, at most kMaxKeysTried: those that
    // fit and make signatures of `signature_size` bytes, of the token's kid
    // where it has one.
    struct Candidates {
        std::array<Jwk *, kMaxKeysTried> keys{};
        std::size_t count = 0;
        bool kid_known = false;     // some key has the token's kid
        bool other_length = false;  // some key fits but for the length
    };
    [[nodiscard]] Candidates find(const Algorithm &algorithm,
                                  const std::string *kid,
                                  std::size_t signature_size) const noexcept;

    [[nodiscard]] const std::vector<std::unique_ptr<Jwk>> &keys()
        const noexcept {
        return keys_;
    }

    // What proven tokens had in their header. Bounded; remembers nothing more
    // when full.
    using Memo = JoseHeader;
    [[nodiscard]] const Memo *find_memo(
        std::string_view header_segment) const noexcept;
    void remember(std::string_view header_segment,
                  const JoseHeader &header) noexcept;

  private:
    friend class KeySetBuilder;

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
    // What find() answers for a token without a kid, by algorithm and length.
    std::array<std::unordered_map<std::size_t, Candidates>, kAlgorithmCount>
        without_kid_;
    // The views are into the keys.
    std::unordered_map<std::string_view, std::vector<Jwk *>> by_kid_;
    std::unordered_map<std::string, Memo, Hash, std::equal_to<>> memos_;
};

// Makes a key set step by step, for who must not be kept from other work.
class KeySetBuilder {
  public:
    KeySetBuilder(std::string document, std::uint64_t id);
    KeySetBuilder(const KeySetBuilder &) = delete;
    KeySetBuilder &operator=(const KeySetBuilder &) = delete;

    enum class Progress : std::uint8_t { more, done, failed };

    // Does about `work`, or what one entry takes. 1 is what a byte of the
    // document takes to be split off, a nanosecond or two; kKeySetStep is less
    // than a millisecond (t/bench/keys_bench.cc). Throws std::bad_alloc only;
    // after that this is of no use any more.
    [[nodiscard]] Progress step(std::size_t work);

    // After Progress::failed.
    [[nodiscard]] JwksError error() const noexcept { return error_; }
    // After Progress::done, once.
    [[nodiscard]] std::unique_ptr<KeySet> take() noexcept {
        return std::move(set_);
    }
    // Entries that were passed over so far.
    [[nodiscard]] std::vector<SkippedKey> &skipped() noexcept {
        return skipped_;
    }
    [[nodiscard]] const std::string &document() const noexcept {
        return document_;
    }

  private:
    [[nodiscard]] Progress fail(JwksError error) noexcept;
    [[nodiscard]] Progress split(std::size_t &work);
    [[nodiscard]] JwksError why_no_keys() const noexcept;
    void add(std::size_t index, const JsonSplit::Element &element);
    void pass_over(std::size_t index, const std::optional<std::string> &kid,
                   JwkError error);

    std::string document_;
    JsonSplit split_;  // of document_
    bool is_split_ = false;
    std::size_t next_ = 0;  // entry
    CurveCheck curves_;
    std::unique_ptr<KeySet> set_;
    std::vector<SkippedKey> skipped_;
    JwksError error_ = JwksError::syntax;
};

inline constexpr std::size_t kKeySetStep = 300'000;

}  // namespace id_token

#endif
