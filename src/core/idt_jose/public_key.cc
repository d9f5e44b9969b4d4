#include "idt_jose/public_key.h"

#include <algorithm>
#include <iterator>
#include <new>

#include "idt_base/base64url.h"
#include "idt_lib/digest.h"

namespace id_token {

namespace {

constexpr Curve kCurves[kCurveCount] = {
    {"P-256", "P-256", NID_X9_62_prime256v1, KeyKind::p256, 32, 64},
    {"P-384", "P-384", NID_secp384r1, KeyKind::p384, 48, 96},
    {"P-521", "P-521", NID_secp521r1, KeyKind::p521, 66, 132},
};

// A handle that could not be had counts as a lack of memory, which it is but
// where OpenSSL was built or configured without the algorithm: no key of it is
// bad, then.
template <class Handle>
Handle owned(Handle handle) {
    if (handle == nullptr) {
        throw std::bad_alloc();
    }
    return handle;
}

const unsigned char *bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char *>(text.data());
}

// A number in as few bytes as it takes (RFC 7518 2, Base64urlUInt).
std::string_view without_zeros(std::string_view number) noexcept {
    return number.substr(
        std::min(number.find_first_not_of('\0'), number.size()));
}

constexpr std::size_t kProbeBytes = std::size_t{64} * 1024;

// What `work` gives: OpenSSL answers the same to a bad key and to a lack of
// memory, even by the errors that it raises; ours must not, or a good key
// would be missing until the next fetch. So there must be memory left, and a
// second refusal.
template <class Work>
auto refused_twice(Work work) {
    auto result = work();
    if (!result) {
        void *probe = OPENSSL_malloc(kProbeBytes);
        if (probe == nullptr) {
            throw std::bad_alloc();
        }
        OPENSSL_free(probe);
        result = work();
    }
    return result;
}

// Builds the key that the parameters describe.
EvpPkey build(const char *type, const Params &params) {
    const EvpPkeyCtx ctx =
        owned(EvpPkeyCtx(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)));
    EVP_PKEY *pkey = nullptr;
    if (EVP_PKEY_fromdata_init(ctx.get()) != 1) {
        throw std::bad_alloc();
    }
    if (EVP_PKEY_fromdata(ctx.get(), &pkey, EVP_PKEY_PUBLIC_KEY,
                          params.get()) != 1) {
        return {};
    }
    return EvpPkey(pkey);
}

Bignum number_of(std::string_view bytes) {
    return owned(Bignum(
        BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr)));
}

EvpPkey make_rsa(std::string_view modulus, std::string_view exponent) {
    const Bignum n = number_of(modulus);
    const Bignum e = number_of(exponent);
    const ParamBuilder builder = owned(ParamBuilder(OSSL_PARAM_BLD_new()));
    if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) !=
            1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) !=
            1) {
        throw std::bad_alloc();
    }
    const Params params = owned(Params(OSSL_PARAM_BLD_to_param(builder.get())));
    return refused_twice([&] { return build("RSA", params); });
}

EvpPkey make_ec(const Curve &curve, std::string_view point) {
    const ParamBuilder builder = owned(ParamBuilder(OSSL_PARAM_BLD_new()));
    if (OSSL_PARAM_BLD_push_utf8_string(
            builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY,
                                         point.data(), point.size()) != 1) {
        throw std::bad_alloc();
    }
    const Params params = owned(Params(OSSL_PARAM_BLD_to_param(builder.get())));
    return refused_twice([&] { return build("EC", params); });
}

EvpPkey make_ed25519(std::string_view x) {
    return refused_twice([&] {
        return EvpPkey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                                   bytes_of(x), x.size()));
    });
}

}  // namespace

const Curve *find_curve(std::string_view name) noexcept {
    const auto *curve =
        std::find_if(std::begin(kCurves), std::end(kCurves),
                     [&](const Curve &c) { return c.name == name; });
    return curve == std::end(kCurves) ? nullptr : curve;
}

bool CurveCheck::holds(const Curve &curve, std::string_view point) {
    const ErrorQueueScope scope;
    EcGroup &group = groups_[static_cast<std::size_t>(&curve - kCurves)];
    if (group == nullptr) {
        group = owned(EcGroup(EC_GROUP_new_by_curve_name(curve.nid)));
    }
    const EcPoint out = owned(EcPoint(EC_POINT_new(group.get())));
    return refused_twice([&] {
        return EC_POINT_oct2point(group.get(), out.get(), bytes_of(point),
                                  point.size(), nullptr) == 1;
    });
}

PublicKey PublicKey::rsa(std::string_view n, std::string_view e) {
    PublicKey key;
    key.bytes_ = n;
    key.exponent_ = e;
    return key;
}

PublicKey PublicKey::ec(const Curve &curve, std::string_view point) {
    PublicKey key;
    key.kind_ = curve.kind;
    key.curve_ = &curve;
    key.bytes_ = point;
    return key;
}

PublicKey PublicKey::ed25519(std::string_view x) {
    PublicKey key;
    key.kind_ = KeyKind::ed25519;
    key.bytes_ = x;
    return key;
}

EVP_PKEY *PublicKey::get() {
    if (made_ || bytes_.empty()) {
        return pkey_.get();
    }
    const ErrorQueueScope scope;
    if (curve_ != nullptr) {
        pkey_ = make_ec(*curve_, bytes_);
    } else if (kind_ == KeyKind::rsa) {
        pkey_ = make_rsa(bytes_, exponent_);
    } else {
        pkey_ = make_ed25519(bytes_);
    }
    made_ = true;
    return pkey_.get();
}

std::string PublicKey::thumbprint() const {
    const std::string_view bytes = bytes_;
    std::string members;
    if (curve_ != nullptr) {
        // 04 || x || y
        const std::size_t size = curve_->coordinate_size;
        members = R"({"crv":")" + std::string(curve_->name) +
                  R"(","kty":"EC","x":")" +
                  base64url_encode(bytes.substr(1, size)) + R"(","y":")" +
                  base64url_encode(bytes.substr(1 + size)) + R"("})";
    } else if (bytes.empty()) {
        return {};
    } else if (kind_ == KeyKind::rsa) {
        members = R"({"e":")" + base64url_encode(without_zeros(exponent_)) +
                  R"(","kty":"RSA","n":")" +
                  base64url_encode(without_zeros(bytes)) + R"("})";
    } else {
        members = R"({"crv":"Ed25519","kty":"OKP","x":")" +
                  base64url_encode(bytes) + R"("})";
    }
    return base64url_encode(sha256(members));
}

}  // namespace id_token
