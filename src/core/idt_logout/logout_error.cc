#include "idt_logout/logout_error.h"

#include <cstddef>

namespace id_token {

namespace {

constexpr LogoutErrorRow kRows[] = {
#define X(name, answer, text) {#name, LogoutAnswer::answer, text},
    ID_TOKEN_LOGOUT_ERRORS(X)
#undef X
};

}  // namespace

const LogoutErrorRow &logout_error_row(LogoutError error) noexcept {
    return kRows[static_cast<std::size_t>(error)];
}

}  // namespace id_token
