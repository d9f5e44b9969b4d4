// What the core costs, in units of V: one bare EVP verification of RS256-2048
// over 1,300 bytes, measured beside each case in the same process.
//
//     core_bench [ROUNDS]        exit status 1 if a gate is missed

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "idt_base/base64url.h"
#include "idt_token/validator.h"
#include "unit/support.h"

using namespace id_token;

namespace {

constexpr double kSliceNs = 2e6;
constexpr std::int64_t kNow = 1'700'000'000;

double cpu_ns() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

struct Bench {
    std::string name;
    std::function<void()> run;
    double gate = 0;         // at most so many times the base
    std::string base = "V";  // what the gate is measured by
    long repeats = 1;
    std::vector<double> ns = {};
    std::vector<double> ratios = {};

    // One slice: nanoseconds for a run.
    double measure() const {
        const double start = cpu_ns();
        for (long i = 0; i < repeats; i++) {
            run();
        }
        return (cpu_ns() - start) / static_cast<double>(repeats);
    }

    void calibrate() {
        run();
        while (measure() * static_cast<double>(repeats) < kSliceNs) {
            repeats *= 2;
        }
    }
};

double at(std::vector<double> values, double part) {
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(
        part * static_cast<double>(values.size() - 1))];
}

void must(bool ok, const std::string &what) {
    if (!ok) {
        std::fprintf(stderr, "core_bench: %s\n", what.c_str());
        std::exit(2);
    }
}

// -- what is verified ---------------------------------------------------------

std::string payload(std::size_t bytes, int number) {
    std::string text =
        R"({"iss":"https://issuer.example.com/","sub":"auth0|65f0c2a1b7e94d)" +
        std::to_string(100000 + number) +
        R"(","aud":"SPA_CLIENT_ID","iat":1699999000,"exp":1700036000,)"
        R"("auth_time":1699998990,"nonce":"n-0S6_WzA2Mj","sid":"s-7fGqLw",)"
        R"("name":"Jane Doe","email":"jane.doe@example.com",)"
        R"("email_verified":true,"locale":"en-GB","roles":["reader","editor"])";
    for (int i = 0; text.size() + 60 < bytes; i++) {
        text += ",\"claim_" + std::to_string(i) +
                R"(":"value of a claim that nobody asks for")";
    }
    text += R"(,"pad":")" + std::string(bytes - text.size() - 10, 'x') + "\"}";
    must(text.size() == bytes, "payload of another size");
    return text;
}

std::string header(const char *alg, const char *key) {
    return R"({"alg":")" + std::string(alg) + R"(","typ":"JWT","kid":")" +
           unit::key(key).kid + "\"}";
}

std::string token(const char *alg, const char *key, std::size_t bytes = 887,
                  int number = 0) {
    return unit::token(key, alg, header(alg, key), payload(bytes, number));
}

std::string key_set(int extra) {
    std::string keys;
    for (const char *name :
         {"rsa1", "rsa3072", "rsa4096", "ec1", "ec384", "ed1"}) {
        keys += unit::jwk(name, {.alg = false}) + ",";
    }
    const std::string other = unit::jwk("rsa2", {.kid = false}).substr(1);
    for (int i = 0; i < extra; i++) {
        keys += "{\"kid\":\"extra-" + std::to_string(i) + "\"," + other + ",";
    }
    keys.pop_back();
    return "{\"keys\":[" + keys + "]}";
}

std::unique_ptr<KeySet> parse_keys(int extra) {
    static std::uint64_t id = 0;
    auto set = KeySet::parse(key_set(extra), ++id);
    must(static_cast<bool>(set), "no keys");
    return std::move(*set);
}

Policy make_policy() {
    Policy p;
    p.id = 1;
    p.issuer = "https://issuer.example.com/";
    p.client_id = "SPA_CLIENT_ID";
    for (const char *alg : {"RS256", "PS256", "ES256", "ES384", "EdDSA"}) {
        p.algorithms.add(*find_algorithm(alg));
    }
    return p;
}

struct Fixture {
    Policy policy = make_policy();
    std::unique_ptr<KeySet> keys = parse_keys(0);
    std::unique_ptr<KeySet> many_keys = parse_keys(994);
    Validator uncached{{{"sub"}, {"email"}, {"roles"}}, 0};
    Validator cached{{{"sub"}, {"email"}, {"roles"}}, 64 << 20};
    SignatureVerifier verifier;
};

std::function<void()> judging(Fixture &f, Validator &validator, KeySet &keys,
                              const std::string &text, Error expected) {
    return [&f, &validator, &keys, text, expected] {
        must(validator.validate(f.policy, keys, text, kNow).error == expected,
             "another verdict than " + std::string(unit::name_of(expected)));
    };
}

std::function<void()> first_seen(Fixture &f, const std::string &text) {
    return judging(f, f.uncached, *f.keys, text, Error::ok);
}

std::function<void()> refusing(Fixture &f, const std::string &text,
                               Error reason) {
    return judging(f, f.uncached, *f.keys, text, reason);
}

// EVP as everybody calls it: the unit, and what other kinds of keys cost.
std::function<void()> bare(const char *alg, const char *name, bool pss) {
    const std::string input(1300, 'x');
    // As OpenSSL wants it: ECDSA in DER.
    EVP_PKEY *pkey = unit::key(name).pkey.get();
    const Algorithm &a = *find_algorithm(alg);
    const auto init = [pss](EVP_PKEY_CTX *ctx) {
        return !pss ||
               (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) ==
                    1);
    };
    const auto *in = reinterpret_cast<const unsigned char *>(input.data());
    std::string signature(2048, '\0');
    std::size_t size = signature.size();
    const EvpMdCtx sign(EVP_MD_CTX_new());
    EVP_PKEY_CTX *ctx = nullptr;
    must(EVP_DigestSignInit_ex(sign.get(), &ctx, a.digest, nullptr, nullptr,
                               pkey, nullptr) == 1 &&
             init(ctx) &&
             EVP_DigestSign(sign.get(),
                            reinterpret_cast<unsigned char *>(signature.data()),
                            &size, in, input.size()) == 1,
         "cannot sign");
    signature.resize(size);

    const EVP_MD *md = a.digest == nullptr ? nullptr : EVP_sha256();
    return [input, signature, pkey, md, init] {
        const EvpMdCtx md_ctx(EVP_MD_CTX_new());
        EVP_PKEY_CTX *pkey_ctx = nullptr;
        must(EVP_DigestVerifyInit(md_ctx.get(), &pkey_ctx, md, nullptr, pkey) ==
                     1 &&
                 init(pkey_ctx) &&
                 EVP_DigestVerify(
                     md_ctx.get(),
                     reinterpret_cast<const unsigned char *>(signature.data()),
                     signature.size(),
                     reinterpret_cast<const unsigned char *>(input.data()),
                     input.size()) == 1,
             "cannot verify");
    };
}

std::function<void()> verifying(Fixture &f, const char *alg, const char *key) {
    const std::string input(1300, 'x');
    const std::string signature = mint::sign(unit::key(key), alg, input);
    const Algorithm &a = *find_algorithm(alg);
    Jwk *jwk = f.keys->find(a, &unit::key(key).kid, signature.size()).keys[0];
    return [&f, &a, jwk, input, signature] {
        must(f.verifier.verify(
                 a, *jwk, input,
                 {reinterpret_cast<const unsigned char *>(signature.data()),
                  signature.size()}) == Error::ok,
             "cannot verify");
    };
}

// -- the cases ----------------------------------------------------------------

void add_parts(std::vector<Bench> &all) {
    const std::string text = token("RS256", "rsa1");
    const Segments s = *parse_segments(text);
    const std::string encoded(s.payload);
    const std::string head(s.header);
    const std::string json = payload(887, 0);
    const std::string large = payload(5700, 0);

    all.push_back({"split and check the alphabet", [text] {
                       must(static_cast<bool>(parse_segments(text)), "split");
                   }});
    all.push_back({"base64url, 887 bytes", [encoded] {
                       static unsigned char out[2000];
                       must(base64url_decode(encoded, out).has_value(), "b64");
                   }});
    all.push_back({"header parsed", [head] {
                       static const AlgorithmSet any = unit::any_algorithm();
                       must(static_cast<bool>(parse_jose_header(head, any)),
                            "head");
                   }});
    all.push_back({"JSON, 887 bytes", [json] {
                       must(static_cast<bool>(Json::parse(json)), "json");
                   }});
    all.push_back({"JSON, 5.7 KB", [large] {
                       must(static_cast<bool>(Json::parse(large)), "json");
                   }});
}

void add_signatures(std::vector<Bench> &all, Fixture &f) {
    all.push_back(
        {"EVP, bare: RS256 again (A/A)", bare("RS256", "rsa1", false)});
    all.push_back({"EVP, bare: PS256", bare("PS256", "rsa1", true)});
    all.push_back({"EVP, bare: ES256", bare("ES256", "ec1", false)});
    all.push_back({"EVP, bare: EdDSA", bare("EdDSA", "ed1", false)});
    all.push_back({"signature: RS256", verifying(f, "RS256", "rsa1")});
    all.push_back(
        {"signature: RS256, 4096 bits", verifying(f, "RS256", "rsa4096")});
    all.push_back({"signature: PS256", verifying(f, "PS256", "rsa1")});
    all.push_back({"signature: ES256", verifying(f, "ES256", "ec1")});
    all.push_back({"signature: EdDSA", verifying(f, "EdDSA", "ed1")});
}

void add_first_seen(std::vector<Bench> &all, Fixture &f) {
    all.push_back({"first seen", first_seen(f, token("RS256", "rsa1")), 1.7});
    all.push_back(
        {"first seen, 1,000 keys", judging(f, f.uncached, *f.many_keys,
                                           token("RS256", "rsa1"), Error::ok)});
    all.push_back({"first seen, 5.7 KB payload",
                   first_seen(f, token("RS256", "rsa1", 5700))});
    all.push_back({"first seen, PS256", first_seen(f, token("PS256", "rsa1"))});
    all.push_back({"first seen, ES256", first_seen(f, token("ES256", "ec1"))});
    all.push_back({"first seen, EdDSA", first_seen(f, token("EdDSA", "ed1"))});
}

void add_repeated(std::vector<Bench> &all, Fixture &f) {
    all.push_back(
        {"repeated token",
         judging(f, f.cached, *f.keys, token("RS256", "rsa1"), Error::ok)});
    const mint::Json head = mint::parse_json(header("RS256", "rsa1"), "header");
    const mint::Json claims = mint::parse_json(payload(887, 0), "payload");
    const auto tokens = mint::encode_many(unit::key("rsa1"), "RS256",
                                          head.get(), claims.get(), 2000);
    for (const std::string &text : tokens) {
        must(
            f.cached.validate(f.policy, *f.keys, text, kNow).error == Error::ok,
            "a token of the rotation");
    }
    all.push_back(
        {"2,000 tokens in rotation",
         [&f, tokens, next = std::size_t{0}]() mutable {
             next = (next + 1) % tokens.size();
             must(f.cached.validate(f.policy, *f.keys, tokens[next], kNow)
                          .error == Error::ok,
                  "a token of the rotation");
         }});
}

void add_refusals(std::vector<Bench> &all, Fixture &f) {
    const std::string good = token("RS256", "rsa1");
    const mint::Key &key = unit::key("rsa1");
    all.push_back(
        {"refused: invalid signature",
         refusing(f, mint::break_token(key, good, "sig"), Error::signature),
         1.15, "first seen"});
    all.push_back(
        {"refused: changed payload",
         refusing(f, mint::break_token(key, good, "payload"), Error::signature),
         1.15, "first seen"});
    std::string expired = payload(887, 0);
    expired.replace(expired.find("1700036000"), 10, "1699999970");
    all.push_back(
        {"refused: expired",
         refusing(
             f, unit::token("rsa1", "RS256", header("RS256", "rsa1"), expired),
             Error::expired),
         1.15, "first seen"});
    all.push_back(
        {"refused: garbage",
         refusing(f, std::string(good.size(), '.'), Error::token_format),
         0.25});
    std::string noise = good;
    noise[good.size() / 2] = '!';
    all.push_back({"refused: one wrong character",
                   refusing(f, noise, Error::base64url), 0.25});
    all.push_back({"refused: alg none",
                   refusing(f, mint::break_token(key, good, "alg-none-sig"),
                            Error::alg_not_allowed),
                   0.25});
    all.push_back({"refused: algorithm not allowed",
                   refusing(f, token("RS512", "rsa1"), Error::alg_not_allowed),
                   0.25});
    all.push_back({"refused: unknown kid",
                   refusing(f, token("RS256", "rsa2"), Error::key_unknown),
                   0.25});
    all.push_back({"refused: wrong signature length",
                   refusing(f, mint::break_token(key, good, "sig-short"),
                            Error::signature_length),
                   0.25});
}

// -- the table ----------------------------------------------------------------

void measure(std::vector<Bench> &all, Bench &unit, int rounds) {
    unit.calibrate();
    for (Bench &b : all) {
        b.calibrate();
    }
    for (int round = 0; round < rounds; round++) {
        for (Bench &b : all) {
            const double v = unit.measure();
            unit.ns.push_back(v);
            b.ns.push_back(b.measure());
            b.ratios.push_back(b.ns.back() / v);
        }
    }
}

// A gate is missed if both the median and the best of the rounds miss it:
// noise only ever adds.
bool passes(const Bench &b, const std::vector<Bench> &all, double *limit) {
    double base = 1;
    for (const Bench &other : all) {
        if (other.name == b.base) {
            base = at(other.ratios, 0.5);
        }
    }
    *limit = b.gate * base;
    return at(b.ratios, 0.5) <= *limit || at(b.ratios, 0) <= *limit;
}

int print(const std::vector<Bench> &all, const Bench &unit) {
    int missed = 0;
    std::printf("%-34s %9s %7s %15s  %s\n", "", "ns", "V", "quartiles", "gate");
    std::printf("%-34s %9.0f %7.3f\n", "V", at(unit.ns, 0.5), 1.0);
    for (const Bench &b : all) {
        std::printf("%-34s %9.0f %7.3f %7.3f-%7.3f", b.name.c_str(),
                    at(b.ns, 0.5), at(b.ratios, 0.5), at(b.ratios, 0.25),
                    at(b.ratios, 0.75));
        if (b.gate > 0) {
            double limit = 0;
            const bool ok = passes(b, all, &limit);
            missed += ok ? 0 : 1;
            std::printf("  <= %.2f %s", limit, ok ? "ok" : "MISSED");
        }
        std::printf("\n");
    }
    return missed;
}

}  // namespace

int main(int argc, char **argv) {
    const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 41;
    Fixture fixture;
    Bench unit{"V", bare("RS256", "rsa1", false)};
    std::vector<Bench> all;
    add_parts(all);
    add_signatures(all, fixture);
    add_first_seen(all, fixture);
    add_repeated(all, fixture);
    add_refusals(all, fixture);

    measure(all, unit, rounds);
    std::printf(
        "core_bench: %s, %d rounds, CPU time, medians; "
        "token %zu bytes\n",
        OpenSSL_version(OPENSSL_VERSION), rounds,
        token("RS256", "rsa1").size());
    return print(all, unit) == 0 ? 0 : 1;
}
