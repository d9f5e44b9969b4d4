/* What a worker does all the time: it looks into the file, syncs and purges. */

#include <unistd.h>

#include "idt_revoked/file.h"
#include "idt_revoke/state_record.h"


namespace id_token::nginx {


/* ms; what others have appended counts here after that */

#define FOLLOW  200

/* without a file there is only to be purged */

#define IDLE  1000

/* places that are looked at each time */

#define PURGE  512


#if (NGX_THREADS)

typedef struct {
    ngx_fd_t        fd;
    revocations_t  *revocations;
} sync_t;


static void
sync_run(void *data, ngx_log_t *log)
{
    (void) fdatasync(static_cast<sync_t *>(data)->fd);
}


static void
sync_done(ngx_event_t *ev)
{
    sync_t            *sync;
    ngx_thread_task_t *task;

    task = static_cast<ngx_thread_task_t *>(ev->data);
    sync = static_cast<sync_t *>(task->ctx);

    sync->revocations->syncing = 0;

    (void) close(sync->fd);
    ngx_free(task);
}


/* NGX_DECLINED: there is no thread for it */

static ngx_int_t
sync_post(revocations_t *revocations)
{
    sync_t             *sync;
    ngx_str_t           name = ngx_string("default");
    ngx_thread_pool_t  *pool;
    ngx_thread_task_t  *task;

    pool = ngx_thread_pool_get(revocations->cycle, &name);
    if (pool == NULL) {
        return NGX_DECLINED;
    }

    task = static_cast<ngx_thread_task_t *>(
               ngx_calloc(sizeof(ngx_thread_task_t) + sizeof(sync_t),
                          revocations->cycle->log));
    if (task == NULL) {
        return NGX_ERROR;
    }

    sync = reinterpret_cast<sync_t *>(task + 1);
    sync->revocations = revocations;
    sync->fd = dup(revocations->fd);

    task->ctx = sync;
    task->handler = sync_run;
    task->event.data = task;
    task->event.handler = sync_done;

    if (sync->fd == NGX_INVALID_FILE
        || ngx_thread_task_post(pool, task) != NGX_OK)
    {
        if (sync->fd != NGX_INVALID_FILE) {
            (void) close(sync->fd);
        }

        ngx_free(task);
        return NGX_ERROR;
    }

    revocations->syncing = 1;

    return NGX_OK;
}

#endif


/* the answers have gone; a failure is tried again with the next one */

static void
sync_file(revocations_t *revocations)
{
    if (!revocations->unsynced || revocations->syncing
        || revocations->fd == NGX_INVALID_FILE)
    {
        return;
    }

#if (NGX_THREADS)

    switch (sync_post(revocations)) {

    case NGX_OK:
        revocations->unsynced = 0;
        return;

    case NGX_ERROR:
        return;

    default: /* NGX_DECLINED */
        break;
    }

#endif

    revocations->unsynced = 0;
    (void) fdatasync(revocations->fd);
}


/* what others have appended, or put in the file's place */

static bool
has_moved(revocations_t *revocations, uint64_t *size)
{
    u_char         path[NGX_MAX_PATH];
    struct stat    st;
    revoked_zone  *zone = revocations->zone;

    if (!state_path(revocations, "/revocations", path, sizeof(path))
        || lstat(reinterpret_cast<char *>(path), &st) == -1)
    {
        return true;
    }

    *size = st.st_size;

    revoked_lock  lock(revocations);

    return zone->inode != st.st_ino || zone->device != st.st_dev
           || zone->offset != *size;
}


static void
follow_file(revocations_t *revocations)
{
    uint64_t  size = 0;

    sync_file(revocations);

    if (has_moved(revocations, &size)) {
        revoked_read(revocations);
    }

    if (is_compaction_due(size, revocations->zone->list->count(), false)) {
        revoked_compact(revocations, false);
    }
}


static void
purge(revocations_t *revocations)
{
    RevocationList  *list = revocations->zone->list;

    if (list->count() == 0) {
        return;
    }

    revoked_lock  lock(revocations);

    (void) list->purge(ngx_time(), PURGE);

    /* the next time that it is full is told again */

    if (list->count() < list->capacity() / 2) {
        revocations->zone->full = false;
    }
}


static void
tick(ngx_event_t *ev)
{
    revocations_t  *revocations;

    revocations = static_cast<revocations_t *>(ev->data);

    if (revocations->settings.state != NULL) {
        follow_file(revocations);
    }

    purge(revocations);

    ngx_add_timer(ev, revocations->settings.state != NULL ? FOLLOW : IDLE);
}


void
revocations_init_process(revocations_t *revocations) noexcept
{
    ngx_event_t  *timer;

    if (revocations == NULL) {
        return;
    }

    if (revocations->settings.state != NULL) {
        revoked_read(revocations);

        if (revocations->zone->starts.exchange(false)) {
            revoked_compact(revocations, true);
        }
    }

    timer = &revocations->timer;

    timer->handler = tick;
    timer->data = revocations;
    timer->log = revocations->cycle->log;
    timer->cancelable = 1;

    ngx_add_timer(timer, revocations->settings.state != NULL ? FOLLOW : IDLE);
}


void
revocations_exit_process(revocations_t *revocations) noexcept
{
    if (revocations == NULL) {
        return;
    }

    if (revocations->timer.timer_set) {
        ngx_del_timer(&revocations->timer);
    }

    if (revocations->unsynced && revocations->fd != NGX_INVALID_FILE) {
        (void) fdatasync(revocations->fd);
    }

    state_close(revocations);

    if (revocations->lock_fd != NGX_INVALID_FILE) {
        (void) close(revocations->lock_fd);
        revocations->lock_fd = NGX_INVALID_FILE;
    }
}


}  // namespace id_token::nginx
