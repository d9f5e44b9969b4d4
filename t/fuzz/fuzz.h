// What the fuzz targets share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <span>
#include <string>
#include <string_view>

// An invariant. Says which one, then ends the process, which libFuzzer
// reports with the input.
#define REQUIRE(condition)                                                     \
    do {                                                                       \
        if (!(condition)) {                                                    \
            std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__,  \
                         #condition);                                          \
            std::abort();                                                      \
        }                                                                      \
    } while (0)

namespace fuzz {

using Random = std::minstd_rand;

inline std::string_view text_of(const std::uint8_t *data, std::size_t size) {
    return {reinterpret_cast<const char *>(data), size};
}

// Takes one byte off the front; 0 at the end.
inline unsigned take_byte(std::string_view &rest) {
    if (rest.empty()) {
        return 0;
    }
    const auto byte = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    return byte;
}

// Takes a line off the front, or all there is.
inline std::string_view take_line(std::string_view &rest) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    return line;
}

inline bool has_control_byte(std::string_view text) {
    for (const unsigned char c : text) {
        if (c < 0x20 || c == 0x7f) {
            return true;
        }
    }
    return false;
}

// Words that a grammar gives a meaning to: member names, and JSON texts of
// values.
struct Words {
    std::span<const char *const> names;
    std::span<const char *const> values;
};

// A JSON text made slightly different: a member set, renamed, moved or taken
// away, a string's bytes changed, or any byte of the text.
std::string mutate_json(const std::string &text, const Words &words,
                        std::size_t max, Random &random);

// Any bytes made slightly different.
std::string mutate_bytes(const std::string &bytes, std::size_t max);

// Copies to the fuzzer's buffer if it fits; else mutates what is there.
std::size_t give_back(const std::string &made, std::uint8_t *data,
                      std::size_t size, std::size_t max);

}  // namespace fuzz

extern "C" {
int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size);
std::size_t LLVMFuzzerMutate(std::uint8_t *data, std::size_t size,
                             std::size_t max);
std::size_t LLVMFuzzerCustomMutator(std::uint8_t *data, std::size_t size,
                                    std::size_t max, unsigned seed);
}
