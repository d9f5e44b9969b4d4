// Revocations in a file (L5): records of one size, appended one after the
// other by all processes of a node.
//
//     "idR1", kind, three zeros, provider, value, owner, cut, until, checksum
//
// Numbers are little-endian. The checksum tells what was torn, by a power cut
// or a full disk; who may write the file may write what he likes.

#ifndef IDT_REVOKE_STATE_RECORD_H
#define IDT_REVOKE_STATE_RECORD_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "idt_revoke/revocation.h"

namespace id_token {

inline constexpr std::size_t kStateRecordBytes = 80;

using StateRecord = std::array<char, kStateRecordBytes>;

[[nodiscard]] StateRecord encode_revocation(const Revocation &r) noexcept;

// The record at the beginning of the bytes. Nothing: torn, or none that may
// stand in a file.
[[nodiscard]] std::optional<Revocation> decode_revocation(
    std::string_view bytes) noexcept;

// Reads records out of a part of a file, from wherever one begins. What is
// none is skipped byte by byte: a torn one hides no other.
class StateScan {
  public:
    explicit StateScan(std::string_view bytes) noexcept : bytes_(bytes) {}

    // Nothing: the rest is none, or not yet a whole one.
    [[nodiscard]] std::optional<Revocation> next() noexcept;

    // After the last one: how many bytes need not be read again. What may be
    // the beginning of a record is left.
    [[nodiscard]] std::size_t done() const noexcept { return done_; }
    // How many of them are no record.
    [[nodiscard]] std::size_t skipped() const noexcept { return skipped_; }

  private:
    std::string_view bytes_;
    std::size_t done_ = 0;
    std::size_t skipped_ = 0;
};

// Whether a file of so many bytes is to be written anew, for a list that holds
// so much. `starts`: nobody waits for an answer yet, and the file may lack what
// the list holds.
[[nodiscard]] bool is_compaction_due(std::uint64_t bytes, std::uint32_t held,
                                     bool starts) noexcept;

}  // namespace id_token

#endif
