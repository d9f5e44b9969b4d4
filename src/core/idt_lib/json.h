// The one door to jansson: parsing of untrusted text with limits, and a
// read-only view of what came out.
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

enum class JsonKind : std::uint8_t {
    null,
    boolean,
    integer,
    real,
    string,
    array,
    object,
};

// A value inside a document that somebody else owns. Trivially copied. A view
// of nothing (`!view`) answers every question with "absent".
class JsonView {
  public:
    JsonView() noexcept = default;
    explicit JsonView(json_t *value) noexcept : value_(value) {}

    explicit operator bool() const noexcept { return value_ != nullptr; }

    // Of an existing value only.
    [[nodiscard]] JsonKind kind() const noexcept;

    [[nodiscard]] bool is(JsonKind kind) const noexcept {
        return value_ != nullptr && this->kind() == kind;
    }

    // The member of an object; a view of nothing if this is no object or has
    // no such member. Names are compared byte for byte after unescaping.
    [[nodiscard]] JsonView find(std::string_view name) const noexcept;

    // The element of an array, likewise.
    [[nodiscard]] JsonView at(std::size_t index) const noexcept;

    // Number of elements or members; 0 for anything else.
    [[nodiscard]] std::size_t size() const noexcept;

    // The bytes of a string, valid as long as the document.
    [[nodiscard]] std::optional<std::string_view> string() const noexcept;
    [[nodiscard]] std::optional<bool> boolean() const noexcept;
    // Any number, integers included. Always finite.
    [[nodiscard]] std::optional<double> number() const noexcept;

    // Calls f(name, JsonView) for each member of an object, in document order.
    template <class F>
    void for_each_member(F &&f) const {
        for (void *it = first_member(); it != nullptr; it = next_member(it)) {
            f(member_name(it), member_value(it));
        }
    }

    // Compact JSON of this value: no white space, reals in the shortest form
    // that reads back the same, every byte < 0x20 and 0x7f escaped, other
    // UTF-8 as it is.
    void append_json(std::string &out) const;

    // How a claim is shown: strings as they are, everything else as
    // append_json.
    void append_text(std::string &out) const;

  private:
    [[nodiscard]] void *first_member() const noexcept;
    [[nodiscard]] void *next_member(void *it) const noexcept;
    [[nodiscard]] static std::string_view member_name(void *it) noexcept;
    [[nodiscard]] static JsonView member_value(void *it) noexcept;

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
