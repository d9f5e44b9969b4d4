#include "idt_token/csrf.h"

#include <algorithm>

#include "idt_base/ascii.h"

namespace id_token {

namespace {

// RFC 9110 7.8: a list of names, each with a version or without.
bool names_websocket(std::string_view list) noexcept {
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(','), list.size());
        std::string_view name = trim(list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
        name = trim(name.substr(0, name.find('/')));
        if (equal_ignoring_case(name, "websocket")) {
            return true;
        }
    }
    return false;
}

}  // namespace

bool changes_nothing(bool safe_method, Field upgrade) noexcept {
    return safe_method && upgrade.count <= 1 && !names_websocket(upgrade.value);
}

bool is_same_origin(const Evidence &evidence, std::span<const Origin> named) {
    if (evidence.site.once() && evidence.site.value == "same-origin") {
        return true;
    }
    if (!evidence.origin.once()) {
        return false;
    }
    const auto origin = parse_origin(evidence.origin.value);
    if (!origin) {
        return false;
    }
    if (std::find(named.begin(), named.end(), *origin) != named.end()) {
        return true;
    }
    if (evidence.site.count != 0 || evidence.host.count > 1) {
        return false;
    }
    return own_origin(evidence.https, evidence.host.value) == origin;
}

bool is_preflight(const PreflightFields &fields) noexcept {
    return fields.options && !fields.credentials && !fields.body &&
           fields.origin.once() && !fields.origin.value.empty() &&
           fields.method.once() && !fields.method.value.empty() &&
           fields.cookie.count == 0;
}

}  // namespace id_token
