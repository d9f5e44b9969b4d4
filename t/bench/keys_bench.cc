// What key sets cost, in CPU time: the longest step in which a set is made
// (nothing else is served meanwhile), and one verification with the dearest
// keys that are accepted.
//
//     keys_bench [ROUNDS]

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "idt_jose/jwks.h"
#include "idt_jose/signature.h"
#include "unit/support.h"

using namespace id_token;

namespace {

double cpu_us() {
    timespec t{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e6 +
           static_cast<double>(t.tv_nsec) / 1e3;
}

void must(bool ok, const char *what) {
    if (!ok) {
        std::fprintf(stderr, "keys_bench: %s\n", what);
        std::exit(2);
    }
}

// -- sets ---------------------------------------------------------------------

std::string set_of(const char *key, std::size_t n, const std::string &more) {
    const std::string tail =
        unit::jwk(key, {.kid = false, .alg = false}).substr(1);
    std::string text = "{\"keys\":[";
    for (std::size_t i = 0; i < n; i++) {
        text += (i == 0 ? "{\"kid\":\"key-" : ",{\"kid\":\"key-") +
                std::to_string(i) + "\"," + more + tail;
    }
    return text + "]}";
}

struct Made {
    std::size_t steps = 0;
    double longest = 0;  // microseconds, as all here
    double total = 0;
    double freed = 0;
};

Made make_in_steps(const std::string &document) {
    Made made;
    KeySetBuilder builder(document, 1);
    double begin = cpu_us();
    auto progress = KeySetBuilder::Progress::more;
    while (progress == KeySetBuilder::Progress::more) {
        progress = builder.step(kKeySetStep);
        const double took = cpu_us() - begin;
        made.steps++;
        made.total += took;
        made.longest = std::max(made.longest, took);
        begin = cpu_us();
    }
    auto set = builder.take();
    begin = cpu_us();
    set.reset();
    made.freed = cpu_us() - begin;
    return made;
}

// Noise only ever adds: of several rounds the least counts, of each figure.
Made best_of(int rounds, const std::string &document) {
    Made best = make_in_steps(document);
    for (int i = 1; i < rounds; i++) {
        const Made made = make_in_steps(document);
        best.longest = std::min(best.longest, made.longest);
        best.total = std::min(best.total, made.total);
        best.freed = std::min(best.freed, made.freed);
    }
    return best;
}

void show_sets(int rounds) {
    const std::string chain = "\"x5c\":[\"" + std::string(3000, 'M') + "\"],";
    const std::string full = "\"x\":\"" + std::string(32'000, 'x') + "\",";
    std::string names = "{";
    for (int i = 0; i < 100'000; i++) {
        names +=
            (i % 4000 == 0 ? "\"o" + std::to_string(i) + "\":{\"" : ",\"") +
            std::to_string(i * 7919 % 100'003) + "\":1" +
            (i % 4000 == 3999 ? "}," : "");
    }
    names += set_of("rsa1", 1, "").substr(1);

    const struct {
        const char *name;
        std::string document;
    } sets[] = {
        {"1 RSA 2048", set_of("rsa1", 1, "")},
        {"20 RSA 2048", set_of("rsa1", 20, "")},
        {"2000 RSA 2048", set_of("rsa1", 2000, "")},
        {"2000 RSA 2048 with x5c", set_of("rsa1", 2000, chain)},
        {"2000 RSA 4096", set_of("rsa4096", 2000, "")},
        {"2000 P-256", set_of("ec1", 2000, "")},
        {"2000 P-384", set_of("ec384", 2000, "")},
        {"2000 P-521", set_of("ec521", 2000, "")},
        {"2000 Ed25519", set_of("ed1", 2000, "")},
        {"600 entries of 32 KB", set_of("rsa1", 600, full)},
        {"100000 names", names},
        {"a string of 20 MB", "{\"x\":\"" + std::string(20'000'000, 'x') +
                                  "\"," + set_of("rsa1", 1, "").substr(1)},
    };
    std::printf("%-26s %9s %6s %12s %9s %9s\n", "set", "bytes", "steps",
                "longest us", "total us", "freed us");
    for (const auto &set : sets) {
        const Made made = best_of(rounds, set.document);
        std::printf("%-26s %9zu %6zu %12.0f %9.0f %9.0f\n", set.name,
                    set.document.size(), made.steps, made.longest, made.total,
                    made.freed);
    }
}

// -- verifications ------------------------------------------------------------

// A modulus of that many bits that nobody has the key of, and an exponent.
std::string rsa_jwk(std::size_t bits, std::size_t exponent_bits) {
    const std::string n(bits / 8, '\xdb');
    const std::string e(exponent_bits / 8, '\xff');
    return R"({"kty":"RSA","n":")" + mint::base64url(n) + R"(","e":")" +
           mint::base64url(e) + "\"}";
}

// `signature`: of another text, so that nothing ends early; empty: any bytes.
double verification(int rounds, const std::string &jwk, const char *alg,
                    std::string signature) {
    const auto json = Json::parse(jwk);
    CurveCheck curves;
    auto key = parse_jwk(json->view(), curves);
    must(static_cast<bool>(key), "a key is refused");
    const Algorithm &a = *find_algorithm(alg);
    if (signature.empty()) {
        signature.assign(key->signature_size, '\x55');
    }
    SignatureVerifier verifier;
    double best = 1e9;
    for (int i = 0; i < rounds; i++) {
        const double begin = cpu_us();
        const Error error = verifier.verify(
            a, *key, "header.payload",
            {reinterpret_cast<const unsigned char *>(signature.data()),
             signature.size()});
        best = std::min(best, cpu_us() - begin);
        must(error == Error::signature, "a signature of nobody is taken");
    }
    return best;
}

void show_verifications(int rounds) {
    const struct {
        const char *name;
        const char *alg;
        std::string jwk;
        const char *key;  // nullptr: any bytes will do
    } keys[] = {
        {"RSA 2048, e 65537", "RS256", unit::jwk("rsa1", {.alg = false}),
         "rsa1"},
        {"RSA 2048, e of 64 bits", "RS256", rsa_jwk(2048, 64), nullptr},
        {"RSA 4096, e of 64 bits", "RS512", rsa_jwk(4096, 64), nullptr},
        {"RSA 8192, e 65537", "PS512", unit::jwk("rsa8192", {.alg = false}),
         "rsa8192"},
        {"RSA 8192, e of 32 bits", "RS512", rsa_jwk(8192, 32), nullptr},
        {"RSA 8192, e of 32 bits, PSS", "PS512", rsa_jwk(8192, 32), nullptr},
        {"P-256", "ES256", unit::jwk("ec1", {.alg = false}), "ec1"},
        {"P-384", "ES384", unit::jwk("ec384", {.alg = false}), "ec384"},
        {"P-521", "ES512", unit::jwk("ec521", {.alg = false}), "ec521"},
        {"Ed25519", "EdDSA", unit::jwk("ed1", {.alg = false}), "ed1"},
    };
    std::printf("\n%-30s %12s\n", "one verification", "us");
    for (const auto &key : keys) {
        const std::string signature =
            key.key == nullptr
                ? std::string()
                : mint::sign(unit::key(key.key), key.alg, "header.other");
        std::printf("%-30s %12.0f\n", key.name,
                    verification(rounds * 20, key.jwk, key.alg, signature));
    }
}

}  // namespace

int main(int argc, char **argv) {
    const int rounds = argc > 1 ? std::max(std::atoi(argv[1]), 1) : 5;
    show_sets(rounds);
    show_verifications(rounds);
    return 0;
}
