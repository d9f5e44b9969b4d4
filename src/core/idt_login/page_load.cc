#include "idt_login/page_load.h"

#include <algorithm>
#include <charconv>

#include "idt_base/ascii.h"

namespace id_token {

namespace {

// Takes an element of a list off the front, white space dropped.
std::string_view take_element(std::string_view &rest, char separator) noexcept {
    const std::string_view element = rest.substr(0, rest.find(separator));
    rest.remove_prefix(std::min(element.size() + 1, rest.size()));
    return trim(element);
}

// In thousandths; RFC 9110 12.4.2. A weight that is none is 0.
int weight(std::string_view parameters) noexcept {
    while (!parameters.empty()) {
        std::string_view value = take_element(parameters, ';');
        if (value.size() < 2 || lower(value[0]) != 'q' || value[1] != '=') {
            continue;
        }
        value.remove_prefix(2);
        if (value.starts_with('1')) {
            return 1000;
        }
        int thousandths = 0;
        int unit = 100;
        for (const char c :
             value.substr(std::min<std::size_t>(2, value.size()), 3)) {
            thousandths += is_digit(c) ? (c - '0') * unit : 0;
            unit /= 10;
        }
        return value.starts_with('0') ? thousandths : 0;
    }
    return 1000;
}

bool is_return_character(unsigned char c) noexcept {
    return c > 0x20 && c < 0x7f && c != '\\';
}

}  // namespace

bool prefers_html(std::string_view accept) noexcept {
    int best = 0;  // of what stands before text/html
    int html = -1;
    int later = 0;
    while (!accept.empty()) {
        std::string_view range = take_element(accept, ',');
        const std::string_view type = take_element(range, ';');
        const int q = type.empty() ? 0 : weight(range);
        if (html < 0 && equal_ignoring_case(type, "text/html")) {
            html = q;
        } else if (html < 0) {
            best = std::max(best, q);
        } else {
            later = std::max(later, q);
        }
    }
    return html > best && html >= later;
}

bool is_page_load(const RequestLook &look) noexcept {
    if (!look.get_or_head || look.purpose) {
        return false;
    }
    if (look.mode || look.dest) {
        return look.mode == "navigate" && look.dest == "document";
    }
    return look.accept && prefers_html(*look.accept);
}

std::string_view return_path(std::string_view uri) noexcept {
    const bool good = uri.starts_with('/') && !uri.starts_with("//") &&
                      uri.size() <= kMaxReturnPathBytes &&
                      std::all_of(uri.begin(), uri.end(), [](unsigned char c) {
                          return is_return_character(c);
                      });
    return good ? uri : "/";
}

}  // namespace id_token
