#include "algorithm.h"

namespace id_token {

namespace {

constexpr Algorithm kAlgorithms[kAlgorithmCount] = {
    {"RS256", Scheme::rsa_pkcs1, KeyKind::rsa, "SHA256", 32, 0, 0},
    {"RS384", Scheme::rsa_pkcs1, KeyKind::rsa, "SHA384", 48, 0, 1},
    {"RS512", Scheme::rsa_pkcs1, KeyKind::rsa, "SHA512", 64, 0, 2},
    {"PS256", Scheme::rsa_pss, KeyKind::rsa, "SHA256", 32, 0, 3},
    {"PS384", Scheme::rsa_pss, KeyKind::rsa, "SHA384", 48, 0, 4},
    {"PS512", Scheme::rsa_pss, KeyKind::rsa, "SHA512", 64, 0, 5},
    {"ES256", Scheme::ecdsa, KeyKind::p256, "SHA256", 32, 64, 6},
    {"ES384", Scheme::ecdsa, KeyKind::p384, "SHA384", 48, 96, 7},
    {"ES512", Scheme::ecdsa, KeyKind::p521, "SHA512", 64, 132, 8},
    // Two names for the same; a provider allows each by itself.
    {"EdDSA", Scheme::eddsa, KeyKind::ed25519, nullptr, 0, 64, 9},
    {"Ed25519", Scheme::eddsa, KeyKind::ed25519, nullptr, 0, 64, 10},
};

}  // namespace

std::span<const Algorithm> algorithms() noexcept {
    return kAlgorithms;
}

const Algorithm *find_algorithm(std::string_view name) noexcept {
    for (const Algorithm &a : kAlgorithms) {
        if (a.name == name) {
            return &a;
        }
    }
    return nullptr;
}

}  // namespace id_token
