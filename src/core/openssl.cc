#include "openssl.h"

namespace id_token {

bool openssl_out_of_memory() noexcept {
    return ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE ||
           ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
}

}  // namespace id_token
