/*
 * Sessions that others end: the tenant, by a back channel or through the
 * browser, and an operator.
 */

#ifndef IDT_ENDING_ENDING_H
#define IDT_ENDING_ENDING_H

#include "idt_session/session.h"

#include "idt_logout/logout_request.h"


namespace id_token::nginx {


/* content handlers */

ngx_int_t backchannel_handler(ngx_http_request_t *r);
ngx_int_t frontchannel_handler(ngx_http_request_t *r);
ngx_int_t revoke_handler(ngx_http_request_t *r);


/* answer.cc: what a content handler returns; may throw std::bad_alloc */

/* the log line, and the answer: JSON; provider: NULL, it is not known */
ngx_int_t logout_failed(ngx_http_request_t *r, const provider_t *provider,
    const LogoutRefusal &refusal);

/* the log line */
void logout_did(ngx_http_request_t *r, const provider_t *provider,
    const char *what) noexcept;

/* 200 */
ngx_int_t send_count(ngx_http_request_t *r, const revocations_t *revocations);
ngx_int_t send_done(ngx_http_request_t *r, ngx_str_t *type) noexcept;

/* for how long logouts of that provider count */
LogoutScope scope_of(const revocations_t *revocations,
    const provider_t *provider);


}  // namespace id_token::nginx

#endif /* IDT_ENDING_ENDING_H */
