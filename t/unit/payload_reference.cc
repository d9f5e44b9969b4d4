#include "unit/payload_reference.h"

#include <jansson.h>

#include <cstdint>
#include <vector>

#include "idt_lib/json.h"
#include "idt_lib/payload.h"

using namespace id_token;

namespace unit {

namespace {

bool jansson_takes_element(std::string_view number) {
    const std::string text = "[" + std::string(number) + "]";
    json_t *json = json_loadb(text.data(), text.size(), 0, nullptr);
    json_decref(json);
    return json != nullptr;
}

// The same shape of a number with few digits.
std::string shrunk(std::string_view number) {
    std::string out;
    std::size_t digits = 0;
    std::size_t most = 3;
    for (const char c : number) {
        const bool digit = c >= '0' && c <= '9';
        digits = digit ? digits + 1 : 0;
        if (c == 'e' || c == 'E') {
            most = 1;
        }
        if (!digit || digits <= most) {
            out += c;
        }
    }
    return out;
}

// The code unit of an escape at the front; nothing: it is none.
int unit_at(std::string_view text) {
    int unit = 0;
    if (!text.starts_with("\\u") || text.size() < 6) {
        return -1;
    }
    for (const char c : text.substr(2, 4)) {
        const std::size_t digit =
            std::string_view("0123456789abcdef0123456789ABCDEF").find(c);
        if (digit == std::string_view::npos) {
            return -1;
        }
        unit = unit * 16 + static_cast<int>(digit % 16);
    }
    return unit;
}

bool in(int unit, int first, int last) {
    return unit >= first && unit <= last;
}

// One character or escape of a string.
std::size_t take_from_string(std::string_view rest, std::string &out) {
    std::size_t size = rest[0] == '\\' && rest.size() > 1 ? 2 : 1;
    const int unit = unit_at(rest);
    if (unit >= 0) {
        size = 6;
        const bool pair = in(unit, 0xd800, 0xdbff) &&
                          in(unit_at(rest.substr(6)), 0xdc00, 0xdfff);
        if (pair) {
            size = 12;
        } else if (unit == 0 || in(unit, 0xd800, 0xdfff)) {
            // Another letter for each, so that other names stay other names.
            char letter[32];
            std::snprintf(letter, sizeof(letter), "\\ue%03x\\u0001",
                          unit & 0xfff);
            out += letter;
            return size;
        }
    }
    out += rest.substr(0, size);
    return size;
}

std::size_t take_number(std::string_view rest, std::string &out) {
    const std::string_view run =
        rest.substr(0, rest.find_first_not_of("+-.0123456789eE"));
    const bool spoiler =
        !jansson_takes_element(run) && jansson_takes_element(shrunk(run));
    out += spoiler ? "0" : run;
    return run.size();
}

std::string compare(JsonView ours, JsonView theirs) {
    if (ours.kind() != theirs.kind() || ours.size() != theirs.size() ||
        ours.string() != theirs.string() ||
        ours.boolean() != theirs.boolean() ||
        ours.number() != theirs.number()) {
        return "a value";
    }
    std::string found;
    for (std::size_t i = 0; ours.is(JsonKind::array) && i < ours.size(); i++) {
        found += compare(ours.at(i), theirs.at(i));
    }
    std::vector<std::pair<std::string_view, JsonView>> members;
    theirs.for_each_member([&](std::string_view name, JsonView member) {
        members.emplace_back(name, member);
        const JsonView mine = ours.find(name);
        if (member.is(JsonKind::null) ? bool(mine) : !mine) {
            found += "what find() finds";
        }
    });
    std::size_t n = 0;
    ours.for_each_member([&](std::string_view name, JsonView member) {
        found += members[n].first == name ? "" : "the order of members";
        found += compare(member, members[n++].second);
    });
    return found;
}

std::string shown(JsonView view) {
    std::string out;
    view.append_json(out);
    return out;
}

}  // namespace

std::string without_spoilers(std::string_view text) {
    std::string out;
    bool in_string = false;
    while (!text.empty()) {
        std::size_t size = 1;
        if (text[0] == '"') {
            in_string = !in_string;
            out += '"';
        } else if (in_string) {
            size = take_from_string(text, out);
        } else if (text[0] == '-' || (text[0] >= '0' && text[0] <= '9')) {
            size = take_number(text, out);
        } else {
            out += text[0];
        }
        text.remove_prefix(size);
    }
    return out;
}

std::string difference_from_jansson(std::string_view text) {
    const std::string plain = without_spoilers(text);
    const auto ours = Payload::parse(text);
    const auto theirs = Json::parse(plain);
    if (bool(ours) != bool(theirs)) {
        return ours ? "jansson refuses it" : "we refuse it";
    }
    if (!ours) {
        return "";
    }
    const auto ours_plain = Payload::parse(plain);
    if (!ours_plain) {
        return "we refuse it without spoilers";
    }
    std::string found = compare(ours_plain->view(), theirs->view());
    if (shown(ours_plain->view()) != shown(theirs->view())) {
        found += "what is shown";
    }
    const std::string once = shown(ours->view());
    const auto again = Payload::parse(once);
    // "-0.0" is shown as "-0", which is an integer and shown as "0".
    if (!again || (shown(again->view()) != once &&
                   once.find("-0") == std::string::npos)) {
        found += "what is read again";
    }
    return found;
}

}  // namespace unit
