#include "report.h"

#include <cmath>
#include <ctime>
#include <initializer_list>
#include <optional>
#include <utility>

#include "idt_base/base64url.h"
#include "idt_jose/jws.h"
#include "idt_token/claims.h"
#include "idt_token/validator.h"

namespace id_token::check {

namespace {

constexpr std::size_t kMaxShown = 200;  // bytes of a value

std::string shown(JsonView value) {
    if (!value) {
        return "none";
    }
    if (const auto text = value.string()) {
        return quoted(*text);
    }
    std::string text;
    value.append_text(text);
    const std::string safe = quoted(text);
    return safe.substr(1, safe.size() - 2);
}

std::string list(const std::vector<std::string> &names) {
    std::string text;
    for (const std::string &name : names) {
        text += (text.empty() ? "" : ", ") + quoted(name);
    }
    return text;
}

// A time as people read it, and how far it is from now.
std::string shown_time(JsonView value, std::int64_t now) {
    const auto at = value.number();
    if (!at) {
        return shown(value);
    }
    std::string text = shown(value);
    if (std::fabs(*at) > 253402300799.0) {
        return text;
    }
    const auto seconds = static_cast<std::time_t>(*at);
    std::tm parts{};
    char utc[32];
    if (gmtime_r(&seconds, &parts) != nullptr &&
        std::strftime(utc, sizeof(utc), "%Y-%m-%d %H:%M:%S UTC", &parts) > 0) {
        text += std::string(" (") + utc + ")";
    }
    const std::int64_t distance = seconds - now;
    return text + ", " + std::to_string(std::llabs(distance)) + " s " +
           (distance < 0 ? "ago" : "ahead");
}

bool is_one_of(Error error, std::initializer_list<Error> list) {
    for (Error one : list) {
        if (one == error) {
            return true;
        }
    }
    return false;
}

Outcome outcome(Error error) {
    return error == Error::ok ? Outcome::good : Outcome::refused;
}

std::string text_of(Error error) {
    return std::string(error_row(error).description);
}

std::string allowed(const AlgorithmSet &set) {
    std::string text;
    for (const Algorithm &a : algorithms()) {
        if (set.has(a)) {
            text += (text.empty() ? "" : ", ") + std::string(a.name);
        }
    }
    return text;
}

// Claims that may be shown though nothing is proven yet: that is said.
Result<Claims> read_claims(std::string_view payload) {
    const auto text = base64url_decode(payload);
    if (!text) {
        return Error::base64url;
    }
    return Claims::parse(*text);
}

class Judge {
  public:
    Judge(const Policy &policy, KeySet *keys, std::int64_t now)
        : policy_(policy), keys_(keys), now_(now) {}

    Report run(std::string_view token) {
        Validator validator({}, 0);
        report_.error =
            keys_ != nullptr
                ? validator.validate(policy_, *keys_, token, now_).error
                : validator.check_before_keys(policy_, token);
        const Result<Segments> segments = parse_segments(token);
        const Error form = segments ? Error::ok : segments.error();
        add("1", "form", outcome(form), text_of(form),
            "header.payload.signature in base64url, not encrypted");
        if (!segments) {
            return std::move(report_);
        }
        const auto claims = read_claims(segments->payload);
        if (claims) {
            names(*claims);
        }
        signature(*segments);
        if (!claims) {
            const bool reached = report_.error == claims.error();
            add("RFC 7519 7.2", "payload",
                reached ? Outcome::refused : Outcome::not_judged,
                text_of(claims.error()), "a JSON object, no member twice");
            return std::move(report_);
        }
        times(*claims);
        rest(*claims);
        hint(*claims);
        return std::move(report_);
    }

  private:
    void add(std::string_view item, std::string_view name, Outcome result,
             std::string saw, std::string wanted) {
        report_.rows.push_back(
            {item, name, result, std::move(saw), std::move(wanted)});
    }

    void names(const Claims &c) {
        add("2", "iss", outcome(check_issuer(c, policy_)), shown(c.find("iss")),
            quoted(policy_.issuer));
        std::string audience = quoted(policy_.client_id);
        if (policy_.trust_any_audience) {
            audience += " among any";
        } else if (!policy_.trusted_audiences.empty()) {
            audience += " and at most " + list(policy_.trusted_audiences);
        }
        add("3", "aud", outcome(check_audience(c, policy_)),
            shown(c.find("aud")), audience);
        std::string azp = policy_.trust_any_audience ? "" : "none, or ";
        azp += quoted(policy_.client_id);
        if (!policy_.authorized_parties.empty()) {
            azp += ", " + list(policy_.authorized_parties);
        }
        add("4, 5", "azp", outcome(check_azp(c, policy_)), shown(c.find("azp")),
            azp);
    }

    void signature(const Segments &segments) {
        std::optional<std::string> kid;
        const auto header =
            parse_jose_header(segments.header, policy_.algorithms, &kid);
        const std::string key = kid ? "kid " + quoted(*kid) : "no kid";
        const bool judged = bool(header);
        const bool wrong = is_one_of(
            report_.error, {Error::key_unknown, Error::signature_length,
                            Error::signature, Error::out_of_memory});
        const Outcome result = !judged ? Outcome::not_judged
                               : wrong ? Outcome::refused
                                       : Outcome::good;
        add("6", "signature", result,
            key + (result == Outcome::refused ? ": " + text_of(report_.error)
                                              : ""),
            "by one of " +
                std::to_string((keys_ != nullptr ? keys_->size() : 0)) +
                " usable keys of the provider");
        const Error error = judged ? Error::ok : header.error();
        add("7, 8", "header", outcome(error),
            judged ? "alg " + std::string(header->algorithm->name)
                   : text_of(error),
            "alg " + allowed(policy_.algorithms) +
                "; typ JWT or none; no crit, zip, nested token");
    }

    // Each time is judged by itself: the others are out of the way.
    void time(std::string_view item, std::string_view name, const Claims &c,
              std::initializer_list<Error> reasons, std::string wanted) {
        Error error = Error::ok;
        const Result<Times> times = parse_times(c);
        if (!times) {
            error = times.error();
        } else {
            Times alone = *times;
            Policy policy = policy_;
            if (name != "exp") {
                alone.exp = HUGE_VAL;
            }
            if (name != "iat") {
                alone.iat = static_cast<double>(now_);
            }
            if (name != "nbf") {
                alone.nbf.reset();
            }
            if (name != "auth_time") {
                policy.max_auth_age.reset();
            }
            error = check_times(alone, policy, now_);
        }
        const bool ours = is_one_of(error, reasons);
        const Outcome result = ours                 ? Outcome::refused
                               : error == Error::ok ? Outcome::good
                                                    : Outcome::not_judged;
        add(item, name, result, shown_time(c.find(name), now_),
            std::move(wanted));
    }

    void times(const Claims &c) {
        const std::string leeway =
            " (leeway " + std::to_string(policy_.leeway) + " s)";
        time("9", "exp", c, {Error::exp, Error::expired}, "later" + leeway);
        std::string iat = "not in the future";
        if (policy_.max_age) {
            iat += ", at most " + std::to_string(*policy_.max_age) + " s ago";
        }
        time("10", "iat", c, {Error::iat, Error::iat_future, Error::too_old},
             iat + leeway);
        time("RFC 7519 4.1.5", "nbf", c, {Error::nbf, Error::not_yet_valid},
             "none, or not in the future" + leeway);
        add("11", "nonce", Outcome::not_judged,
            c.find("nonce") ? "there" : "none",
            "what the login sent: its front end, or auth_id_token_nonce");
        std::string age = "any: no max_auth_age";
        if (policy_.max_auth_age) {
            age = "at most " + std::to_string(*policy_.max_auth_age) + " s ago";
        }
        time("13", "auth_time", c, {Error::auth_time, Error::auth_too_old},
             age);
    }

    void rest(const Claims &c) {
        const auto sub = c.find("sub").string();
        add("OIDC Core 2", "sub", outcome(check_subject(c)),
            sub ? std::to_string(sub->size()) + " bytes" : shown(c.find("sub")),
            "1 to 255 bytes, no control character");
        const Error kind = check_kind(c, policy_);
        add("RFC 8725 3.11", "kind", outcome(kind),
            kind == Error::ok ? "nothing of another kind" : text_of(kind),
            "no claim that only other kinds of tokens have");
    }

    void hint(const Claims &c) {
        const Error error = report_.error;
        if (error == Error::audience) {
            report_.hint = "aud is " + shown(c.find("aud")) +
                           "; client_id is " + quoted(policy_.client_id) +
                           ": an access token for an API, or an ID token of "
                           "another application";
        } else if (error == Error::issuer_slash) {
            report_.hint = "write the issuer as the token does";
        } else if (error == Error::kind_scope) {
            report_.hint = text_of(error);
        }
    }

    const Policy &policy_;
    KeySet *keys_;
    std::int64_t now_;
    Report report_;
};

}  // namespace

std::string quoted(std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text.substr(0, kMaxShown)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x7f) {
            out += "\\x";
            out += hex[byte >> 4];
            out += hex[byte & 15];
            continue;
        }
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out + (text.size() > kMaxShown ? "...\"" : "\"");
}

Report judge(const Policy &policy, KeySet *keys, std::string_view token,
             std::int64_t now) {
    return Judge(policy, keys, now).run(token);
}

}  // namespace id_token::check
