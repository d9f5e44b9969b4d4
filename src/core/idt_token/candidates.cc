#include "idt_token/candidates.h"

#include "idt_token/credentials.h"
#include "idt_base/error.h"

namespace id_token {

void Candidates::add(const Candidate &candidate) {
    if (candidate.token.empty() || too_many_ || merge(candidate)) {
        return;
    }
    if (count_ == 0 && !dropped_) {
        left_[count_++] = candidate;
        return;
    }
    if (!sifted_) {
        sifted_ = true;
        count_ = count_ != 0 && passes(left_[0]) ? 1 : 0;
    }
    if (!passes(candidate)) {
        return;
    }
    if (count_ == kMaxCandidates) {
        too_many_ = true;
        return;
    }
    left_[count_++] = candidate;
}

void Candidates::add_dropped(const Candidate &candidate, Error error) noexcept {
    if (!dropped_) {
        dropped_ = Dropped{candidate, error};
    }
}

bool Candidates::merge(const Candidate &candidate) noexcept {
    for (std::size_t i = 0; i < count_; i++) {
        if (left_[i].token != candidate.token) {
            continue;
        }
        if (candidate.carrier == Carrier::authorization) {
            left_[i] = candidate;
        }
        return true;
    }
    return false;
}

bool Candidates::passes(const Candidate &candidate) {
    const Error error = sieve_->sift(candidate);
    if (error != Error::ok) {
        add_dropped(candidate, error);
    }
    return error == Error::ok;
}

namespace {

bool same_person(const Judged &a, const Judged &b) noexcept {
    return a.issuer == b.issuer && a.subject == b.subject;
}

bool counts_more(const Judged &a, const Judged &b) noexcept {
    if (a.carrier == Carrier::authorization ||
        b.carrier == Carrier::authorization) {
        return b.carrier != Carrier::authorization;
    }
    return a.issued_at > b.issued_at;
}

Choice choose_proven(std::span<const Judged> judged) noexcept {
    Choice choice;
    for (std::size_t i = 0; i < judged.size(); i++) {
        if (judged[i].error != Error::ok) {
            continue;
        }
        if (!choice.index) {
            choice = {Error::ok, i};
            continue;
        }
        const Judged &best = judged[*choice.index];
        if (!same_person(best, judged[i])) {
            return {Error::credentials_ambiguous, std::nullopt};
        }
        if (counts_more(judged[i], best)) {
            choice.index = i;
        }
    }
    return choice;
}

// Ourselves, or keys that cannot be had: nobody can be refused for it.
bool is_unjudged(Error error) noexcept {
    const Answer answer = error_row(error).answer;
    return answer == Answer::unavailable || answer == Answer::internal;
}

}  // namespace

Choice choose(std::span<const Judged> judged, const Dropped *dropped,
              bool optional) noexcept {
    if (judged.size() == 1 && judged[0].error == Error::ok) {
        return {Error::ok, 0};  // as nearly always
    }
    Choice choice = choose_proven(judged);
    if (choice.error != Error::token_missing) {
        return choice;
    }
    for (std::size_t i = 0; i < judged.size(); i++) {
        if (is_unjudged(judged[i].error)) {
            return {judged[i].error, i};
        }
        const bool nothing =
            optional && is_stale(judged[i].error, judged[i].carrier);
        if (!choice.index && !nothing) {
            choice = {judged[i].error, i};
        }
    }
    if (!choice.index && dropped != nullptr) {
        choice.error = dropped->error;
    }
    return choice;
}

bool is_stale(Error error, Carrier carrier) noexcept {
    return carrier == Carrier::cookie &&
           (error == Error::expired || error == Error::too_old ||
            error == Error::revoked || error == Error::key_unknown);
}

Error reason_of_bearer(Error error, std::string_view token) noexcept {
    const bool shapeless =
        error == Error::token_too_long || error == Error::token_format ||
        error == Error::token_encrypted || error == Error::base64url;
    return shapeless && !is_token68(token) ? Error::credentials_malformed
                                           : error;
}

}  // namespace id_token
