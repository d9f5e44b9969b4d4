#include "idt_token/validator.h"

#include <optional>
#include <utility>

#include "idt_base/base64url.h"
#include "idt_token/claims.h"
#include "idt_jose/jws.h"

namespace id_token {

namespace {

std::string cut(std::string_view text) {
    return std::string(text.substr(0, kMaxDiagnosis));
}

std::string cut_text(JsonView value) {
    std::string text;
    if (value) {
        value.append_text(text);
    }
    return cut(text);
}

// Whose token it is, of whom and for whom.
Error check_names(const Claims &c, const Policy &p) noexcept {
    Error error = check_issuer(c, p);
    if (error == Error::ok) {
        error = check_audience(c, p);
    }
    if (error == Error::ok) {
        error = check_azp(c, p);
    }
    if (error == Error::ok) {
        error = check_subject(c);
    }
    return error;
}

// OIDC Core 3.1.3.7, and what tells an ID token from tokens of other kinds.
Result<Times> check_claims(const Claims &c, const Policy &p,
                           std::int64_t now) noexcept {
    Error error = check_names(c, p);
    if (error != Error::ok) {
        return error;
    }
    Result<Times> times = parse_times(c);
    if (!times) {
        return times;
    }
    error = check_times(*times, p, now);
    if (error == Error::ok) {
        error = check_kind(c, p);
    }
    if (error != Error::ok) {
        return error;
    }
    return times;
}

void explain_kid(std::optional<std::string_view> kid, Diagnosis *diagnosis) {
    if (diagnosis != nullptr && kid) {
        diagnosis->kid = cut(*kid);
    }
}

// All that a header is asked without a key.
Result<JoseHeader> parse_header(std::string_view segment, const Policy &policy,
                                TokenType type, Diagnosis *diagnosis) {
    std::optional<std::string> kid;
    Result<JoseHeader> header =
        parse_jose_header(segment, policy.algorithms, &kid, type,
                          diagnosis != nullptr ? &diagnosis->found : nullptr);
    if (!header) {
        explain_kid(kid, diagnosis);
        if (diagnosis != nullptr) {
            diagnosis->found = cut(diagnosis->found);
        }
    }
    return header;
}

void explain_claims(const Claims &claims, Diagnosis *diagnosis) {
    if (diagnosis != nullptr) {
        diagnosis->issuer = cut_text(claims.find("iss"));
        diagnosis->audience = cut_text(claims.find("aud"));
    }
}

void explain_times(Error error, const Claims &claims, std::int64_t now,
                   Diagnosis *diagnosis) {
    if (diagnosis == nullptr) {
        return;
    }
    if (const Result<Times> times = parse_times(claims)) {
        diagnosis->seconds = seconds_of(error, *times, now);
    }
}

// A key may have been replaced under its kid, by one of another kind or length
// as well; or, where tokens name none, without one.
Refetch refetch_for(Error error, const KeySet::Candidates &candidates) {
    switch (error) {
        case Error::key_unknown:
            return candidates.kid_known ? Refetch::replaced_key
                                        : Refetch::unknown_kid;
        case Error::signature:
        case Error::signature_length:
            return Refetch::replaced_key;
        default:
            return Refetch::none;
    }
}

Verdict judge_again(VerifiedToken &token, const Policy &policy,
                    std::int64_t now, Diagnosis *diagnosis) {
    Error error = check_times(token.times(), policy, now);
    if (error == Error::ok) {
        return {Error::ok, token.ref(), {}, {}};
    }
    if (token.has_kid()) {
        explain_kid(token.kid(), diagnosis);
    }
    if (diagnosis != nullptr) {
        diagnosis->seconds = seconds_of(error, token.times(), now);
        diagnosis->issuer = cut(policy.issuer);
        diagnosis->audience = cut(policy.client_id);
    }
    return {error, {}, {}, {}};
}

}  // namespace

Validator::Validator(std::vector<ClaimPath> slots, std::size_t cache_bytes)
    : slots_(std::move(slots)), cache_(cache_bytes) {}

Verdict Validator::validate(const Policy &policy, KeySet &keys,
                            std::string_view token, std::int64_t now,
                            Diagnosis *diagnosis,
                            std::size_t *verifications_left) {
    if (VerifiedToken *known = cache_.find(policy.id, keys.id(), token)) {
        return judge_again(*known, policy, now, diagnosis);
    }

    Result<Segments> segments = parse_segments(token);
    if (!segments) {
        return {segments.error(), {}, {}, {}};
    }

    const JoseHeader *memo = keys.find_memo(segments->header);
    const bool first_seen = memo == nullptr;
    JoseHeader parsed;
    if (first_seen) {
        Result<JoseHeader> result = parse_header(
            segments->header, policy, TokenType::id_token, diagnosis);
        if (!result) {
            return {result.error(), {}, {}, {}};
        }
        parsed = std::move(*result);
        memo = &parsed;
    }
    const JoseHeader &header = *memo;
    const KeySet::Candidates candidates =
        keys.find(*header.algorithm, header.kid ? &*header.kid : nullptr,
                  base64url_decoded_size(segments->signature.size()));

    // Another policy may have remembered it.
    std::size_t most = kMaxKeysTried;
    const Error error =
        policy.algorithms.has(*header.algorithm)
            ? verify(*header.algorithm, candidates, *segments,
                     verifications_left != nullptr ? *verifications_left : most)
            : Error::alg_not_allowed;
    if (error != Error::ok) {
        explain_kid(header.kid, diagnosis);
        return {error, {}, refetch_for(error, candidates), header.kid};
    }

    Result<TokenRef> proven =
        judge_payload(policy, keys, token, *segments, header, now, diagnosis);
    if (!proven) {
        explain_kid(header.kid, diagnosis);
        return {proven.error(), {}, {}, {}};
    }
    if (first_seen) {
        keys.remember(segments->header, header);
    }
    cache_.insert(*proven);
    return {Error::ok, std::move(*proven), {}, {}};
}

// Of a token whose signature is proven.
Result<TokenRef> Validator::judge_payload(
    const Policy &policy, const KeySet &keys, std::string_view token,
    const Segments &segments, const JoseHeader &header, std::int64_t now,
    Diagnosis *diagnosis) {
    Result<Claims> claims = read_payload(segments.payload);
    if (!claims) {
        return claims.error();
    }
    Result<Times> times = check_claims(*claims, policy, now);
    if (!times) {
        explain_claims(*claims, diagnosis);
        explain_times(times.error(), *claims, now, diagnosis);
        return times.error();
    }
    return VerifiedToken::create(
        token, policy.id, keys.id(), *header.algorithm,
        header.kid ? std::string_view(*header.kid) : std::string_view(),
        header.kid.has_value(), *times, *claims, slots_);
}

Error Validator::check_before_keys(const Policy &policy, std::string_view token,
                                   Diagnosis *diagnosis, TokenType type) {
    Result<Segments> segments = parse_segments(token);
    if (!segments) {
        return segments.error();
    }
    const Result<JoseHeader> header =
        parse_header(segments->header, policy, type, diagnosis);
    return header ? Error::ok : header.error();
}

SignedClaims Validator::read_signed(const Policy &policy, const KeySet &keys,
                                    std::string_view token, TokenType type,
                                    Diagnosis *diagnosis) {
    const Result<Segments> segments = parse_segments(token);
    if (!segments) {
        return {segments.error(), {}, {}, {}};
    }
    const Result<JoseHeader> header =
        parse_header(segments->header, policy, type, diagnosis);
    if (!header) {
        return {header.error(), {}, {}, {}};
    }
    explain_kid(header->kid, diagnosis);

    const KeySet::Candidates candidates =
        keys.find(*header->algorithm, header->kid ? &*header->kid : nullptr,
                  base64url_decoded_size(segments->signature.size()));
    std::size_t most = kMaxKeysTried;
    const Error error = verify(*header->algorithm, candidates, *segments, most);
    if (error != Error::ok) {
        return {error, {}, refetch_for(error, candidates), header->kid};
    }

    Result<Claims> claims = read_payload(segments->payload);
    if (!claims) {
        return {claims.error(), {}, {}, {}};
    }
    explain_claims(*claims, diagnosis);
    return {Error::ok, std::move(*claims), {}, {}};
}

// The bytes of a segment that parse_segments() found well-formed, until the
// next call.
std::span<unsigned char> Validator::decode(std::string_view segment) {
    const std::size_t size = base64url_decoded_size(segment.size());
    if (buffer_.size() < size) {
        buffer_.resize(size);
    }
    return {buffer_.data(), base64url_decode(segment, buffer_).value_or(0)};
}

Result<Claims> Validator::read_payload(std::string_view segment) {
    const std::span<unsigned char> payload = decode(segment);
    return Claims::parse(std::string_view(
        reinterpret_cast<const char *>(payload.data()), payload.size()));
}

Error Validator::verify(const Algorithm &algorithm,
                        const KeySet::Candidates &candidates,
                        const Segments &segments,
                        std::size_t &verifications_left) {
    if (candidates.count == 0) {
        return candidates.other_length ? Error::signature_length
                                       : Error::key_unknown;
    }
    std::span<const unsigned char> signature = decode(segments.signature);
    for (std::size_t i = 0; i < candidates.count; i++) {
        if (verifications_left == 0) {
            break;
        }
        verifications_left--;
        verifications_++;
        const Error error = signatures_.verify(
            algorithm, *candidates.keys[i], segments.signing_input, signature);
        if (error != Error::signature) {
            return error;
        }
    }
    return Error::signature;
}

}  // namespace id_token
