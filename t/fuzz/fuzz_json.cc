// Mutations that keep a JSON text a JSON text.

#include <jansson.h>

#include <cstring>
#include <memory>
#include <vector>

#include "fuzz/fuzz.h"

namespace fuzz {

namespace {

struct JsonFree {
    void operator()(json_t *p) const noexcept { json_decref(p); }
};
using Value = std::unique_ptr<json_t, JsonFree>;

json_t *parse(const std::string &text) {
    return json_loadb(text.data(), text.size(),
                      JSON_DECODE_ANY | JSON_ALLOW_NUL, nullptr);
}

std::size_t below(std::size_t n, Random &random) {
    return n == 0 ? 0 : random() % n;
}

const char *any_of(std::span<const char *const> words, Random &random) {
    return words[below(words.size(), random)];
}

json_t *any_value(const Words &words, Random &random) {
    json_t *value = parse(any_of(words.values, random));
    return value == nullptr ? json_null() : value;
}

void containers(json_t *value, std::vector<json_t *> &found) {
    if (json_is_object(value)) {
        found.push_back(value);
        const char *name;
        json_t *member;
        json_object_foreach(value, name, member) {
            containers(member, found);
        }
    } else if (json_is_array(value)) {
        found.push_back(value);
        std::size_t i;
        json_t *element;
        json_array_foreach(value, i, element) {
            containers(element, found);
        }
    }
}

// A near relative of a value.
json_t *changed(json_t *value, const Words &words, Random &random) {
    if (json_is_string(value) && below(2, random) == 0) {
        const std::string bytes = mutate_bytes(
            {json_string_value(value), json_string_length(value)}, 512);
        json_t *string = json_stringn(bytes.data(), bytes.size());
        return string == nullptr ? json_string("") : string;
    }
    if (json_is_integer(value) && below(2, random) == 0) {
        constexpr json_int_t kSteps[] = {1, -1, 30, -30, 31, -31, 3600, -3600};
        json_int_t number = json_integer_value(value);
        (void)__builtin_add_overflow(number, kSteps[below(8, random)], &number);
        return json_integer(number);
    }
    if (below(6, random) == 0) {
        return json_pack("[O]", value);
    }
    return any_value(words, random);
}

std::string any_name(json_t *object, Random &random) {
    std::size_t n = below(json_object_size(object), random);
    const char *name;
    json_t *member;
    json_object_foreach(object, name, member) {
        if (n-- == 0) {
            return name;
        }
    }
    return "";
}

void mutate_object(json_t *object, const Words &words, Random &random) {
    const std::string name = any_name(object, random);
    json_t *member = json_object_get(object, name.c_str());
    const std::size_t what = below(8, random);
    if (member == nullptr || what < 3) {
        json_object_set_new(object, any_of(words.names, random),
                            any_value(words, random));
    } else if (what == 3) {
        json_object_del(object, name.c_str());
    } else if (what == 4) {
        json_object_set(object, any_of(words.names, random), member);
    } else {
        json_object_set_new(object, name.c_str(),
                            changed(member, words, random));
    }
}

void mutate_array(json_t *array, const Words &words, Random &random) {
    const std::size_t i = below(json_array_size(array), random);
    json_t *element = json_array_get(array, i);
    const std::size_t what = below(6, random);
    if (element == nullptr || what == 0) {
        json_array_append_new(array, any_value(words, random));
    } else if (what == 1) {
        json_array_append_new(array, json_deep_copy(element));
    } else if (what == 2) {
        json_array_remove(array, i);
    } else {
        json_array_set_new(array, i, changed(element, words, random));
    }
}

}  // namespace

std::string mutate_json(const std::string &text, const Words &words,
                        std::size_t max, Random &random) {
    const Value root(parse(text));
    std::vector<json_t *> found;
    containers(root.get(), found);
    if (found.empty() || below(6, random) == 0) {
        return mutate_bytes(text, max);
    }

    json_t *chosen = found[below(found.size(), random)];
    if (json_is_object(chosen)) {
        mutate_object(chosen, words, random);
    } else {
        mutate_array(chosen, words, random);
    }
    char *dumped = json_dumps(root.get(), JSON_COMPACT);
    if (dumped == nullptr) {
        return text;
    }
    std::string made(dumped);
    std::free(dumped);
    return made;
}

std::string mutate_bytes(const std::string &bytes, std::size_t max) {
    std::string made(bytes, 0, max);
    const std::size_t size = made.size();
    made.resize(max);
    made.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t *>(made.data()),
                                 size, max));
    return made;
}

std::size_t give_back(const std::string &made, std::uint8_t *data,
                      std::size_t size, std::size_t max) {
    if (made.size() > max) {
        return LLVMFuzzerMutate(data, size, max);
    }
    std::memcpy(data, made.data(), made.size());
    return made.size();
}

}  // namespace fuzz
