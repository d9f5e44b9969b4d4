#include "idt_login/form.h"

#include <algorithm>

#include "idt_base/ascii.h"
#include "idt_base/escape.h"

namespace id_token {

namespace {

int hex_value(char c) noexcept {
    if (is_digit(c)) {
        return c - '0';
    }
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<std::string> unescape(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] != '%') {
            out += text[i] == '+' ? ' ' : text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

}  // namespace

Result<Form, FormError> Form::parse(std::string_view text) {
    if (text.size() > kMaxFormBytes) {
        return FormError::too_long;
    }
    Form form;
    while (!text.empty()) {
        const std::string_view field = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(field.size() + 1, text.size()));
        if (field.empty()) {
            continue;
        }
        const std::size_t equals = std::min(field.find('='), field.size());
        auto name = unescape(field.substr(0, equals));
        auto value = unescape(field.substr(std::min(equals + 1, field.size())));
        if (!name || !value) {
            return FormError::malformed;
        }
        for (const auto &known : form.fields_) {
            if (known.first == *name) {
                return FormError::twice;
            }
        }
        if (form.fields_.size() == kMaxFormFields) {
            return FormError::too_many;
        }
        form.fields_.emplace_back(std::move(*name), std::move(*value));
    }
    return form;
}

std::optional<std::string_view> Form::find(
    std::string_view name) const noexcept {
    for (const auto &field : fields_) {
        if (field.first == name && !field.second.empty()) {
            return field.second;
        }
    }
    return std::nullopt;
}

void append_form_field(std::string &out, std::string_view name,
                       std::string_view value) {
    out += out.empty() ? "" : "&";
    out += escape_uri(name);
    out += '=';
    out += escape_uri(value);
}

std::string with_query(std::string_view url, std::string_view query) {
    std::string out(url);
    if (!query.empty()) {
        out += url.find('?') == url.npos ? "?" : "&";
        out += query;
    }
    return out;
}

}  // namespace id_token
