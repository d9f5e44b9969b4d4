/*
 * For LD_PRELOAD: a machine that has slept. CLOCK_BOOTTIME is later by as many
 * seconds as the file SLEEP_FILE says; the monotonic clock does not know.
 */

#define _GNU_SOURCE

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile char *slept;


__attribute__((constructor)) static void
open_file(void)
{
    const char *name = getenv("SLEEP_FILE");
    int fd = (name == NULL) ? -1 : open(name, O_RDONLY);
    void *text;

    if (fd == -1) {
        return;
    }

    text = mmap(NULL, 16, PROT_READ, MAP_SHARED, fd, 0);
    (void) close(fd);

    if (text != MAP_FAILED) {
        slept = text;
    }
}


int
clock_gettime(clockid_t clock, struct timespec *ts)
{
    int i, rc = (int) syscall(SYS_clock_gettime, clock, ts);
    time_t seconds = 0;

    if (rc == 0 && clock == CLOCK_BOOTTIME && slept != NULL) {

        for (i = 0; i < 15 && slept[i] >= '0' && slept[i] <= '9'; i++) {
            seconds = 10 * seconds + (slept[i] - '0');
        }

        ts->tv_sec += seconds;
    }

    return rc;
}
