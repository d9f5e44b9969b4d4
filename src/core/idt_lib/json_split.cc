#include "idt_lib/json_split.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "idt_base/ascii.h"
#include "idt_base/json_string.h"

namespace id_token {

namespace {

constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// In bytes: to find the place of a name, and to make room for it.
constexpr std::size_t kWorkPerName = 32;
constexpr std::size_t kNamesPerWork = 4;

}  // namespace

JsonSplit::JsonSplit(std::string_view text, std::string_view array,
                     std::string_view label, std::size_t most)
    : text_(text), array_(array), label_(label), most_(most) {}

bool JsonSplit::fail(JsonSplitError error) noexcept {
    error_ = error;
    failed_ = true;
    return false;
}

JsonSplit::Progress JsonSplit::run() {
    std::size_t work = std::numeric_limits<std::size_t>::max();
    return step(work);
}

JsonSplit::Progress JsonSplit::step(std::size_t &work) {
    while (!failed_ && work > 0 && pos_ < text_.size()) {
        const std::size_t before = pos_;
        names_work_ = 0;
        if (in_string_) {
            string_goes_on(work);
        } else {
            token();
        }
        work -= std::min(work, pos_ - before + names_work_);
    }
    if (failed_) {
        return Progress::failed;
    }
    if (pos_ < text_.size()) {
        return Progress::more;
    }
    if (expect_ != Expect::end) {
        fail(JsonSplitError::syntax);
    } else if (!root_is_object_) {
        fail(JsonSplitError::not_an_object);
    }
    return failed_ ? Progress::failed : Progress::done;
}

// One token, or the beginning of a string, or white space.
bool JsonSplit::token() {
    const char c = text_[pos_];
    if (is_space(c)) {
        pos_++;
        return true;
    }
    switch (expect_) {
        case Expect::first_value:
            if (c == ']') {
                return close(c);
            }
            [[fallthrough]];
        case Expect::value:
            return value(c);
        case Expect::first_name:
            if (c == '}') {
                return close(c);
            }
            [[fallthrough]];
        case Expect::name:
            return name(c);
        case Expect::colon:
            pos_++;
            expect_ = Expect::value;
            return c == ':' || fail(JsonSplitError::syntax);
        case Expect::comma:
            if (c != ',') {
                return close(c);
            }
            pos_++;
            expect_ = levels_[depth_ - 1].object ? Expect::name : Expect::value;
            return true;
        case Expect::end:
            break;
    }
    return fail(JsonSplitError::syntax);
}

bool JsonSplit::value(char c) {
    value_begins();
    switch (c) {
        case '{':
        case '[':
            return open(c == '{');
        case '"':
            in_string_ = true;
            is_name_ = false;
            escaped_ = false;
            string_begin_ = ++pos_;
            return true;
        case 't':
            return word("true");
        case 'f':
            return word("false");
        case 'n':
            return word("null");
        default:
            return number();
    }
}

bool JsonSplit::name(char c) {
    if (c != '"') {
        return fail(JsonSplitError::syntax);
    }
    if (depth_ == 1) {
        flaws_ = {};
    }
    in_string_ = true;
    is_name_ = true;
    escaped_ = false;
    string_begin_ = ++pos_;
    return true;
}

bool JsonSplit::string_goes_on(std::size_t most) {
    const std::size_t limit = pos_ + std::min(most, text_.size() - pos_);
    while (pos_ < limit) {
        const auto c = static_cast<unsigned char>(text_[pos_]);
        if (c == '"') {
            return string_ends();
        }
        if (c == '\\') {
            if (!escape()) {
                return false;
            }
        } else if (c < 0x20) {
            return fail(JsonSplitError::syntax);
        } else if (c < 0x80) {
            pos_++;
        } else {
            const std::size_t size = utf8_size(text_.substr(pos_));
            if (size == 0) {
                return fail(JsonSplitError::syntax);
            }
            pos_ += size;
        }
    }
    return true;
}

bool JsonSplit::escape() {
    escaped_ = true;
    const auto read = read_json_escape(text_.substr(pos_));
    if (!read) {
        return fail(JsonSplitError::syntax);
    }
    pos_ += read->size;
    flaws_.nul_name |= is_name_ && read->code == 0;
    flaws_.surrogate |= read->is_half_a_pair();
    return true;
}

bool JsonSplit::string_ends() {
    const std::string_view raw =
        text_.substr(string_begin_, pos_ - string_begin_);
    pos_++;
    in_string_ = false;
    if (is_name_) {
        return name_ends(raw);
    }
    if (is_label_) {
        element_label_ = json_unescape(raw);
    }
    value_ends();
    return true;
}

bool JsonSplit::name_ends(std::string_view raw) {
    Level &level = levels_[depth_ - 1];
    std::string_view name = raw;
    if (escaped_) {
        name = level.unescaped.emplace_front(json_unescape(raw));
    }
    const auto at =
        std::lower_bound(level.names.begin(), level.names.end(), name);
    if (at != level.names.end() && *at == name) {
        return fail(JsonSplitError::duplicate);
    }
    if (level.names.size() == kMaxJsonMembers) {
        return fail(JsonSplitError::members);
    }
    level.names.insert(at, name);
    names_work_ = kWorkPerName + level.names.size() / kNamesPerWork;

    if (depth_ == 1) {
        member_name_ = name;
    }
    is_label_ = in_array_ && depth_ == 3 && name == label_;
    expect_ = Expect::colon;
    return true;
}

bool JsonSplit::open(bool object) {
    if (depth_ == kMaxJsonDepth) {
        return fail(JsonSplitError::depth);
    }
    if (depth_ == 0) {
        root_is_object_ = object;
    }
    if (depth_ == 1 && !object && root_is_object_ && !array_.empty() &&
        member_name_ == array_) {
        in_array_ = true;
        has_array_ = true;
    }
    if (levels_.size() == depth_) {
        levels_.emplace_back();
    }
    Level &level = levels_[depth_++];
    level.object = object;
    level.names.clear();
    level.unescaped.clear();
    is_label_ = false;
    expect_ = object ? Expect::first_name : Expect::first_value;
    pos_++;
    return true;
}

bool JsonSplit::close(char c) {
    if (c != (levels_[depth_ - 1].object ? '}' : ']')) {
        return fail(JsonSplitError::syntax);
    }
    pos_++;
    depth_--;
    value_ends();
    return true;
}

std::size_t JsonSplit::digits() noexcept {
    const std::size_t begin = pos_;
    while (pos_ < text_.size() && is_digit(text_[pos_])) {
        pos_++;
    }
    return pos_ - begin;
}

// RFC 8259 6
bool JsonSplit::number() {
    const auto next_is = [&](std::string_view any) {
        return pos_ < text_.size() && any.find(text_[pos_]) != any.npos;
    };
    if (next_is("-")) {
        pos_++;
    }
    const bool zero = next_is("0");
    const std::size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) {
        return fail(JsonSplitError::syntax);
    }
    if (next_is(".")) {
        pos_++;
        if (digits() == 0) {
            return fail(JsonSplitError::syntax);
        }
    }
    if (next_is("eE")) {
        pos_++;
        if (next_is("+-")) {
            pos_++;
        }
        if (digits() == 0) {
            return fail(JsonSplitError::syntax);
        }
    }
    value_ends();
    return true;
}

bool JsonSplit::word(std::string_view text) {
    if (!text_.substr(pos_).starts_with(text)) {
        return fail(JsonSplitError::syntax);
    }
    pos_ += text.size();
    value_ends();
    return true;
}

void JsonSplit::value_begins() {
    if (depth_ == 1) {
        member_begin_ = pos_;
    } else if (depth_ == 2 && in_array_) {
        element_begin_ = pos_;
        element_label_.reset();
        flaws_ = {};
    }
}

void JsonSplit::value_ends() {
    is_label_ = false;
    expect_ = depth_ == 0 ? Expect::end : Expect::comma;
    if (depth_ == 1 && root_is_object_) {
        in_array_ = false;
        members_.push_back({std::move(member_name_),
                            text_.substr(member_begin_, pos_ - member_begin_),
                            flaws_});
        member_name_.clear();
    } else if (depth_ == 2 && in_array_ && ++element_count_ <= most_) {
        elements_.push_back(
            {text_.substr(element_begin_, pos_ - element_begin_),
             std::move(element_label_), flaws_});
        element_label_.reset();
    }
}

const JsonSplit::Member *JsonSplit::find(std::string_view name) const noexcept {
    const auto it =
        std::find_if(members_.begin(), members_.end(),
                     [&](const Member &m) { return m.name == name; });
    return it == members_.end() ? nullptr : &*it;
}

std::optional<std::string> JsonSplit::find_string(std::string_view name) const {
    const Member *member = find(name);
    if (member == nullptr || !member->value.starts_with('"') ||
        member->flaws.surrogate) {
        return std::nullopt;
    }
    return json_unescape(member->value.substr(1, member->value.size() - 2));
}

}  // namespace id_token
