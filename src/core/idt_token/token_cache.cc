#include "idt_token/token_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

namespace id_token {

namespace {

// One bucket for so many bytes of the bound: tokens are hardly ever smaller,
// so that chains stay short, and the table takes less than 1 % of the bound.
// It is made once: no insertion ever pays for a larger one.
constexpr std::size_t kBytesPerBucket = 1024;

// Bytes at the end of a token that the hash does not use: the last one of a
// signature may have spare bits.
constexpr std::size_t kTail = 8;

// A part of the signature, which is as good as random and only that of proven
// tokens is ever kept.
std::uint64_t signature_bytes(std::string_view token) noexcept {
    std::uint64_t bytes = 0;
    if (token.size() >= sizeof(bytes) + kTail) {
        token = token.substr(token.size() - sizeof(bytes) - kTail);
    }
    if (!token.empty()) {
        std::memcpy(&bytes, token.data(),
                    std::min(token.size(), sizeof(bytes)));
    }
    return bytes;
}

std::size_t hash(std::uint64_t policy_id, std::uint64_t keys_id,
                 std::string_view token) noexcept {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;  // 2^64 / golden ratio
    std::uint64_t h = signature_bytes(token);
    h = (h ^ policy_id) * kOdd;
    h = (h ^ keys_id ^ (h >> 32)) * kOdd;
    return static_cast<std::size_t>(h >> 32);
}

std::size_t bucket_count(std::size_t max_bytes) noexcept {
    return std::bit_floor(max_bytes / kBytesPerBucket);
}

}  // namespace

TokenCache::TokenCache(std::size_t max_bytes)
    : max_bytes_(max_bytes), buckets_(bucket_count(max_bytes)) {
    bytes_ = table_bytes();
}

TokenCache::~TokenCache() {
    clear();
}

std::size_t TokenCache::table_bytes() const noexcept {
    return std::span(buckets_).size_bytes();
}

VerifiedToken *&TokenCache::bucket(std::uint64_t policy_id,
                                   std::uint64_t keys_id,
                                   std::string_view token) noexcept {
    return buckets_[hash(policy_id, keys_id, token) & (buckets_.size() - 1)];
}

VerifiedToken *TokenCache::find(std::uint64_t policy_id, std::uint64_t keys_id,
                                std::string_view token) noexcept {
    if (count_ == 0) {
        return nullptr;
    }
    for (VerifiedToken *t = bucket(policy_id, keys_id, token); t != nullptr;
         t = t->next_in_bucket_) {
        if (t->policy_id_ == policy_id && t->keys_id_ == keys_id &&
            t->token() == token) {
            if (t != newest_) {
                leave_order(t);
                become_newest(t);
            }
            return t;
        }
    }
    return nullptr;
}

void TokenCache::insert(const TokenRef &token) noexcept {
    VerifiedToken *t = token.get();
    const std::size_t size = t->bytes();
    if (buckets_.empty() || size > max_bytes_ - table_bytes() ||
        find(t->policy_id(), t->keys_id(), t->token()) != nullptr) {
        return;
    }
    make_room(size);

    VerifiedToken *&head = bucket(t->policy_id(), t->keys_id(), t->token());
    t->next_in_bucket_ = head;
    head = t;
    become_newest(t);
    t->references_++;
    t->charged_ = size;
    bytes_ += size;
    count_++;
}

void TokenCache::charge(VerifiedToken *token) noexcept {
    if (token->charged_ == 0) {
        return;
    }
    bytes_ = bytes_ - token->charged_ + token->bytes();
    token->charged_ = token->bytes();
    make_room(0);
}

void TokenCache::clear() noexcept {
    while (oldest_ != nullptr) {
        drop(oldest_);
    }
}

void TokenCache::make_room(std::size_t bytes) noexcept {
    while (oldest_ != nullptr && bytes_ + bytes > max_bytes_) {
        drop(oldest_);
    }
}

void TokenCache::drop(VerifiedToken *token) noexcept {
    VerifiedToken **link =
        &bucket(token->policy_id_, token->keys_id_, token->token());
    while (*link != token) {
        link = &(*link)->next_in_bucket_;
    }
    *link = token->next_in_bucket_;
    leave_order(token);
    bytes_ -= token->charged_;
    token->charged_ = 0;
    count_--;
    token->release();
}

void TokenCache::become_newest(VerifiedToken *token) noexcept {
    token->newer_ = nullptr;
    token->older_ = newest_;
    (newest_ != nullptr ? newest_->newer_ : oldest_) = token;
    newest_ = token;
}

void TokenCache::leave_order(VerifiedToken *token) noexcept {
    (token->newer_ != nullptr ? token->newer_->older_ : newest_) =
        token->older_;
    (token->older_ != nullptr ? token->older_->newer_ : oldest_) =
        token->newer_;
}

}  // namespace id_token
