#include "provider.h"

#include <array>
#include <utility>

namespace id_token::check {

namespace {

using Words = std::vector<std::string>;

// nginx's units, the larger first; each may be used once.
constexpr std::pair<char, std::int64_t> kUnits[] = {{'y', 365LL * 24 * 60 * 60},
                                                    {'M', 30LL * 24 * 60 * 60},
                                                    {'w', 7LL * 24 * 60 * 60},
                                                    {'d', 24LL * 60 * 60},
                                                    {'h', 60LL * 60},
                                                    {'m', 60},
                                                    {'s', 1}};

constexpr std::int64_t kMaxSeconds = std::int64_t{1} << 40;

// They say when and how keys are fetched, not which.
constexpr std::string_view kNotForUs[] = {
    "jwks_refresh",  "jwks_min_interval", "jwks_max_stale",  "jwks_timeout",
    "jwks_max_size", "jwks_state",        "ssl_verify_depth"};

std::optional<std::string> add_algorithms(Provider &provider,
                                          const Words &words) {
    for (std::size_t i = 1; i < words.size(); i++) {
        const Algorithm *algorithm = find_algorithm(words[i]);
        if (algorithm == nullptr) {
            return "\"" + words[i] + "\" is not a signature algorithm of ours";
        }
        provider.policy.algorithms.add(*algorithm);
    }
    return std::nullopt;
}

void add_names(std::vector<std::string> &to, const Words &words) {
    to.insert(to.end(), words.begin() + 1, words.end());
}

std::optional<std::string> set_seconds(std::optional<std::int64_t> &to,
                                       const Words &words) {
    to = parse_seconds(words[1]);
    return to ? std::nullopt
              : std::optional("\"" + words[0] + "\" is no time: " + words[1]);
}

// Nothing if it is none of these.
std::string *text_of(Provider &provider, std::string_view word) {
    const std::pair<std::string_view, std::string *> texts[] = {
        {"issuer", &provider.policy.issuer},
        {"client_id", &provider.policy.client_id},
        {"jwks_uri", &provider.jwks_uri},
        {"jwks_file", &provider.jwks_file},
        {"ssl_trusted_certificate", &provider.ca_file}};
    for (const auto &[name, text] : texts) {
        if (name == word) {
            return text;
        }
    }
    return nullptr;
}

}  // namespace

std::optional<std::int64_t> parse_seconds(std::string_view text) {
    std::int64_t total = 0;
    std::size_t unit = 0;
    std::size_t at = 0;
    bool any = false;
    while (at < text.size()) {
        std::int64_t value = 0;
        const std::size_t first = at;
        while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
            value = value * 10 + (text[at++] - '0');
            if (value > kMaxSeconds) {
                return std::nullopt;
            }
        }
        if (at == first) {
            return std::nullopt;
        }
        const char name = at < text.size() ? text[at++] : 's';
        while (unit < std::size(kUnits) && kUnits[unit].first != name) {
            unit++;
        }
        if (unit == std::size(kUnits)) {
            return std::nullopt;
        }
        total += value * kUnits[unit++].second;
        any = true;
        while (at < text.size() && text[at] == ' ') {
            at++;
        }
    }
    return any ? std::optional(total) : std::nullopt;
}

std::optional<std::string> set_word(Provider &provider, const Words &words) {
    const std::string &word = words[0];
    if (words.size() < 2) {
        return "\"" + word + "\" has no value";
    }
    if (std::string *text = text_of(provider, word)) {
        *text = words[1];
        provider.insecure |=
            word == "jwks_uri" && words.size() > 2 && words[2] == "insecure";
        return std::nullopt;
    }
    Policy &policy = provider.policy;
    if (word == "algorithms") {
        return add_algorithms(provider, words);
    }
    if (word == "trusted_audience") {
        add_names(policy.trusted_audiences, words);
    } else if (word == "authorized_party") {
        add_names(policy.authorized_parties, words);
    } else if (word == "max_age") {
        return set_seconds(policy.max_age, words);
    } else if (word == "max_auth_age") {
        return set_seconds(policy.max_auth_age, words);
    } else if (word == "leeway") {
        std::optional<std::int64_t> leeway;
        const auto error = set_seconds(leeway, words);
        policy.leeway = leeway.value_or(policy.leeway);
        return error;
    } else {
        for (std::string_view known : kNotForUs) {
            if (word == known) {
                return std::nullopt;
            }
        }
        provider.fetched_by = word;
    }
    return std::nullopt;
}

std::optional<std::string> complete(Provider &provider) {
    Policy &policy = provider.policy;
    policy.id = 1;
    if (policy.issuer.empty()) {
        return "no issuer";
    }
    if (policy.client_id.empty()) {
        return "no client_id";
    }
    if (policy.algorithms.empty()) {
        policy.algorithms.add(*find_algorithm("RS256"));
    }
    if (policy.trusted_audiences == Words{"any"}) {
        policy.trusted_audiences.clear();
        policy.trust_any_audience = true;
    }
    return std::nullopt;
}

}  // namespace id_token::check
