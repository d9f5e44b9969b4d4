#include "idt_jose/algorithm.h"

namespace id_token {

namespace {

constexpr Algorithm kAlgorithms[kAlgorithmCount] = {
    {"RS256", "SHA256", 32, 0, Scheme::rsa_pkcs1, KeyKind::rsa, 0},
    {"RS384", "SHA384", 48, 0, Scheme::rsa_pkcs1, KeyKind::rsa, 1},
    {"RS512", "SHA512", 64, 0, Scheme::rsa_pkcs1, KeyKind::rsa, 2},
    {"PS256", "SHA256", 32, 0, Scheme::rsa_pss, KeyKind::rsa, 3},
    {"PS384", "SHA384", 48, 0, Scheme::rsa_pss, KeyKind::rsa, 4},
    {"PS512", "SHA512", 64, 0, Scheme::rsa_pss, KeyKind::rsa, 5},
    {"ES256", "SHA256", 32, 64, Scheme::ecdsa, KeyKind::p256, 6},
    {"ES384", "SHA384", 48, 96, Scheme::ecdsa, KeyKind::p384, 7},
    {"ES512", "SHA512", 64, 132, Scheme::ecdsa, KeyKind::p521, 8},
    // Two names for the same; a provider allows each by itself.
    {"EdDSA", nullptr, 0, 64, Scheme::eddsa, KeyKind::ed25519, 9},
    {"Ed25519", nullptr, 0, 64, Scheme::eddsa, KeyKind::ed25519, 10},
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

std::string_view key_kind_name(KeyKind kind) noexcept {
    constexpr std::string_view kNames[] = {"RSA", "P-256", "P-384", "P-521",
                                           "Ed25519"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::string algorithm_names() {
    std::string names;
    for (const Algorithm &algorithm : algorithms()) {
        names += (names.empty() ? "" : ", ") + std::string(algorithm.name);
    }
    return names;
}

}  // namespace id_token
