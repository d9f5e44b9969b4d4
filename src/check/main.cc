// id_token_check: why an ID token is accepted or refused. Exit status 0:
// accepted, 1: refused, 2: it cannot be judged.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <new>
#include <optional>

#include "config.h"
#include "fetch.h"
#include "idt_base/version.h"
#include "print.h"
#include "report.h"

namespace {

using namespace id_token;
using namespace id_token::check;

constexpr char kUsage[] =
    "usage: id_token_check --issuer URL --client-id ID [option ...] < token\n"
    "       id_token_check --config FILE --provider NAME [option ...] < token\n"
    "\n"
    "  --config FILE           what \"nginx -T\" prints\n"
    "  --provider NAME         of an id_token_provider in it\n"
    "  --issuer, --client-id, --algorithms, --leeway, --max-age,\n"
    "  --max-auth-age, --trusted-audience, --authorized-party, --jwks-uri,\n"
    "  --ssl-trusted-certificate VALUE\n"
    "                          as in id_token_provider; lists: once for each\n"
    "  --jwks FILE             the key set, instead of fetching it\n"
    "  --token-file FILE       the token, instead of standard input or the\n"
    "                          variable ID_TOKEN of the environment\n"
    "  --at SECONDS            judge as of this time since the epoch\n"
    "  --json                  for programs\n"
    "  --version, --help\n"
    "\n"
    "Exit status: 0 accepted, 1 refused, 2 cannot be judged.\n";

struct Options {
    Provider provider;
    std::string config, name, token_file;
    std::optional<std::int64_t> now;
    std::vector<std::vector<std::string>> words;
    bool json = false;
};

[[noreturn]] void give_up(const std::string &why) {
    std::fprintf(stderr, "id_token_check: %s\n", why.c_str());
    std::exit(2);
}

std::string read_all(const std::string &path, const char *what) {
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), {});
    if (!file.is_open() || file.bad()) {
        give_up("cannot read the " + std::string(what) + " " + quoted(path));
    }
    return text;
}

std::int64_t seconds_of(const std::string &text) {
    char *end = nullptr;
    const long long value = std::strtoll(text.c_str(), &end, 10);
    if (text.empty() || *end != '\0') {
        give_up("--at needs seconds since the epoch");
    }
    return value;
}

// --client-id: what an id_token_provider calls client_id.
std::string word_of(std::string_view option) {
    std::string word(option.substr(2));
    for (char &c : word) {
        c = c == '-' ? '_' : c;
    }
    return word;
}

bool is_provider_word(std::string_view word) {
    constexpr std::string_view known[] = {
        "issuer",           "client_id",
        "algorithms",       "leeway",
        "max_age",          "max_auth_age",
        "trusted_audience", "authorized_party",
        "jwks_uri",         "ssl_trusted_certificate"};
    for (std::string_view one : known) {
        if (one == word) {
            return true;
        }
    }
    return false;
}

void show_and_exit(std::string_view option) {
    if (option == "--version") {
        std::printf("id_token_check %s\n", kVersion);
        std::exit(0);
    }
    if (option == "--help") {
        std::fputs(kUsage, stdout);
        std::exit(0);
    }
}

void set_option(Options &o, const std::string &option,
                const std::string &value) {
    if (option == "--config") {
        o.config = value;
    } else if (option == "--provider") {
        o.name = value;
    } else if (option == "--jwks") {
        o.words.push_back({"jwks_file", value});
    } else if (option == "--token-file") {
        o.token_file = value;
    } else if (option == "--at") {
        o.now = seconds_of(value);
    } else if (is_provider_word(word_of(option))) {
        o.words.push_back({word_of(option), value});
    } else {
        give_up("there is no option " + quoted(option) + ": see --help");
    }
}

Options parse(int argc, char **argv) {
    Options o;
    for (int i = 1; i < argc; i++) {
        const std::string option = argv[i];
        if (!option.starts_with("--")) {
            give_up(
                "a token on the command line can be read by everybody on "
                "this machine: give it on standard input");
        }
        show_and_exit(option);
        if (option == "--json") {
            o.json = true;
            continue;
        }
        if (i + 1 == argc) {
            give_up(quoted(option) + " needs a value, or is no option");
        }
        set_option(o, option, argv[++i]);
    }
    if (o.config.empty() != o.name.empty()) {
        give_up("--config and --provider go together");
    }
    return o;
}

void complete_options(Options &o) {
    if (!o.config.empty()) {
        auto read = provider_of(read_all(o.config, "configuration"), o.name);
        if (!read) {
            give_up(read.error());
        }
        o.provider = std::move(*read);
    }
    for (const auto &words : o.words) {
        if (const auto error = set_word(o.provider, words)) {
            give_up(*error);
        }
    }
    if (const auto error = complete(o.provider)) {
        give_up(*error + ": see --help");
    }
}

std::string read_token(const Options &o) {
    std::string token;
    const char *environment = std::getenv("ID_TOKEN");
    if (!o.token_file.empty()) {
        token = read_all(o.token_file, "token");
    } else if (environment != nullptr) {
        token = environment;
    } else {
        token.assign(std::istreambuf_iterator<char>(std::cin), {});
    }
    // as around the value of a header
    constexpr char blanks[] = " \t\r\n";
    token.erase(token.find_last_not_of(blanks) + 1);
    token.erase(0, token.find_first_not_of(blanks));
    if (token.empty()) {
        give_up("no token: give it on standard input");
    }
    return token;
}

// Null, and the problem in words, if there are none.
std::unique_ptr<KeySet> keys_of(const Provider &provider,
                                std::string &problem) {
    std::string document;
    if (!provider.jwks_file.empty()) {
        document = read_all(provider.jwks_file, "key set");
    } else {
        Fetched fetched = fetch_keys(provider);
        if (!fetched.problem.empty()) {
            problem = "no keys: " + fetched.problem;
            return nullptr;
        }
        document = std::move(fetched.document);
    }
    auto keys = KeySet::parse(document, 1);
    if (!keys) {
        problem = "no keys: the key set " +
                  std::string(jwks_error_text(keys.error()));
        return nullptr;
    }
    return std::move(*keys);
}

int run(int argc, char **argv) {
    Options o = parse(argc, argv);
    complete_options(o);
    const std::string token = read_token(o);
    std::string problem;
    const std::unique_ptr<KeySet> keys = keys_of(o.provider, problem);
    const Report report = judge(o.provider.policy, keys.get(), token,
                                o.now.value_or(std::time(nullptr)));
    if (keys == nullptr && report.error == Error::ok) {
        give_up(problem);
    }
    if (o.json) {
        print_json(report);
    } else {
        print_text(report, isatty(STDOUT_FILENO) == 1 &&
                               std::getenv("NO_COLOR") == nullptr);
    }
    if (error_row(report.error).answer == Answer::internal) {
        return 2;
    }
    return report.error == Error::ok ? 0 : 1;
}

}  // namespace

int main(int argc, char **argv) {
    try {
        return run(argc, argv);
    } catch (const std::bad_alloc &) {
        std::fputs("id_token_check: out of memory\n", stderr);
        return 2;
    }
}
