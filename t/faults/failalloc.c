/*
 * Preloaded into nginx: the n-th allocation fails, the clock jumps. The file
 * named by FAILALLOC holds the control block below, shared with the test.
 *
 *     gcc -shared -fPIC -o failalloc.so failalloc.c
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    int64_t armed;   /* 1: count; 2: from the load of AFTER on; 3: in forks */
    int64_t pid;     /* of one process only, 0: of any */
    int64_t first;   /* the first call that fails, from 1; 0: none */
    int64_t last;    /* and the last one */
    int64_t calls;
    int64_t failed;
    int64_t offset;  /* seconds that the clock is ahead */
    int64_t trace;   /* 1: who failed goes to standard error */
} control_t;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static control_t none;
static control_t *control = &none;
static int here;           /* counting has begun in this process */
static __thread int busy;  /* within a trace */

static void trace(void) {
    void *frames[32];

    busy = 1;
    backtrace_symbols_fd(frames, backtrace(frames, 32), 2);
    (void)!write(2, "--\n", 3);
    busy = 0;
}

__attribute__((constructor)) static void attach(void) {
    void *p, *frame[1];
    const char *path = getenv("FAILALLOC");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);

    if (fd == -1) {
        return;
    }
    backtrace(frame, 1); /* loads a library at its first call */
    p = mmap(NULL, sizeof(control_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
             0);
    close(fd);
    if (p != MAP_FAILED) {
        control = p;
    }
}

static int fails(void) {
    int64_t n;
    int64_t armed = __atomic_load_n(&control->armed, __ATOMIC_ACQUIRE);

    if (armed == 0 || (armed >= 2 && !here) || busy
        || (control->pid != 0 && control->pid != getpid()))
    {
        return 0;
    }
    n = __atomic_add_fetch(&control->calls, 1, __ATOMIC_RELAXED);
    if (control->first == 0 || n < control->first || n > control->last) {
        return 0;
    }
    __atomic_add_fetch(&control->failed, 1, __ATOMIC_RELAXED);
    if (control->trace) {
        trace();
    }
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size) {
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size) {
    return fails() ? NULL : __libc_realloc(p, size);
}

void *memalign(size_t alignment, size_t size) {
    return fails() ? NULL : __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **p, size_t alignment, size_t size) {
    *p = fails() ? NULL : __libc_memalign(alignment, size);
    return *p == NULL ? ENOMEM : 0;
}

void *dlopen(const char *path, int mode) {
    static void *(*next)(const char *, int);
    void *library;

    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "dlopen");
    }
    library = next(path, mode);
    if (control->armed == 2 && path != NULL && strstr(path, "id_token")) {
        here = 1;
    }
    return library;
}

pid_t fork(void) {
    static pid_t (*next)(void);
    pid_t pid;

    if (next == NULL) {
        *(void **)&next = dlsym(RTLD_NEXT, "fork");
    }
    pid = next();
    if (pid == 0 && control->armed == 3) {
        here = 1;
    }
    return pid;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone) {
    struct timespec now;

    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    tv->tv_sec = now.tv_sec + control->offset;
    tv->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec += control->offset;
    if (at != NULL) {
        *at = now.tv_sec;
    }
    return now.tv_sec;
}
