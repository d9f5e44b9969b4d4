#include "idt_lib/openssl.h"

namespace id_token {

namespace {

bool is_lack_of_memory(unsigned long error) noexcept {
    return ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
}

}  // namespace

bool ErrorQueueScope::out_of_memory() const noexcept {
    const unsigned long last = ERR_peek_last_error();
    if (before_ != 0) {
        return last != before_ && is_lack_of_memory(last);
    }
    return is_lack_of_memory(ERR_peek_error()) || is_lack_of_memory(last);
}

}  // namespace id_token
