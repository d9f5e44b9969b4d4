#include "idt_base/error.h"

#include <cstddef>

namespace id_token {

namespace {

constexpr ErrorRow kRows[] = {
#define X(name, answer, description) {#name, Answer::answer, description},
    ID_TOKEN_ERRORS(X)
#undef X
};

}  // namespace

const ErrorRow &error_row(Error error) noexcept {
    return kRows[static_cast<std::size_t>(error)];
}

}  // namespace id_token
