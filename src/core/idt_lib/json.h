// The one door to jansson: parsing of untrusted text with limits, and a
// read-only view of what came out, or of a Payload.
//
// What jansson cannot hold exactly refuses the text: integers beyond 64 bits
// and NUL in a string (unless JsonValues::lossy lets them be), reals that
// overflow, NUL in a member's name.

#ifndef IDT_LIB_JSON_H
#define IDT_LIB_JSON_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "idt_lib/payload_node.h"
#include "idt_base/result.h"

struct json_t;

namespace id_token {

// Deep enough for any claim set seen, shallow enough for any stack.
inline constexpr std::size_t kMaxJsonDepth = 100;

enum class JsonError : std::uint8_t {
    syntax,  // not JSON, duplicate member, bad UTF-8, a number out of range
    depth,   // nested deeper than kMaxJsonDepth
    not_an_object,
    out_of_memory,
};

// What may become of a value that jansson cannot hold as it is.
enum class JsonValues : std::uint8_t {
    exact,  // it refuses the text
    // An integer beyond 64 bits becomes a real number, a string may hold NUL:
    // for texts whose unknown members are to be ignored.
    lossy,
};

// A value inside a document that somebody else owns. Trivially copied. A view
// of nothing (`!view`) answers every question with "absent".
class JsonView {
  public:
    JsonView() noexcept = default;
    explicit JsonView(json_t *value) noexcept : value_(value) {}
    explicit JsonView(const PayloadNode *node) noexcept : node_(node) {}

    explicit operator bool() const noexcept {
        return node_ != nullptr || value_ != nullptr;
    }

    // Of an existing value only.
    [[nodiscard]] JsonKind kind() const noexcept;

    [[nodiscard]] bool is(JsonKind kind) const noexcept {
        return *this && this->kind() == kind;
    }

    // Whether it can be shown as it is: nothing in it is spoiled but members
    // of objects, which are left out then. False for a view of nothing.
    [[nodiscard]] bool exact() const noexcept {
        return node_ != nullptr ? node_->exact : value_ != nullptr;
    }

    // The member of an object; a view of nothing if this is no object or has
    // no such member, or if the member of a payload is null. Names are
    // compared byte for byte after unescaping.
    [[nodiscard]] JsonView find(std::string_view name) const noexcept;

    // The element of an array, likewise.
    [[nodiscard]] JsonView at(std::size_t index) const noexcept;

    // Number of elements or members; 0 for anything else.
    [[nodiscard]] std::size_t size() const noexcept;

    // The bytes of a string, valid as long as the document.
    [[nodiscard]] std::optional<std::string_view> string() const noexcept;
    [[nodiscard]] std::optional<bool> boolean() const noexcept;
    // Any number, integers included. Always finite; nothing for a number that
    // no double comes near.
    [[nodiscard]] std::optional<double> number() const noexcept;

    // Calls f(name, JsonView) for each member of an object, in document order;
    // not for one whose name is spoiled.
    template <class F>
    void for_each_member(F &&f) const {
        if (node_ != nullptr) {
            for_each_child(JsonKind::object, [&](const PayloadNode *n) {
                if (!n->nameless) {
                    f(n->name_bytes(), JsonView(n));
                }
            });
            return;
        }
        for (void *it = first_member(); it != nullptr; it = next_member(it)) {
            f(member_name(it), member_value(it));
        }
    }

    // Calls f(JsonView) for each element of an array, in order. at() may have
    // to walk.
    template <class F>
    void for_each_element(F &&f) const {
        if (node_ != nullptr) {
            for_each_child(JsonKind::array,
                           [&](const PayloadNode *n) { f(JsonView(n)); });
            return;
        }
        for (std::size_t i = 0; is(JsonKind::array) && i < size(); i++) {
            f(at(i));
        }
    }

    // Compact JSON of this value: no white space, reals in the shortest form
    // that reads back the same, integers with all their digits, every byte <
    // 0x20 and 0x7f escaped, other UTF-8 as it is. Nothing if it is not exact.
    void append_json(std::string &out) const;

    // How a claim is shown: strings as they are, everything else as
    // append_json.
    void append_text(std::string &out) const;

  private:
    template <class F>
    void for_each_child(JsonKind kind, F &&f) const {
        if (node_->kind != kind) {
            return;
        }
        for (auto n = node_->begin(); n != node_->end(); n = n->next()) {
            f(n);
        }
    }

    [[nodiscard]] std::int64_t jansson_integer() const noexcept;
    void append_integer(std::string &out) const;
    void append_array(std::string &out) const;
    void append_object(std::string &out) const;
    [[nodiscard]] void *first_member() const noexcept;
    [[nodiscard]] void *next_member(void *it) const noexcept;
    [[nodiscard]] static std::string_view member_name(void *it) noexcept;
    [[nodiscard]] static JsonView member_value(void *it) noexcept;

    // One of the two, or neither.
    const PayloadNode *node_ = nullptr;
    json_t *value_ = nullptr;
};

// Owns a parsed document.
class Json {
  public:
    // An object and nothing behind it; see JsonError for what is refused. Not
    // a NUL, no BOM.
    [[nodiscard]] static Result<Json, JsonError> parse(
        std::string_view text, JsonValues values = JsonValues::exact);

    Json(Json &&other) noexcept : root_(std::exchange(other.root_, nullptr)) {}
    Json &operator=(Json &&other) noexcept {
        std::swap(root_, other.root_);
        return *this;
    }
    Json(const Json &) = delete;
    Json &operator=(const Json &) = delete;
    ~Json();

    [[nodiscard]] JsonView view() const noexcept { return JsonView(root_); }

  private:
    explicit Json(json_t *root) noexcept : root_(root) {}

    json_t *root_;
};

// Calls `work`, which uses a C library that uses jansson, and jumps out of it
// when jansson gets no memory: libjwt would take the null pointer that
// json_dumps() then returns for a string. False: that happened; what `work` had
// allocated so far is lost, so it must have nothing to destroy.
[[nodiscard]] bool call_or_run_out_of_memory(void (*work)(void *),
                                             void *context) noexcept;

// Appends `text` as a JSON string, quotes included.
void append_json_string(std::string &out, std::string_view text);

}  // namespace id_token

#endif
