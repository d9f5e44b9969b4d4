// Keys over https, for a person who waits: libcurl, where it was there when
// this was built.

#ifndef CHECK_FETCH_H
#define CHECK_FETCH_H

#include <string>

#include "idt_base/result.h"
#include "provider.h"

namespace id_token::check {

// The bytes of the key set, found by discovery unless the provider has a
// jwks_uri; or why there are none, in words.
struct Fetched {
    std::string document;
    std::string problem;  // empty: all is well
};

[[nodiscard]] Fetched fetch_keys(const Provider &provider);

}  // namespace id_token::check

#endif
