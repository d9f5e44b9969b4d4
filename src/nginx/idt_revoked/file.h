/* The file of logouts, its lock, and what is done to it under the lock. */

#ifndef IDT_REVOKED_FILE_H
#define IDT_REVOKED_FILE_H

#include <sys/stat.h>

#include <string_view>

#include "idt_revoked/zone.h"


namespace id_token::nginx {


/* of all processes; nobody waits long for it */

class file_lock {
public:
    explicit file_lock(revocations_t *revocations) noexcept;
    ~file_lock();

    file_lock(const file_lock &) = delete;
    file_lock &operator=(const file_lock &) = delete;

    /* 0: it is held */
    ngx_err_t error(void) const noexcept { return error_; }

private:
    ngx_fd_t   fd_ = NGX_INVALID_FILE;
    ngx_err_t  error_ = 0;
};


/* false: too long */
bool state_path(revocations_t *revocations, const char *name, u_char *path,
    size_t size) noexcept;

/* these return 0, or what has failed */

ngx_err_t state_open(revocations_t *revocations, const char *name, int flags,
    ngx_fd_t *fd) noexcept;

/* the file that bears the name now is open as revocations->fd */
ngx_err_t state_current(revocations_t *revocations, struct stat *st) noexcept;

/* with the lock: what is no whole record goes, with a warning */
ngx_err_t state_cut(revocations_t *revocations, off_t size, off_t whole)
    noexcept;

/* false: ngx_errno */
bool state_write(ngx_fd_t fd, std::string_view bytes) noexcept;

void state_close(revocations_t *revocations) noexcept;


}  // namespace id_token::nginx

#endif /* IDT_REVOKED_FILE_H */
