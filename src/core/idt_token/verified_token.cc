#include "idt_token/verified_token.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

namespace id_token {

namespace {

// What the heap takes for a block: its own word, rounded up.
std::size_t heap_bytes(std::size_t size) noexcept {
    constexpr std::size_t kUnit = 2 * sizeof(void *);
    return (size + sizeof(void *) + kUnit - 1) / kUnit * kUnit;
}

char *append(char *to, std::string_view bytes) noexcept {
    return std::copy(bytes.begin(), bytes.end(), to);
}

}  // namespace

// Followed by its bytes in the same block.
struct VerifiedToken::Note {
    Note *next;
    std::size_t n;
    std::int64_t until;
    std::size_t size;

    static Note *create(std::size_t n, std::string_view bytes,
                        std::int64_t until) {
        void *block = ::operator new(sizeof(Note) + bytes.size());
        Note *note = new (block) Note{nullptr, n, until, bytes.size()};
        append(reinterpret_cast<char *>(note + 1), bytes);
        return note;
    }
    static void destroy(Note *note) noexcept { ::operator delete(note); }

    [[nodiscard]] std::string_view bytes() const noexcept {
        return {reinterpret_cast<const char *>(this + 1), size};
    }
    [[nodiscard]] std::size_t held() const noexcept {
        return heap_bytes(sizeof(Note) + size);
    }
};

TokenRef::TokenRef(const TokenRef &other) noexcept : token_(other.token_) {
    if (token_ != nullptr) {
        token_->references_++;
    }
}

TokenRef::~TokenRef() {
    if (token_ != nullptr) {
        token_->release();
    }
}

TokenRef VerifiedToken::create(std::string_view token, std::uint64_t policy_id,
                               std::uint64_t keys_id,
                               const Algorithm &algorithm, std::string_view kid,
                               bool has_kid, const Times &times,
                               const Claims &claims,
                               const std::vector<ClaimPath> &slots) {
    std::string packed(slots.size() * sizeof(std::uint32_t), '\0');
    for (std::size_t i = 0; i < slots.size(); i++) {
        ClaimValue::pack(packed, find_claim(claims.root(), slots[i]));
        auto end = static_cast<std::uint32_t>(packed.size());
        std::memcpy(packed.data() + i * sizeof(end), &end, sizeof(end));
    }

    const std::size_t size =
        sizeof(VerifiedToken) + packed.size() + token.size() + kid.size();
    auto *t = new (::operator new(size)) VerifiedToken;
    t->policy_id_ = policy_id;
    t->keys_id_ = keys_id;
    t->slots_end_ = static_cast<std::uint32_t>(packed.size());
    t->token_size_ = static_cast<std::uint32_t>(token.size());
    t->kid_size_ = static_cast<std::uint32_t>(kid.size());
    t->slot_count_ = static_cast<std::uint32_t>(slots.size());
    t->times_ = times;
    t->algorithm_ = &algorithm;
    t->bytes_ = heap_bytes(size);
    t->has_kid_ = has_kid;
    append(append(append(reinterpret_cast<char *>(t + 1), packed), token), kid);
    return TokenRef(t);
}

TokenRef VerifiedToken::ref() noexcept {
    references_++;
    return TokenRef(this);
}

void VerifiedToken::release() noexcept {
    if (--references_ > 0) {
        return;
    }
    while (notes_ != nullptr) {
        Note::destroy(std::exchange(notes_, notes_->next));
    }
    this->~VerifiedToken();
    ::operator delete(this);
}

std::uint32_t VerifiedToken::slot_end(std::size_t n) const noexcept {
    std::uint32_t end;
    std::memcpy(&end, tail() + n * sizeof(end), sizeof(end));
    return end;
}

ClaimValue VerifiedToken::slot(std::size_t n) const noexcept {
    if (n >= slot_count_) {
        return ClaimValue();
    }
    const std::size_t begin =
        n == 0 ? slot_count_ * sizeof(std::uint32_t) : slot_end(n - 1);
    return ClaimValue(std::string_view(tail() + begin, slot_end(n) - begin));
}

void VerifiedToken::remember(std::size_t n, std::string_view bytes,
                             std::int64_t until) {
    Note *note = Note::create(n, bytes, until);
    Note **link = &notes_;
    while (*link != nullptr && (*link)->n != n) {
        link = &(*link)->next;
    }
    if (Note *older = *link) {
        note->next = older->next;
        bytes_ -= older->held();
        Note::destroy(older);
    }
    *link = note;
    bytes_ += note->held();
}

std::string_view VerifiedToken::remembered(std::size_t n,
                                           std::int64_t now) const noexcept {
    for (const Note *note = notes_; note != nullptr; note = note->next) {
        if (note->n == n && now < note->until) {
            return note->bytes();
        }
    }
    return {};
}

}  // namespace id_token
