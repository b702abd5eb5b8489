/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/spark_submit.c - spark-submit, and the socket that its job calls. See spark_job.h.
 *
 * Owns: a folder of its own below /tmp with the job's text, its properties and the socket; the
 *       process and its group.
 * Properties stand in a file, not in arguments: they may hold keys of a storage account.
 */
#define _GNU_SOURCE /* pidfd_open, accept4, environ */
#include "medallion/spark_job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"
#include "medallion/spark_log.h"

enum {
    start_timeout_ms_default = 300000,
    end_timeout_ms = 20000,
    kill_timeout_ms = 5000,
    line_bytes_max = 256 << 20,
    read_bytes = 65536,
    properties_bytes_max = 1 << 20,
};

typedef struct spark_submit {
    mr_spark_job head;
    const mr_spark_options *options;
    char folder[40]; /* "" until it is made */
    char *log_path;
    int listen_fd, fd;
    pid_t pid; /* 0: none */
    int pid_fd;
    mr_buffer input; /* what came; the first `taken` bytes were given out */
    size_t taken;
} spark_submit;

/* --- What the process is given ---------------------------------------------------------------- */

static mr_status put_file(const spark_submit *job, const char *name, mr_text content, mr_err *err)
{
    char *path = mr_path_join(job->folder, name);
    mr_status status = mr_file_replace(path, content, err);

    free(path);
    return status;
}

/* Ours first: of two lines with one key the last one counts. */
static mr_status put_properties(const spark_submit *job, mr_err *err)
{
    const mr_spark_options *options = job->options;
    mr_buffer text;
    mr_status status = MR_OK;

    mr_buffer_init(&text, properties_bytes_max);
    (void)mr_buffer_append_string(&text, "spark.app.name millrace\n"
                                         "spark.ui.enabled false\n"
                                         "spark.ui.showConsoleProgress false\n");
    if (strncmp(options->master, "local", strlen("local")) == 0) {
        (void)mr_buffer_append_string(&text, "spark.driver.host 127.0.0.1\n"
                                             "spark.driver.bindAddress 127.0.0.1\n");
        if (options->memory_bytes > 0) {
            (void)mr_buffer_printf(&text, "spark.driver.memory %llum\n",
                                   (unsigned long long)(options->memory_bytes >> 20));
        }
    }
    if (options->properties != NULL) {
        status = mr_file_read(options->properties, &text, err);
    }
    if (status == MR_OK) {
        status = put_file(job, "spark.conf", mr_buffer_text(&text), err);
    }
    mr_buffer_free(&text);
    return status;
}

static mr_status listen_at(spark_submit *job, mr_err *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", job->folder);
    job->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (job->listen_fd < 0 ||
        bind(job->listen_fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(job->listen_fd, 1) != 0) {
        return mr_fail_errno(err, errno, "listen at %s", address.sun_path);
    }
    return MR_OK;
}

static mr_status prepare(spark_submit *job, mr_err *err)
{
    (void)snprintf(job->folder, sizeof(job->folder), "/tmp/millrace-spark-XXXXXX");
    if (mkdtemp(job->folder) == NULL) {
        job->folder[0] = '\0';
        return mr_fail_errno(err, errno, "make a folder below /tmp");
    }
    mr_status status =
        put_file(job, "job.py", (mr_text){mr_embed_job_py, mr_embed_job_py_bytes}, err);
    if (status == MR_OK) {
        status = put_properties(job, err);
    }
    if (status == MR_OK) {
        status = mr_spark_log_new(job->options->log_folder, &job->log_path, err);
    }
    return status == MR_OK ? listen_at(job, err) : status;
}

/* --- The process ------------------------------------------------------------------------------ */

/* A group of its own, that a Ctrl-C for us does not reach and that can be ended as a whole; no
 * signal blocked. */
static int spawn_with(spark_submit *job, char *const *argv)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none;

    (void)sigemptyset(&none);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, job->log_path,
                                           O_WRONLY | O_APPEND, 0);
    (void)posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    int fault = posix_spawnp(&job->pid, argv[0], &files, &attributes, argv, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attributes);
    return fault;
}

static mr_status spawn(spark_submit *job, mr_err *err)
{
    const mr_spark_options *options = job->options;
    char place[64];

    (void)snprintf(place, sizeof(place), "socket:%s/socket", job->folder);
    char *argv[] = {
        mr_copy_string(options->submit != NULL ? options->submit : "spark-submit"),
        mr_copy_string("--master"),
        mr_copy_string(options->master),
        mr_copy_string("--properties-file"),
        mr_path_join(job->folder, "spark.conf"),
        mr_path_join(job->folder, "job.py"),
        mr_copy_string(place),
        NULL,
    };
    const int fault = spawn_with(job, argv);
    mr_status status = MR_OK;

    if (fault != 0) {
        job->pid = 0;
        status =
            mr_fail(err, MR_UNAVAILABLE, "%s cannot be started: %s; MILLRACE_SPARK_SUBMIT names it",
                    argv[0], strerror(fault));
    } else {
        job->pid_fd = pidfd_open(job->pid, 0);
    }
    for (size_t i = 0; argv[i] != NULL; i++) {
        free(argv[i]);
    }
    return status;
}

/* Until the job calls, or ends, or it takes too long. */
static mr_status accept_job(spark_submit *job, mr_err *err)
{
    const uint32_t timeout_ms = job->options->start_timeout_ms > 0 ? job->options->start_timeout_ms
                                                                   : start_timeout_ms_default;
    struct pollfd waits[] = {{.fd = job->listen_fd, .events = POLLIN},
                             {.fd = job->pid_fd, .events = POLLIN}};
    int ready;
    char line[mr_spark_log_line_bytes_max];

    do {
        ready = poll(waits, 2, (int)timeout_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready > 0 && (waits[0].revents & POLLIN) != 0) {
        job->fd = accept4(job->listen_fd, NULL, NULL, SOCK_CLOEXEC);
    }
    if (job->fd >= 0) {
        return MR_OK;
    }
    if (ready == 0) {
        return mr_fail(err, MR_UNAVAILABLE, "Spark has not started within %u s; its log: %s",
                       timeout_ms / 1000, job->log_path);
    }
    mr_spark_log_fault(job->log_path, line);
    return mr_fail(err, MR_UNAVAILABLE, "Spark did not start: %s; its log: %s", line,
                   job->log_path);
}

static bool wait_for_end(spark_submit *job, int timeout_ms)
{
    struct pollfd wait = {.fd = job->pid_fd, .events = POLLIN};
    int ready;

    do {
        ready = poll(&wait, 1, timeout_ms);
    } while (ready < 0 && errno == EINTR);
    return ready != 0;
}

static void end_process(spark_submit *job)
{
    if (!wait_for_end(job, job->fd >= 0 ? end_timeout_ms : 0)) {
        (void)kill(-job->pid, SIGTERM);
        if (!wait_for_end(job, kill_timeout_ms)) {
            (void)kill(-job->pid, SIGKILL);
        }
    }
    while (waitpid(job->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

static void remove_folder(const spark_submit *job)
{
    static const char *const names[] = {"job.py", "spark.conf", "socket"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char *path = mr_path_join(job->folder, names[i]);
        (void)unlink(path); /* it may not have come to be */
        free(path);
    }
    (void)rmdir(job->folder);
}

static void end_job(mr_spark_job *head)
{
    spark_submit *job = (spark_submit *)head;

    if (job->fd >= 0) {
        (void)shutdown(job->fd, SHUT_RDWR);
    }
    if (job->pid > 0) {
        end_process(job);
    }
    for (size_t i = 0; i < 3; i++) {
        const int fds[] = {job->fd, job->listen_fd, job->pid_fd};
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
    if (job->folder[0] != '\0') {
        remove_folder(job);
    }
    mr_buffer_free(&job->input);
    free(job->log_path);
    free(job);
}

/* --- Requests --------------------------------------------------------------------------------- */

static mr_status gone(const spark_submit *job, mr_err *err)
{
    char line[mr_spark_log_line_bytes_max];

    mr_spark_log_fault(job->log_path, line);
    return mr_fail(err, MR_IO, "Spark's job has ended: %s; its log: %s", line, job->log_path);
}

static mr_status send_all(const spark_submit *job, mr_text text, mr_err *err)
{
    while (text.bytes > 0) {
        const ssize_t sent = send(job->fd, text.data, text.bytes, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            return gone(job, err);
        }
        text = (mr_text){text.data + sent, text.bytes - (size_t)sent};
    }
    return MR_OK;
}

static mr_status read_line(spark_submit *job, mr_text *ret_line, mr_err *err)
{
    size_t looked = 0;

    if (job->taken > 0) {
        memmove(job->input.data, job->input.data + job->taken, job->input.bytes - job->taken);
        job->input.bytes -= job->taken;
        job->taken = 0;
    }
    for (;;) {
        char *end = job->input.bytes > looked
                        ? memchr(job->input.data + looked, '\n', job->input.bytes - looked)
                        : NULL;
        if (end != NULL) {
            *end = '\0';
            *ret_line = (mr_text){job->input.data, (size_t)(end - job->input.data)};
            job->taken = ret_line->bytes + 1;
            return MR_OK;
        }
        looked = job->input.bytes;
        char *room = mr_buffer_reserve(&job->input, read_bytes);
        if (room == NULL) {
            return mr_fail(err, MR_LIMIT, "Spark's answer is longer than %d bytes", line_bytes_max);
        }
        const ssize_t got = recv(job->fd, room, read_bytes, 0);
        if (got <= 0 && !(got < 0 && errno == EINTR)) {
            return gone(job, err);
        }
        mr_buffer_commit(&job->input, got > 0 ? (size_t)got : 0);
    }
}

static mr_status ask(mr_spark_job *head, mr_text request, mr_text *ret_answer, mr_err *err)
{
    spark_submit *job = (spark_submit *)head;
    static const char note[] = "{\"progress\": \"";
    mr_status status = send_all(job, request, err);

    if (status == MR_OK) {
        status = send_all(job, MR_TEXT_LITERAL("\n"), err);
    }
    while (status == MR_OK) {
        status = read_line(job, ret_answer, err);
        if (status != MR_OK || !mr_text_starts_with(*ret_answer, note)) {
            break;
        }
        char text[128];
        (void)snprintf(text, sizeof(text), "%.*s", (int)(ret_answer->bytes - sizeof(note) - 1),
                       ret_answer->data + sizeof(note) - 1);
        if (job->options->progress != NULL) {
            job->options->progress(job->options->ctx, text);
        }
    }
    return status;
}

/* --- Starting --------------------------------------------------------------------------------- */

static const char *log_of(const mr_spark_job *head)
{
    return ((const spark_submit *)head)->log_path;
}

static const mr_spark_job_ops ops = {.ask = ask, .log = log_of, .end = end_job};

mr_status mr_spark_submit(const mr_spark_options *options, mr_spark_job **ret_job, mr_err *err)
{
    spark_submit *job = mr_alloc_zero(1, sizeof(*job));

    *job =
        (spark_submit){.head = {&ops}, .options = options, .listen_fd = -1, .fd = -1, .pid_fd = -1};
    mr_buffer_init(&job->input, line_bytes_max);
    mr_status status = prepare(job, err);
    if (status == MR_OK) {
        status = spawn(job, err);
    }
    if (status == MR_OK) {
        status = accept_job(job, err);
    }
    if (status != MR_OK) {
        end_job(&job->head);
        return status;
    }
    *ret_job = &job->head;
    return MR_OK;
}
