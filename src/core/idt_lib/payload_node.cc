#include "idt_lib/payload_node.h"

#include "idt_base/number.h"

namespace id_token {

const PayloadNode *PayloadNode::find(std::string_view wanted) const noexcept {
    if (kind != JsonKind::object) {
        return nullptr;
    }
    for (const PayloadNode *n = begin(); n != end(); n = n->next()) {
        if (n->is_named(wanted) && !n->nameless) {
            return n->kind == JsonKind::null ? nullptr : n;
        }
    }
    return nullptr;
}

const PayloadNode *PayloadNode::at(std::size_t index) const noexcept {
    if (kind != JsonKind::array || index >= size) {
        return nullptr;
    }
    if (span == size + 1) {  // nothing inside the elements
        return begin() + index;
    }
    const PayloadNode *n = begin();
    while (index-- > 0) {
        n = n->next();
    }
    return n;
}

std::optional<double> PayloadNode::number() const noexcept {
    if (kind != JsonKind::integer && kind != JsonKind::real) {
        return std::nullopt;
    }
    return nearest_double(bytes());
}

}  // namespace id_token
