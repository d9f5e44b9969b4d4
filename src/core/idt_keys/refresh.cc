#include "idt_keys/refresh.h"

#include <algorithm>

#include "idt_base/ascii.h"

namespace id_token {

namespace {

// RFC 9111 1.2.2: a number too large to hold counts as the largest.
constexpr std::int64_t kLargestAge = 2147483648;

std::optional<std::int64_t> parse_seconds(std::string_view s) noexcept {
    if (s.size() >= 2 && s.front() == '"' && s.back() == '"') {
        s = s.substr(1, s.size() - 2);
    }
    if (s.empty()) {
        return std::nullopt;
    }
    std::int64_t value = 0;
    for (const char c : s) {
        if (!is_digit(c)) {
            return std::nullopt;
        }
        value = std::min(kLargestAge, value * 10 + (c - '0'));
    }
    return value;
}

// The length of the directive at the front of `s`: up to a comma that is not
// inside a quoted string.
std::size_t directive_length(std::string_view s) noexcept {
    bool quoted = false;
    for (std::size_t i = 0; i < s.size(); ++i) {
        if (quoted && s[i] == '\\') {
            ++i;
        } else if (s[i] == '"') {
            quoted = !quoted;
        } else if (s[i] == ',' && !quoted) {
            return i;
        }
    }
    return s.size();
}

}  // namespace

std::optional<std::int64_t> parse_max_age(std::string_view field) noexcept {
    std::optional<std::int64_t> smallest;
    while (!field.empty()) {
        const std::size_t length = directive_length(field);
        const std::string_view directive = field.substr(0, length);
        field.remove_prefix(std::min(length + 1, field.size()));

        const std::size_t equals = directive.find('=');
        if (equals == directive.npos ||
            !equal_ignoring_case(trim(directive.substr(0, equals)),
                                 "max-age")) {
            continue;
        }
        const auto seconds = parse_seconds(trim(directive.substr(equals + 1)));
        if (seconds && (!smallest || *seconds < *smallest)) {
            smallest = seconds;
        }
    }
    return smallest;
}

std::int64_t good_for(const RefreshRules &rules,
                      std::optional<std::int64_t> max_age,
                      std::int64_t age) noexcept {
    std::int64_t interval = rules.refresh;
    if (max_age) {
        age = std::clamp<std::int64_t>(age, 0, kLargestAge);
        interval = std::min(interval, (*max_age - age) * 1000);
    }
    return std::max(rules.min_interval, interval);
}

std::int64_t spread(std::int64_t interval, const RefreshRules &rules,
                    std::uint32_t random) noexcept {
    const std::int64_t earlier = random % (interval / 10 + 1);
    return std::max(rules.min_interval, interval - earlier);
}

std::int64_t backoff(std::uint32_t failures, std::uint32_t random,
                     std::int64_t longest) noexcept {
    const std::uint32_t doublings =
        std::min<std::uint32_t>(failures == 0 ? 0 : failures - 1, 9);
    longest = std::min(longest, kFirstBackoff << doublings);
    return longest / 2 + random % (longest / 2 + 1);
}

void RefreshState::succeeded(std::int64_t now, const RefreshRules &rules,
                             std::optional<std::int64_t> max_age,
                             std::int64_t age, std::uint32_t random) noexcept {
    fetched_at = now;
    next_fetch = now + spread(good_for(rules, max_age, age), rules, random);
    not_before = now;
    failures = 0;
    given_up = 0;
    has_set = 1;
}

void RefreshState::failed(std::int64_t now, const RefreshRules &rules,
                          std::uint32_t random) noexcept {
    if (failures != UINT32_MAX) {
        ++failures;
    }
    given_up = 0;
    pause(now, rules, failures, random);
}

void RefreshState::gave_up(std::int64_t now, const RefreshRules &rules,
                           std::uint32_t random) noexcept {
    if (given_up != UINT32_MAX) {
        ++given_up;
    }
    pause(now, rules, given_up, random);
}

// A pause in which the keys become too old ends soon after.
void RefreshState::pause(std::int64_t now, const RefreshRules &rules,
                         std::uint32_t times, std::uint32_t random) noexcept {
    const std::int64_t left =
        holds(now, rules) ? fetched_at + rules.max_stale - now : 0;
    not_before =
        now + std::min(backoff(times, random, kLongestBackoff),
                       left + backoff(times, random, kLongestWithoutKeys));
    next_fetch = not_before;
}

void RefreshState::restored(std::int64_t now, std::int64_t age) noexcept {
    fetched_at = now - age;
    next_fetch = now;
    has_set = 1;
}

void RefreshState::dropped(std::int64_t now) noexcept {
    has_set = 0;
    not_before = std::min(not_before, now + kLongestWithoutKeys);
    next_fetch = not_before;
}

void RefreshState::reloaded(std::int64_t now) noexcept {
    if (failures != 0 || given_up != 0 || has_set == 0) {
        not_before = now;
        next_fetch = now;
    }
}

void RefreshState::adopted(const RefreshRules &rules) noexcept {
    if (has_set == 0 || failures != 0 || given_up != 0) {
        return;
    }
    const std::int64_t longest = std::max(rules.refresh, rules.min_interval);
    next_fetch = std::min(next_fetch, fetched_at + longest);
}

}  // namespace id_token
