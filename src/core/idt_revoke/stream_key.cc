#include "idt_revoke/stream_key.h"

#include <algorithm>
#include <new>
#include <optional>

#include "idt_lib/digest.h"
#include "idt_lib/openssl.h"

namespace id_token {

namespace {

constexpr char kVersion = 1;
constexpr std::size_t kIdBytes = 8;
constexpr std::size_t kClearBytes = 1 + kIdBytes;
constexpr std::size_t kPlainBytes = 65;
constexpr std::size_t kTagBytes = 16;

constexpr std::string_view kSalt = "nginx-auth-id-token stream 1";

const unsigned char *bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char *>(text.data());
}

void put(std::string &out, const RevocationDigest &digest) {
    out.append(reinterpret_cast<const char *>(digest.data()), digest.size());
}

void put(std::string &out, std::int64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) {
        out += static_cast<char>(static_cast<std::uint64_t>(value) >> shift);
    }
}

std::int64_t take_number(std::string_view &rest) noexcept {
    std::uint64_t value = 0;
    for (const unsigned char byte : rest.substr(0, 8)) {
        value = value << 8 | byte;
    }
    rest.remove_prefix(8);
    return static_cast<std::int64_t>(value);
}

RevocationDigest take_digest(std::string_view &rest) noexcept {
    RevocationDigest digest;
    std::copy_n(bytes_of(rest), digest.size(), digest.begin());
    rest.remove_prefix(digest.size());
    return digest;
}

std::string pack(const Revocation &revocation) {
    std::string out;
    put(out, revocation.provider);
    put(out, revocation.value);
    put(out, revocation.owner);
    out += static_cast<char>(revocation.kind);
    put(out, revocation.cut);
    put(out, revocation.until);
    return out;
}

// What concerns one node alone is not told, and a kind of a later version is
// not guessed at.
bool is_told(RevokedKind kind) noexcept {
    switch (kind) {
        case RevokedKind::sid:
        case RevokedKind::sub:
        case RevokedKind::sub_without_sid:
        case RevokedKind::session:
        case RevokedKind::jti:
        case RevokedKind::all:
            return true;
        case RevokedKind::none:
        case RevokedKind::watermark:
        case RevokedKind::seen:
            return false;
    }
    return false;
}

// `plain` has kPlainBytes.
Result<Revocation, SealError> unpack(std::string_view plain) noexcept {
    Revocation revocation;
    revocation.provider = take_digest(plain);
    revocation.value = take_digest(plain);
    revocation.owner = take_digest(plain);
    revocation.kind =
        static_cast<RevokedKind>(static_cast<unsigned char>(plain.front()));
    plain.remove_prefix(1);
    revocation.cut = take_number(plain);
    revocation.until = take_number(plain);
    if (!is_told(revocation.kind)) {
        return SealError::no_logout;
    }
    return revocation;
}

void demand(int done) {
    if (done != 1) {
        throw std::bad_alloc();
    }
}

// Clear text and stream: neither can be exchanged.
void authenticate(EVP_CIPHER_CTX *ctx, std::string_view clear,
                  std::string_view stream) {
    int size = 0;
    for (const std::string_view part : {clear, stream}) {
        demand(EVP_CipherUpdate(ctx, nullptr, &size, bytes_of(part),
                                static_cast<int>(part.size())));
    }
}

EvpCipherCtx cipher(const StreamKey &key, const unsigned char *nonce,
                    bool seals) {
    EvpCipherCtx ctx(EVP_CIPHER_CTX_new());
    if (ctx == nullptr) {
        throw std::bad_alloc();
    }
    demand(EVP_CipherInit_ex(ctx.get(), EVP_aes_256_gcm(), nullptr, key.bytes(),
                             nonce, seals ? 1 : 0));
    return ctx;
}

// Nothing if it is not what was sealed.
std::optional<std::string> decrypt(const StreamKey &key,
                                   std::string_view stream,
                                   std::string_view sealed) {
    const std::string_view clear = sealed.substr(0, kClearBytes);
    const std::string_view body =
        sealed.substr(kClearBytes + sizeof(SealNonce), kPlainBytes);
    std::string tag(sealed.substr(kSealedBytes - kTagBytes));
    std::string plain(kPlainBytes, '\0');
    auto *out = reinterpret_cast<unsigned char *>(plain.data());
    int size = 0;

    const ErrorQueueScope scope;
    const EvpCipherCtx ctx =
        cipher(key, bytes_of(sealed.substr(kClearBytes)), false);
    authenticate(ctx.get(), clear, stream);
    demand(EVP_DecryptUpdate(ctx.get(), out, &size, bytes_of(body),
                             static_cast<int>(body.size())));
    demand(EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_SET_TAG,
                               static_cast<int>(tag.size()), tag.data()));
    if (EVP_DecryptFinal_ex(ctx.get(), out + size, &size) != 1) {
        return std::nullopt;
    }
    return plain;
}

}  // namespace

StreamKey::StreamKey(std::string_view secret)
    : key_(hkdf_sha256(secret, kSalt, "key")) {
    const Sha256 id = hkdf_sha256(secret, kSalt, "id");
    std::copy_n(id.begin(), id_.size(), id_.begin());
}

StreamKey::~StreamKey() {
    OPENSSL_cleanse(key_.data(), key_.size());
}

std::string StreamKeys::seal(std::string_view stream,
                             const Revocation &revocation,
                             const SealNonce &nonce) const {
    const StreamKey &key = keys_.front();
    std::string sealed(1, kVersion);
    sealed += key.id();
    const std::string clear = sealed;
    sealed.append(reinterpret_cast<const char *>(nonce.data()), nonce.size());
    const std::size_t start = sealed.size();
    const std::string plain = pack(revocation);
    sealed.resize(kSealedBytes);
    auto *out = reinterpret_cast<unsigned char *>(sealed.data()) + start;
    int size = 0;

    const ErrorQueueScope scope;
    const EvpCipherCtx ctx = cipher(key, nonce.data(), true);
    authenticate(ctx.get(), clear, stream);
    demand(EVP_EncryptUpdate(ctx.get(), out, &size, bytes_of(plain),
                             static_cast<int>(plain.size())));
    demand(EVP_EncryptFinal_ex(ctx.get(), out + size, &size));
    demand(EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                               out + kPlainBytes));
    return sealed;
}

Result<Revocation, SealError> StreamKeys::open(std::string_view stream,
                                               std::string_view sealed) const {
    if (sealed.size() != kSealedBytes || sealed.front() != kVersion) {
        return SealError::malformed;
    }
    const std::string_view id = sealed.substr(1, kIdBytes);
    const auto key =
        std::find_if(keys_.begin(), keys_.end(),
                     [&](const StreamKey &k) { return k.id() == id; });
    if (key == keys_.end()) {
        return SealError::unknown_key;
    }
    const auto plain = decrypt(*key, stream, sealed);
    return plain ? unpack(*plain) : SealError::forged;
}

}  // namespace id_token
