// resolv.conf(5), and the names that it makes of one: what the system's
// own look-up would ask, for a resolver that takes names as they stand.

#ifndef IDT_KEYS_RESOLV_H
#define IDT_KEYS_RESOLV_H

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace id_token {

inline constexpr std::size_t kMaxNameservers = 3;   // as the system has it
inline constexpr std::size_t kMaxSearchNames = 16;  // each costs a question
inline constexpr unsigned kMaxNdots = 15;           // as the system has it

struct ResolvConf {
    std::vector<std::string> nameservers;  // literal addresses, as written
    std::vector<std::string> search;       // no dots at the ends
    unsigned ndots = 1;
};

// Of "search" and "domain" the last one counts; without any it is the domain
// of `hostname`. What is not understood is passed over. Throws std::bad_alloc
// only.
[[nodiscard]] ResolvConf parse_resolv_conf(std::string_view text,
                                           std::string_view hostname);

// The complete names to ask for, one after the other as long as the answer is
// that there is no such name: with at least `ndots` dots first as it stands,
// else last. `complete`: it was written with a final dot. Names that would be
// too long are left out. Throws std::bad_alloc only.
[[nodiscard]] std::vector<std::string> names_to_ask(std::string_view name,
                                                    bool complete,
                                                    const ResolvConf &conf);

}  // namespace id_token

#endif
