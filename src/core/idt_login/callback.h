// The tenant's answer at the callback (L3).

#ifndef IDT_LOGIN_CALLBACK_H
#define IDT_LOGIN_CALLBACK_H

#include <optional>
#include <string_view>

#include "idt_base/result.h"
#include "idt_login/form.h"
#include "idt_login/login_error.h"
#include "idt_login/transaction.h"

namespace id_token {

// Views into a form.
struct CallbackAnswer {
    std::string_view state;  // of the right form
    std::optional<std::string_view> issuer;
    // Of those, one is there or none.
    std::optional<std::string_view> error;  // a text of ours
    std::optional<std::string_view> token;
    std::optional<std::string_view> code;
};

// Whether a body of that type is a form: parameters do not count.
[[nodiscard]] bool is_form_type(std::string_view content_type) noexcept;

// The form out of a body or a query string.
[[nodiscard]] Result<Form, LoginError> read_answer(std::string_view text);

// What of the form counts in that flow; state_missing without a state.
[[nodiscard]] Result<CallbackAnswer, LoginError> parse_answer(const Form &form,
                                                              Flow flow);

// What the answer says, once its transaction is known to be right. `demanded`:
// the tenant says that its answers name the issuer (RFC 9207 2.4), which counts
// where a code is to be redeemed: an ID token names it by itself.
[[nodiscard]] LoginError check_answer(const CallbackAnswer &answer,
                                      std::string_view issuer,
                                      bool demanded) noexcept;

}  // namespace id_token

#endif
