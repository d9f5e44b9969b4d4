/*
 * Parked requests: bounded in number and time, woken when the attempt that
 * they wait for has ended.
 */

#ifndef IDT_REQUEST_WAIT_H
#define IDT_REQUEST_WAIT_H

extern "C" {
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>
}

#include "idt_source/source.h"


/*
 * Per worker; each holds a connection and its request already, and most of
 * the connections are for those who need not wait.
 */

#define NGX_HTTP_AUTH_ID_TOKEN_MAX_WAITING    1024
#define NGX_HTTP_AUTH_ID_TOKEN_WAITING_SHARE  4


typedef enum {
    NGX_HTTP_AUTH_ID_TOKEN_WAIT_NONE,        /* never parked */
    NGX_HTTP_AUTH_ID_TOKEN_WAIT_PARKED,
    NGX_HTTP_AUTH_ID_TOKEN_WAIT_SUCCEEDED,   /* the attempt succeeded */
    NGX_HTTP_AUTH_ID_TOKEN_WAIT_FAILED,
    NGX_HTTP_AUTH_ID_TOKEN_WAIT_TIMED_OUT
} ngx_http_auth_id_token_wait_e;


/* part of the state of a request; zeroed before first use */

typedef struct {
    ngx_queue_t                      queue;
    ngx_http_request_t              *request;
    ngx_http_auth_id_token_keys_t   *keys;
    uint64_t                         attempt;
    ngx_http_auth_id_token_keys_t   *timed;     /* whose deadline it is */
    ngx_msec_t                       deadline;
    ngx_event_t                      timer;
    ngx_http_auth_id_token_wait_e    state;
    unsigned                         cleanup:1;
} ngx_http_auth_id_token_waiter_t;


/*
 * Parks the request until the attempt has ended or the time is up; then the
 * phases run again from the current handler, with waiter->state telling why.
 * NGX_AGAIN: parked, return it from the phase handler. NGX_BUSY: too many are
 * waiting. NGX_ERROR: out of memory. One who parks again for the same source
 * has what is left of his time, until `timed` is cleared. For main requests
 * and subrequests, in PREACCESS and ACCESS handlers. A request that ends while
 * parked is forgotten by a cleanup of its pool.
 */

ngx_int_t ngx_http_auth_id_token_wait(ngx_http_request_t *r,
    ngx_http_auth_id_token_waiter_t *waiter,
    ngx_http_auth_id_token_keys_t *keys, uint64_t attempt) noexcept;

/*
 * Wakes whoever waits for an attempt that has ended; called by the key source
 * in this worker, and by the 50 ms poll that runs only while requests wait.
 */

void ngx_http_auth_id_token_wake(ngx_http_auth_id_token_keys_t *keys) noexcept;

#endif /* IDT_REQUEST_WAIT_H */
