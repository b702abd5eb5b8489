/* SPDX-License-Identifier: Apache-2.0 */
/* cli/detach.c - fork, a session of its own, and a pipe on which the child says that it serves.
 *
 * The pipe's end without a word is the child's end: the parent never waits for a dead one.
 */
#define _GNU_SOURCE /* pipe2 */
#include "cli/detach.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { log_mode = 0600 };

static mr_status redirect(const char *path, int flags, int target, mr_err *err)
{
    int fd = open(path, flags | O_CLOEXEC, log_mode);
    if (fd < 0) {
        return mr_fail_errno(err, errno, "open %s", path);
    }
    int result = dup2(fd, target);
    int reason = errno;
    (void)close(fd); /* the copy stays */
    return result < 0 ? mr_fail_errno(err, reason, "redirect to %s", path) : MR_OK;
}

static mr_status become_child(mr_detach *detach, const int ends[2], const char *log_path,
                              mr_err *err)
{
    (void)close(ends[0]); /* the parent's */
    detach->ready_fd = ends[1];
    (void)setsid(); /* fails only for a leader of a process group, which a new child is not */
    mr_status status = redirect("/dev/null", O_RDONLY, STDIN_FILENO, err);
    if (status == MR_OK) {
        status = redirect(log_path, O_WRONLY | O_CREAT | O_APPEND, STDERR_FILENO, err);
    }
    return status;
}

static bool await_word(const int ends[2])
{
    char word;
    ssize_t got;

    (void)close(ends[1]); /* the child's */
    do {
        got = read(ends[0], &word, sizeof word);
    } while (got < 0 && errno == EINTR);
    (void)close(ends[0]); /* nothing more is said */
    return got == (ssize_t)sizeof word;
}

mr_status mr_detach_begin(mr_detach *detach, const char *log_path, bool *ret_is_parent,
                          bool *ret_ready, mr_err *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return mr_fail_errno(err, errno, "open a pipe to detach");
    }
    pid_t pid = fork();
    if (pid < 0) {
        int reason = errno;
        (void)close(ends[0]); /* both ends are ours still */
        (void)close(ends[1]);
        return mr_fail_errno(err, reason, "detach");
    }
    if (pid == 0) {
        *ret_is_parent = false;
        return become_child(detach, ends, log_path, err);
    }
    *ret_is_parent = true;
    *ret_ready = await_word(ends);
    return MR_OK;
}

void mr_detach_ready(mr_detach *detach)
{
    const char word = '1';

    if (detach->ready_fd < 0) {
        return;
    }
    (void)redirect("/dev/null", O_WRONLY, STDOUT_FILENO, NULL); /* else the terminal stays in use */
    (void)!write(detach->ready_fd, &word, sizeof word); /* a parent that has gone needs no word */
    (void)close(detach->ready_fd);                      /* said */
    detach->ready_fd = -1;
}
