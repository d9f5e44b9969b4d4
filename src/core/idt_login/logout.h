// Whether a request may end the session that it comes with (L3).

#ifndef IDT_LOGIN_LOGOUT_H
#define IDT_LOGIN_LOGOUT_H

#include <cstdint>

#include "idt_login/page_load.h"

namespace id_token {

enum class LogoutStep : std::uint8_t {
    end,      // it ends
    confirm,  // ask first: an image could have sent this
    refuse,   // a form of another site
};

// `post`: the method is POST. `same_origin`: the request brings evidence that
// a page of this origin sent it, as for any change by a cookie.
[[nodiscard]] LogoutStep judge_logout(const RequestLook &look, bool post,
                                      bool same_origin) noexcept;

}  // namespace id_token

#endif
