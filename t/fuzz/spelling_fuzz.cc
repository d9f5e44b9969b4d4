// Values as they leave: escaped for a URI, encoded and joined for a header.
//
// Input: a line with a separator, then the elements of a claim, one a line.

#include <vector>

#include "fuzz/fuzz.h"
#include "idt_base/escape.h"
#include "idt_token/claims.h"
#include "idt_token/spelling.h"

using namespace id_token;

namespace {

constexpr std::string_view kUnreserved =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

// The plain way; nothing but `inert` and %XX may be there.
std::string unescape(std::string_view text, const std::string &inert) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); i++) {
        if (text[i] != '%') {
            REQUIRE(inert.find(text[i]) != inert.npos);
            out += text[i];
            continue;
        }
        const std::string hex(text.substr(i + 1, 2));
        REQUIRE(hex.size() == 2);
        REQUIRE(hex.find_first_not_of("0123456789ABCDEF") == hex.npos);
        out += static_cast<char>(std::stoi(hex, nullptr, 16));
        i += 2;
    }
    return out;
}

std::string decode_base64(std::string_view text) {
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    REQUIRE(text.size() % 4 == 0);
    std::string out;
    for (std::size_t i = 0; i < text.size(); i += 4) {
        unsigned group = 0;
        unsigned padding = 0;
        for (const char c : text.substr(i, 4)) {
            padding += c == '=';
            const auto value = c == '=' ? 0 : kAlphabet.find(c);
            REQUIRE(value != kAlphabet.npos && (c == '=' || padding == 0));
            group = group << 6 | static_cast<unsigned>(value);
        }
        REQUIRE(padding <= 2 && (padding == 0 || i + 4 == text.size()));
        for (unsigned n = 0; n < 3 - padding; n++) {
            out += static_cast<char>(group >> (16 - 8 * n) & 0xff);
        }
    }
    return out;
}

// RFC 3986 5.2.4 as a server does it that decodes first, on either slash.
bool climbs(const std::string &path) {
    std::string step;
    for (const char c : path + "/") {
        if (c != '/' && c != '\\') {
            step += c;
            continue;
        }
        if (step == "." || step == "..") {
            return true;
        }
        step.clear();
    }
    return false;
}

void check_segment(std::string_view text) {
    const std::string segment = uri_segment(text);
    const std::string back = unescape(segment, std::string(kUnreserved));
    REQUIRE(!segment.empty() && !climbs(back));
    const bool shown = !text.empty() && !climbs(std::string(text)) &&
                       !fuzz::has_control_byte(text);
    REQUIRE(back == (shown ? text : "\x7f"));
}

void check_header(std::string_view text) {
    const std::string attr(std::string(kUnreserved) + "!#$&+^`|");
    const auto plain = header_text(text, Encoding::plain);
    const auto percent = header_text(text, Encoding::percent);
    const auto base64 = header_text(text, Encoding::base64);
    const auto rfc8187 = header_text(text, Encoding::rfc8187);
    const bool control = fuzz::has_control_byte(text);

    REQUIRE(percent.has_value() == !control && base64.has_value() == !control);
    REQUIRE(plain.has_value() == is_exact_value(text));
    REQUIRE(!plain || (*plain == text && !control && !has_outer_space(text)));
    REQUIRE(!percent || unescape(*percent, std::string(kUnreserved)) == text);
    REQUIRE(!base64 || decode_base64(*base64) == text);
    REQUIRE(!rfc8187 || unescape(rfc8187->substr(7), attr) == text);
    REQUIRE(!rfc8187 || (!control && rfc8187->starts_with("UTF-8''")));
}

std::vector<std::string> split(std::string_view text, std::string_view by) {
    std::vector<std::string> parts;
    for (std::size_t end = text.find(by); end != text.npos;
         end = text.find(by)) {
        parts.emplace_back(text.substr(0, end));
        text.remove_prefix(end + by.size());
    }
    parts.emplace_back(text);
    return parts;
}

// By whoever looks for the separator from the end.
std::vector<std::string> split_back(std::string_view text,
                                    std::string_view by) {
    std::vector<std::string> parts;
    for (std::size_t at = text.rfind(by); at != text.npos;
         at = text.rfind(by)) {
        parts.emplace(parts.begin(), text.substr(at + by.size()));
        text = text.substr(0, at);
    }
    parts.emplace(parts.begin(), text);
    return parts;
}

void check_join(const std::vector<std::string> &elements,
                std::string_view separator) {
    std::string json;
    for (const std::string &element : elements) {
        json += json.empty() ? "{\"v\":[\"" : "\",\"";
        for (const char c : element) {
            json += c == '"' || c == '\\' ? std::string{'\\', c}
                                          : std::string(1, c);
        }
    }
    const auto claims = Claims::parse(json + "\"]}");
    if (!claims) {
        return;  // not UTF-8, or a control character
    }
    std::string packed;
    ClaimValue::pack(packed, claims->find("v"));
    const auto joined = join_elements(ClaimValue(packed), separator);
    if (joined) {
        REQUIRE(split(*joined, separator) == elements);
        REQUIRE(split_back(*joined, separator) == elements);
        return;
    }
    bool exact = true;
    std::string all;
    for (const std::string &element : elements) {
        exact = exact && !element.empty() && is_exact_value(element);
        all += (all.empty() ? "" : std::string(separator)) + element;
    }
    // Otherwise the separator is in it once too often.
    REQUIRE(!exact || split(all, separator) != elements ||
            split_back(all, separator) != elements || separator.size() > 1);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    std::string_view rest = fuzz::text_of(data, size);
    const std::string_view separator = fuzz::take_line(rest);

    check_segment(rest);
    check_header(rest);
    std::vector<std::string> elements;
    do {
        elements.emplace_back(fuzz::take_line(rest));
        check_segment(elements.back());
        check_header(elements.back());
    } while (!rest.empty());
    if (is_separator(separator)) {
        check_join(elements, separator);
    }
    return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed) {
    constexpr std::string_view kWords[] = {"..",       "/",   "\\",
                                           "\n",       ",",   "\xc2\xa0",
                                           "\xc3\xa0", "%2E", "\xe2\x80\xa8"};
    fuzz::Random random(seed);
    if (size == 0 || random() % 2 != 0) {
        return LLVMFuzzerMutate(data, size, max);
    }
    std::string text(fuzz::text_of(data, size));
    text.insert(random() % text.size(), kWords[random() % 9]);
    return fuzz::give_back(text, data, size, max);
}
