/*
 * The token endpoint: a code is redeemed over the client that fetches keys,
 * under the same rules.
 */

#include "idt_session/session.h"

extern "C" {
#include <openssl/rand.h>
}

#include "idt_base/base64url.h"
#include "idt_fetch/fetch.h"
#include "idt_login/secret_chain.h"
#include "idt_source/zone.h"


namespace id_token::nginx {


struct exchange_s {
    ngx_http_request_t  *request;
    exchanged_pt         exchanged;
    fetch_conf_t         conf;
    fetch_post_t         post;
    fetch_t             *fetch;
    ngx_event_t          ended;

    std::string          token;
    LoginError           error;
    std::string          detail;
};


static void exchange_answered(void *data, const fetch_result_t *result)
    noexcept;
static void exchange_ended(ngx_event_t *ev) noexcept;


/* RFC 7523 3: never the same twice */

static std::string
new_jti(void)
{
    unsigned char  random[16];

    if (RAND_bytes(random, sizeof(random)) != 1) {
        throw std::bad_alloc();
    }

    return base64url_encode(std::span<const unsigned char>(random));
}


static bool
write_request(exchange_t *x, provider_t *provider,
    const Transaction &transaction, std::string_view code)
{
    std::string   credential, verifier;
    TokenRequest  request;

    const login_provider_t  *login = provider->login;

    if (login->secret) {
        credential.assign(reinterpret_cast<const char *>(login->secret->data()),
                          login->secret->size());
    }

    if (login->key) {
        auto  assertion = client_assertion(*login->key,
                                           provider->policy.client_id,
                                           provider->policy.issuer, new_jti(),
                                           ngx_time());
        if (!assertion) {
            return false;
        }

        credential = std::move(*assertion);
    }

    verifier = pkce_verifier(transaction.secret);

    request.code = code;
    request.redirect_uri = transaction.redirect_uri;
    request.verifier = verifier;
    request.client_id = provider->policy.client_id;
    request.auth = login->auth;
    request.credential = credential;

    x->post.body = token_request_body(request);
    x->post.authorization = token_request_authorization(request);

    return true;
}


exchange_t *
exchange_start(ngx_http_request_t *r, provider_t *provider,
    std::string_view token_endpoint, const Transaction &transaction,
    std::string_view code, exchanged_pt exchanged) noexcept
{
    fetch_t     *fetch;
    exchange_t  *x;

    x = new (std::nothrow) exchange_t();
    if (x == NULL) {
        return NULL;
    }

    x->request = r;
    x->exchanged = exchanged;
    x->ended.handler = exchange_ended;
    x->ended.data = x;
    x->ended.log = ngx_cycle->log;

    try {
        x->conf = token_fetch_conf(provider->keys);
        x->conf.post = &x->post;

        if (write_request(x, provider, transaction, code)) {
            fetch = fetch_start(&x->conf, token_endpoint, exchange_answered, x,
                                ngx_cycle->log);

            /* it may have ended already, and be gone */

            x->fetch = x->ended.posted ? NULL : fetch;
        }

    } catch (...) {
        x->fetch = NULL;
    }

    if (x->fetch == NULL && !x->ended.posted) {
        delete x;
        return NULL;
    }

    return x;
}


/* may be called before fetch_start() returns: what follows has to wait */

static void
exchange_answered(void *data, const fetch_result_t *result) noexcept
{
    exchange_t  *x;

    x = static_cast<exchange_t *>(data);

    x->fetch = NULL;
    x->error = LoginError::token_endpoint;

    try {
        if (!result->error.empty()) {
            x->detail = result->error;

        } else {
            auto  answer = parse_token_answer(result->body);

            x->error = answer.token.empty() ? LoginError::token_answer
                                            : LoginError::none;
            x->detail = answer.error;
            x->token = std::move(answer.token);
        }

    } catch (...) {
        /* token_endpoint stands */
    }

    ngx_post_event(&x->ended, &ngx_posted_events);
}


static void
exchange_ended(ngx_event_t *ev) noexcept
{
    exchange_t           *x;
    LoginError            error;
    std::string           token, detail;
    exchanged_pt          exchanged;
    ngx_http_request_t   *r;

    x = static_cast<exchange_t *>(ev->data);

    r = x->request;
    exchanged = x->exchanged;
    error = x->error;
    token = std::move(x->token);
    detail = std::move(x->detail);

    delete x;

    exchanged(r, std::move(token), error, detail);
}


void
exchange_abort(exchange_t *x) noexcept
{
    if (x->ended.posted) {
        ngx_delete_posted_event(&x->ended);
    }

    if (x->fetch != NULL) {
        fetch_abort(x->fetch);
    }

    delete x;
}


}  // namespace id_token::nginx
