/* The file is written anew, without what is over: by one, under its lock. */

#include <fcntl.h>
#include <unistd.h>

#include "idt_revoked/file.h"
#include "idt_revoke/state_record.h"


namespace id_token::nginx {


/* records that are copied at once, under the lock of the zone */

#define BATCH  512

#define TEMPORARY  "/revocations.new"


/* what the list holds but jtis, which no file holds */

static size_t
next_records(revocations_t *revocations, uint32_t *cursor, char *bytes)
{
    size_t  n;

    revoked_lock  lock(revocations);

    for (n = 0; n < BATCH; /* void */ ) {
        auto  one = revocations->zone->list->next(*cursor);

        if (!one) {
            break;
        }

        if (one->kind != RevokedKind::seen && one->until > ngx_time()) {
            StateRecord  record = encode_revocation(*one);

            ngx_memcpy(bytes + n * kStateRecordBytes, record.data(),
                       record.size());
            n++;
        }
    }

    return n * kStateRecordBytes;
}


static ngx_err_t
write_list(revocations_t *revocations, ngx_fd_t fd, bool starts)
{
    char      bytes[BATCH * kStateRecordBytes];
    size_t    size;
    uint32_t  cursor = 0;

    for ( ;; ) {
        size = next_records(revocations, &cursor, bytes);

        if (size == 0) {
            break;
        }

        if (!state_write(fd, { bytes, size })) {
            return ngx_errno;
        }
    }

    /* never in the event loop */

    return (starts && fdatasync(fd) == -1) ? ngx_errno : 0;
}


/* the new file has the name of the old one from now on */

static ngx_err_t
replace(revocations_t *revocations, ngx_fd_t fd)
{
    u_char        from[NGX_MAX_PATH], to[NGX_MAX_PATH];
    struct stat   st;
    revoked_zone *zone = revocations->zone;

    if (!state_path(revocations, TEMPORARY, from, sizeof(from))
        || !state_path(revocations, "/revocations", to, sizeof(to)))
    {
        return ENAMETOOLONG;
    }

    if (fstat(fd, &st) == -1
        || rename(reinterpret_cast<char *>(from), reinterpret_cast<char *>(to))
           == -1)
    {
        return ngx_errno;
    }

    revoked_lock  lock(revocations);

    zone->inode = st.st_ino;
    zone->device = st.st_dev;
    zone->offset = st.st_size;

    return 0;
}


static ngx_err_t
write_anew(revocations_t *revocations, bool starts)
{
    ngx_fd_t   fd;
    ngx_err_t  err;

    err = state_open(revocations, TEMPORARY, O_TRUNC|O_APPEND, &fd);
    if (err != 0) {
        return err;
    }

    err = write_list(revocations, fd, starts);

    if (err == 0) {
        err = replace(revocations, fd);
    }

    (void) close(fd);

    return err;
}


/* what was taken in last ends where whole records do */

static ngx_err_t
tidy(revocations_t *revocations, bool starts)
{
    off_t        whole;
    ngx_err_t    err;
    struct stat  st;

    file_lock  lock(revocations);

    if (lock.error() != 0) {
        return lock.error();
    }

    revoked_read(revocations);

    err = state_current(revocations, &st);
    if (err != 0) {
        return err;
    }

    {
        revoked_lock  held(revocations);

        whole = revocations->zone->offset;
    }

    if (starts) {
        err = state_cut(revocations, st.st_size, ngx_min(st.st_size, whole));
        if (err != 0) {
            return err;
        }
    }

    if (!is_compaction_due(whole, revocations->zone->list->count(), starts)) {
        return 0;
    }

    return write_anew(revocations, starts);
}


void
revoked_compact(revocations_t *revocations, bool starts) noexcept
{
    ngx_err_t  err;

    err = tidy(revocations, starts);

    if (err != 0) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, err,
                      "id_token_revocations: \"%V/revocations\" cannot be "
                      "written anew",
                      &revocations->settings.state->name);
    }
}


}  // namespace id_token::nginx
