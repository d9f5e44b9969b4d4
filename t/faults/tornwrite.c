/*
 * For LD_PRELOAD: a worker that is killed inside a copy to shared memory. The
 * file TORN_FILE, which all processes map, says where the next one ends: after
 * so many thousandths of a copy that is large and begins as a key set does.
 */

#define _GNU_SOURCE

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { smallest = 1000 };

/* Torn in chaos.py has the same */

struct torn {
    int armed;  /* thousandths, and one; 0: let all live */
    int killed;
};

static struct torn *torn;
static void *(*next)(void *, const void *, size_t);


__attribute__((constructor)) static void
open_file(void)
{
    const char *name = getenv("TORN_FILE");
    int fd = (name == NULL) ? -1 : open(name, O_RDWR);
    void *p;

    next = (void *(*)(void *, const void *, size_t))
               dlsym(RTLD_NEXT, "memcpy");

    if (fd == -1) {
        return;
    }

    p = mmap(NULL, sizeof(struct torn), PROT_READ | PROT_WRITE, MAP_SHARED,
             fd, 0);
    (void) close(fd);

    if (p != MAP_FAILED) {
        torn = p;
    }
}


static int
is_shared(const void *place)
{
    unsigned long begin, end, at = (unsigned long) place;
    char line[512], mode[8];
    int found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");

    while (!found && maps != NULL
           && fgets(line, sizeof(line), maps) != NULL)
    {
        found = sscanf(line, "%lx-%lx %7s", &begin, &end, mode) == 3
                && at >= begin && at < end && mode[3] == 's';
    }

    if (maps != NULL) {
        (void) fclose(maps);
    }

    return found;
}


static void *
copy(volatile char *to, const volatile char *from, size_t n)
{
    void *begin = (void *) to;

    while (n-- > 0) {
        *to++ = *from++;
    }

    return begin;
}


void *
memcpy(void *restrict to, const void *restrict from, size_t n)
{
    int armed;

    if (torn != NULL && n >= smallest && torn->armed != 0
        && *(const char *) from == '{' && is_shared(to))
    {
        armed = __atomic_exchange_n(&torn->armed, 0, __ATOMIC_SEQ_CST);

        if (armed != 0) {
            copy(to, from, n * (size_t) (armed - 1) / 1000);
            __atomic_add_fetch(&torn->killed, 1, __ATOMIC_SEQ_CST);
            (void) kill(getpid(), SIGKILL);
            (void) pause();
        }
    }

    return next != NULL ? next(to, from, n) : copy(to, from, n);
}
