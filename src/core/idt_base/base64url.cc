#include "idt_base/base64url.h"

#include <array>
#include <cstdint>

namespace id_token {

namespace {

constexpr char kAlphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// Four characters make 24 bits: one table for each of the four places, so that
// a group is three ORs. What is not in the alphabet sets the topmost bit.
constexpr std::uint32_t kBad = 0x80000000;

using Table = std::array<std::uint32_t, 256>;

constexpr Table make_table(unsigned shift) {
    Table table{};
    for (std::uint32_t &entry : table) {
        entry = kBad;
    }
    for (std::uint32_t value = 0; value < 64; value++) {
        table[static_cast<unsigned char>(kAlphabet[value])] = value << shift;
    }
    return table;
}

constexpr Table kTable[4] = {make_table(18), make_table(12), make_table(6),
                             make_table(0)};

constexpr std::array<std::uint8_t, 256> make_outsiders() {
    std::array<std::uint8_t, 256> table{};
    for (unsigned i = 0; i < 256; i++) {
        table[i] = (kTable[3][i] & kBad) != 0;
    }
    return table;
}

constexpr std::array<std::uint8_t, 256> kOutsider = make_outsiders();

std::uint32_t group(const unsigned char *p) noexcept {
    return kTable[0][p[0]] | kTable[1][p[1]] | kTable[2][p[2]] |
           kTable[3][p[3]];
}

// The last two or three characters: 12 bits of which 8 count, or 18 and 16.
// kBad if they are none of the alphabet or an unused bit is set.
std::uint32_t tail(const unsigned char *p, std::size_t size) noexcept {
    std::uint32_t bits = kTable[0][p[0]] | kTable[1][p[1]];
    std::uint32_t unused = 0xffff;
    if (size == 3) {
        bits |= kTable[2][p[2]];
        unused = 0xff;
    }
    return (bits & unused) != 0 ? kBad : bits;
}

const unsigned char *bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char *>(text.data());
}

}  // namespace

bool is_base64url(std::string_view text) noexcept {
    const unsigned char *p = bytes_of(text);
    const std::size_t rest = text.size() % 4;
    const unsigned char *end = p + (text.size() - rest);
    unsigned outsiders = 0;

    for (; p != end; p += 4) {
        outsiders |= kOutsider[p[0]] | kOutsider[p[1]] | kOutsider[p[2]] |
                     kOutsider[p[3]];
    }
    if (outsiders != 0 || rest == 1) {
        return false;
    }
    return rest == 0 || (tail(p, rest) & kBad) == 0;
}

std::optional<std::size_t> base64url_decode(
    std::string_view text, std::span<unsigned char> out) noexcept {
    const std::size_t size = base64url_decoded_size(text.size());
    const std::size_t rest = text.size() % 4;
    if (rest == 1 || out.size() < size) {
        return std::nullopt;
    }

    const unsigned char *p = bytes_of(text);
    const unsigned char *end = p + (text.size() - rest);
    unsigned char *to = out.data();
    std::uint32_t seen = 0;

    for (; p != end; p += 4, to += 3) {
        const std::uint32_t bits = group(p);
        seen |= bits;
        to[0] = static_cast<unsigned char>(bits >> 16);
        to[1] = static_cast<unsigned char>(bits >> 8);
        to[2] = static_cast<unsigned char>(bits);
    }
    if (rest != 0) {
        const std::uint32_t bits = tail(p, rest);
        seen |= bits;
        to[0] = static_cast<unsigned char>(bits >> 16);
        if (rest == 3) {
            to[1] = static_cast<unsigned char>(bits >> 8);
        }
    }
    if ((seen & kBad) != 0) {
        return std::nullopt;
    }
    return size;
}

std::optional<std::string> base64url_decode(std::string_view text) {
    std::string out(base64url_decoded_size(text.size()), '\0');
    if (!base64url_decode(text, {reinterpret_cast<unsigned char *>(out.data()),
                                 out.size()})) {
        return std::nullopt;
    }
    return out;
}

std::string base64url_encode(std::span<const unsigned char> bytes) {
    std::string out((bytes.size() * 4 + 2) / 3, '\0');
    char *to = out.data();

    std::size_t i = 0;
    for (; i + 3 <= bytes.size(); i += 3) {
        const std::uint32_t bits = std::uint32_t{bytes[i]} << 16 |
                                   std::uint32_t{bytes[i + 1]} << 8 |
                                   bytes[i + 2];
        *to++ = kAlphabet[bits >> 18];
        *to++ = kAlphabet[bits >> 12 & 63];
        *to++ = kAlphabet[bits >> 6 & 63];
        *to++ = kAlphabet[bits & 63];
    }
    if (i + 1 == bytes.size()) {
        *to++ = kAlphabet[bytes[i] >> 2];
        *to++ = kAlphabet[bytes[i] << 4 & 63];
    } else if (i + 2 == bytes.size()) {
        const unsigned bits = unsigned{bytes[i]} << 8 | bytes[i + 1];
        *to++ = kAlphabet[bits >> 10];
        *to++ = kAlphabet[bits >> 4 & 63];
        *to++ = kAlphabet[bits << 2 & 63];
    }
    return out;
}

std::string base64url_encode(std::string_view bytes) {
    return base64url_encode(std::span(bytes_of(bytes), bytes.size()));
}

}  // namespace id_token
