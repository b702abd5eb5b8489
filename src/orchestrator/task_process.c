/* SPDX-License-Identifier: Apache-2.0 */
/* orchestrator/task_process.c - starts, watches and finds again the processes of tasks.
 *
 * Invariants: (1) the lock is taken before the process is begun, and inherited by it: from then on
 *                 it is held exactly as long as the process lives, whatever becomes of us, so no
 *                 attempt of a task can begin beside another;
 *             (2) a process is the leader of a group of its own: signals reach all it started, and
 *                 those of a terminal only us.
 */
#define _GNU_SOURCE /* pidfd_open, P_PIDFD */
#include "orchestrator/task_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"
#include "orchestrator/dag.h"

enum {
    exit_cannot_start = 127, /* as shells say it */
    exit_by_signal = 128,
    pid_text_bytes_max = 16,
    name_bytes_max = 128,
    heading_bytes_max = 256,
};

typedef struct task_process {
    pid_t pid;  /* 0: it holds its lock, but has not said who it is yet */
    int pid_fd; /* -1 where there is none */
    bool is_child;
    char *lock_path;
} task_process;

/* --- Names ------------------------------------------------------------------------------------ */

static char *run_folder(const char *data_folder, const char *run_id)
{
    char *runs = mr_path_join(data_folder, "runs");
    char *folder = mr_path_join(runs, run_id);

    free(runs);
    return folder;
}

static char *run_file(const char *data_folder, const char *run_id, const char *task,
                      const char *suffix)
{
    char name[name_bytes_max];
    char *folder = run_folder(data_folder, run_id);
    char *path;

    (void)snprintf(name, sizeof name, "%s%s", task, suffix);
    path = mr_path_join(folder, name);
    free(folder);
    return path;
}

static char *report_path(const char *data_folder, const mr_attempt *attempt)
{
    char suffix[32];

    (void)snprintf(suffix, sizeof suffix, ".%d.json", attempt->number);
    return run_file(data_folder, attempt->run_id, attempt->task, suffix);
}

char *mr_task_log_path(const char *data_folder, const char *run_id, const char *task)
{
    return run_file(data_folder, run_id, task, ".log");
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
}

/* --- Starting --------------------------------------------------------------------------------- */

typedef struct start_files {
    int lock_fd, log_fd, report_fd;
} start_files;

static void close_files(start_files *files)
{
    close_fd(&files->lock_fd);
    close_fd(&files->log_fd);
    close_fd(&files->report_fd);
}

static mr_status open_file(const char *path, int flags, int *ret_fd, mr_err *err)
{
    *ret_fd = open(path, flags | O_CREAT | O_CLOEXEC, 0600);
    return *ret_fd >= 0 ? MR_OK : mr_fail_errno(err, errno, "open %s", path);
}

static mr_status take_lock(const char *path, int *ret_fd, mr_err *err)
{
    mr_status status = open_file(path, O_RDWR, ret_fd, err);

    if (status == MR_OK && flock(*ret_fd, LOCK_EX | LOCK_NB) != 0) {
        status = errno == EWOULDBLOCK
                     ? mr_fail(err, MR_EXISTS, "%s: an earlier attempt runs still", path)
                     : mr_fail_errno(err, errno, "lock %s", path);
    }
    if (status == MR_OK && ftruncate(*ret_fd, 0) != 0) {
        status = mr_fail_errno(err, errno, "empty %s", path);
    }
    return status;
}

static void write_heading(int fd, const mr_attempt *attempt, const char *const *arguments)
{
    char text[heading_bytes_max], at[mr_civil_text_bytes_max];
    int bytes;

    (void)mr_instant_format(mr_now_ms(), at);
    bytes = snprintf(text, sizeof text, "%s attempt %d: millrace", at, attempt->number);
    for (; *arguments != NULL && bytes > 0 && (size_t)bytes < sizeof text - 1; arguments++) {
        bytes += snprintf(text + bytes, sizeof text - (size_t)bytes, " %s", *arguments);
    }
    if (bytes > 0 && (size_t)bytes < sizeof text - 1) {
        text[bytes++] = '\n';
        (void)mr_write_all(fd, text, (size_t)bytes, NULL); /* the attempt matters more */
    }
}

static mr_status open_files(const mr_task_processes *p, const mr_attempt *attempt,
                            const char *lock_path, start_files *files, mr_err *err)
{
    char *folder = run_folder(p->data_folder, attempt->run_id);
    char *log = mr_task_log_path(p->data_folder, attempt->run_id, attempt->task);
    char *report = report_path(p->data_folder, attempt);
    mr_status status = mr_folder_create(folder, err);

    if (status == MR_OK) {
        status = take_lock(lock_path, &files->lock_fd, err);
    }
    if (status == MR_OK) {
        status = open_file(log, O_WRONLY | O_APPEND, &files->log_fd, err);
    }
    if (status == MR_OK) {
        status = open_file(report, O_WRONLY | O_TRUNC, &files->report_fd, err);
    }
    free(folder);
    free(log);
    free(report);
    return status;
}

/* In the forked child: only async-signal-safe calls. */
static void write_pid(int lock_fd)
{
    char text[pid_text_bytes_max];
    size_t at = sizeof text;

    text[--at] = '\n';
    for (pid_t pid = getpid(); pid > 0; pid /= 10) {
        text[--at] = (char)('0' + pid % 10);
    }
    (void)!write(lock_fd, text + at, sizeof text - at); /* unread, it only delays who adopts us */
}

/* The same. */
static void become_task(const mr_task_processes *p, const start_files *files, char *const *argv)
{
    static const char message[] = "millrace: cannot start this task's program\n";
    const int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    sigset_t none;

    (void)setpgid(0, 0);
    write_pid(files->lock_fd);
    (void)fcntl(files->lock_fd, F_SETFD, 0); /* ours for life */
    if (input >= 0) {
        (void)dup2(input, STDIN_FILENO);
    }
    (void)dup2(files->report_fd, STDOUT_FILENO);
    (void)dup2(files->log_fd, STDERR_FILENO);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)execve(p->program, argv, p->environment);
    (void)!write(STDERR_FILENO, message, sizeof message - 1);
    _exit(exit_cannot_start);
}

static mr_status fork_task(const mr_task_processes *p, const start_files *files,
                           const char *const *arguments, pid_t *ret_pid, mr_err *err)
{
    char *argv[mr_dag_arguments_max + 2] = {0};
    size_t count = 0;
    mr_status status = MR_OK;
    pid_t pid;

    argv[count++] = mr_copy_string("millrace");
    for (; *arguments != NULL && count <= mr_dag_arguments_max; arguments++) {
        argv[count++] = mr_copy_string(*arguments);
    }
    pid = fork();
    if (pid == 0) {
        become_task(p, files, argv);
    }
    if (pid < 0) {
        status = mr_fail_errno(err, errno, "start a process");
    } else {
        (void)setpgid(pid, pid); /* whoever of the two is first */
        *ret_pid = pid;
    }
    for (size_t index = 0; index < count; index++) {
        free(argv[index]);
    }
    return status;
}

static task_process *make_process(pid_t pid, bool is_child, char *lock_path)
{
    task_process *process = mr_alloc_zero(1, sizeof *process);

    *process = (task_process){.pid = pid, .is_child = is_child, .lock_path = lock_path};
    process->pid_fd = pid > 0 ? pidfd_open(pid, 0) : -1; /* without one it is asked now and then */
    return process;
}

static mr_status start(void *ctx, const mr_attempt *attempt, const char *const *arguments,
                       void **ret_process, mr_err *err)
{
    const mr_task_processes *p = ctx;
    char *lock_path = run_file(p->data_folder, attempt->run_id, attempt->task, ".lock");
    start_files files = {-1, -1, -1};
    pid_t pid = 0;
    mr_status status = open_files(p, attempt, lock_path, &files, err);

    if (status == MR_OK) {
        write_heading(files.log_fd, attempt, arguments);
        status = fork_task(p, &files, arguments, &pid, err);
    }
    close_files(&files);
    if (status != MR_OK) {
        free(lock_path);
        return status;
    }
    *ret_process = make_process(pid, true, lock_path);
    return MR_OK;
}

/* --- Finding again ---------------------------------------------------------------------------- */

/* true while the process that took the lock lives; *ret_pid is 0 until it has said its own. */
static bool is_held(const char *lock_path, pid_t *ret_pid)
{
    char text[pid_text_bytes_max] = "";
    uint64_t pid = 0;
    const int fd = open(lock_path, O_RDWR | O_CLOEXEC);
    bool held = false;
    ssize_t bytes;

    if (fd < 0) {
        return false;
    }
    held = flock(fd, LOCK_EX | LOCK_NB) != 0;
    bytes = read(fd, text, sizeof text - 1);
    (void)close(fd);
    *ret_pid = 0;
    if (bytes > 0 && text[bytes - 1] == '\n' &&
        mr_parse_uint64((mr_text){text, (size_t)bytes - 1}, INT32_MAX, &pid)) {
        *ret_pid = (pid_t)pid;
    }
    return held;
}

static mr_status adopt(void *ctx, const mr_attempt *attempt, void **ret_process, mr_err *err)
{
    const mr_task_processes *p = ctx;
    char *lock_path = run_file(p->data_folder, attempt->run_id, attempt->task, ".lock");
    pid_t pid = 0;

    (void)err;
    if (!is_held(lock_path, &pid)) {
        if (pid > 0) {
            (void)waitpid(pid, NULL, WNOHANG); /* if it was a child of ours, let go of before */
        }
        free(lock_path);
        return MR_NOT_FOUND;
    }
    *ret_process = make_process(pid, false, lock_path);
    return MR_OK;
}

/* --- Watching --------------------------------------------------------------------------------- */

static bool has_ended(void *ctx, void *handle, mr_attempt_end *ret_end)
{
    task_process *process = handle;
    int wait_status = 0;
    pid_t pid;

    (void)ctx;
    if (!process->is_child) {
        *ret_end = (mr_attempt_end){.exit_known = false};
        return !is_held(process->lock_path, &process->pid);
    }
    pid = waitpid(process->pid, &wait_status, WNOHANG);
    if (pid == 0 || (pid < 0 && errno == EINTR)) {
        return false;
    }
    *ret_end = (mr_attempt_end){.exit_known = pid > 0};
    if (pid > 0) {
        ret_end->exit_status = WIFSIGNALED(wait_status) ? exit_by_signal + WTERMSIG(wait_status)
                                                        : WEXITSTATUS(wait_status);
    }
    process->pid = 0;
    return true;
}

static void signal_process(void *ctx, void *handle, int signal_number)
{
    task_process *process = handle;

    (void)ctx;
    /* A child's number stays its own until it is reaped; another's as long as it holds the lock. */
    if (!process->is_child && !is_held(process->lock_path, &process->pid)) {
        return;
    }
    if (process->pid > 0) {
        (void)kill(-process->pid, signal_number);
    }
}

static int wait_fd(void *ctx, void *handle)
{
    const task_process *process = handle;

    (void)ctx;
    return process->pid_fd;
}

static void close_process(void *ctx, void *handle)
{
    task_process *process = handle;

    (void)ctx;
    close_fd(&process->pid_fd);
    free(process->lock_path);
    free(process);
}

/* --- What it leaves behind -------------------------------------------------------------------- */

static mr_status read_report(void *ctx, const mr_attempt *attempt, mr_buffer *out, mr_err *err)
{
    const mr_task_processes *p = ctx;
    char *path = report_path(p->data_folder, attempt);
    mr_status status = access(path, F_OK) == 0 ? mr_file_read(path, out, err) : MR_OK;

    free(path);
    return status;
}

static void forget(void *ctx, const char *run_id)
{
    const mr_task_processes *p = ctx;
    char *folder = run_folder(p->data_folder, run_id);
    DIR *listing = opendir(folder);
    const struct dirent *entry;

    while (listing != NULL && (entry = readdir(listing)) != NULL) {
        if (entry->d_name[0] != '.') {
            (void)unlinkat(dirfd(listing), entry->d_name, 0); /* what stays keeps the folder */
        }
    }
    if (listing != NULL) {
        (void)closedir(listing);
    }
    (void)rmdir(folder);
    free(folder);
}

const mr_task_runner mr_task_process_runner = {
    .start = start,
    .adopt = adopt,
    .has_ended = has_ended,
    .signal = signal_process,
    .wait_fd = wait_fd,
    .close = close_process,
    .report = read_report,
    .forget = forget,
};
