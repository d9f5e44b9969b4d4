#include "idt_lib/payload_reader.h"

#include <algorithm>
#include <cstring>

#include "idt_base/number.h"
#include "idt_lib/payload_string.h"

namespace id_token {

namespace {

// So many members are compared with one another; names of more are sorted, so
// that no choice of names costs more than n log n.
constexpr std::uint32_t kListed = 32;

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

void spoil(PayloadNode &node) noexcept {
    node.kind = JsonKind::spoiled;
    node.exact = false;
}

}  // namespace

std::optional<PayloadError> PayloadReader::read() {
    // Enough for most payloads, and a fraction of what the text takes.
    constexpr std::size_t kBytesPerNode = 24;
    nodes_.reserve(16 + static_cast<std::size_t>(end_ - p_) / kBytesPerNode);

    skip_space();
    if (*p_ != '{') {
        return PayloadError::not_an_object;
    }
    if (!value()) {
        return error_;
    }
    skip_space();
    if (p_ != end_) {
        return PayloadError::syntax;
    }
    return std::nullopt;
}

// Recursion ends at kMaxJsonDepth.
bool PayloadReader::value() {
    switch (*p_) {
        case '"':
            return string();
        case '{':
            return object();
        case '[':
            return array();
        case 't':
            return word("true", JsonKind::boolean, 1);
        case 'f':
            return word("false", JsonKind::boolean, 0);
        case 'n':
            return word("null", JsonKind::null, 0);
        default:
            return number();
    }
}

bool PayloadReader::string() {
    PayloadString text;
    if (!read_string(p_, text)) {
        return fail(PayloadError::syntax);
    }
    PayloadNode &node = nodes_[add(JsonKind::string)];
    node.text = text.bytes;
    node.size = text.size;
    if (text.spoiled) {
        spoil(node);
    }
    return true;
}

bool PayloadReader::object() {
    const std::size_t at = add(JsonKind::object);
    std::uint32_t count = 0;
    NameMask names;

    if (!enter()) {
        return false;
    }
    skip_space();
    if (!take('}')) {
        do {
            skip_space();
            if (!member(at, count++, names)) {
                return false;
            }
            skip_space();
        } while (take(','));
        if (!take('}')) {
            return fail(PayloadError::syntax);
        }
    }
    close(at, count);
    return count <= kListed || !has_twins(at) || fail(PayloadError::duplicate);
}

// One of an object that has `count` of them so far.
bool PayloadReader::member(std::size_t object, std::uint32_t count,
                           NameMask &names) {
    PayloadString name;
    if (*p_ != '"' || !read_string(p_, name)) {
        return fail(PayloadError::syntax);
    }
    const std::string_view bytes(name.bytes, name.size);
    if (names.add(bytes) && count < kListed && known(object, bytes)) {
        return fail(PayloadError::duplicate);
    }
    skip_space();
    if (!take(':')) {
        return fail(PayloadError::syntax);
    }
    skip_space();

    const std::size_t at = nodes_.size();
    if (!value()) {
        return false;
    }
    PayloadNode &node = nodes_[at];
    node.name = name.bytes;
    node.name_size = name.size;
    node.nameless = name.spoiled;
    return true;
}

bool PayloadReader::array() {
    const std::size_t at = add(JsonKind::array);
    std::uint32_t count = 0;
    bool exact = true;

    if (!enter()) {
        return false;
    }
    skip_space();
    if (!take(']')) {
        do {
            skip_space();
            const std::size_t element = nodes_.size();
            if (!value()) {
                return false;
            }
            exact = exact && nodes_[element].exact;
            count++;
            skip_space();
        } while (take(','));
        if (!take(']')) {
            return fail(PayloadError::syntax);
        }
    }
    close(at, count);
    nodes_[at].exact = exact;
    return true;
}

bool PayloadReader::number() {
    const char *begin = p_;
    JsonKind kind = JsonKind::integer;

    take('-');
    if (!take('0') && !digits()) {
        return fail(PayloadError::syntax);
    }
    if (take('.')) {
        kind = JsonKind::real;
        if (!digits()) {
            return fail(PayloadError::syntax);
        }
    }
    if (take('e') || take('E')) {
        kind = JsonKind::real;
        if (!take('+')) {
            take('-');
        }
        if (!digits()) {
            return fail(PayloadError::syntax);
        }
    }

    PayloadNode &node = nodes_[add(kind)];
    node.text = begin;
    node.size = static_cast<std::uint32_t>(p_ - begin);
    if (kind == JsonKind::real && !nearest_double(node.bytes())) {
        spoil(node);
    }
    return true;
}

bool PayloadReader::digits() noexcept {
    const char *begin = p_;
    while (is_digit(*p_)) {
        p_++;
    }
    return p_ != begin;
}

bool PayloadReader::word(std::string_view text, JsonKind kind,
                         std::uint32_t size) {
    if (std::memcmp(p_, text.data(), text.size()) != 0) {
        return fail(PayloadError::syntax);
    }
    p_ += text.size();
    nodes_[add(kind)].size = size;
    return true;
}

// `p_` is at the opening bracket.
bool PayloadReader::enter() noexcept {
    p_++;
    return ++depth_ <= kMaxJsonDepth || fail(PayloadError::depth);
}

bool PayloadReader::known(std::size_t object,
                          std::string_view name) const noexcept {
    const PayloadNode *end = nodes_.data() + nodes_.size();
    for (const PayloadNode *n = &nodes_[object] + 1; n != end; n = n->next()) {
        if (n->is_named(name)) {
            return true;
        }
    }
    return false;
}

bool PayloadReader::has_twins(std::size_t object) {
    const PayloadNode &node = nodes_[object];
    names_.clear();
    names_.reserve(node.size);
    for (const PayloadNode *n = node.begin(); n != node.end(); n = n->next()) {
        names_.push_back(n->name_bytes());
    }
    std::sort(names_.begin(), names_.end(),
              [](std::string_view a, std::string_view b) {
                  return a.size() != b.size() ? a.size() < b.size() : a < b;
              });
    return std::adjacent_find(names_.begin(), names_.end()) != names_.end();
}

std::size_t PayloadReader::add(JsonKind kind) {
    nodes_.emplace_back().kind = kind;
    return nodes_.size() - 1;
}

void PayloadReader::close(std::size_t container, std::uint32_t count) noexcept {
    PayloadNode &node = nodes_[container];
    node.size = count;
    node.span = static_cast<std::uint32_t>(nodes_.size() - container);
    depth_--;
}

void PayloadReader::skip_space() noexcept {
    while (*p_ == ' ' || *p_ == '\n' || *p_ == '\r' || *p_ == '\t') {
        p_++;
    }
}

bool PayloadReader::take(char c) noexcept {
    if (*p_ != c) {
        return false;
    }
    p_++;
    return true;
}

bool PayloadReader::fail(PayloadError error) noexcept {
    error_ = error;
    return false;
}

}  // namespace id_token
