#include "config.h"

#include <optional>
#include <vector>

namespace id_token::check {

namespace {

constexpr std::string_view kFileMark = "# configuration file ";
constexpr std::string_view kBlanks = " \t\r\n";

// nginx's words: ';', '{' and '}' stand alone unless they are quoted.
class Words {
  public:
    explicit Words(std::string_view text) noexcept : rest_(text) {}

    struct Word {
        std::string text;
        bool quoted = false;

        [[nodiscard]] bool is(char c) const noexcept {
            return !quoted && text.size() == 1 && text[0] == c;
        }
    };

    // Nothing at the end, or where a quote does not end.
    [[nodiscard]] std::optional<Word> next() {
        skip();
        if (rest_.empty()) {
            return std::nullopt;
        }
        const char first = rest_.front();
        if (first == '"' || first == '\'') {
            rest_.remove_prefix(1);
            return quoted(first);
        }
        if (first == ';' || first == '{' || first == '}') {
            rest_.remove_prefix(1);
            return Word{std::string(1, first)};
        }
        return plain();
    }

  private:
    void skip() noexcept {
        for (;;) {
            const std::size_t at = rest_.find_first_not_of(kBlanks);
            rest_.remove_prefix(at == rest_.npos ? rest_.size() : at);
            if (!rest_.starts_with('#')) {
                return;
            }
            const std::size_t end = rest_.find('\n');
            rest_.remove_prefix(end == rest_.npos ? rest_.size() : end);
        }
    }

    // `\"`, `\'`, `\\`, `\t`, `\r` and `\n` are one character, any other
    // backslash is one.
    void unescape(std::string &out) {
        constexpr std::string_view from = "\"'\\trn";
        constexpr std::string_view to = "\"'\\\t\r\n";
        const std::size_t at =
            rest_.size() > 1 ? from.find(rest_[1]) : from.npos;
        out += at == from.npos ? '\\' : to[at];
        rest_.remove_prefix(at == from.npos ? 1 : 2);
    }

    std::optional<Word> quoted(char quote) {
        Word word{{}, true};
        while (!rest_.empty() && rest_.front() != quote) {
            take(word.text);
        }
        if (rest_.empty()) {
            return std::nullopt;
        }
        rest_.remove_prefix(1);
        return word;
    }

    std::optional<Word> plain() {
        Word word;
        while (!rest_.empty() && rest_.front() != ';' && rest_.front() != '{' &&
               kBlanks.find(rest_.front()) == kBlanks.npos) {
            // ${name} is a variable, not a block
            if (rest_.starts_with("${")) {
                take(word.text);
            }
            take(word.text);
        }
        return word;
    }

    void take(std::string &out) {
        if (rest_.front() == '\\') {
            unescape(out);
            return;
        }
        out += rest_.front();
        rest_.remove_prefix(1);
    }

    std::string_view rest_;
};

// The folder of the first file, which paths are relative to.
std::string folder_of(std::string_view dump) {
    const std::size_t mark = dump.find(kFileMark);
    if (mark == dump.npos) {
        return {};
    }
    std::string_view path = dump.substr(mark + kFileMark.size());
    path = path.substr(0, path.find(":\n"));
    return std::string(path.substr(0, path.rfind('/') + 1));
}

void make_absolute(std::string &path, const std::string &folder) {
    if (!path.empty() && path.front() != '/') {
        path.insert(0, folder);
    }
}

// The block's directives, up to its '}'.
std::optional<std::string> read_block(Words &words, Provider &provider) {
    std::vector<std::string> line;
    while (const auto word = words.next()) {
        if (word->is('}')) {
            return std::nullopt;
        }
        if (word->is('{')) {
            return "it holds a block";
        }
        if (!word->is(';')) {
            line.push_back(word->text);
            continue;
        }
        if (!line.empty() && line[0] == "include") {
            return "it includes a file: give what it says as options";
        }
        if (!line.empty()) {
            if (const auto error = set_word(provider, line)) {
                return error;
            }
        }
        line.clear();
    }
    return "it does not end";
}

}  // namespace

Result<Provider, std::string> provider_of(std::string_view dump,
                                          std::string_view name) {
    Words words(dump);
    std::string found;
    std::vector<Words::Word> line;
    while (const auto word = words.next()) {
        if (word->is(';') || word->is('}')) {
            line.clear();
            continue;
        }
        if (!word->is('{')) {
            line.push_back(*word);
            continue;
        }
        if (line.size() == 2 && line[0].text == "id_token_provider") {
            if (line[1].text == name) {
                Provider provider;
                if (const auto error = read_block(words, provider)) {
                    return "id_token_provider \"" + line[1].text +
                           "\": " + *error;
                }
                const std::string folder = folder_of(dump);
                make_absolute(provider.jwks_file, folder);
                make_absolute(provider.ca_file, folder);
                return provider;
            }
            found += (found.empty() ? "" : ", ") + line[1].text;
        }
        line.clear();
    }
    return "no id_token_provider \"" + std::string(name) + "\"; there is " +
           (found.empty() ? "none: is this what nginx -T prints?" : found);
}

}  // namespace id_token::check
