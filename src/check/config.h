// Reads a provider from what `nginx -T` prints, so that there is no second
// reader of nginx's files: one level of blocks, quotes, comments.

#ifndef CHECK_CONFIG_H
#define CHECK_CONFIG_H

#include <string>
#include <string_view>

#include "idt_base/result.h"
#include "provider.h"

namespace id_token::check {

// The provider, or what keeps it from being read, in words. A relative path in
// it is taken from the folder of the first file, as nginx does.
[[nodiscard]] Result<Provider, std::string> provider_of(std::string_view dump,
                                                        std::string_view name);

}  // namespace id_token::check

#endif
