/* Files that are read as a whole. */

#ifndef IDT_GLUE_FILE_H
#define IDT_GLUE_FILE_H

#include <unistd.h>

#include "idt_glue/ngx.h"


namespace id_token::nginx {


/* closed whatever happens */

class descriptor {
public:
    explicit descriptor(int fd) noexcept : fd_(fd) {}
    ~descriptor() { close(); }

    descriptor(const descriptor &) = delete;
    descriptor &operator=(const descriptor &) = delete;

    int get() const noexcept { return fd_; }

    int close() noexcept
    {
        int  rc = (fd_ == -1) ? 0 : ::close(fd_);

        fd_ = -1;
        return rc;
    }

private:
    int  fd_;
};


/* false: errno says why, and is 0 if the file is shorter than that */

static inline bool
read_all(const descriptor &fd, void *data, size_t size)
{
    u_char   *p, *last;
    ssize_t   n;

    p = static_cast<u_char *>(data);

    for (last = p + size; p < last; p += n) {
        n = read(fd.get(), p, last - p);

        if (n <= 0) {
            ngx_set_errno((n == 0) ? 0 : ngx_errno);
            return false;
        }
    }

    return true;
}


}  // namespace id_token::nginx

#endif /* IDT_GLUE_FILE_H */
