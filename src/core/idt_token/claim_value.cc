#include "idt_token/claim_value.h"

#include <cstring>

#include "idt_base/ascii.h"

namespace id_token {

// Packed form:
//
//     head   1 byte: JsonKind, and kPrintable if the text may stand in a header
//     scalar or object: the text
//     array:            size of the text (4 bytes), the text, and for each
//                       element: size (4 bytes), and packed form of a scalar
//
// Sizes are in native order: packed values never leave the process.

namespace {

constexpr unsigned char kPrintable = 0x80;

using Size = std::uint32_t;

bool is_scalar(JsonKind kind) noexcept {
    return kind != JsonKind::null && kind != JsonKind::array &&
           kind != JsonKind::object;
}

// Room for a size whose value is known only later.
std::size_t reserve_size(std::string &out) {
    out.append(sizeof(Size), '\0');
    return out.size();
}

void fill_size(std::string &out, std::size_t begin) noexcept {
    auto size = static_cast<Size>(out.size() - begin);
    std::memcpy(out.data() + begin - sizeof(size), &size, sizeof(size));
}

// The sized part at the front of `rest`, which is moved behind it.
std::string_view take_sized(std::string_view &rest) noexcept {
    Size size;
    std::memcpy(&size, rest.data(), sizeof(size));
    std::string_view part = rest.substr(sizeof(size), size);
    rest.remove_prefix(sizeof(size) + size);
    return part;
}

void append_elements(std::string &out, JsonView array) {
    array.for_each_element([&](JsonView element) {
        std::size_t begin = reserve_size(out);
        if (is_scalar(element.kind())) {
            ClaimValue::pack(out, element);
        }
        fill_size(out, begin);
    });
}

}  // namespace

void ClaimValue::pack(std::string &out, JsonView value) {
    if (!value.exact() || value.kind() == JsonKind::null) {
        return;
    }
    const bool array = value.kind() == JsonKind::array;
    const std::size_t head = out.size();
    out += static_cast<char>(value.kind());
    const std::size_t text = array ? reserve_size(out) : out.size();
    value.append_text(out);
    if (is_printable(std::string_view(out).substr(text))) {
        out[head] = static_cast<char>(static_cast<unsigned char>(out[head]) |
                                      kPrintable);
    }
    if (array) {
        fill_size(out, text);
        append_elements(out, value);
    }
}

JsonKind ClaimValue::kind() const noexcept {
    return static_cast<JsonKind>(static_cast<unsigned char>(packed_.front()) &
                                 ~kPrintable);
}

std::string_view ClaimValue::text() const noexcept {
    if (!present()) {
        return {};
    }
    std::string_view rest = packed_.substr(1);
    return kind() == JsonKind::array ? take_sized(rest) : rest;
}

bool ClaimValue::printable() const noexcept {
    return present() &&
           (static_cast<unsigned char>(packed_.front()) & kPrintable) != 0;
}

std::optional<Number> ClaimValue::number() const noexcept {
    if (!present() ||
        (kind() != JsonKind::integer && kind() != JsonKind::real)) {
        return std::nullopt;
    }
    return parse_number(text());
}

std::string_view ClaimValue::elements() const noexcept {
    if (!present() || kind() != JsonKind::array) {
        return {};
    }
    std::string_view rest = packed_.substr(1);
    take_sized(rest);
    return rest;
}

std::string_view ClaimValue::next_element(std::string_view &rest) noexcept {
    return take_sized(rest);
}

}  // namespace id_token
