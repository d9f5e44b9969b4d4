/*
 * The directories of what is kept over a restart. nginx's own way,
 * ngx_add_path(), gives away whatever a symbolic link of that name points at,
 * in "nginx -t" as well.
 */

#include <fcntl.h>
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "idt_source/directory.h"
#include "idt_source/zone.h"


namespace id_token::nginx {


/* workers follow a link, with rights of their own; we change nothing */

static bool
directory_is_link(const char *name)
{
    struct stat  st;

    return lstat(name, &st) == 0 && S_ISLNK(st.st_mode);
}


const char *
prepare_directory(ngx_cycle_t *cycle, const ngx_str_t *path) noexcept
{
    int               fd, rc;
    ngx_err_t         err;
    const char       *name;
    struct stat       st;
    ngx_core_conf_t  *ccf;

    name = reinterpret_cast<const char *>(path->data);

    if (mkdir(name, 0700) == -1 && ngx_errno != NGX_EEXIST) {
        return "mkdir()";
    }

    if (directory_is_link(name)) {
        return NULL;
    }

    fd = open(name, O_RDONLY|O_DIRECTORY|O_NOFOLLOW|O_CLOEXEC);
    if (fd == -1) {
        /* without a master we may not be the one who can */
        return (geteuid() == 0) ? "open()" : NULL;
    }

    ccf = reinterpret_cast<ngx_core_conf_t *>(
              ngx_get_conf(cycle->conf_ctx, ngx_core_module));

    rc = fstat(fd, &st);

    if (rc == 0
        && ccf->user != static_cast<uid_t>(NGX_CONF_UNSET_UINT)
        && st.st_uid != ccf->user)
    {
        rc = fchown(fd, ccf->user, -1);
    }

    if (rc == 0 && (st.st_mode & 0700) != 0700) {
        rc = fchmod(fd, st.st_mode | 0700);
    }

    err = ngx_errno;
    (void) close(fd);
    ngx_set_errno(err);

    return (rc == 0) ? NULL : "chown() or chmod()";
}


ngx_int_t
saved_prepare(key_source_t *keys) noexcept
{
    const char  *failed;

    failed = prepare_directory(keys->cycle, &keys->settings.state->name);

    if (failed == NULL) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, keys->cycle->log, ngx_errno,
                  "\"jwks_state\" of id_token_provider \"%V\": %s \"%V\" "
                  "failed in %s:%ui",
                  &keys->settings.provider, failed, &keys->settings.state->name,
                  keys->settings.file, keys->settings.line);
    return NGX_ERROR;
}


/* "NAME.tmpPID" of a process that is not there any more */

static bool
directory_is_left(std::string_view name, std::string_view file)
{
    ngx_int_t  pid;

    if (!file.starts_with(name)) {
        return false;
    }

    file.remove_prefix(name.size());

    if (!file.starts_with(SAVED_TEMPORARY)) {
        return false;
    }

    file.remove_prefix(sizeof(SAVED_TEMPORARY) - 1);

    pid = ngx_atoi(bytes(file),
                   file.size());

    return pid > 0
           && (pid == ngx_pid
               || (kill(static_cast<ngx_pid_t>(pid), 0) == -1
                   && ngx_errno == NGX_ESRCH));
}


void
saved_sweep(key_source_t *keys) noexcept
{
    DIR            *dir;
    struct dirent  *entry;

    dir = opendir(
              reinterpret_cast<const char *>(keys->settings.state->name.data));
    if (dir == NULL) {
        return;
    }

    while ((entry = readdir(dir)) != NULL) {

        if (directory_is_left(keys->name, entry->d_name)) {
            (void) unlinkat(dirfd(dir), entry->d_name, 0);
        }
    }

    (void) closedir(dir);
}


}  // namespace id_token::nginx
