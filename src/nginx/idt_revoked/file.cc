/*
 * The file of logouts, which outlives the zone. All processes append to it and
 * take in what others have appended: during an upgrade two masters have a zone
 * each. Who writes it anew gives it another inode.
 */

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "idt_revoked/file.h"


namespace id_token::nginx {


/* an event loop waits so long for another process at most, ms */

#define LOCK_WAIT  250

file_lock::file_lock(revocations_t *revocations) noexcept
{
    ngx_uint_t  ms;

    if (revocations->lock_fd == NGX_INVALID_FILE) {
        error_ = state_open(revocations, "/revocations.lock", 0,
                            &revocations->lock_fd);
        if (error_ != 0) {
            return;
        }
    }

    for (ms = 0; ms <= LOCK_WAIT; ms++) {

        error_ = (flock(revocations->lock_fd, LOCK_EX|LOCK_NB) == -1)
                 ? ngx_errno : 0;

        if (error_ != EWOULDBLOCK && error_ != NGX_EINTR) {
            break;
        }

        ngx_msleep(1);
    }

    if (error_ == 0) {
        fd_ = revocations->lock_fd;
    }
}


file_lock::~file_lock()
{
    if (fd_ != NGX_INVALID_FILE) {
        (void) flock(fd_, LOCK_UN);
    }
}


bool
state_path(revocations_t *revocations, const char *name, u_char *path,
    size_t size) noexcept
{
    u_char  *end;

    end = ngx_snprintf(path, size, "%V%s%Z",
                       &revocations->settings.state->name, name);

    return end < path + size;
}


/* 0, or why it cannot be used */

ngx_err_t
state_open(revocations_t *revocations, const char *name, int flags,
    ngx_fd_t *fd) noexcept
{
    u_char       path[NGX_MAX_PATH];
    ngx_err_t    err;
    struct stat  st;

    if (!state_path(revocations, name, path, sizeof(path))) {
        return ENAMETOOLONG;
    }

    *fd = open(reinterpret_cast<char *>(path),
               O_RDWR|O_CREAT|O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC|flags, 0600);

    if (*fd == NGX_INVALID_FILE) {
        return ngx_errno;
    }

    err = (fstat(*fd, &st) == -1) ? ngx_errno
          : (!S_ISREG(st.st_mode) || st.st_uid != geteuid()
             || (st.st_mode & (S_IWGRP|S_IWOTH)) != 0)
          ? EPERM : 0;

    if (err != 0) {
        (void) close(*fd);
        *fd = NGX_INVALID_FILE;
    }

    return err;
}


void
state_close(revocations_t *revocations) noexcept
{
    if (revocations->fd != NGX_INVALID_FILE) {
        (void) close(revocations->fd);
        revocations->fd = NGX_INVALID_FILE;
    }
}


/* the file that bears the name now */

ngx_err_t
state_current(revocations_t *revocations, struct stat *st) noexcept
{
    u_char       path[NGX_MAX_PATH];
    ngx_err_t    err;
    struct stat  named;

    if (!state_path(revocations, "/revocations", path, sizeof(path))) {
        return ENAMETOOLONG;
    }

    if (revocations->fd != NGX_INVALID_FILE
        && (lstat(reinterpret_cast<char *>(path), &named) == -1
            || fstat(revocations->fd, st) == -1
            || named.st_ino != st->st_ino || named.st_dev != st->st_dev))
    {
        state_close(revocations);
    }

    if (revocations->fd == NGX_INVALID_FILE) {
        err = state_open(revocations, "/revocations", O_APPEND,
                         &revocations->fd);
        if (err != 0) {
            return err;
        }
    }

    return (fstat(revocations->fd, st) == -1) ? ngx_errno : 0;
}


bool
state_write(ngx_fd_t fd, std::string_view bytes) noexcept
{
    ssize_t  n;

    while (!bytes.empty()) {
        n = write(fd, bytes.data(), bytes.size());

        if (n == -1) {
            if (ngx_errno == NGX_EINTR) {
                continue;
            }

            return false;
        }

        bytes.remove_prefix(n);
    }

    return true;
}


/* of a process that died while it wrote */

ngx_err_t
state_cut(revocations_t *revocations, off_t size, off_t whole) noexcept
{
    if (size == whole) {
        return 0;
    }

    if (ftruncate(revocations->fd, whole) == -1) {
        return ngx_errno;
    }

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "id_token_revocations: %O bytes at the end of "
                  "\"%V/revocations\" are no whole record, and are cut off",
                  size - whole, &revocations->settings.state->name);
    return 0;
}


}  // namespace id_token::nginx
