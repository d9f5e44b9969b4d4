// What a node tells the others of a logout (L2): sealed, so that whoever reads
// the engine learns no subject, and whoever writes to it invents no logout.
//
// A record is: version, id of the key, nonce, and, under AES-256-GCM, the
// revocation. What is in clear, and the name of the stream, are authenticated.

#ifndef IDT_REVOKE_STREAM_KEY_H
#define IDT_REVOKE_STREAM_KEY_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "idt_base/result.h"
#include "idt_revoke/revocation.h"

namespace id_token {

// SP 800-38D 8.2.2: of random bytes, never the same twice under one key.
using SealNonce = std::array<unsigned char, 12>;

// Version, key id, nonce, the revocation's 65 bytes, tag.
inline constexpr std::size_t kSealedBytes = 1 + 8 + 12 + 65 + 16;

enum class SealError : std::uint8_t {
    malformed,    // of another version or length: not of ours
    unknown_key,  // of a key that we do not have
    forged,       // changed, or of another stream
    no_logout  // of a kind that is of no use to others, or of a later version
};

class StreamKey {
  public:
    // `secret` is what a key file holds: 32 bytes of entropy or more, of any
    // length. Throws std::bad_alloc.
    explicit StreamKey(std::string_view secret);
    StreamKey(StreamKey &&) noexcept = default;
    StreamKey &operator=(StreamKey &&) noexcept = default;
    StreamKey(const StreamKey &) = delete;
    StreamKey &operator=(const StreamKey &) = delete;
    ~StreamKey();

    // In clear in each record; tells nothing of the secret.
    [[nodiscard]] std::string_view id() const noexcept {
        return {id_.data(), id_.size()};
    }
    [[nodiscard]] const unsigned char *bytes() const noexcept {
        return key_.data();
    }

  private:
    std::array<unsigned char, 32> key_;
    std::array<char, 8> id_;
};

// The first seals, all open: a new key is added to all nodes as a second one,
// then put first, then the old one is taken away.
class StreamKeys {
  public:
    void add(StreamKey key) { keys_.push_back(std::move(key)); }
    [[nodiscard]] bool empty() const noexcept { return keys_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

    // Only with at least one key. Throws std::bad_alloc.
    [[nodiscard]] std::string seal(std::string_view stream,
                                   const Revocation &revocation,
                                   const SealNonce &nonce) const;

    [[nodiscard]] Result<Revocation, SealError> open(
        std::string_view stream, std::string_view sealed) const;

  private:
    std::vector<StreamKey> keys_;
};

}  // namespace id_token

#endif
