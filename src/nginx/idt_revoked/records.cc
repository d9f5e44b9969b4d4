/* Logouts are appended to the file, and taken in from it. */

#include <unistd.h>

#include "idt_revoked/file.h"
#include "idt_revoke/state_record.h"


namespace id_token::nginx {


/* records that are taken in at once, under the lock of the zone */

#define BATCH  512


static ngx_err_t
append(revocations_t *revocations, std::span<const Revocation> records)
{
    off_t        whole;
    ngx_err_t    err;
    struct stat  st;

    file_lock  lock(revocations);

    if (lock.error() != 0) {
        return lock.error();
    }

    err = state_current(revocations, &st);
    if (err != 0) {
        return err;
    }

    whole = st.st_size - st.st_size % kStateRecordBytes;

    err = state_cut(revocations, st.st_size, whole);
    if (err != 0) {
        return err;
    }

    for (const Revocation &one : records) {
        StateRecord  record = encode_revocation(one);

        if (!state_write(revocations->fd, { record.data(), record.size() })) {
            err = ngx_errno;

            if (ftruncate(revocations->fd, whole) == -1) {
                /* whoever appends next cuts it off */
            }

            return err;
        }
    }

    revocations->unsynced = 1;

    return 0;
}


bool
revoked_write(revocations_t *revocations, std::span<const Revocation> records)
    noexcept
{
    ngx_err_t  err;

    err = append(revocations, records);

    if (err == 0) {
        revocations->zone->write_failed = false;
        return true;
    }

    if (!revocations->zone->write_failed.exchange(true)) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, err,
                      "id_token_revocations: a logout cannot be written to "
                      "\"%V/revocations\": it counts, and is forgotten by a "
                      "restart",
                      &revocations->settings.state->name);
    }

    return false;
}


static void
read_failed(revocations_t *revocations, ngx_err_t err)
{
    if (!revocations->zone->read_failed.exchange(true)) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, err,
                      "id_token_revocations: \"%V/revocations\" cannot be "
                      "read: logouts that were taken elsewhere are not known "
                      "here",
                      &revocations->settings.state->name);
    }
}


/* the next part, where nobody else has taken it in meanwhile; false: the end */

static bool
take_in(revocations_t *revocations, const struct stat &st)
{
    char           bytes[BATCH * kStateRecordBytes];
    size_t         skipped;
    ssize_t        n;
    uint64_t       from;
    revoked_zone  *zone = revocations->zone;

    {
        revoked_lock  lock(revocations);

        if (zone->inode != st.st_ino || zone->device != st.st_dev
            || zone->offset > static_cast<uint64_t>(st.st_size))
        {
            zone->inode = st.st_ino;
            zone->device = st.st_dev;
            zone->offset = 0;
        }

        from = zone->offset;
    }

    n = pread(revocations->fd, bytes, sizeof(bytes), from);

    if (n <= 0) {
        if (n == -1) {
            read_failed(revocations, ngx_errno);
        }

        return false;
    }

    StateScan  scan({ bytes, static_cast<size_t>(n) });

    {
        revoked_lock  lock(revocations);

        if (zone->inode != st.st_ino || zone->offset != from) {
            return true;
        }

        while (auto  one = scan.next()) {
            revoked_add(revocations, *one, 0);
        }

        zone->offset += scan.done();
        skipped = scan.skipped();
    }

    if (skipped != 0) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "id_token_revocations: %uz bytes of \"%V/revocations\" "
                      "are damaged: logouts may be lost",
                      skipped, &revocations->settings.state->name);
    }

    return scan.done() != 0;
}


void
revoked_read(revocations_t *revocations) noexcept
{
    ngx_err_t    err;
    struct stat  st;

    err = state_current(revocations, &st);
    if (err != 0) {
        read_failed(revocations, err);
        return;
    }

    while (take_in(revocations, st)) {
        /* void */
    }
}


}  // namespace id_token::nginx
