#include "idt_revoke/state_record.h"

#include <algorithm>

#include "idt_base/siphash.h"

namespace id_token {

namespace {

constexpr std::string_view kMagic = "idR1";

// For every version that reads this form.
constexpr SipKey kSumKey{0x69642d746f6b656e, 0x7265766f6b656421};

constexpr std::size_t kSummed = kStateRecordBytes - 8;

constexpr std::int64_t kLastCut = std::int64_t{1} << 53;

char *put_bytes(char *to, const RevocationDigest &digest) noexcept {
    return std::copy(digest.begin(), digest.end(), to);
}

char *put_number(char *to, std::uint64_t number) noexcept {
    for (int shift = 0; shift < 64; shift += 8) {
        *to++ = static_cast<char>(number >> shift & 0xff);
    }
    return to;
}

std::uint64_t get_number(const char *from) noexcept {
    std::uint64_t number = 0;
    for (int i = 7; i >= 0; --i) {
        number = number << 8 | static_cast<unsigned char>(from[i]);
    }
    return number;
}

const char *get_bytes(const char *from, RevocationDigest &digest) noexcept {
    std::copy_n(from, digest.size(), digest.begin());
    return from + digest.size();
}

// What may stand in a file: jtis that were seen are not worth it.
bool is_for_files(const Revocation &r) noexcept {
    return r.kind > RevokedKind::none && r.kind < RevokedKind::seen &&
           r.cut >= 0 && r.cut <= kLastCut && r.until >= 0;
}

}  // namespace

StateRecord encode_revocation(const Revocation &r) noexcept {
    StateRecord record{};
    char *to = std::copy(kMagic.begin(), kMagic.end(), record.data());
    *to = static_cast<char>(r.kind);
    to = put_bytes(to + 4, r.provider);
    to = put_bytes(to, r.value);
    to = put_bytes(to, r.owner);
    to = put_number(to, static_cast<std::uint64_t>(r.cut));
    to = put_number(to, static_cast<std::uint64_t>(r.until));
    put_number(to, siphash(kSumKey, {record.data(), kSummed}));
    return record;
}

std::optional<Revocation> decode_revocation(std::string_view bytes) noexcept {
    if (bytes.size() < kStateRecordBytes || !bytes.starts_with(kMagic) ||
        get_number(bytes.data() + kSummed) !=
            siphash(kSumKey, bytes.substr(0, kSummed))) {
        return std::nullopt;
    }
    Revocation r;
    const char *from = bytes.data() + kMagic.size();
    r.kind = static_cast<RevokedKind>(*from);
    from = get_bytes(from + 4, r.provider);
    from = get_bytes(from, r.value);
    from = get_bytes(from, r.owner);
    r.cut = static_cast<std::int64_t>(get_number(from));
    r.until = static_cast<std::int64_t>(get_number(from + 8));
    if (!is_for_files(r)) {
        return std::nullopt;
    }
    return r;
}

std::optional<Revocation> StateScan::next() noexcept {
    while (bytes_.size() - done_ >= kStateRecordBytes) {
        const auto r = decode_revocation(bytes_.substr(done_));
        if (r) {
            done_ += kStateRecordBytes;
            return r;
        }
        ++done_;
        ++skipped_;
    }
    return std::nullopt;
}

bool is_compaction_due(std::uint64_t bytes, std::uint32_t held,
                       bool starts) noexcept {
    const std::uint64_t needed = std::uint64_t{held} * kStateRecordBytes;
    return starts ? bytes != needed
                  : bytes > 4 * needed + 65536 * kStateRecordBytes;
}

}  // namespace id_token
