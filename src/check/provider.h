// What a provider asks of its tokens, from the command line or from what
// `nginx -T` prints.

#ifndef CHECK_PROVIDER_H
#define CHECK_PROVIDER_H

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "idt_token/policy.h"

namespace id_token::check {

struct Provider {
    Policy policy;
    std::string jwks_uri;    // empty: discovery
    bool insecure = false;   // jwks_uri may be http anywhere
    std::string jwks_file;   // empty: fetched
    std::string ca_file;     // empty: the system's
    std::string fetched_by;  // a word that we cannot follow when we fetch
};

// Sets what a word of the block id_token_provider says: `words` is the word and
// its arguments. What is wrong with it, in words, if it is.
[[nodiscard]] std::optional<std::string> set_word(
    Provider &provider, const std::vector<std::string> &words);

// Completes it: the default algorithm; what is missing, in words.
[[nodiscard]] std::optional<std::string> complete(Provider &provider);

// "1h 30m", "90", "90s" as nginx has it: seconds. Nothing for anything else.
[[nodiscard]] std::optional<std::int64_t> parse_seconds(std::string_view text);

}  // namespace id_token::check

#endif
