/*
 * Parked requests. nginx has no way to tell other workers something that is
 * free for us to use: a worker that has requests parked polls.
 */

#include "idt_request/wait.h"


#define NGX_HTTP_AUTH_ID_TOKEN_POLL  50


static void ngx_http_auth_id_token_wait_cleanup(void *data) noexcept;
static void ngx_http_auth_id_token_wait_timeout(ngx_event_t *ev) noexcept;
static void ngx_http_auth_id_token_wait_write(ngx_http_request_t *r) noexcept;
static void ngx_http_auth_id_token_wait_poll(ngx_event_t *ev) noexcept;
static void ngx_http_auth_id_token_wait_arm(void) noexcept;
static void ngx_http_auth_id_token_wait_forget(
    ngx_http_auth_id_token_waiter_t *waiter) noexcept;
static void ngx_http_auth_id_token_wait_resume(
    ngx_http_auth_id_token_waiter_t *waiter,
    ngx_http_auth_id_token_wait_e state) noexcept;
static void ngx_http_auth_id_token_wait_look(
    ngx_http_auth_id_token_keys_t *only) noexcept;


/* of a worker */

static ngx_queue_t       ngx_http_auth_id_token_waiters;
static ngx_uint_t        ngx_http_auth_id_token_nwaiting;
static ngx_event_t       ngx_http_auth_id_token_poll;
static ngx_connection_t  ngx_http_auth_id_token_poll_connection;


ngx_int_t
ngx_http_auth_id_token_wait(ngx_http_request_t *r,
    ngx_http_auth_id_token_waiter_t *waiter,
    ngx_http_auth_id_token_keys_t *keys, uint64_t attempt) noexcept
{
    ngx_uint_t           most;
    ngx_msec_int_t       left;
    ngx_pool_cleanup_t  *cln;

    if (ngx_http_auth_id_token_waiters.next == NULL) {
        ngx_queue_init(&ngx_http_auth_id_token_waiters);
    }

    most = ngx_min(NGX_HTTP_AUTH_ID_TOKEN_MAX_WAITING,
                   ngx_cycle->connection_n
                   / NGX_HTTP_AUTH_ID_TOKEN_WAITING_SHARE);

    if (ngx_http_auth_id_token_nwaiting >= most) {
        return NGX_BUSY;
    }

    if (!waiter->cleanup) {
        cln = ngx_pool_cleanup_add(r->pool, 0);
        if (cln == NULL) {
            return NGX_ERROR;
        }

        cln->handler = ngx_http_auth_id_token_wait_cleanup;
        cln->data = waiter;
        waiter->cleanup = 1;
    }

    /* to be told when the client goes away */

    if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    if (waiter->timed != keys) {
        waiter->timed = keys;
        waiter->deadline = ngx_current_msec
                           + ngx_http_auth_id_token_keys_timeout(keys);
    }

    left = (ngx_msec_int_t) (waiter->deadline - ngx_current_msec);

    waiter->request = r;
    waiter->keys = keys;
    waiter->attempt = attempt;
    waiter->state = NGX_HTTP_AUTH_ID_TOKEN_WAIT_PARKED;

    waiter->timer.handler = ngx_http_auth_id_token_wait_timeout;
    waiter->timer.data = waiter;
    waiter->timer.log = r->connection->log;

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_auth_id_token_wait_write;

    /* holds up the exit of the worker, too, until the request is answered */

    ngx_add_timer(&waiter->timer, ngx_max(left, 1));

    ngx_queue_insert_tail(&ngx_http_auth_id_token_waiters, &waiter->queue);
    ngx_http_auth_id_token_nwaiting++;

    ngx_http_auth_id_token_wait_arm();

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "id_token request parked, %ui in all",
                   ngx_http_auth_id_token_nwaiting);

    return NGX_AGAIN;
}


static void
ngx_http_auth_id_token_wait_arm(void) noexcept
{
    ngx_event_t  *poll;

    poll = &ngx_http_auth_id_token_poll;

    if (poll->timer_set || ngx_http_auth_id_token_nwaiting == 0) {
        return;
    }

    /* where a debug log looks for a descriptor */

    ngx_http_auth_id_token_poll_connection.fd = (ngx_socket_t) -1;

    poll->handler = ngx_http_auth_id_token_wait_poll;
    poll->data = &ngx_http_auth_id_token_poll_connection;
    poll->log = ngx_cycle->log;
    poll->cancelable = 1;

    ngx_add_timer(poll, NGX_HTTP_AUTH_ID_TOKEN_POLL);
}


static void
ngx_http_auth_id_token_wait_poll(ngx_event_t *ev) noexcept
{
    ngx_http_auth_id_token_wait_look(NULL);
    ngx_http_auth_id_token_wait_arm();
}


void
ngx_http_auth_id_token_wake(ngx_http_auth_id_token_keys_t *keys) noexcept
{
    if (ngx_http_auth_id_token_nwaiting) {
        ngx_http_auth_id_token_wait_look(keys);
    }
}


/*
 * Those to be woken are moved to a queue of their own first: a request that
 * runs may park again, or end others that wait on its connection.
 */

static void
ngx_http_auth_id_token_wait_look(ngx_http_auth_id_token_keys_t *only) noexcept
{
    uint64_t                           attempt;
    ngx_queue_t                       *q, *next, ended;
    ngx_http_auth_id_token_keys_t     *keys;
    ngx_http_auth_id_token_waiter_t   *waiter;
    ngx_http_auth_id_token_attempt_e   state;

    keys = NULL;
    attempt = 0;
    state = NGX_HTTP_AUTH_ID_TOKEN_PENDING;

    ngx_queue_init(&ended);

    for (q = ngx_queue_head(&ngx_http_auth_id_token_waiters);
         q != ngx_queue_sentinel(&ngx_http_auth_id_token_waiters);
         q = next)
    {
        next = ngx_queue_next(q);
        waiter = ngx_queue_data(q, ngx_http_auth_id_token_waiter_t, queue);

        if (only != NULL && waiter->keys != only) {
            continue;
        }

        if (waiter->keys != keys || waiter->attempt != attempt) {
            keys = waiter->keys;
            attempt = waiter->attempt;
            state = ngx_http_auth_id_token_keys_attempt(keys, attempt);
        }

        if (state != NGX_HTTP_AUTH_ID_TOKEN_PENDING) {
            ngx_queue_remove(q);
            ngx_queue_insert_tail(&ended, q);
        }
    }

    while (!ngx_queue_empty(&ended)) {
        q = ngx_queue_head(&ended);
        waiter = ngx_queue_data(q, ngx_http_auth_id_token_waiter_t, queue);

        state = ngx_http_auth_id_token_keys_attempt(waiter->keys,
                                                    waiter->attempt);

        ngx_http_auth_id_token_wait_resume(waiter,
            state == NGX_HTTP_AUTH_ID_TOKEN_SUCCEEDED
                ? NGX_HTTP_AUTH_ID_TOKEN_WAIT_SUCCEEDED
                : NGX_HTTP_AUTH_ID_TOKEN_WAIT_FAILED);
    }
}


static void
ngx_http_auth_id_token_wait_timeout(ngx_event_t *ev) noexcept
{
    ngx_http_auth_id_token_waiter_t  *waiter;

    waiter = static_cast<ngx_http_auth_id_token_waiter_t *>(ev->data);

    ngx_http_auth_id_token_wait_resume(waiter,
                                       NGX_HTTP_AUTH_ID_TOKEN_WAIT_TIMED_OUT);
}


static void
ngx_http_auth_id_token_wait_resume(ngx_http_auth_id_token_waiter_t *waiter,
    ngx_http_auth_id_token_wait_e state) noexcept
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = waiter->request;
    c = r->connection;

    ngx_http_auth_id_token_wait_forget(waiter);
    waiter->state = state;

    ngx_http_set_log_request(c->log, r);

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, c->log, 0,
                   "id_token request woken: %d", state);

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;

    if (ngx_http_post_request(r, NULL) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
    }

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_auth_id_token_wait_forget(ngx_http_auth_id_token_waiter_t *waiter)
    noexcept
{
    ngx_queue_remove(&waiter->queue);
    ngx_http_auth_id_token_nwaiting--;

    if (waiter->timer.timer_set) {
        ngx_del_timer(&waiter->timer);
    }
}


static void
ngx_http_auth_id_token_wait_cleanup(void *data) noexcept
{
    ngx_http_auth_id_token_waiter_t  *waiter;

    waiter = static_cast<ngx_http_auth_id_token_waiter_t *>(data);

    if (waiter->state == NGX_HTTP_AUTH_ID_TOKEN_WAIT_PARKED) {
        waiter->state = NGX_HTTP_AUTH_ID_TOKEN_WAIT_NONE;
        ngx_http_auth_id_token_wait_forget(waiter);
    }
}


static void
ngx_http_auth_id_token_wait_write(ngx_http_request_t *r) noexcept
{
    if (ngx_handle_write_event(r->connection->write, 0) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
    }
}
