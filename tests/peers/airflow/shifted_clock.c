/* SPDX-License-Identifier: Apache-2.0 */
/* peers/airflow/shifted_clock.c - a wall clock that tests set, for the processes it is preloaded
 * into (LD_PRELOAD): the real one and as many seconds as CLOCK_SHIFT_FILE holds, a 64-bit integer,
 * which may change while they run. They share it, so that they agree.
 *
 * The monotonic clock, by which programs wait, is left alone. libfaketime of Debian 12 cannot do
 * that: it either shifts that clock too, and Python's locks wait for ever, or makes Python's sleeps
 * fail.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const int64_t none;
static const volatile int64_t *shift_s = &none;

__attribute__((constructor)) static void map_shift(void)
{
    const char *path = getenv("CLOCK_SHIFT_FILE");
    const int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *place = fd >= 0 ? mmap(NULL, sizeof none, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

    if (fd >= 0) {
        (void)close(fd);
    }
    if (place != MAP_FAILED) {
        shift_s = place;
    }
}

int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
    const int status = (int)syscall(SYS_clock_gettime, clock, ret_now);

    if (status == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        ret_now->tv_sec += (time_t)*shift_s;
    }
    return status;
}

int gettimeofday(struct timeval *restrict ret_now, void *restrict zone)
{
    struct timespec now;

    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return -1;
    }
    ret_now->tv_sec = now.tv_sec;
    ret_now->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *ret_now)
{
    struct timespec now;

    if (clock_gettime(CLOCK_REALTIME, &now) != 0) {
        return (time_t)-1;
    }
    if (ret_now != NULL) {
        *ret_now = now.tv_sec;
    }
    return now.tv_sec;
}
