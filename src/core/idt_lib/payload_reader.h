// The pass over a payload; see payload.h for what is refused.

#ifndef IDT_LIB_PAYLOAD_READER_H
#define IDT_LIB_PAYLOAD_READER_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "idt_lib/json.h"
#include "idt_lib/payload_node.h"

namespace id_token {

enum class PayloadError : std::uint8_t {
    syntax,     // not JSON, bad UTF-8
    depth,      // nested deeper than kMaxJsonDepth
    duplicate,  // a member twice
    not_an_object,
    out_of_memory,
};

// Invariant: at every moment `p_` is inside the text or at its end, where a NUL
// stops whoever looks, since none is ever let pass.
class PayloadReader {
  public:
    // kPayloadPadding zeros follow the text.
    PayloadReader(char *text, std::size_t size,
                  std::vector<PayloadNode> &nodes) noexcept
        : p_(text), end_(text + size), nodes_(nodes) {}

    // Fills `nodes`, the object first; nothing: all went well. Throws
    // std::bad_alloc.
    [[nodiscard]] std::optional<PayloadError> read();

  private:
    // The names of an object so far, coarsely: most are seen to be new without
    // a look at the others.
    class NameMask {
      public:
        // Whether `name` may have been added before.
        bool add(std::string_view name) noexcept {
            std::size_t hash = name.size();
            if (!name.empty()) {
                hash += static_cast<unsigned char>(name.front()) * 5u +
                        static_cast<unsigned char>(name.back()) * 11u;
            }
            const std::uint64_t bit = std::uint64_t{1} << (hash & 63);
            const bool seen = (mask_ & bit) != 0;
            mask_ |= bit;
            return seen;
        }

      private:
        std::uint64_t mask_ = 0;
    };

    // False: `error_` tells why.
    [[nodiscard]] bool value();
    [[nodiscard]] bool object();
    [[nodiscard]] bool member(std::size_t object, std::uint32_t count,
                              NameMask &names);
    [[nodiscard]] bool array();
    [[nodiscard]] bool number();
    [[nodiscard]] bool digits() noexcept;
    [[nodiscard]] bool word(std::string_view text, JsonKind kind,
                            std::uint32_t size);
    [[nodiscard]] bool string();

    [[nodiscard]] bool enter() noexcept;
    [[nodiscard]] bool known(std::size_t object,
                             std::string_view name) const noexcept;
    [[nodiscard]] bool has_twins(std::size_t object);

    std::size_t add(JsonKind kind);
    void close(std::size_t container, std::uint32_t count) noexcept;
    void skip_space() noexcept;
    // Moves on if `c` is next.
    bool take(char c) noexcept;
    bool fail(PayloadError error) noexcept;

    char *p_;
    const char *end_;
    std::vector<PayloadNode> &nodes_;
    std::vector<std::string_view> names_;  // of has_twins()
    std::size_t depth_ = 0;
    PayloadError error_ = PayloadError::syntax;
};

}  // namespace id_token

#endif
