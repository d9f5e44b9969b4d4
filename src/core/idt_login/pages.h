// The pages of ours (L1): a few lines of HTML, no script, nothing of the
// request in them.

#ifndef IDT_LOGIN_PAGES_H
#define IDT_LOGIN_PAGES_H

#include <string>
#include <string_view>

#include "idt_login/login_error.h"

namespace id_token {

// The status that goes with a page.
[[nodiscard]] int page_status(Page page) noexcept;

// `code`: for Page::tenant_error, a text of known_error_code(). No other page
// shows it.
[[nodiscard]] std::string page_html(Page page, std::string_view code = {});

}  // namespace id_token

#endif
