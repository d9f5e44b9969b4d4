/* Whether the session of a proven token has ended. */

#include <cstring>

#include "idt_request/judge.h"


namespace id_token::nginx {


/* of what is remembered beside a token; assertions have the numbers from 0 */

#define MARKS  (static_cast<size_t>(-1))


/* nothing: the claim is not there, or no string */

static std::optional<std::string_view>
name_in(const VerifiedToken &token, size_t slot)
{
    ClaimValue  value = token.slot(slot);

    if (!value.present() || value.kind() != JsonKind::string) {
        return std::nullopt;
    }

    return value.text();
}


TokenMarks
marks_of(main_conf_t *mcf, const provider_t *provider, VerifiedToken &token)
{
    TokenMarks        marks;
    TokenNames        names;
    std::string_view  known;

    known = token.remembered(MARKS, 0);

    if (known.size() == sizeof(marks)) {
        std::memcpy(&marks, known.data(), sizeof(marks));
        return marks;
    }

    names.sid = name_in(token, mcf->sid_slot);
    names.sub = token.slot(mcf->subject_slot).text();
    names.nonce = name_in(token, mcf->session_nonce_slot);
    names.jti = name_in(token, mcf->jti_slot);
    names.token = token.token();
    names.iat = token.times().iat;

    marks = mark_token(provider->digest, names);

    token.remember(MARKS,
                   { reinterpret_cast<const char *>(&marks), sizeof(marks) },
                   INT64_MAX);
    charge(&token);

    return marks;
}


/*
 * The epoch is read before the list: what is added later raises it, and the
 * token is looked for again.
 */

Error
judge_revoked(main_conf_t *mcf, const provider_t *provider,
    VerifiedToken &token)
{
    bool      empty;
    uint64_t  epoch;

    if (mcf->revocations == NULL) {
        return Error::ok;
    }

    epoch = revocations_epoch(mcf->revocations, &empty);

    if (token.clean_at() == epoch) {
        return Error::ok;
    }

    if (!empty
        && is_revoked(mcf->revocations, marks_of(mcf, provider, token)))
    {
        return Error::revoked;
    }

    token.set_clean_at(epoch);

    return Error::ok;
}


}  // namespace id_token::nginx
