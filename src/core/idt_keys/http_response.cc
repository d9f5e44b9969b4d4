#include "idt_keys/http_response.h"

#include <algorithm>
#include <limits>

#include "idt_base/ascii.h"
#include "idt_keys/url.h"

namespace id_token {

namespace {

constexpr std::string_view kTexts[] = {
#define X(name, text) text,
    ID_TOKEN_HTTP_ERRORS(X)
#undef X
};

// Digits and CRLF of a chunk of any size, and the CRLF behind it; what is
// longer draws on the limit of the header.
constexpr std::size_t kChunkLineBytes = 18;
constexpr std::size_t kChunkEndBytes = 2;

constexpr std::size_t kMaxShownBytes = 200;
constexpr std::uint32_t kMaxAge = 1U << 31;
constexpr std::string_view kHttp = "HTTP/1.";

// RFC 9110 5.6.2.
bool is_token(std::string_view text) noexcept {
    static constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z') ||
               kOthers.find(c) != kOthers.npos;
    });
}

// RFC 9110 5.5: visible, space, tab, and what is not ASCII.
bool is_field_value(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) {
        return c == '\t' || (c >= 0x20 && c != 0x7f);
    });
}

std::optional<std::uint64_t> parse_decimal(std::string_view text) noexcept {
    if (text.empty()) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    for (const char c : text) {
        if (!is_digit(c)) {
            return std::nullopt;
        }
        const std::uint64_t digit = static_cast<std::uint64_t>(c - '0');
        if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) {
            return std::nullopt;
        }
        value = value * 10 + digit;
    }
    return value;
}

int hex_digit(char c) noexcept {
    if (is_digit(c)) {
        return c - '0';
    }
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::string printable(std::string_view text) {
    std::string shown(text.substr(0, kMaxShownBytes));
    for (char &c : shown) {
        if (c < 0x20 || c > 0x7e) {
            c = '?';
        }
    }
    if (text.size() > kMaxShownBytes) {
        shown += "...";
    }
    return shown;
}

}  // namespace

HttpResponse::State HttpResponse::refuse(HttpError error) noexcept {
    error_ = error;
    step_ = Step::over;
    return State::failed;
}

HttpResponse::State HttpResponse::feed(std::string_view bytes) {
    begun_ = begun_ || !bytes.empty();

    while (step_ != Step::over && !bytes.empty()) {
        if (step_ == Step::body_by_length || step_ == Step::body_to_close ||
            step_ == Step::chunk_data) {
            if (take_body(bytes) == State::failed) {
                return State::failed;
            }
            continue;
        }

        const std::size_t end = bytes.find('\n');
        const std::string_view part = bytes.substr(0, end);
        const std::size_t free = step_ == Step::chunk_size  ? kChunkLineBytes
                                 : step_ == Step::chunk_end ? kChunkEndBytes
                                                            : 0;
        if (line_.size() + part.size() + 1 > head_left_ + free) {
            return refuse(HttpError::head_too_long);
        }
        line_ += part;
        if (end == bytes.npos) {
            break;
        }
        bytes.remove_prefix(end + 1);
        head_left_ -= std::max(line_.size() + 1, free) - free;

        std::string_view line = line_;
        if (line.ends_with('\r')) {
            line.remove_suffix(1);
        }
        if (take_line(line) == State::failed) {
            return State::failed;
        }
        line_.clear();
    }

    if (error_ != HttpError::none) {
        return State::failed;
    }
    if (step_ != Step::over) {
        return State::more;
    }
    if (kind_ == Kind::tunnel && !bytes.empty()) {
        return refuse(HttpError::surplus);
    }
    return State::done;
}

HttpResponse::State HttpResponse::close() noexcept {
    switch (step_) {
        case Step::over:
            return error_ == HttpError::none ? State::done : State::failed;
        case Step::body_to_close:
            step_ = Step::over;
            return State::done;
        case Step::status_line:
            if (!begun_) {
                return refuse(HttpError::closed);
            }
            if (std::string_view(line_).substr(0, kHttp.size()) !=
                kHttp.substr(0, line_.size())) {
                return refuse(HttpError::not_http);
            }
            [[fallthrough]];
        default:
            return refuse(HttpError::truncated);
    }
}

HttpResponse::State HttpResponse::take_body(std::string_view &bytes) {
    std::size_t n = bytes.size();
    if (step_ != Step::body_to_close && left_ < n) {
        n = static_cast<std::size_t>(left_);
    }
    if (n > max_body_ - body_.size()) {
        return refuse(HttpError::body_too_long);
    }
    body_ += bytes.substr(0, n);
    bytes.remove_prefix(n);
    if (step_ == Step::body_to_close) {
        return State::more;
    }
    left_ -= n;
    if (left_ == 0) {
        step_ = step_ == Step::chunk_data ? Step::chunk_end : Step::over;
    }
    return State::more;
}

HttpResponse::State HttpResponse::take_line(std::string_view line) {
    switch (step_) {
        case Step::status_line:
            return take_status_line(line);
        case Step::fields:
            return take_field_line(line);
        case Step::chunk_size:
            return take_chunk_size(line);
        case Step::chunk_end:
            if (!line.empty()) {
                return refuse(HttpError::chunk);
            }
            step_ = Step::chunk_size;
            return State::more;
        default:  // trailers: none of them matters
            if (line.empty()) {
                step_ = Step::over;
            } else if (!is_field_value(line)) {
                return refuse(HttpError::field);
            }
            return State::more;
    }
}

// RFC 9112 4; the reason phrase is anything, or missing with its space.
HttpResponse::State HttpResponse::take_status_line(std::string_view line) {
    const std::size_t code = kHttp.size() + 2;
    if (line.substr(0, kHttp.size()) != kHttp || line.size() < code + 3 ||
        !is_digit(line[code - 2]) || line[code - 1] != ' ' ||
        (line.size() > code + 3 && line[code + 3] != ' ') ||
        !is_field_value(line)) {
        return refuse(HttpError::not_http);
    }
    const auto status = parse_decimal(line.substr(code, 3));
    if (!status || *status < 100) {
        return refuse(HttpError::not_http);
    }
    status_ = static_cast<int>(*status);
    http_1_0_ = line[code - 2] == '0';
    step_ = Step::fields;
    return State::more;
}

// A field is whole when the next line is seen: what begins with a blank goes
// on with the last field, joined by one space (RFC 9112 5.2, a user agent).
// Behind the status line there is no field to go on with (RFC 9112 2.2).
HttpResponse::State HttpResponse::take_field_line(std::string_view line) {
    if (!line.empty() && (line.front() == ' ' || line.front() == '\t')) {
        if (field_.empty()) {
            return refuse(HttpError::field);
        }
        field_ += ' ';
        field_ += trim(line);
        return State::more;
    }
    if (!field_.empty() && take_field(field_) == State::failed) {
        return State::failed;
    }
    field_ = line;
    return line.empty() ? end_of_fields() : State::more;
}

// No white space before the colon (RFC 9112 5.1).
HttpResponse::State HttpResponse::take_field(std::string_view line) {
    const std::size_t colon = line.find(':');
    const std::string_view name = line.substr(0, colon);
    if (colon == line.npos || !is_token(name)) {
        return refuse(HttpError::field);
    }
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_field_value(value)) {
        return refuse(HttpError::field);
    }

    if (equal_ignoring_case(name, "content-length")) {
        take_length(value);
    } else if (equal_ignoring_case(name, "transfer-encoding")) {
        if (http_1_0_ || chunked_ || !equal_ignoring_case(value, "chunked")) {
            flaw_ = HttpError::transfer_coding;
        }
        chunked_ = true;
    } else if (equal_ignoring_case(name, "content-encoding")) {
        if (!value.empty() && !equal_ignoring_case(value, "identity")) {
            flaw_ = HttpError::content_coding;
        }
    } else if (equal_ignoring_case(name, "cache-control")) {
        cache_control_ += cache_control_.empty() ? "" : ", ";
        cache_control_ += value;
    } else if (equal_ignoring_case(name, "age")) {
        take_age(value);
    } else if (equal_ignoring_case(name, "location")) {
        location_ = value;
    }
    return State::more;
}

// RFC 9110 8.6: the same number again, in a list or another line, is no harm.
void HttpResponse::take_length(std::string_view value) noexcept {
    while (true) {
        const std::size_t comma = value.find(',');
        const auto number = parse_decimal(trim(value.substr(0, comma)));
        if (!number) {
            flaw_ = HttpError::length;
            return;
        }
        if (length_ && *length_ != *number) {
            flaw_ = HttpError::length_twice;
            return;
        }
        length_ = number;
        if (comma == value.npos) {
            return;
        }
        value.remove_prefix(comma + 1);
    }
}

void HttpResponse::take_age(std::string_view value) noexcept {
    if (has_age_) {
        return;
    }
    has_age_ = true;
    if (value.empty() || !std::all_of(value.begin(), value.end(), is_digit)) {
        return;
    }
    const auto number = parse_decimal(value);
    age_ = number && *number < kMaxAge ? static_cast<std::uint32_t>(*number)
                                       : kMaxAge;
}

void HttpResponse::forget_fields() noexcept {
    flaw_ = HttpError::none;
    length_.reset();
    chunked_ = false;
    cache_control_.clear();
    location_.clear();
    has_age_ = false;
    age_ = 0;
}

HttpResponse::State HttpResponse::end_of_fields() {
    if (status_ < 200 && status_ != 101) {
        forget_fields();
        step_ = Step::status_line;
        return State::more;
    }

    if (kind_ == Kind::tunnel) {
        if (status_ < 200 || status_ > 299) {
            return refuse(HttpError::status);
        }
        step_ = Step::over;
        return State::done;
    }

    const bool reason =
        kind_ == Kind::token && (status_ == 400 || status_ == 401);
    if (status_ != 200 && !reason) {
        return refuse(HttpError::status);
    }
    if (flaw_ != HttpError::none) {
        return refuse(flaw_);
    }
    if (chunked_ && length_) {
        return refuse(HttpError::length_and_coding);
    }
    if (chunked_) {
        step_ = Step::chunk_size;
    } else if (!length_) {
        step_ = Step::body_to_close;
    } else if (*length_ > max_body_) {
        return refuse(HttpError::body_too_long);
    } else {
        left_ = *length_;
        step_ = left_ == 0 ? Step::over : Step::body_by_length;
    }
    return State::more;
}

// RFC 9112 7.1: hexadecimal digits, then extensions, which mean nothing here.
HttpResponse::State HttpResponse::take_chunk_size(std::string_view line) {
    std::size_t digits = 0;
    std::uint64_t size = 0;
    while (digits < line.size() && hex_digit(line[digits]) >= 0) {
        if (++digits > 16) {
            return refuse(HttpError::chunk);
        }
        size =
            size << 4 | static_cast<std::uint64_t>(hex_digit(line[digits - 1]));
    }
    const std::string_view rest = trim(line.substr(digits));
    if (digits == 0 || (!rest.empty() && rest.front() != ';') ||
        !is_field_value(rest)) {
        return refuse(HttpError::chunk);
    }
    if (size > max_body_ - body_.size()) {
        return refuse(HttpError::body_too_long);
    }
    left_ = size;
    step_ = size == 0 ? Step::trailers : Step::chunk_data;
    return State::more;
}

std::string HttpResponse::error_text() const {
    const std::string text(kTexts[static_cast<std::size_t>(error_)]);
    if (error_ == HttpError::body_too_long && kind_ == Kind::document) {
        return text + ": jwks_max_size allows " + std::to_string(max_body_) +
               " bytes";
    }
    if (error_ != HttpError::status) {
        return kind_ == Kind::tunnel && error_ != HttpError::surplus
                   ? "proxy: " + text
                   : text;
    }

    std::string answered = text + " " + std::to_string(status_);
    if (kind_ == Kind::tunnel) {
        return "the proxy " + answered;
    }
    if (status_ >= 300 && status_ < 400 && !location_.empty()) {
        answered +=
            " with a redirect to " + printable(without_userinfo(location_));
    }
    return answered;
}

}  // namespace id_token
