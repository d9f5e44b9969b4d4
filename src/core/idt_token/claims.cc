#include "idt_token/claims.h"

#include <charconv>
#include <utility>

namespace id_token {

namespace {

Error payload_error(PayloadError error) noexcept {
    switch (error) {
        case PayloadError::depth:
            return Error::payload_depth;
        case PayloadError::duplicate:
            return Error::payload_duplicate;
        case PayloadError::out_of_memory:
            return Error::out_of_memory;
        case PayloadError::syntax:
        case PayloadError::not_an_object:
            break;
    }
    return Error::payload_json;
}

}  // namespace

Result<Claims> Claims::parse(std::string_view payload) {
    Result<Payload, PayloadError> read = Payload::parse(payload);
    if (!read) {
        return payload_error(read.error());
    }
    return Claims(std::move(*read));
}

namespace {

// One reference token of RFC 6901 3: "~0" is '~', "~1" is '/'.
std::optional<std::string> unescape_step(std::string_view step) {
    std::string out;
    for (std::size_t i = 0; i < step.size(); i++) {
        if (step[i] != '~') {
            out += step[i];
            continue;
        }
        if (++i == step.size() || (step[i] != '0' && step[i] != '1')) {
            return std::nullopt;
        }
        out += step[i] == '0' ? '~' : '/';
    }
    return out;
}

// RFC 6901 4: digits, no leading zero. "-" (past the end) leads nowhere.
std::optional<std::size_t> array_index(std::string_view step) noexcept {
    if (step.size() > 1 && step.front() == '0') {
        return std::nullopt;
    }
    std::size_t index = 0;
    const char *end = step.data() + step.size();
    auto [stop, error] = std::from_chars(step.data(), end, index);
    if (error != std::errc() || stop != end) {
        return std::nullopt;
    }
    return index;
}

}  // namespace

std::optional<ClaimPath> parse_claim_path(std::string_view text) {
    ClaimPath path;
    if (!text.starts_with('/')) {
        path.emplace_back(text);
        return path;
    }
    while (!text.empty()) {
        text.remove_prefix(1);
        std::string_view step = text.substr(0, text.find('/'));
        std::optional<std::string> name = unescape_step(step);
        if (!name) {
            return std::nullopt;
        }
        path.push_back(std::move(*name));
        text.remove_prefix(step.size());
    }
    return path;
}

JsonView find_claim(JsonView root, const ClaimPath &path) noexcept {
    JsonView view = root;
    for (const std::string &step : path) {
        if (!view.is(JsonKind::array)) {
            view = view.find(step);
            continue;
        }
        std::optional<std::size_t> index = array_index(step);
        view = index ? view.at(*index) : JsonView();
    }
    return view;
}

}  // namespace id_token
