/*
 * Logins: how a session begins at this server, goes on and ends. Who is sent
 * to the tenant, what comes back, the cookies of a session.
 */

#ifndef IDT_SESSION_SESSION_H
#define IDT_SESSION_SESSION_H

#include "idt_request/judge.h"

#include "idt_login/endpoints.h"
#include "idt_login/login_error.h"
#include "idt_login/note.h"
#include "idt_login/page_load.h"
#include "idt_login/set_cookie.h"


namespace id_token::nginx {


/* request.cc: what a request says, headers for its answer */

RequestLook look_at(ngx_http_request_t *r) noexcept;

/* asked_host() in lower case */
std::string host_of(ngx_http_request_t *r);

/* whether the host is one of the server's names, or a loopback one */
bool is_known_host(ngx_http_request_t *r) noexcept;

/* every cookie; views into the request. May throw std::bad_alloc */
std::vector<CookiePair> read_cookies(ngx_http_request_t *r);

/* copies both; NGX_ERROR: out of memory */
ngx_int_t add_header(ngx_http_request_t *r, const char *name,
    std::string_view value) noexcept;

/* "no-store", for whatever looks for Cache-Control, too */
ngx_int_t forbid_caching(ngx_http_request_t *r) noexcept;

ngx_int_t set_location(ngx_http_request_t *r, std::string_view url) noexcept;

/*
 * Of every request, whatever becomes of it: Set-Cookie for transaction cookies
 * beyond the youngest few.
 */

ngx_int_t post_read_handler(ngx_http_request_t *r);


/* begin.cc: the way to the tenant */

typedef struct {
    provider_t       *provider;
    loc_conf_t       *conf;
    std::string_view         return_path;
    std::optional<int64_t>   max_age;
    int64_t                  renews;       /* 0: a login */
} departure_t;

/* LoginError::none: headers are set for a redirect; may throw bad_alloc */
LoginError depart(ngx_http_request_t *r, const departure_t &departure);


/* access.cc: the phases, around those of the gate */

ngx_int_t login_access_handler(ngx_http_request_t *r) noexcept;

/* behind all other modules, for "satisfy any" */
ngx_int_t last_access_handler(ngx_http_request_t *r) noexcept;

/*
 * NGX_AGAIN: parked until the endpoints of ctx->provider have been asked for;
 * the phase's handler will be called again.
 */

ngx_int_t await_endpoints(ngx_http_request_t *r, ctx_t *ctx) noexcept;


/* notes.cc */

std::optional<Note> read_note(ngx_http_request_t *r, NoteKind kind,
    std::string_view cookie, const std::vector<CookiePair> &cookies);

/* NGX_ERROR: out of memory */
ngx_int_t write_note(ngx_http_request_t *r, NoteKind kind,
    std::string_view cookie, const Note &note, SameSite same_site);


/* page.cc: pages of ours, log lines */

/* what a content handler returns; copies the text */
ngx_int_t send_text(ngx_http_request_t *r, ngx_uint_t status, ngx_str_t *type,
    std::string_view text) noexcept;

/*
 * What a content handler returns or is finalized with. Where an error_page is
 * set for the status, it is left to it. `code`: see page_html().
 */

ngx_int_t send_page(ngx_http_request_t *r, Page page,
    std::string_view code = {}) noexcept;

/* the log line, the value of $id_token_login, and the page */
ngx_int_t login_failed(ngx_http_request_t *r, provider_t *provider,
    LoginError error, std::string_view detail = {}) noexcept;

/* the same for what went well: "begun", "succeeded" ... */
void login_did(ngx_http_request_t *r, provider_t *provider,
    const char *what, std::string_view why = {}) noexcept;


/* finish.cc */

/*
 * A token that did not come with the request as one; ctx->provider is set.
 * NGX_AGAIN: it waits for keys; else ctx->error says what came out. May throw
 * std::bad_alloc.
 */

ngx_int_t prove_whole(ngx_http_request_t *r, ctx_t *ctx,
    std::string_view token);


/* callback.cc, exchange.cc */

ngx_int_t callback_handler(ngx_http_request_t *r) noexcept;

/* the token endpoint has answered; an empty token: `error` says why not */
typedef void (*exchanged_pt)(ngx_http_request_t *r, std::string &&token,
    LoginError error, std::string_view detail) noexcept;

typedef struct exchange_s  exchange_t;

/* NULL: nothing was started; else exactly one call of `exchanged`, or abort */
exchange_t *exchange_start(ngx_http_request_t *r, provider_t *provider,
    std::string_view token_endpoint, const Transaction &transaction,
    std::string_view code, exchanged_pt exchanged) noexcept;
void exchange_abort(exchange_t *exchange) noexcept;


/* handlers.cc, logout.cc */

ngx_int_t login_handler(ngx_http_request_t *r) noexcept;
ngx_int_t identity_handler(ngx_http_request_t *r) noexcept;
ngx_int_t logout_handler(ngx_http_request_t *r) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_SESSION_SESSION_H */
