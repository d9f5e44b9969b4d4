// A proven token and what answers need of it, in one allocation.

#ifndef IDT_TOKEN_VERIFIED_TOKEN_H
#define IDT_TOKEN_VERIFIED_TOKEN_H

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "idt_jose/algorithm.h"
#include "idt_token/claim_value.h"
#include "idt_token/claims.h"

namespace id_token {

class VerifiedToken;

// Shared ownership inside one thread.
class TokenRef {
  public:
    TokenRef() noexcept = default;
    TokenRef(const TokenRef &other) noexcept;
    TokenRef(TokenRef &&other) noexcept
        : token_(std::exchange(other.token_, nullptr)) {}
    TokenRef &operator=(TokenRef other) noexcept {
        std::swap(token_, other.token_);
        return *this;
    }
    ~TokenRef();

    explicit operator bool() const noexcept { return token_ != nullptr; }
    VerifiedToken *get() const noexcept { return token_; }
    VerifiedToken *operator->() const noexcept { return token_; }

  private:
    friend class VerifiedToken;
    explicit TokenRef(VerifiedToken *adopted) noexcept : token_(adopted) {}

    VerifiedToken *token_ = nullptr;
};

// Immutable but for its place in the cache and what is remembered beside it.
// Made only by the validator, after the last check has passed.
class VerifiedToken {
  public:
    // `slots`: the claims that the configuration names; their packed values
    // are copied out of `claims`. Throws std::bad_alloc.
    [[nodiscard]] static TokenRef create(
        std::string_view token, std::uint64_t policy_id, std::uint64_t keys_id,
        const Algorithm &algorithm, std::string_view kid, bool has_kid,
        const Times &times, const Claims &claims,
        const std::vector<ClaimPath> &slots);

    VerifiedToken(const VerifiedToken &) = delete;
    VerifiedToken &operator=(const VerifiedToken &) = delete;

    // One more owner.
    [[nodiscard]] TokenRef ref() noexcept;

    [[nodiscard]] std::string_view token() const noexcept {
        return {tail() + slots_end_, token_size_};
    }
    [[nodiscard]] std::uint64_t policy_id() const noexcept {
        return policy_id_;
    }
    [[nodiscard]] std::uint64_t keys_id() const noexcept { return keys_id_; }
    [[nodiscard]] const Algorithm &algorithm() const noexcept {
        return *algorithm_;
    }
    [[nodiscard]] const Times &times() const noexcept { return times_; }
    // Empty if the token has none (has_kid tells).
    [[nodiscard]] std::string_view kid() const noexcept {
        return {tail() + slots_end_ + token_size_, kid_size_};
    }
    [[nodiscard]] bool has_kid() const noexcept { return has_kid_; }
    // The value of the n-th configured claim; absent for an n beyond.
    [[nodiscard]] ClaimValue slot(std::size_t n) const noexcept;

    // Keeps a copy of `bytes` as the n-th thing that was derived from this
    // token, in place of an older one, for use before `until`. Throws
    // std::bad_alloc; then nothing has changed. TokenCache::charge() follows.
    void remember(std::size_t n, std::string_view bytes, std::int64_t until);

    // The same, or nothing: never remembered, or `now` is not before `until`.
    // A view that the next remember() of this n ends.
    [[nodiscard]] std::string_view remembered(std::size_t n,
                                              std::int64_t now) const noexcept;

    // The epoch of what may end a session at which the token was last looked
    // for there and not found; 0: never.
    [[nodiscard]] std::uint64_t clean_at() const noexcept { return clean_at_; }
    void set_clean_at(std::uint64_t epoch) noexcept { clean_at_ = epoch; }

    // All bytes held, this object and what is remembered included.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  private:
    friend class TokenRef;
    friend class TokenCache;
    struct Note;

    VerifiedToken() = default;
    ~VerifiedToken() = default;
    void release() noexcept;

    // What follows the object in its block: the end of each slot (4 bytes,
    // counted from the tail), the slots' packed values, the token, its kid.
    [[nodiscard]] const char *tail() const noexcept {
        return reinterpret_cast<const char *>(this + 1);
    }
    [[nodiscard]] std::uint32_t slot_end(std::size_t n) const noexcept;

    // what a look-up reads comes first
    VerifiedToken *next_in_bucket_ = nullptr;  // owned by TokenCache
    std::uint64_t policy_id_ = 0;
    std::uint64_t keys_id_ = 0;
    std::uint32_t slots_end_ = 0;
    std::uint32_t token_size_ = 0;
    std::uint32_t kid_size_ = 0;
    std::uint32_t slot_count_ = 0;
    VerifiedToken *newer_ = nullptr;  // owned by TokenCache
    VerifiedToken *older_ = nullptr;
    std::uint64_t clean_at_ = 0;
    Times times_;
    const Algorithm *algorithm_ = nullptr;
    Note *notes_ = nullptr;
    std::size_t bytes_ = 0;
    std::size_t charged_ = 0;  // what TokenCache counts; 0 = not held
    std::uint32_t references_ = 1;
    bool has_kid_ = false;
};

}  // namespace id_token

#endif
