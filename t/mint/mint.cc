// mint: keys, key sets and ID tokens for tests, demo and benchmarks.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <set>
#include <stdexcept>

#include "mint/mint_keys.h"
#include "mint/mint_token.h"

namespace {

using mint::Json;
using mint::JwkOptions;
using mint::Key;

constexpr char kUsage[] = R"(usage:
  mint key --alg ALG [--bits N] [--kid KID] --out FILE.pem|FILE.jwk
      ALG: RS*, PS* (RSA, 2048 bits), ES256 ES384 ES512 ES256K, EdDSA, Ed25519
  mint pem KEY [--public]
  mint jwks [--no-kid] [--no-alg] [--no-use] [--private] KEY[:kid[:alg]] ...
      an empty kid or alg leaves that member out
  mint token [--key KEY | --vector-key NAME] [options]
      --alg ALG            default: the usual one of the key
      --kid KID, --no-kid  default: the key's own
      --typ TYP, --no-typ  default: JWT
      --iss S --aud S --sub S --exp N|+N|-N
      --header JSON        members laid over the default header
      --claims JSON        members laid over the default claims; the times
                           exp iat nbf auth_time updated_at may be "+N", "-N"
      --remove NAME        leave out a claim (repeatable)
      --remove-header NAME leave out a header parameter (repeatable)
      --now N              seconds since 1970 instead of the clock
      --via libjwt|openssl default: libjwt where it can
      --count N            N tokens, one a line, sub and jti differ
      --sign-only-raw HEADER PAYLOAD   sign these bytes as they are
      --raw-segments HEADER PAYLOAD    sign these two encoded segments
      --break KIND         spoil the token: )";

constexpr char kUsageEnd[] = R"(
KEY is a file or @NAME, a key of the vectors (--vectors FILE, or the
environment's ID_TOKEN_VECTORS, or t/vectors/keys.json). Default: @rsa1.
)";

struct Options {
    std::string key = "@rsa1";
    std::string vectors = "t/vectors/keys.json";
    std::string alg;
    std::string kid;
    std::string typ = "JWT";
    std::string iss = "https://tenant.test/";
    std::string aud = "spa";
    std::string sub = "alice";
    std::string exp = "+3600";
    std::string header = "{}";
    std::string claims = "{}";
    std::string via;
    std::string spoil;
    std::string out;
    std::string raw_header;
    std::string raw_payload;
    std::vector<std::string> remove;
    std::vector<std::string> remove_header;
    std::vector<std::string> words;
    bool raw = false;
    bool raw_segments = false;
    bool no_kid = false;
    bool public_only = false;
    JwkOptions jwk;
    unsigned bits = 2048;
    unsigned count = 0;
    long long now = std::time(nullptr);
};

class Arguments {
  public:
    Arguments(int argc, char **argv) : next_(argv), end_(argv + argc) {}
    [[nodiscard]] bool more() const { return next_ != end_; }
    std::string take(const std::string &for_what) {
        if (!more()) {
            throw std::runtime_error(for_what + " needs a value");
        }
        return *next_++;
    }

  private:
    char **next_;
    char **end_;
};

std::string *text_option(Options &o, const std::string &name) {
    struct Row {
        const char *name;
        std::string *value;
    };
    const Row rows[] = {
        {"--key", &o.key},       {"--vectors", &o.vectors}, {"--alg", &o.alg},
        {"--kid", &o.kid},       {"--typ", &o.typ},         {"--iss", &o.iss},
        {"--aud", &o.aud},       {"--sub", &o.sub},         {"--exp", &o.exp},
        {"--header", &o.header}, {"--claims", &o.claims},   {"--via", &o.via},
        {"--break", &o.spoil},   {"--out", &o.out},
    };
    for (const Row &row : rows) {
        if (name == row.name) {
            return row.value;
        }
    }
    return nullptr;
}

bool flag_option(Options &o, const std::string &name) {
    if (name == "--no-kid") {
        o.no_kid = true;
        o.jwk.kid = false;
    } else if (name == "--no-typ") {
        o.remove_header.emplace_back("typ");
    } else if (name == "--no-alg") {
        o.jwk.alg = false;
    } else if (name == "--no-use") {
        o.jwk.use = false;
    } else if (name == "--private") {
        o.jwk.secret = true;
    } else if (name == "--public") {
        o.public_only = true;
    } else {
        return false;
    }
    return true;
}

void take_option(Options &o, const std::string &name, Arguments &args) {
    if (std::string *value = text_option(o, name); value != nullptr) {
        *value = args.take(name);
    } else if (flag_option(o, name)) {
        return;
    } else if (name == "--vector-key") {
        o.key = "@" + args.take(name);
    } else if (name == "--remove") {
        o.remove.push_back(args.take(name));
    } else if (name == "--remove-header") {
        o.remove_header.push_back(args.take(name));
    } else if (name == "--sign-only-raw" || name == "--raw-segments") {
        o.raw = true;
        o.raw_segments = name == "--raw-segments";
        o.raw_header = args.take(name);
        o.raw_payload = args.take(name);
    } else if (name == "--bits") {
        o.bits = static_cast<unsigned>(std::stoul(args.take(name)));
    } else if (name == "--count") {
        o.count = static_cast<unsigned>(std::stoul(args.take(name)));
    } else if (name == "--now") {
        o.now = std::stoll(args.take(name));
    } else if (name.starts_with("--")) {
        throw std::runtime_error("unknown option " + name);
    } else {
        o.words.push_back(name);
    }
}

Options parse_options(Arguments args) {
    Options o;
    if (const char *path = std::getenv("ID_TOKEN_VECTORS")) {
        o.vectors = path;
    }
    while (args.more()) {
        take_option(o, args.take(""), args);
    }
    return o;
}

Key load(const Options &o, const std::string &spec) {
    Key key = mint::load_key(spec, o.vectors);
    if (!o.kid.empty()) {
        key.kid = o.kid;
    }
    return key;
}

void make_key(const Options &o) {
    if (o.out.empty() || o.alg.empty()) {
        throw std::runtime_error("key needs --alg and --out");
    }
    Key key = mint::generate_key(o.alg, o.bits);
    key.kid = o.kid;
    JwkOptions jwk;
    jwk.secret = true;
    mint::write_secret(
        o.out, o.out.ends_with(".jwk")
                   ? mint::dump_json(mint::to_jwk(key, jwk).get()) + "\n"
                   : mint::to_pem(key, true));
}

void print_pem(const Options &o) {
    std::string spec = o.words.empty() ? o.key : o.words.front();
    std::fputs(mint::to_pem(load(o, spec), !o.public_only).c_str(), stdout);
}

// KEY[:kid[:alg]]
Json jwk_of_spec(const Options &o, const std::string &spec) {
    std::size_t a = spec.find(':');
    std::size_t b = a == std::string::npos ? a : spec.find(':', a + 1);
    Key key = mint::load_key(spec.substr(0, a), o.vectors);
    JwkOptions options = o.jwk;
    if (a != std::string::npos) {
        key.kid = spec.substr(a + 1, b - a - 1);
    }
    if (b != std::string::npos) {
        key.alg = spec.substr(b + 1);
        options.alg = options.alg && !key.alg.empty();
    }
    return mint::to_jwk(key, options);
}

void print_jwks(const Options &o) {
    Json set(json_object());
    json_t *keys = json_array();
    json_object_set_new(set.get(), "keys", keys);
    for (const std::string &spec : o.words) {
        json_array_append_new(keys, jwk_of_spec(o, spec).release());
    }
    std::puts(mint::dump_json(set.get()).c_str());
}

Json overlay(const std::string &text, const char *what) {
    Json json = mint::parse_json(text, what);
    if (!json_is_object(json.get())) {
        throw std::runtime_error(std::string(what) + " is no JSON object");
    }
    return json;
}

json_t *time_value(const std::string &text, long long now) {
    bool relative = text.starts_with('+') || text.starts_with('-');
    std::size_t used = 0;
    double value = std::stod(text, &used) + (relative ? double(now) : 0);
    if (used != text.size()) {
        throw std::runtime_error("not a time: " + text);
    }
    return text.find('.') == std::string::npos
               ? json_integer(static_cast<json_int_t>(value))
               : json_real(value);
}

void settle_times(json_t *claims, long long now) {
    for (const char *name : {"exp", "iat", "nbf", "auth_time", "updated_at"}) {
        const char *text = json_string_value(json_object_get(claims, name));
        if (text != nullptr && (*text == '+' || *text == '-')) {
            json_object_set_new(claims, name, time_value(text, now));
        }
    }
}

void drop(json_t *object, const std::vector<std::string> &names) {
    for (const std::string &name : names) {
        json_object_del(object, name.c_str());
    }
}

Json make_header(const Options &o, const Key &key, const std::string &alg) {
    Json header(json_object());
    json_object_set_new(header.get(), "alg", json_string(alg.c_str()));
    json_object_set_new(header.get(), "typ", json_string(o.typ.c_str()));
    if (!o.no_kid && !key.kid.empty()) {
        json_object_set_new(header.get(), "kid", json_string(key.kid.c_str()));
    }
    json_object_update(header.get(), overlay(o.header, "--header").get());
    drop(header.get(), o.remove_header);
    return header;
}

Json make_claims(const Options &o) {
    Json claims(json_object());
    json_object_set_new(claims.get(), "iss", json_string(o.iss.c_str()));
    json_object_set_new(claims.get(), "aud", json_string(o.aud.c_str()));
    json_object_set_new(claims.get(), "sub", json_string(o.sub.c_str()));
    json_object_set_new(claims.get(), "iat", json_integer(o.now));
    json_object_set_new(claims.get(), "exp", time_value(o.exp, o.now));
    json_object_update(claims.get(), overlay(o.claims, "--claims").get());
    settle_times(claims.get(), o.now);
    drop(claims.get(), o.remove);
    return claims;
}

std::string one_token(const Options &o, const Key &key,
                      const std::string &alg) {
    if (o.raw_segments) {
        std::string input = o.raw_header + "." + o.raw_payload;
        return input + "." + mint::base64url(mint::sign(key, alg, input));
    }
    if (o.raw) {
        return mint::encode_with_openssl(key, alg, o.raw_header, o.raw_payload);
    }
    Json header = make_header(o, key, alg);
    Json claims = make_claims(o);
    std::string token;
    if (o.via != "openssl") {
        token = mint::encode_with_libjwt(key, alg, header.get(), claims.get());
    }
    if (token.empty() && o.via == "libjwt") {
        throw std::runtime_error("libjwt cannot make this token");
    }
    return !token.empty() ? token
                          : mint::encode_with_openssl(
                                key, alg, mint::dump_json(header.get()),
                                mint::dump_json(claims.get()));
}

void print_tokens(const Options &o) {
    Key key = load(o, o.key);
    std::string alg = o.alg.empty() ? key.alg : o.alg;
    if (o.count > 0) {
        Json header = make_header(o, key, alg);
        Json claims = make_claims(o);
        for (const std::string &token :
             mint::encode_many(key, alg, header.get(), claims.get(), o.count)) {
            std::puts(token.c_str());
        }
        return;
    }
    std::string token = one_token(o, key, alg);
    if (!o.spoil.empty()) {
        token = mint::break_token(key, token, o.spoil);
    }
    std::puts(token.c_str());
}

int run(int argc, char **argv) {
    std::string command = argc > 1 ? argv[1] : "";
    Options o = argc > 2 ? parse_options({argc - 2, argv + 2}) : Options();
    if (command == "key") {
        make_key(o);
    } else if (command == "pem") {
        print_pem(o);
    } else if (command == "jwks") {
        print_jwks(o);
    } else if (command == "token") {
        print_tokens(o);
    } else {
        std::fprintf(stderr, "%s%s%s", kUsage, mint::break_kinds(), kUsageEnd);
        return 2;
    }
    return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char **argv) {
    try {
        return run(argc, argv);
    } catch (const std::exception &e) {
        std::fprintf(stderr, "mint: %s\n", e.what());
        return 1;
    }
}
