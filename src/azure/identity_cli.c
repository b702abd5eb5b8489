/* SPDX-License-Identifier: Apache-2.0 */
/* azure/identity_cli.c - a token of whoever has signed in by `az login` on this machine.
 *
 * The program is started directly, without a shell, and given its arguments as they are. What it
 * prints is the token: it comes through a pipe, into memory that is wiped. Its complaints come
 * through another; of these the first line is told.
 */
#define _GNU_SOURCE /* environ, pipe2 */
#include "azure/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/civil.h"

enum {
    output_bytes_max = 131072,
    complaint_bytes_max = 8192,
    shown_bytes_max = 200,
    chunk_bytes = 4096,
    wait_us_max = 30000000,
};

/* A program under way, and what it has said so far. */
typedef struct child {
    pid_t pid;
    int output[2], complaint[2]; /* pipes; -1: closed */
    mr_buffer said, complained;
} child;

static void close_end(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static void child_free(child *c)
{
    for (size_t i = 0; i < 2; i++) {
        close_end(&c->output[i]);
        close_end(&c->complaint[i]);
    }
    if (c->said.data != NULL) {
        explicit_bzero(c->said.data, c->said.bytes);
    }
    mr_buffer_free(&c->said);
    mr_buffer_free(&c->complained);
}

/* Signals that the roles wait for are blocked in all of their threads: not so in the child. */
static int spawn(child *c, char *const *argv)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, defaults;

    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    MR_ASSERT(posix_spawn_file_actions_init(&files) == 0 && posix_spawnattr_init(&attributes) == 0);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &defaults);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_adddup2(&files, c->output[1], STDOUT_FILENO);
    (void)posix_spawn_file_actions_adddup2(&files, c->complaint[1], STDERR_FILENO);
    int failure = posix_spawnp(&c->pid, argv[0], &files, &attributes, argv, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attributes);
    return failure;
}

/* Takes what there is to read; past the cap it is let go. */
static void read_some(int *fd, mr_buffer *into)
{
    char chunk[chunk_bytes];
    ssize_t got = read(*fd, chunk, sizeof chunk);

    if (got > 0) {
        (void)mr_buffer_append(into, chunk, (size_t)got);
    } else if (got == 0 || errno != EINTR) {
        close_end(fd);
    }
    explicit_bzero(chunk, sizeof chunk);
}

/* Until both pipes are at their end; false: that took too long. */
static bool listen_to(child *c)
{
    const int64_t deadline_us = mr_monotonic_us() + wait_us_max;

    while (c->output[0] >= 0 || c->complaint[0] >= 0) {
        struct pollfd fds[] = {{c->output[0], POLLIN, 0}, {c->complaint[0], POLLIN, 0}};
        int64_t left_us = deadline_us - mr_monotonic_us();

        if (left_us <= 0) {
            return false;
        }
        if (poll(fds, 2, (int)(left_us / 1000) + 1) < 0) {
            continue; /* a signal's doing */
        }
        if (fds[0].revents != 0) {
            read_some(&c->output[0], &c->said);
        }
        if (fds[1].revents != 0) {
            read_some(&c->complaint[0], &c->complained);
        }
    }
    return true;
}

/* The exit status; -1: it ended otherwise. */
static int wait_for(pid_t pid)
{
    int state = 0;

    while (waitpid(pid, &state, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static mr_status fail_refused(const child *c, const char *program, mr_err *err)
{
    mr_text text = mr_text_trim(mr_buffer_text(&c->complained));
    const char *end = text.bytes > 0 ? memchr(text.data, '\n', text.bytes) : NULL;

    text.bytes = end == NULL ? text.bytes : (size_t)(end - text.data);
    text.bytes = text.bytes > shown_bytes_max ? shown_bytes_max : text.bytes;
    return mr_fail(err, MR_INVALID, "%s: %.*s", program,
                   text.bytes > 0 ? (int)text.bytes : (int)sizeof "it failed without a word",
                   text.bytes > 0 ? text.data : "it failed without a word");
}

static mr_status run(child *c, char *const *argv, mr_err *err)
{
    if (pipe2(c->output, O_CLOEXEC) != 0 || pipe2(c->complaint, O_CLOEXEC) != 0) {
        return mr_fail_errno(err, errno, "a pipe to %s", argv[0]);
    }
    int failure = spawn(c, argv);
    if (failure != 0) {
        return mr_fail(err, failure == ENOENT ? MR_NOT_FOUND : MR_IO, "%s: %s", argv[0],
                       failure == ENOENT ? "there is no such program" : strerror(failure));
    }
    close_end(&c->output[1]);
    close_end(&c->complaint[1]);
    bool ended = listen_to(c);
    if (!ended) {
        (void)kill(c->pid, SIGKILL);
    }
    int exit_status = wait_for(c->pid);
    if (!ended) {
        return mr_fail(err, MR_UNAVAILABLE, "%s did not answer within %d s", argv[0],
                       wait_us_max / 1000000);
    }
    return exit_status == 0 ? MR_OK : fail_refused(c, argv[0], err);
}

mr_status mr_identity_ask_cli(const mr_identity *identity, const char *resource,
                              mr_azure_token *ret_token, mr_err *err)
{
    const mr_azure_credential_options *o = &identity->options;
    const char *words[] = {
        o->cli_program, "account",    "get-access-token", "--output",
        "json",         "--resource", resource,           o->tenant_id != NULL ? "--tenant" : NULL,
        o->tenant_id,   NULL};
    char *argv[sizeof words / sizeof words[0]];
    child c = {.output = {-1, -1}, .complaint = {-1, -1}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        argv[i] = words[i] == NULL ? NULL : mr_copy_string(words[i]);
    }
    mr_buffer_init(&c.said, output_bytes_max);
    mr_buffer_init(&c.complained, complaint_bytes_max);
    mr_status st = run(&c, argv, err);
    if (st == MR_OK) {
        st = mr_token_answer_read(mr_buffer_text(&c.said), (int64_t)time(NULL), ret_token, err);
        if (st != MR_OK) {
            st = mr_fail_in(err, st, "%s", argv[0]);
        }
    }
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        free(argv[i]);
    }
    child_free(&c);
    return st;
}
