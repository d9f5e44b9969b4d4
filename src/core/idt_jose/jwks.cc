#include "idt_jose/jwks.h"

#include <algorithm>
#include <new>
#include <utility>

namespace id_token {

namespace {

constexpr std::string_view kTexts[] = {
#define X(name, text) text,
    ID_TOKEN_JWKS_ERRORS(X)
#undef X
};

constexpr std::size_t kMaxSkippedKid = 64;

// A provider whose headers never repeat must not fill our memory.
constexpr std::size_t kMaxMemos = 64;
constexpr std::size_t kMaxMemoBytes = 4096;

JwksError jwks_error(JsonError error) {
    switch (error) {
        case JsonError::out_of_memory:
            throw std::bad_alloc();
        case JsonError::depth:
            return JwksError::depth;
        case JsonError::not_an_object:
            return JwksError::not_an_object;
        case JsonError::syntax:
            break;
    }
    return JwksError::syntax;
}

std::string_view without_bom(std::string_view text) noexcept {
    constexpr std::string_view kBom = "\xef\xbb\xbf";
    if (text.starts_with(kBom)) {
        text.remove_prefix(kBom.size());
    }
    return text;
}

std::string kid_of(JsonView key) {
    const auto kid = key.find("kid").string();
    return std::string(
        kid.value_or(std::string_view()).substr(0, kMaxSkippedKid));
}

void append(KeySet::Candidates &candidates, Jwk *key) noexcept {
    if (candidates.count < kMaxKeysTried) {
        candidates.keys[candidates.count++] = key;
    }
}

}  // namespace

std::string_view jwks_error_text(JwksError error) noexcept {
    return kTexts[static_cast<std::size_t>(error)];
}

Result<std::unique_ptr<KeySet>, JwksError> KeySet::parse(
    std::string_view document, std::uint64_t id,
    std::vector<SkippedKey> *skipped) {
    // RFC 7517 4 and 5: members that are not understood are ignored, so their
    // values must not matter.
    const auto json = Json::parse(without_bom(document), JsonValues::lossy);
    if (!json) {
        return jwks_error(json.error());
    }
    const JsonView keys = json->view().find("keys");
    if (!keys.is(JsonKind::array)) {
        return JwksError::no_keys;
    }

    std::unique_ptr<KeySet> set(new KeySet(id));
    for (std::size_t i = 0; i < std::min(keys.size(), kMaxKeys); i++) {
        auto key = parse_jwk(keys.at(i));
        if (key) {
            set->add(std::move(*key));
        } else if (skipped != nullptr) {
            skipped->push_back({i, kid_of(keys.at(i)), key.error()});
        }
    }
    if (keys.size() > kMaxKeys && skipped != nullptr) {
        skipped->push_back(
            {kMaxKeys, kid_of(keys.at(kMaxKeys)), JwkError::surplus});
    }
    if (set->keys_.empty()) {
        return JwksError::no_usable_key;
    }
    return set;
}

void KeySet::add(Jwk parsed) {
    keys_.push_back(std::make_unique<Jwk>(std::move(parsed)));
    Jwk *key = keys_.back().get();

    if (key->kid) {
        by_kid_[*key->kid].push_back(key);
    }
    for (const Algorithm &a : algorithms()) {
        if (key->fits(a)) {
            append(without_kid_[a.index], key);
        }
    }
}

bool KeySet::has_kid(std::string_view kid) const noexcept {
    return by_kid_.contains(kid);
}

std::vector<std::string_view> KeySet::kids_missing_from(
    const KeySet &other, std::size_t most) const {
    std::vector<std::string_view> missing;
    for (const auto &entry : by_kid_) {
        if (missing.size() < most && !other.has_kid(entry.first)) {
            missing.push_back(entry.first);
        }
    }
    return missing;
}

KeySet::Candidates KeySet::find(const Algorithm &algorithm,
                                const std::string *kid) noexcept {
    if (kid == nullptr) {
        return without_kid_[algorithm.index];
    }

    Candidates found;
    const auto it = by_kid_.find(*kid);
    if (it == by_kid_.end()) {
        return found;
    }
    found.kid_known = true;
    for (Jwk *key : it->second) {
        if (key->fits(algorithm)) {
            append(found, key);
        }
    }
    return found;
}

const KeySet::Memo *KeySet::find_memo(
    std::string_view header_segment) const noexcept {
    const auto it = memos_.find(header_segment);
    return it == memos_.end() ? nullptr : &it->second;
}

void KeySet::remember(std::string_view header_segment, const JoseHeader &header,
                      const Candidates &candidates) noexcept {
    if (memos_.size() >= kMaxMemos || header_segment.size() > kMaxMemoBytes) {
        return;
    }
    try {
        memos_.try_emplace(std::string(header_segment),
                           Memo{header, candidates});
    } catch (const std::bad_alloc &) {
        // It is parsed again the next time.
    }
}

}  // namespace id_token
