#include "idt_revoke/revocation.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "idt_lib/digest.h"

namespace id_token {

namespace {

// A number in front of the text, for two texts never to run together.
void append_sized(std::string &to, std::string_view text) {
    for (int shift = 0; shift < 64; shift += 8) {
        to.push_back(static_cast<char>(text.size() >> shift & 0xff));
    }
    to.append(text);
}

RevocationDigest digest_of(std::string_view bytes) {
    const Sha256 whole = sha256(bytes);
    RevocationDigest half;
    std::copy_n(whole.begin(), half.size(), half.begin());
    return half;
}

// What a value is, so that no sid is ever taken for a sub.
RevocationDigest labelled(const RevocationDigest &provider, char label,
                          std::string_view first, std::string_view second) {
    std::string bytes(provider.begin(), provider.end());
    bytes.push_back(label);
    append_sized(bytes, first);
    append_sized(bytes, second);
    return digest_of(bytes);
}

char label_of(RevokedKind kind) noexcept {
    return static_cast<char>(
        kind == RevokedKind::sub_without_sid ? RevokedKind::sub : kind);
}

}  // namespace

std::int64_t cut_at(double iat) noexcept {
    constexpr double kFirst = 0;
    constexpr double kLast = 9007199254740992.0;  // 2^53: seconds are exact
    if (std::isnan(iat)) {
        return static_cast<std::int64_t>(kLast);
    }
    return static_cast<std::int64_t>(std::ceil(std::clamp(iat, kFirst, kLast)));
}

RevocationDigest provider_digest(std::string_view issuer,
                                 std::string_view client_id) {
    std::string bytes = "provider";
    append_sized(bytes, issuer);
    append_sized(bytes, client_id);
    return digest_of(bytes);
}

RevocationDigest value_digest(const RevocationDigest &provider,
                              RevokedKind kind, std::string_view value) {
    return labelled(provider, label_of(kind), value, {});
}

TokenMarks mark_token(const RevocationDigest &provider,
                      const TokenNames &names) {
    TokenMarks marks;
    marks.provider = provider;
    marks.sub = value_digest(provider, RevokedKind::sub, names.sub);
    if (names.sid) {
        marks.has_sid = true;
        marks.sid = value_digest(provider, RevokedKind::sid, *names.sid);
    }
    if (names.jti) {
        marks.has_jti = true;
        marks.jti = value_digest(provider, RevokedKind::jti, *names.jti);
    }
    // Clients choose nonces: nobody ends another one's session by his own.
    marks.has_nonce = names.nonce.has_value();
    marks.session = marks.has_nonce
                        ? labelled(provider, 'n', names.sub, *names.nonce)
                        : labelled(provider, 't', names.token, {});
    marks.iat = names.iat;
    return marks;
}

Revocation revoke_session(const TokenMarks &marks,
                          std::int64_t until) noexcept {
    Revocation r;
    const bool by_jti = !marks.has_nonce && marks.has_jti;
    r.provider = marks.provider;
    r.kind = by_jti ? RevokedKind::jti : RevokedKind::session;
    r.value = by_jti ? marks.jti : marks.session;
    r.owner = marks.sub;
    r.cut = cut_at(marks.iat);
    r.until = until;
    return r;
}

}  // namespace id_token
