/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/watch.c - inotify on the two folders the scheduler waits for; see watch.h. */
#include "orchestrator/watch.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { events_bytes = 16 * (sizeof(struct inotify_event) + NAME_MAX + 1), reads_max = 64 };

mr_status mr_watch_open(mr_watch *watch, const char *runs_folder, mr_err *err)
{
    *watch = (mr_watch){.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK), .wake = -1, .bronze = -1};
    if (watch->fd < 0) {
        return mr_fail_errno(err, errno, "watch folders");
    }
    watch->wake = inotify_add_watch(watch->fd, runs_folder, IN_CLOSE_WRITE);
    return watch->wake >= 0 ? MR_OK : mr_fail_errno(err, errno, "watch %s", runs_folder);
}

void mr_watch_close(mr_watch *watch)
{
    if (watch->fd >= 0) {
        (void)close(watch->fd);
        watch->fd = -1;
    }
}

bool mr_watch_bronze(mr_watch *watch, const char *log_folder)
{
    if (watch->bronze >= 0 || log_folder == NULL) {
        return false;
    }
    watch->bronze = inotify_add_watch(watch->fd, log_folder, IN_CREATE | IN_MOVED_TO);
    return watch->bronze >= 0;
}

void mr_watch_drain(mr_watch *watch, bool *ret_bronze)
{
    union {
        struct inotify_event align;
        char bytes[events_bytes];
    } events;

    for (int count = 0; count < reads_max; count++) {
        const ssize_t bytes = read(watch->fd, &events, sizeof events);
        ssize_t at = 0;

        if (bytes <= 0) {
            return;
        }
        while (at < bytes) {
            const struct inotify_event *event =
                (const struct inotify_event *)(const void *)(events.bytes + at);

            if ((event->mask & IN_Q_OVERFLOW) != 0 || event->wd == watch->bronze) {
                *ret_bronze = true;
            }
            if ((event->mask & IN_IGNORED) != 0 && event->wd == watch->bronze) {
                watch->bronze = -1; /* the folder is gone; one of its name may come again */
            }
            at += (ssize_t)(offsetof(struct inotify_event, name) + event->len);
        }
    }
}
