#include "idt_keys/resolv.h"

#include <algorithm>

#include "idt_base/ascii.h"

namespace id_token {

namespace {

constexpr std::size_t kMaxNameBytes = 253;

std::string_view take_word(std::string_view &line) noexcept {
    constexpr std::string_view kSpace = " \t\r";
    line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(kSpace));
    line.remove_prefix(word.size());
    return word;
}

std::string_view without_dots(std::string_view name) noexcept {
    name.remove_prefix(std::min(name.find_first_not_of('.'), name.size()));
    return name.substr(0, name.find_last_not_of('.') + 1);
}

bool is_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= kMaxNameBytes &&
           name.find("..") == name.npos &&
           std::all_of(name.begin(), name.end(),
                       [](unsigned char c) { return c > 0x20 && c < 0x7f; });
}

// "." is no name: it empties the list.
void take_search(std::string_view line, ResolvConf &conf, std::size_t most) {
    conf.search.clear();
    for (std::string_view word = take_word(line);
         !word.empty() && conf.search.size() < most; word = take_word(line)) {
        word = without_dots(word);
        if (is_name(word)) {
            conf.search.emplace_back(word);
        }
    }
}

void take_options(std::string_view line, ResolvConf &conf) noexcept {
    constexpr std::string_view kNdots = "ndots:";
    for (std::string_view word = take_word(line); !word.empty();
         word = take_word(line)) {
        if (!word.starts_with(kNdots)) {
            continue;
        }
        word.remove_prefix(kNdots.size());
        if (word.empty() || !std::all_of(word.begin(), word.end(), is_digit)) {
            continue;
        }
        unsigned value = 0;
        for (const char c : word) {
            value = std::min(value * 10 + static_cast<unsigned>(c - '0'),
                             kMaxNdots);
        }
        conf.ndots = value;
    }
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text, std::string_view hostname) {
    ResolvConf conf;
    const std::size_t dot = hostname.find('.');
    if (dot != hostname.npos) {
        take_search(hostname.substr(dot), conf, 1);
    }

    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));

        const std::string_view word = take_word(line);
        if (word == "nameserver") {
            const std::string_view address = take_word(line);
            if (!address.empty() && conf.nameservers.size() < kMaxNameservers) {
                conf.nameservers.emplace_back(address);
            }
        } else if (word == "search") {
            take_search(line, conf, kMaxSearchNames);
        } else if (word == "domain") {
            take_search(line, conf, 1);
        } else if (word == "options") {
            take_options(line, conf);
        }
    }
    return conf;
}

std::vector<std::string> names_to_ask(std::string_view name, bool complete,
                                      const ResolvConf &conf) {
    std::vector<std::string> names;
    const auto dots =
        static_cast<unsigned>(std::count(name.begin(), name.end(), '.'));
    const bool first = complete || dots >= conf.ndots;
    if (first) {
        names.emplace_back(name);
    }
    for (const std::string &suffix : conf.search) {
        if (!complete && name.size() + 1 + suffix.size() <= kMaxNameBytes) {
            names.push_back(std::string(name) + "." + suffix);
        }
    }
    if (!first) {
        names.emplace_back(name);
    }
    return names;
}

}  // namespace id_token
