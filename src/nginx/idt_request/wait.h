/*
 * Parked requests: bounded in number and time, woken when the attempt that
 * they wait for has ended.
 */

#ifndef IDT_REQUEST_WAIT_H
#define IDT_REQUEST_WAIT_H

#include "idt_glue/ngx.h"

#include "idt_source/source.h"


namespace id_token::nginx {


/*
 * Per worker; each holds a connection and its request already, and most of
 * the connections are for those who need not wait.
 */

#define MAX_WAITING    1024
#define WAITING_SHARE  4


enum class Wait {
    none,        /* never parked */
    parked,
    succeeded,   /* the attempt succeeded */
    failed,
    timed_out
};


/* part of the state of a request; zeroed before first use */

typedef struct {
    ngx_queue_t          queue;
    ngx_http_request_t  *request;
    key_source_t        *keys;
    uint64_t             attempt;
    key_source_t        *timed;     /* whose deadline it is */
    ngx_msec_t           deadline;
    ngx_event_t          timer;
    Wait                 state;
    unsigned             cleanup:1;
} waiter_t;


/*
 * Parks the request until the attempt has ended or the time is up; then the
 * phases run again from the current handler, with waiter->state telling why.
 * NGX_AGAIN: parked, return it from the phase handler. NGX_BUSY: too many are
 * waiting. NGX_ERROR: out of memory. One who parks again for the same source
 * has what is left of his time, until `timed` is cleared. For main requests
 * and subrequests, in PREACCESS and ACCESS handlers. A request that ends while
 * parked is forgotten by a cleanup of its pool.
 */

ngx_int_t wait(ngx_http_request_t *r, waiter_t *waiter, key_source_t *keys,
    uint64_t attempt) noexcept;

/*
 * Wakes whoever waits for an attempt that has ended; called by the key source
 * in this worker, and by the 50 ms poll that runs only while requests wait.
 */

void wake(key_source_t *keys) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_REQUEST_WAIT_H */
