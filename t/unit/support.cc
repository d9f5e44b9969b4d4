#include "support.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>

namespace unit {

std::string vectors_dir() {
    const char *dir = std::getenv("VECTORS");
    return dir == nullptr ? "t/vectors" : dir;
}

mint::Json load_vectors(const std::string &name) {
    const std::string path = vectors_dir() + "/" + name + ".json";
    return mint::parse_json(mint::read_file(path), path.c_str());
}

std::string member(const json_t *object, const char *name) {
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? std::string(json_string_value(value),
                                               json_string_length(value))
                                 : std::string();
}

std::string document(const json_t *key_set) {
    if (json_object_get(key_set, "$text") != nullptr) {
        return member(key_set, "$text");
    }
    if (json_object_get(key_set, "$base64") != nullptr) {
        // Ordinary base64, with padding.
        std::string text = member(key_set, "$base64");
        text.resize(std::min(text.find('='), text.size()));
        for (char &c : text) {
            c = c == '+' ? '-' : c == '/' ? '_' : c;
        }
        return mint::base64url_decode(text);
    }
    return mint::dump_json(key_set);
}

const mint::Key &key(std::string_view name) {
    static std::map<std::string, mint::Key, std::less<>> keys;
    auto it = keys.find(name);
    if (it == keys.end()) {
        const std::string path = vectors_dir() + "/keys.json";
        const std::string own(name);
        it = keys.emplace(own, mint::load_key("@" + own, path)).first;
    }
    return it->second;
}

std::string jwk(const std::string &name, const mint::JwkOptions &options) {
    return mint::dump_json(mint::to_jwk(key(name), options).get());
}

std::string jwks(std::initializer_list<const char *> names,
                 const mint::JwkOptions &options) {
    std::string text;
    for (const char *name : names) {
        text += (text.empty() ? "" : ",") + jwk(name, options);
    }
    return R"({"keys":[)" + text + "]}";
}

std::string token(const std::string &key_name, const std::string &alg,
                  const std::string &header, const std::string &payload) {
    return mint::encode_with_openssl(key(key_name), alg, header, payload);
}

id_token::AlgorithmSet any_algorithm() {
    id_token::AlgorithmSet all;
    for (const id_token::Algorithm &a : id_token::algorithms()) {
        all.add(a);
    }
    return all;
}

std::string header(const std::string &alg, const std::string &kid) {
    return R"({"alg":")" + alg + R"(","kid":")" + kid + R"("})";
}

std::string_view name_of(id_token::Error error) {
    return id_token::error_row(error).name;
}

void assert_reason_at(id_token::Error actual, id_token::Error expected,
                      const char *file, int line) {
    assert_text_at(name_of(actual), name_of(expected), file, line);
}

void assert_text_at(std::string_view actual, std::string_view expected,
                    const char *file, int line) {
    if (actual != expected) {
        const std::string a(actual);
        const std::string e(expected);
        print_error("\"%s\" != \"%s\"\n", a.c_str(), e.c_str());
        _fail(file, line);
    }
}

}  // namespace unit
