// Proven tokens, least recently used out first, bounded in bytes.
//
// Invariants: an entry was proven under its policy and key set; recognising
// compares every byte of the token; the sum of all bytes held, table and
// entries, never exceeds the bound; a token that does not fit is not kept.

#ifndef IDT_TOKEN_TOKEN_CACHE_H
#define IDT_TOKEN_TOKEN_CACHE_H

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "idt_token/verified_token.h"

namespace id_token {

class TokenCache {
  public:
    // 0 = off: finds and keeps nothing. Throws std::bad_alloc.
    explicit TokenCache(std::size_t max_bytes);
    TokenCache(const TokenCache &) = delete;
    TokenCache &operator=(const TokenCache &) = delete;
    ~TokenCache();

    // Null if not held. A hit makes it the most recently used.
    [[nodiscard]] VerifiedToken *find(std::uint64_t policy_id,
                                      std::uint64_t keys_id,
                                      std::string_view token) noexcept;

    // Keeps a proven token, unless it is larger than the bound; drops older
    // ones to make room. Allocates nothing.
    void insert(const TokenRef &token) noexcept;

    // Counts a token anew after remember(); drops others, or this one, to stay
    // within the bound. Nothing happens if it is not held. Of the cache's own
    // tokens only.
    void charge(VerifiedToken *token) noexcept;

    void clear() noexcept;

    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

  private:
    [[nodiscard]] std::size_t table_bytes() const noexcept;
    [[nodiscard]] VerifiedToken *&bucket(std::uint64_t policy_id,
                                         std::uint64_t keys_id,
                                         std::string_view token) noexcept;
    void make_room(std::size_t bytes) noexcept;
    void drop(VerifiedToken *token) noexcept;
    void become_newest(VerifiedToken *token) noexcept;
    void leave_order(VerifiedToken *token) noexcept;

    std::size_t max_bytes_;
    std::size_t bytes_ = 0;
    std::size_t count_ = 0;
    std::vector<VerifiedToken *> buckets_;
    VerifiedToken *newest_ = nullptr;
    VerifiedToken *oldest_ = nullptr;
};

}  // namespace id_token

#endif
