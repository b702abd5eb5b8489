/* SPDX-License-Identifier: Apache-2.0 */
/* bus/embedded_signal.c - a sequence number in shared memory that readers sleep on (futex).
 *
 * The first page of <topic>.signal, mapped by every process that has the topic open. It is no data:
 * deleting it while nobody runs is harmless. Appenders raise it after a commit. The count of
 * waiters only saves appenders a system call; a waiter that is killed leaves it too high, which
 * costs that call and nothing else. A process killed between commit and raise wakes nobody: readers
 * therefore look for themselves now and then (embedded_reader.c).
 *
 * Order: a waiter counts itself, then sleeps only if the sequence is still what it saw; an appender
 * raises the sequence, then looks at the count. Both are sequentially consistent, so one of them
 * notices the other.
 */
#define _GNU_SOURCE /* syscall */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "bus/embedded.h"

enum { signal_file_bytes = 4096 };

struct mr_embedded_signal_page {
    _Atomic uint32_t sequence;
    _Atomic uint32_t waiters;
};

_Static_assert(sizeof(_Atomic uint32_t) == 4, "a futex is 4 bytes");
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "usable between processes and in signal handlers");

mr_status mr_embedded_signal_open(const char *folder, const char *topic,
                                  mr_embedded_signal_page **ret_signal, mr_err *err)
{
    char name[mr_embedded_name_bytes_max + 16];
    (void)snprintf(name, sizeof name, "%s.signal", topic); /* names are checked to fit */
    char *path = mr_path_join(folder, name);
    void *page = MAP_FAILED;
    mr_status st = MR_OK;

    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        st = mr_fail_errno(err, errno, "open %s", path);
        goto out;
    }
    /* Takes the disk block now: a store into a hole of a full disk would be a SIGBUS. */
    int reason = posix_fallocate(fd, 0, signal_file_bytes);
    if (reason != 0) {
        st = mr_fail_errno(err, reason, "allocate %s", path);
        goto out;
    }
    page = mmap(NULL, signal_file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        st = mr_fail_errno(err, errno, "map %s", path);
    }
out:
    if (fd >= 0) {
        (void)close(fd); /* the mapping stays */
    }
    free(path);
    if (st == MR_OK) {
        *ret_signal = page;
    }
    return st;
}

void mr_embedded_signal_close(mr_embedded_signal_page *signal)
{
    if (signal != NULL) {
        (void)munmap(signal, signal_file_bytes); /* fails only on a bad address */
    }
}

uint32_t mr_embedded_signal_load(mr_embedded_signal_page *signal)
{
    return atomic_load(&signal->sequence);
}

static void futex(_Atomic uint32_t *word, int operation, uint32_t value,
                  const struct timespec *timeout)
{
    int saved = errno;
    /* Every outcome (woken, changed, interrupted, timed out) means the same: look again. */
    (void)syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
    errno = saved;
}

void mr_embedded_signal_raise(mr_embedded_signal_page *signal)
{
    (void)atomic_fetch_add(&signal->sequence, 1);
    if (atomic_load(&signal->waiters) != 0) {
        futex(&signal->sequence, FUTEX_WAKE, INT_MAX, NULL);
    }
}

void mr_embedded_signal_wait(mr_embedded_signal_page *signal, uint32_t seen, int64_t timeout_us)
{
    struct timespec timeout = {
        .tv_sec = timeout_us / 1000000,
        .tv_nsec = timeout_us % 1000000 * 1000,
    };
    (void)atomic_fetch_add(&signal->waiters, 1);
    futex(&signal->sequence, FUTEX_WAIT, seen, &timeout);
    (void)atomic_fetch_sub(&signal->waiters, 1);
}
