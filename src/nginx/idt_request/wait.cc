/*
 * Parked requests. nginx has no way to tell other workers something that is
 * free for us to use: a worker that has requests parked polls.
 */

#include "idt_request/wait.h"

#include "idt_count/count.h"


namespace id_token::nginx {


#define POLL  50


static void wait_cleanup(void *data) noexcept;
static void wait_timeout(ngx_event_t *ev) noexcept;
static void wait_write(ngx_http_request_t *r) noexcept;
static void wait_poll(ngx_event_t *ev) noexcept;
static void wait_arm(void) noexcept;
static void wait_forget(waiter_t *waiter) noexcept;
static void wait_resume(waiter_t *waiter, Wait state) noexcept;
static void wait_look(key_source_t *only) noexcept;


/* of a worker */

static ngx_queue_t       waiters;
static ngx_uint_t        nwaiting;
static ngx_event_t       poll_timer;
static ngx_connection_t  poll_connection;


/* what has to be there before a request is parked: NGX_OK, NGX_BUSY ... */

static ngx_int_t
wait_prepare(ngx_http_request_t *r, waiter_t *waiter) noexcept
{
    ngx_uint_t           most;
    ngx_pool_cleanup_t  *cln;

    if (waiters.next == NULL) {
        ngx_queue_init(&waiters);
    }

    most = ngx_min(MAX_WAITING, ngx_cycle->connection_n / WAITING_SHARE);

    if (nwaiting >= most) {
        return NGX_BUSY;
    }

    if (!waiter->cleanup) {
        cln = ngx_pool_cleanup_add(r->pool, 0);
        if (cln == NULL) {
            return NGX_ERROR;
        }

        cln->handler = wait_cleanup;
        cln->data = waiter;
        waiter->cleanup = 1;
    }

    /* to be told when the client goes away */

    return ngx_handle_read_event(r->connection->read, 0);
}


ngx_int_t
wait(ngx_http_request_t *r, waiter_t *waiter, key_source_t *keys,
    uint64_t attempt) noexcept
{
    ngx_int_t       rc;
    ngx_msec_int_t  left;

    rc = wait_prepare(r, waiter);
    if (rc != NGX_OK) {
        return rc;
    }

    if (waiter->timed != keys) {
        waiter->timed = keys;
        waiter->deadline = ngx_current_msec
                           + keys_timeout(keys);
    }

    left = (ngx_msec_int_t) (waiter->deadline - ngx_current_msec);

    waiter->request = r;
    waiter->keys = keys;
    waiter->attempt = attempt;
    waiter->state = Wait::parked;

    waiter->timer.handler = wait_timeout;
    waiter->timer.data = waiter;
    waiter->timer.log = r->connection->log;

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = wait_write;

    /* holds up the exit of the worker, too, until the request is answered */

    ngx_add_timer(&waiter->timer, ngx_max(left, 1));

    ngx_queue_insert_tail(&waiters, &waiter->queue);
    tell_parked(++nwaiting);

    wait_arm();

    ngx_log_debug1(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "id_token request parked, %ui in all",
                   nwaiting);

    return NGX_AGAIN;
}


static void
wait_arm(void) noexcept
{
    ngx_event_t  *poll;

    poll = &poll_timer;

    if (poll->timer_set || nwaiting == 0) {
        return;
    }

    /* where a debug log looks for a descriptor */

    poll_connection.fd = (ngx_socket_t) -1;

    poll->handler = wait_poll;
    poll->data = &poll_connection;
    poll->log = ngx_cycle->log;
    poll->cancelable = 1;

    ngx_add_timer(poll, POLL);
}


static void
wait_poll(ngx_event_t *ev) noexcept
{
    wait_look(NULL);
    wait_arm();
}


void
wake(key_source_t *keys) noexcept
{
    if (nwaiting) {
        wait_look(keys);
    }
}


/*
 * Those to be woken are moved to a queue of their own first: a request that
 * runs may park again, or end others that wait on its connection.
 */

static void
wait_look(key_source_t *only) noexcept
{
    uint64_t       attempt;
    ngx_queue_t   *q, *next, ended;
    key_source_t  *keys;
    waiter_t      *waiter;
    Attempt        state;

    keys = NULL;
    attempt = 0;
    state = Attempt::pending;

    ngx_queue_init(&ended);

    for (q = ngx_queue_head(&waiters);
         q != ngx_queue_sentinel(&waiters);
         q = next)
    {
        next = ngx_queue_next(q);
        waiter = ngx_queue_data(q, waiter_t, queue);

        if (only != NULL && waiter->keys != only) {
            continue;
        }

        if (waiter->keys != keys || waiter->attempt != attempt) {
            keys = waiter->keys;
            attempt = waiter->attempt;
            state = poll_attempt(keys, attempt);
        }

        if (state != Attempt::pending) {
            ngx_queue_remove(q);
            ngx_queue_insert_tail(&ended, q);
        }
    }

    while (!ngx_queue_empty(&ended)) {
        q = ngx_queue_head(&ended);
        waiter = ngx_queue_data(q, waiter_t, queue);

        state = poll_attempt(waiter->keys, waiter->attempt);

        wait_resume(waiter,
            state == Attempt::succeeded
                ? Wait::succeeded
                : Wait::failed);
    }
}


static void
wait_timeout(ngx_event_t *ev) noexcept
{
    waiter_t  *waiter;

    waiter = static_cast<waiter_t *>(ev->data);

    wait_resume(waiter, Wait::timed_out);
}


static void
wait_resume(waiter_t *waiter, Wait state) noexcept
{
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = waiter->request;
    c = r->connection;

    wait_forget(waiter);
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
wait_forget(waiter_t *waiter) noexcept
{
    ngx_queue_remove(&waiter->queue);
    tell_parked(--nwaiting);

    if (waiter->timer.timer_set) {
        ngx_del_timer(&waiter->timer);
    }
}


static void
wait_cleanup(void *data) noexcept
{
    waiter_t  *waiter;

    waiter = static_cast<waiter_t *>(data);

    if (waiter->state == Wait::parked) {
        waiter->state = Wait::none;
        wait_forget(waiter);
    }
}


static void
wait_write(ngx_http_request_t *r) noexcept
{
    if (ngx_handle_write_event(r->connection->write, 0) != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
    }
}


}  // namespace id_token::nginx
