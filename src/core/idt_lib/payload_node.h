// One value of a payload in its arena; what JsonView looks at.

#ifndef IDT_LIB_PAYLOAD_NODE_H
#define IDT_LIB_PAYLOAD_NODE_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace id_token {

enum class JsonKind : std::uint8_t {
    null,
    boolean,
    integer,
    real,
    string,
    array,
    object,
    // A string with a NUL or a lone surrogate, a real that no double comes
    // near: there, and nothing more can be said of it. Of payloads only.
    spoiled,
};

// Values lie in the order of the text, what a container holds behind it: the
// first child of a node is the one that follows it, its next sibling the one
// that follows `span` nodes later. Never alone: part of a Payload.
struct PayloadNode {
    const char *text = nullptr;  // string: its bytes; number: as written
    const char *name = nullptr;  // of a member
    std::uint32_t size = 0;      // bytes of text; elements or members; 1 = true
    std::uint32_t name_size = 0;
    std::uint32_t span = 1;  // nodes, this one included
    JsonKind kind = JsonKind::null;
    // No spoiled value, nor an array that holds one (at any depth of arrays).
    // An object is exact without such members.
    bool exact = true;
    bool nameless = false;  // a member whose name is spoiled: nobody reads it

    [[nodiscard]] const PayloadNode *begin() const noexcept { return this + 1; }
    [[nodiscard]] const PayloadNode *end() const noexcept {
        return this + span;
    }
    [[nodiscard]] const PayloadNode *next() const noexcept {
        return this + span;
    }

    [[nodiscard]] std::string_view bytes() const noexcept {
        return {text, size};
    }
    [[nodiscard]] std::string_view name_bytes() const noexcept {
        return {name, name_size};
    }
    // Of a member. Names of one size are many: the first byte tells most of
    // them apart.
    [[nodiscard]] bool is_named(std::string_view wanted) const noexcept {
        return name_size == wanted.size() &&
               (name_size == 0 || *name == wanted.front()) &&
               name_bytes() == wanted;
    }

    // Null if there is none, also for a member that is null: it is absent.
    [[nodiscard]] const PayloadNode *find(
        std::string_view wanted) const noexcept;
    [[nodiscard]] const PayloadNode *at(std::size_t index) const noexcept;

    // Of a number; nothing for an integer that no double comes near.
    [[nodiscard]] std::optional<double> number() const noexcept;
};

}  // namespace id_token

#endif
