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

JwksError jwks_error(JsonSplitError error) noexcept {
    switch (error) {
        case JsonSplitError::depth:
            return JwksError::depth;
        case JsonSplitError::not_an_object:
            return JwksError::not_an_object;
        case JsonSplitError::duplicate:
            return JwksError::duplicate;
        case JsonSplitError::members:
            return JwksError::members;
        case JsonSplitError::syntax:
            break;
    }
    return JwksError::syntax;
}

constexpr std::string_view kPem = "-----BEGIN ";

bool is_pem(std::string_view text) noexcept {
    text.remove_prefix(
        std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    return text.starts_with(kPem);
}

// What Google offers at another address of the same keys: kid -> certificate.
bool is_certificate(std::string_view value) noexcept {
    return value.starts_with('"') && value.substr(1).starts_with(kPem);
}

// Why jansson refused an entry that is well-formed and has no member twice:
// its value is one that jansson cannot hold.
JwkError spoiled_by(const JsonFlaws &flaws) noexcept {
    if (flaws.surrogate) {
        return JwkError::surrogate;
    }
    return flaws.nul_name ? JwkError::nul_name : JwkError::number;
}

// Work, in bytes split off, of what is done for each entry and for each of its
// bytes: jansson, base64url, the check of a point.
constexpr std::size_t kWorkPerKey = 5000;
constexpr std::size_t kWorkPerKeyByte = 10;

std::string_view without_bom(std::string_view text) noexcept {
    constexpr std::string_view kBom = "\xef\xbb\xbf";
    if (text.starts_with(kBom)) {
        text.remove_prefix(kBom.size());
    }
    return text;
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

KeySetBuilder::KeySetBuilder(std::string document, std::uint64_t id)
    : document_(std::move(document)),
      split_(without_bom(document_), "keys", "kid", kMaxKeys + 1),
      set_(new KeySet(id)) {}

KeySetBuilder::Progress KeySetBuilder::fail(JwksError error) noexcept {
    error_ = error;
    return Progress::failed;
}

KeySetBuilder::Progress KeySetBuilder::step(std::size_t work) {
    const std::size_t all = work;
    if (!is_split_) {
        const Progress progress = split(work);
        if (progress != Progress::done) {
            return progress;
        }
    }

    const auto &elements = split_.elements();
    while (next_ < std::min(elements.size(), kMaxKeys)) {
        const JsonSplit::Element &element = elements[next_];
        const std::size_t cost =
            kWorkPerKey + kWorkPerKeyByte * element.value.size();
        if (cost > work && work < all) {
            return Progress::more;
        }
        work -= std::min(work, cost);
        add(next_++, element);
    }
    if (elements.size() > kMaxKeys) {
        pass_over(kMaxKeys, elements[kMaxKeys].label, JwkError::surplus);
    }
    return set_->keys_.empty() ? fail(JwksError::no_usable_key)
                               : Progress::done;
}

// RFC 7517 4 and 5: members that are not understood are ignored, so their
// values must not matter.
KeySetBuilder::Progress KeySetBuilder::split(std::size_t &work) {
    switch (split_.step(work)) {
        case JsonSplit::Progress::more:
            return Progress::more;
        case JsonSplit::Progress::failed:
            return fail(is_pem(without_bom(document_))
                            ? JwksError::pem
                            : jwks_error(split_.error()));
        case JsonSplit::Progress::done:
            break;
    }
    if (!split_.has_array()) {
        return fail(why_no_keys());
    }
    is_split_ = true;
    set_->keys_.reserve(std::min(split_.elements().size(), kMaxKeys));
    return Progress::done;
}

JwksError KeySetBuilder::why_no_keys() const noexcept {
    const auto &members = split_.members();
    if (split_.find("keys") != nullptr) {
        return JwksError::no_keys;
    }
    if (split_.find("kty") != nullptr) {
        return JwksError::single_key;
    }
    return !members.empty() && is_certificate(members.front().value)
               ? JwksError::certificates
               : JwksError::no_keys;
}

void KeySetBuilder::add(std::size_t index, const JsonSplit::Element &element) {
    if (element.value.size() > kMaxKeyBytes) {
        pass_over(index, element.label, JwkError::too_large);
        return;
    }
    const auto json = Json::parse(element.value, JsonValues::lossy);
    if (!json) {
        switch (json.error()) {
            case JsonError::out_of_memory:
                throw std::bad_alloc();
            case JsonError::not_an_object:
                pass_over(index, element.label, JwkError::not_an_object);
                return;
            case JsonError::syntax:
            case JsonError::depth:
                break;
        }
        pass_over(index, element.label, spoiled_by(element.flaws));
        return;
    }
    auto key = parse_jwk(json->view(), curves_);
    if (!key) {
        pass_over(index, element.label, key.error());
        return;
    }
    set_->add(std::move(*key));
}

void KeySetBuilder::pass_over(std::size_t index,
                              const std::optional<std::string> &kid,
                              JwkError error) {
    skipped_.push_back(
        {index, kid ? kid->substr(0, kMaxSkippedKid) : std::string(), error});
}

Result<std::unique_ptr<KeySet>, JwksError> KeySet::parse(
    std::string_view document, std::uint64_t id,
    std::vector<SkippedKey> *skipped) {
    KeySetBuilder builder(std::string(document), id);
    auto progress = KeySetBuilder::Progress::more;
    while (progress == KeySetBuilder::Progress::more) {
        progress = builder.step(kKeySetStep);
    }
    if (skipped != nullptr) {
        *skipped = std::move(builder.skipped());
    }
    if (progress == KeySetBuilder::Progress::failed) {
        return builder.error();
    }
    return builder.take();
}

void KeySet::add(Jwk parsed) {
    keys_.push_back(std::make_unique<Jwk>(std::move(parsed)));
    Jwk *key = keys_.back().get();

    if (key->kid) {
        by_kid_[*key->kid].push_back(key);
    }
    for (const Algorithm &a : algorithms()) {
        if (key->fits(a)) {
            append(without_kid_[a.index][key->signature_size], key);
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

bool KeySet::has_key_for(const Algorithm &algorithm) const noexcept {
    return !without_kid_[algorithm.index].empty();
}

KeySet::Candidates KeySet::find(const Algorithm &algorithm,
                                const std::string *kid,
                                std::size_t signature_size) const noexcept {
    Candidates found;
    if (kid == nullptr) {
        const auto &lengths = without_kid_[algorithm.index];
        const auto it = lengths.find(signature_size);
        if (it != lengths.end()) {
            return it->second;
        }
        found.other_length = !lengths.empty();
        return found;
    }

    const auto it = by_kid_.find(*kid);
    if (it == by_kid_.end()) {
        return found;
    }
    found.kid_known = true;
    for (Jwk *key : it->second) {
        if (!key->fits(algorithm)) {
            continue;
        }
        if (key->signature_size == signature_size) {
            append(found, key);
        } else {
            found.other_length = true;
        }
    }
    return found;
}

const KeySet::Memo *KeySet::find_memo(
    std::string_view header_segment) const noexcept {
    const auto it = memos_.find(header_segment);
    return it == memos_.end() ? nullptr : &it->second;
}

void KeySet::remember(std::string_view header_segment,
                      const JoseHeader &header) noexcept {
    if (memos_.size() >= kMaxMemos || header_segment.size() > kMaxMemoBytes) {
        return;
    }
    try {
        memos_.try_emplace(std::string(header_segment), header);
    } catch (const std::bad_alloc &) {
        // It is parsed again the next time.
    }
}

}  // namespace id_token
