// Splits a JSON object into its members, and one array in it into its elements,
// without building a tree: a strict reader of the grammar that keeps
// nothing but where things are, can stop anywhere and go on, and does not
// mind values that jansson cannot hold.
//
// Refused as by Json::parse: what is not JSON (RFC 8259), bad UTF-8, a member
// twice at any depth, nesting beyond kMaxJsonDepth. Let be and told by flaws():
// half of a surrogate pair, NUL in a name. Numbers of any size are let be.

#ifndef IDT_LIB_JSON_SPLIT_H
#define IDT_LIB_JSON_SPLIT_H

#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "idt_lib/json.h"

namespace id_token {

// Members of one object. They are held in order, so that hostile names cost no
// more than others; with the bound a new one is a matter of microseconds.
inline constexpr std::size_t kMaxJsonMembers = 4096;

enum class JsonSplitError : std::uint8_t {
    syntax,
    depth,
    not_an_object,
    duplicate,
    members,  // more than kMaxJsonMembers in one object
};

// What is in a value that a parser may refuse.
struct JsonFlaws {
    bool surrogate = false;  // half of a pair, in a string or a name
    bool nul_name = false;   // NUL in a member's name
};

class JsonSplit {
  public:
    struct Member {
        std::string name;
        std::string_view value;
        JsonFlaws flaws;
    };
    struct Element {
        std::string_view value;
        // The string of its member `label`, if it is an object that has one.
        std::optional<std::string> label;
        JsonFlaws flaws;
    };

    enum class Progress : std::uint8_t { more, done, failed };

    // Of the member `array` of the object, if it is an array, the first
    // `most` elements are kept. All texts must outlive this.
    JsonSplit(std::string_view text, std::string_view array,
              std::string_view label, std::size_t most);
    explicit JsonSplit(std::string_view text) : JsonSplit(text, {}, {}, 0) {}

    // Does about `work`, and takes off what was done: 1 for a byte, more for a
    // name. A number is read at once. Throws std::bad_alloc only.
    [[nodiscard]] Progress step(std::size_t &work);
    [[nodiscard]] Progress run();

    // After Progress::failed.
    [[nodiscard]] JsonSplitError error() const noexcept { return error_; }

    // After Progress::done.
    [[nodiscard]] const std::vector<Member> &members() const noexcept {
        return members_;
    }
    // nullptr: no such member.
    [[nodiscard]] const Member *find(std::string_view name) const noexcept;
    // The text of a member that is a string, and whole.
    [[nodiscard]] std::optional<std::string> find_string(
        std::string_view name) const;
    [[nodiscard]] bool has_array() const noexcept { return has_array_; }
    [[nodiscard]] const std::vector<Element> &elements() const noexcept {
        return elements_;
    }
    // Of the array, those that were not kept included.
    [[nodiscard]] std::size_t element_count() const noexcept {
        return element_count_;
    }

  private:
    // What may come next.
    enum class Expect : std::uint8_t {
        value,
        first_value,  // or the end of the array
        name,
        first_name,  // or the end of the object
        colon,
        comma,  // or the end of what is open
        end,
    };
    struct Level {
        bool object = false;
        std::vector<std::string_view> names = {};  // sorted
        std::forward_list<std::string> unescaped = {};
    };

    bool fail(JsonSplitError error) noexcept;
    bool token();
    bool value(char c);
    bool name(char c);
    bool string_goes_on(std::size_t most);
    bool escape();
    bool string_ends();
    bool name_ends(std::string_view raw);
    bool open(bool object);
    bool close(char c);
    bool number();
    bool word(std::string_view text);
    std::size_t digits() noexcept;
    void value_begins();
    void value_ends();

    std::string_view text_, array_, label_;
    std::size_t most_;
    std::size_t pos_ = 0;
    std::size_t names_work_ = 0;
    Expect expect_ = Expect::value;
    JsonSplitError error_ = JsonSplitError::syntax;
    bool failed_ = false;

    std::vector<Level> levels_;  // of which depth_ are open
    std::size_t depth_ = 0;

    bool in_string_ = false, is_name_ = false, escaped_ = false;
    std::size_t string_begin_ = 0;

    std::string member_name_;  // of the outermost object, where we are
    std::size_t member_begin_ = 0, element_begin_ = 0;
    bool is_label_ = false;  // the next value is the element's label
    std::optional<std::string> element_label_;
    JsonFlaws flaws_;

    bool root_is_object_ = false, in_array_ = false, has_array_ = false;
    std::vector<Member> members_;
    std::vector<Element> elements_;
    std::size_t element_count_ = 0;
};

}  // namespace id_token

#endif
