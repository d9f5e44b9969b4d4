// What the unit tests share: vectors, their keys, tokens, reasons in messages.
#pragma once

#include <csetjmp>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
extern "C" {
#include <cmocka.h>
}
#undef fail  // a member of std::ios

#include <initializer_list>
#include <string>
#include <string_view>

#include "idt_jose/algorithm.h"
#include "idt_base/error.h"
#include "mint/mint_keys.h"
#include "mint/mint_token.h"

namespace unit {

// VECTORS, or t/vectors.
std::string vectors_dir();

// The file NAME.json of it.
mint::Json load_vectors(const std::string &name);

// The text of a string member of a vector; empty if it is null or absent.
std::string member(const json_t *object, const char *name);

// The bytes of a key set of a vector file: an object, {"$text"} or {"$base64"}.
std::string document(const json_t *key_set);

// A key of keys.json, private members included; loaded once.
const mint::Key &key(std::string_view name);

// Public keys of that file as JSON.
std::string jwk(const std::string &name, const mint::JwkOptions &options = {});
std::string jwks(std::initializer_list<const char *> names,
                 const mint::JwkOptions &options = {});

// The private half of a key is the one of keys.json; the header's text is
// taken as it is.
std::string token(const std::string &key_name, const std::string &alg,
                  const std::string &header, const std::string &payload);

// Every algorithm that there is.
id_token::AlgorithmSet any_algorithm();

// {"alg":ALG,"kid":KID}
std::string header(const std::string &alg, const std::string &kid);

[[nodiscard]] std::string_view name_of(id_token::Error error);

void assert_reason_at(id_token::Error actual, id_token::Error expected,
                      const char *file, int line);
void assert_text_at(std::string_view actual, std::string_view expected,
                    const char *file, int line);

}  // namespace unit

#define assert_reason(actual, expected)                                        \
    unit::assert_reason_at((actual), (expected), __FILE__, __LINE__)
#define assert_text(actual, expected)                                          \
    unit::assert_text_at((actual), (expected), __FILE__, __LINE__)
