// What each rule of OpenID Connect Core 3.1.3.7 saw and wanted. The verdict is
// the validator's own; the rows tell how it came about.

#ifndef CHECK_REPORT_H
#define CHECK_REPORT_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "idt_jose/jwks.h"
#include "idt_token/policy.h"

namespace id_token::check {

enum class Outcome : std::uint8_t { good, refused, not_judged };

struct Row {
    std::string_view item;  // of OIDC Core, or another section
    std::string_view name;
    Outcome outcome;
    std::string saw;  // ASCII; never the token or its signature
    std::string wanted;
};

struct Report {
    Error error = Error::ok;  // what the module would answer
    std::vector<Row> rows;
    std::string hint;  // empty if there is none
};

// `keys`: null if there are none, which the form and the header of a token can
// be refused without. Throws std::bad_alloc only. `now`: seconds since the
// epoch.
[[nodiscard]] Report judge(const Policy &policy, KeySet *keys,
                           std::string_view token, std::int64_t now);

// For a terminal: `text` as JSON has it, in ASCII, cut.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace id_token::check

#endif
