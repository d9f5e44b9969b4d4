#include "idt_login/logout.h"

namespace id_token {

LogoutStep judge_logout(const RequestLook &look, bool post,
                        bool same_origin) noexcept {
    if (post) {
        return same_origin ? LogoutStep::end : LogoutStep::refuse;
    }
    // A link of ours, the address bar, a bookmark; not what is loaded ahead.
    const bool asked = look.mode == "navigate" && look.dest == "document" &&
                       (look.site == "same-origin" || look.site == "none");
    return asked && !look.purpose ? LogoutStep::end : LogoutStep::confirm;
}

}  // namespace id_token
