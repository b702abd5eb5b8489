/* SPDX-License-Identifier: Apache-2.0 */
/* cli/supervisor.c - one epoll loop over a signalfd, the notify socket, and a pidfd and a timer for
 * each child; see supervisor.h. Nothing here waits except epoll_wait.
 *
 * States of a child, and the functions that move it:
 *
 *               start_child              on_notify
 *     IDLE ------------------> STARTING ----------> READY
 *      ^  timer: on_timer         |                   |
 *      |                          +---- on_exit ------+----> IDLE with its timer armed (restart)
 *      |                                              |
 *      +--- on_exit, when stopping --- STOPPING <-- stop_next (SIGTERM, timer = deadline)
 *
 * Invariants: (1) pid and pid_fd are valid exactly in STARTING, READY and STOPPING: a pid is
 * signalled only before it is reaped, so it can be nobody else's; (2) while stopping no child is
 * started and at most one is in STOPPING.
 */
#define _GNU_SOURCE /* struct ucred, pidfd_open, sigdescr_np */
#include "cli/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/memory.h"

enum {
    exit_cannot_start = 127, /* as shells say it */
    notify_name_bytes_max = 128,
    notify_message_bytes_max = 4096,
    exit_text_bytes_max = 96,
};

typedef enum child_state { CHILD_IDLE, CHILD_STARTING, CHILD_READY, CHILD_STOPPING } child_state;

typedef struct supervised_child {
    const mr_supervised *spec;
    child_state state;
    pid_t pid;
    int pid_fd;
    int timer_fd;
    int64_t started_us;
    uint32_t backoff_ms; /* the next wait before a restart */
    uint32_t failures;   /* ends before it was ever ready */
    bool was_ready;
} supervised_child;

/* What an epoll event is about; the index of the child stands in the low half. */
typedef enum event_kind { EVENT_SIGNAL, EVENT_NOTIFY, EVENT_EXIT, EVENT_TIMER } event_kind;

typedef struct supervisor {
    const mr_supervisor_options *options;
    supervised_child children[mr_supervisor_children_max];
    int epoll_fd;
    int signal_fd;
    int notify_fd;
    sigset_t signals;                        /* ours, blocked while we run */
    sigset_t signals_before;                 /* restored in children and at the end */
    char notify_name[notify_name_bytes_max]; /* "NOTIFY_SOCKET=@..." */
    char **environment;
    bool told_ready;
    bool stopping;
    mr_status outcome; /* why we stop; MR_OK: asked to */
    mr_err *err;
} supervisor;

static bool is_alive(const supervised_child *child)
{
    return child->state != CHILD_IDLE;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

static mr_status watch(supervisor *s, int fd, event_kind kind, size_t index, mr_err *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)kind << 32 | index};

    if (epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        return mr_fail_errno(err, errno, "watch a descriptor of the supervisor");
    }
    return MR_OK;
}

/* 0 disarms. */
static void set_timer(const supervised_child *child, uint64_t ms)
{
    const struct itimerspec when = {
        .it_value = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}};

    MR_ASSERT(timerfd_settime(child->timer_fd, 0, &when, NULL) == 0);
}

/* --- Starting ------------------------------------------------------------------------------- */

/* In the forked child: only async-signal-safe calls. */
static void become_role(const supervisor *s, const mr_supervised *spec, pid_t parent)
{
    static const char message[] = "millrace up: cannot start the program of a role\n";
    int input = -1;

    /* A group of its own: Ctrl-C reaches the supervisor alone, which stops roles in order. */
    (void)setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent) {
        _exit(exit_cannot_start); /* the supervisor died between fork and prctl */
    }
    input = open("/dev/null", O_RDONLY);
    if (input >= 0) {
        (void)dup2(input, STDIN_FILENO);
    }
    /* Standard output is the supervisor's own, and whoever reads it may wait for its end. */
    (void)dup2(STDERR_FILENO, STDOUT_FILENO);
    (void)pthread_sigmask(SIG_SETMASK, &s->signals_before, NULL);
    (void)execve(s->options->program, spec->argv, s->environment);
    (void)!write(STDERR_FILENO, message, sizeof message - 1); /* nobody else to tell */
    _exit(exit_cannot_start);
}

static mr_status start_child(supervisor *s, size_t index, mr_err *err)
{
    supervised_child *child = &s->children[index];
    const pid_t parent = getpid();
    mr_status status = MR_OK;
    pid_t pid = -1;

    MR_ASSERT(!is_alive(child) && !s->stopping);
    pid = fork();
    if (pid == 0) {
        become_role(s, child->spec, parent);
    }
    if (pid < 0) {
        return mr_fail_errno(err, errno, "start %s", child->spec->name);
    }
    child->pid = pid;
    child->state = CHILD_STARTING;
    child->started_us = mr_monotonic_us();
    child->pid_fd = pidfd_open(pid, 0);
    status = child->pid_fd < 0 ? mr_fail_errno(err, errno, "watch %s", child->spec->name)
                               : watch(s, child->pid_fd, EVENT_EXIT, index, err);
    if (status != MR_OK) {
        (void)kill(pid, SIGKILL); /* its end would go unnoticed */
        (void)waitpid(pid, NULL, 0);
        close_fd(&child->pid_fd);
        child->state = CHILD_IDLE;
    }
    return status;
}

/* --- Stopping ------------------------------------------------------------------------------- */

/* Asks the next child in order to end, when the one before has. */
static void stop_next(supervisor *s)
{
    for (size_t index = 0; index < s->options->child_count; index++) {
        supervised_child *child = &s->children[index];

        if (!is_alive(child)) {
            continue;
        }
        if (child->state != CHILD_STOPPING) {
            child->state = CHILD_STOPPING;
            (void)kill(child->pid, SIGTERM);
            set_timer(child, s->options->stop_ms);
        }
        return;
    }
}

static void begin_stop(supervisor *s, mr_status outcome)
{
    MR_ASSERT(!s->stopping);
    s->stopping = true;
    s->outcome = outcome;
    for (size_t index = 0; index < s->options->child_count; index++) {
        set_timer(&s->children[index], 0);
    }
    stop_next(s);
}

static void signal_all(const supervisor *s, int signal_number)
{
    for (size_t index = 0; index < s->options->child_count; index++) {
        if (is_alive(&s->children[index])) {
            (void)kill(s->children[index].pid, signal_number);
        }
    }
}

static void on_signal(supervisor *s)
{
    struct signalfd_siginfo info;

    if (read(s->signal_fd, &info, sizeof info) != (ssize_t)sizeof info) {
        return;
    }
    if (info.ssi_signo == SIGHUP && info.ssi_code != SI_KERNEL) {
        signal_all(s, SIGHUP); /* from a process; the kernel's own means the terminal has gone */
    } else if (s->stopping) {
        signal_all(s, SIGKILL);
    } else {
        begin_stop(s, MR_OK);
    }
}

/* --- A child's end ---------------------------------------------------------------------------- */

static void describe_exit(int wait_status, char text[static exit_text_bytes_max])
{
    if (WIFSIGNALED(wait_status)) {
        const char *name = sigdescr_np(WTERMSIG(wait_status));

        (void)snprintf(text, exit_text_bytes_max, "ended by signal %d (%s)", WTERMSIG(wait_status),
                       name != NULL ? name : "of no name");
    } else {
        (void)snprintf(text, exit_text_bytes_max, "ended with status %d", WEXITSTATUS(wait_status));
    }
}

static void schedule_restart(supervisor *s, supervised_child *child, const char *what)
{
    const mr_supervisor_options *options = s->options;
    const int64_t lived_us = mr_monotonic_us() - child->started_us;

    if (lived_us >= (int64_t)options->healthy_ms * 1000) {
        child->backoff_ms = options->backoff_ms_min;
    }
    options->restarting(options->ctx, child->spec->name, what, child->backoff_ms);
    set_timer(child, child->backoff_ms);
    child->backoff_ms *= 2;
    if (child->backoff_ms > options->backoff_ms_max) {
        child->backoff_ms = options->backoff_ms_max;
    }
}

/* A role that cannot work is not worth restarting for ever: say so and end. */
static bool is_hopeless(supervisor *s, supervised_child *child, int wait_status, const char *what)
{
    if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == mr_supervisor_usage_status) {
        (void)mr_fail(s->err, MR_INVALID,
                      "%s cannot run with these settings (it said why above); "
                      "`millrace config check` tests them",
                      child->spec->name);
        begin_stop(s, MR_INVALID);
        return true;
    }
    child->failures += child->was_ready ? 0 : 1;
    if (child->failures >= mr_supervisor_start_attempts_max) {
        (void)mr_fail(s->err, MR_UNAVAILABLE,
                      "%s did not become ready in %d attempts: the last one %s (it said why above)",
                      child->spec->name, mr_supervisor_start_attempts_max, what);
        begin_stop(s, MR_UNAVAILABLE);
        return true;
    }
    return false;
}

static void on_exit_of(supervisor *s, supervised_child *child)
{
    int wait_status = 0;
    char what[exit_text_bytes_max];

    if (!is_alive(child) || waitpid(child->pid, &wait_status, WNOHANG) != child->pid) {
        return;
    }
    close_fd(&child->pid_fd);
    child->state = CHILD_IDLE;
    child->pid = 0;
    set_timer(child, 0);
    if (s->stopping) {
        stop_next(s);
        return;
    }
    describe_exit(wait_status, what);
    if (!is_hopeless(s, child, wait_status, what)) {
        schedule_restart(s, child, what);
    }
}

static void on_timer(supervisor *s, size_t index)
{
    supervised_child *child = &s->children[index];
    uint64_t expirations = 0;
    mr_err err;

    if (read(child->timer_fd, &expirations, sizeof expirations) != (ssize_t)sizeof expirations) {
        return; /* disarmed meanwhile */
    }
    if (child->state == CHILD_STOPPING) {
        (void)kill(child->pid, SIGKILL);
    } else if (!is_alive(child) && !s->stopping && start_child(s, index, &err) != MR_OK) {
        schedule_restart(s, child, err.message); /* no process or descriptor free: wait again */
    }
}

/* --- Readiness ------------------------------------------------------------------------------ */

static pid_t sender_of(struct msghdr *message)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
         part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_CREDENTIALS) {
            struct ucred sender;

            memcpy(&sender, CMSG_DATA(part), sizeof sender);
            return sender.pid;
        }
    }
    return 0;
}

static void child_ready(supervisor *s, pid_t pid)
{
    bool all = true;

    for (size_t index = 0; index < s->options->child_count; index++) {
        supervised_child *child = &s->children[index];

        if (child->state == CHILD_STARTING && child->pid == pid) {
            child->state = CHILD_READY;
            child->was_ready = true;
        }
        all = all && child->was_ready;
    }
    if (all && !s->told_ready && !s->stopping) {
        s->told_ready = true;
        s->options->ready(s->options->ctx);
    }
}

static void on_notify(supervisor *s)
{
    char text[notify_message_bytes_max + 1];
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct iovec part = {.iov_base = text, .iov_len = sizeof text - 1};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    const ssize_t bytes = recvmsg(s->notify_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (bytes <= 0) {
        return;
    }
    text[bytes] = '\0';
    if (strcmp(text, "READY=1") == 0 || strncmp(text, "READY=1\n", 8) == 0) {
        child_ready(s, sender_of(&message));
    }
}

/* An abstract name chosen by the kernel: no file to leave behind. */
static mr_status open_notify(supervisor *s)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    socklen_t bytes = sizeof address;
    const int yes = 1;

    s->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->notify_fd < 0 ||
        setsockopt(s->notify_fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof yes) != 0 ||
        bind(s->notify_fd, (const struct sockaddr *)&address, sizeof(sa_family_t)) != 0 ||
        getsockname(s->notify_fd, (struct sockaddr *)&address, &bytes) != 0) {
        return mr_fail_errno(s->err, errno, "open the socket on which roles report readiness");
    }
    MR_ASSERT(bytes > sizeof(sa_family_t) + 1);
    (void)snprintf(s->notify_name, sizeof s->notify_name, "NOTIFY_SOCKET=@%.*s",
                   (int)(bytes - sizeof(sa_family_t) - 1), address.sun_path + 1);
    return watch(s, s->notify_fd, EVENT_NOTIFY, 0, s->err);
}

/* --- The loop --------------------------------------------------------------------------------- */

static void build_environment(supervisor *s)
{
    size_t count = 0;

    while (s->options->environment[count] != NULL) {
        count++;
    }
    s->environment = mr_alloc_zero(count + 2, sizeof *s->environment);
    memcpy(s->environment, s->options->environment, count * sizeof *s->environment);
    s->environment[count] = s->notify_name;
}

static mr_status set_up(supervisor *s)
{
    mr_status status = MR_OK;

    (void)sigemptyset(&s->signals);
    (void)sigaddset(&s->signals, SIGTERM);
    (void)sigaddset(&s->signals, SIGINT);
    (void)sigaddset(&s->signals, SIGHUP);
    MR_ASSERT(pthread_sigmask(SIG_BLOCK, &s->signals, &s->signals_before) == 0);
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    s->signal_fd = signalfd(-1, &s->signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (s->epoll_fd < 0 || s->signal_fd < 0) {
        return mr_fail_errno(s->err, errno, "set up the supervisor");
    }
    status = watch(s, s->signal_fd, EVENT_SIGNAL, 0, s->err);
    if (status == MR_OK) {
        status = open_notify(s);
    }
    for (size_t index = 0; index < s->options->child_count && status == MR_OK; index++) {
        supervised_child *child = &s->children[index];

        child->spec = &s->options->children[index];
        child->backoff_ms = s->options->backoff_ms_min;
        child->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        status = child->timer_fd < 0 ? mr_fail_errno(s->err, errno, "set up the supervisor")
                                     : watch(s, child->timer_fd, EVENT_TIMER, index, s->err);
    }
    build_environment(s);
    return status;
}

static bool any_alive(const supervisor *s)
{
    for (size_t index = 0; index < s->options->child_count; index++) {
        if (is_alive(&s->children[index])) {
            return true;
        }
    }
    return false;
}

static void handle(supervisor *s, uint64_t data)
{
    const size_t index = (size_t)(data & UINT32_MAX);

    switch ((event_kind)(data >> 32)) {
    case EVENT_SIGNAL:
        on_signal(s);
        return;
    case EVENT_NOTIFY:
        on_notify(s);
        return;
    case EVENT_EXIT:
        on_exit_of(s, &s->children[index]);
        return;
    case EVENT_TIMER:
        on_timer(s, index);
        return;
    }
    mr_assert_failed("an event of a known kind", __FILE__, __LINE__);
}

static mr_status run_until_stopped(supervisor *s)
{
    mr_status status = MR_OK;

    while (status == MR_OK && !(s->stopping && !any_alive(s))) {
        struct epoll_event event;
        /* One at a time: handling one may close the descriptor that the next is about. */
        const int count = epoll_wait(s->epoll_fd, &event, 1, -1);

        if (count == 1) {
            handle(s, event.data.u64);
        } else if (count < 0 && errno != EINTR) {
            status = mr_fail_errno(s->err, errno, "wait for the roles");
        }
    }
    return status;
}

static void tear_down(supervisor *s)
{
    signal_all(s, SIGKILL); /* only after a failure of our own is anyone left */
    for (size_t index = 0; index < mr_supervisor_children_max; index++) {
        supervised_child *child = &s->children[index];

        if (is_alive(child)) {
            (void)waitpid(child->pid, NULL, 0);
        }
        close_fd(&child->pid_fd);
        close_fd(&child->timer_fd);
    }
    close_fd(&s->notify_fd);
    close_fd(&s->signal_fd);
    close_fd(&s->epoll_fd);
    free(s->environment);
    (void)pthread_sigmask(SIG_SETMASK, &s->signals_before, NULL);
}

mr_status mr_supervisor_run(const mr_supervisor_options *options, mr_err *err)
{
    supervisor s = {
        .options = options, .epoll_fd = -1, .signal_fd = -1, .notify_fd = -1, .err = err};
    mr_status status = MR_OK;

    MR_ASSERT(options->child_count > 0 && options->child_count <= mr_supervisor_children_max);
    for (size_t index = 0; index < mr_supervisor_children_max; index++) {
        s.children[index].pid_fd = -1;
        s.children[index].timer_fd = -1;
    }
    status = set_up(&s);
    for (size_t index = 0; index < options->child_count && status == MR_OK; index++) {
        status = start_child(&s, index, err);
    }
    if (status == MR_OK) {
        status = run_until_stopped(&s);
    }
    tear_down(&s);
    return status != MR_OK ? status : s.outcome;
}
