/* SPDX-License-Identifier: Apache-2.0 */
/* base/role.c - the lock and the state file of a running role; see role.h.
 *
 * Owns:       <data>/run/<role>.lock, held by an open file description lock (it goes with the
 *             process, however that ends, and can be asked about without taking it), and
 *             <data>/run/<role>.state.
 * Threads:    every function on one mr_role may be called from any thread; `mutex` guards it.
 * Invariants: a state file is replaced by rename, so readers see a whole one or none.
 *
 * A state file is lines of "<name> <value>"; the first names the form:
 *     millrace-role 1
 *     role gateway
 *     pid 4711
 *     ...
 * Unknown names are skipped, so that a newer program may add some. Lock files are never removed:
 * removing one would let two processes hold "the" lock on two files.
 */
#define _GNU_SOURCE /* open file description locks */
#include "base/role.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/process.h"
#include "base/rate_window.h"
#include "base/text.h"

enum {
    role_error_gap_us = 100000, /* errors are written at once, but at most 10 a second */
    role_file_bytes_max = 4096,
};

static_assert((int)mr_role_rate_window_seconds == (int)mr_rate_window_seconds,
              "role.h promises the window that rate_window.h keeps");

static const char run_folder[] = "run";
static const char lock_suffix[] = ".lock";
static const char state_suffix[] = ".state";
static const char state_heading[] = "millrace-role 1\n";

struct mr_role {
    pthread_mutex_t mutex;
    int lock_fd;
    char *state_path;
    char *draft_path; /* written, then renamed to state_path */
    mr_role_state state;
    mr_rate_window rate;
    int64_t error_written_us;
    bool told_ready;
};

/* --- Files ---------------------------------------------------------------------------------- */

static char *role_path(const char *data_folder, const char *role, const char *suffix)
{
    mr_buffer name;
    char *folder = mr_path_join(data_folder, run_folder);
    char *path = NULL;

    mr_buffer_init(&name, NAME_MAX);
    MR_ASSERT(mr_buffer_printf(&name, "%s%s", role, suffix));
    MR_ASSERT(mr_buffer_append(&name, "", 1));
    path = mr_path_join(folder, name.data);
    free(folder);
    mr_buffer_free(&name);
    return path;
}

/* Small files of our own; anything unexpected reads as absent. */
static bool read_small(const char *path, char content[static role_file_bytes_max])
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t bytes = -1;

    if (fd < 0) {
        return false;
    }
    do {
        bytes = read(fd, content, role_file_bytes_max - 1);
    } while (bytes < 0 && errno == EINTR);
    (void)close(fd);
    content[bytes > 0 ? bytes : 0] = '\0';
    return bytes > 0;
}

static int read_lock_pid(const char *lock_path)
{
    char content[role_file_bytes_max];
    uint64_t pid = 0;

    if (!read_small(lock_path, content) ||
        !mr_parse_uint64(mr_text_trim(mr_text_of(content)), INT32_MAX, &pid)) {
        return 0;
    }
    return (int)pid;
}

static bool lock_is_held(const char *lock_path)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int fd = open(lock_path, O_RDWR | O_CLOEXEC);
    bool held = false;

    if (fd < 0) {
        return false;
    }
    held = fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    (void)close(fd);
    return held;
}

static mr_status take_lock(const char *data_folder, const char *role, int *ret_fd, mr_err *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    char *path = role_path(data_folder, role, lock_suffix);
    mr_status status = MR_OK;
    char pid[24];
    int fd = -1;

    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        status = mr_fail_errno(err, errno, "open %s", path);
        goto out;
    }
    if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
        status =
            errno == EAGAIN || errno == EACCES
                ? mr_fail(err, MR_EXISTS,
                          "%s runs already on data folder %s as process %d: stop it, or choose "
                          "another folder with --data",
                          role, data_folder, read_lock_pid(path))
                : mr_fail_errno(err, errno, "lock %s", path);
        goto out;
    }
    (void)snprintf(pid, sizeof pid, "%d\n", (int)getpid());
    if (ftruncate(fd, 0) != 0) {
        status = mr_fail_errno(err, errno, "empty %s", path);
        goto out;
    }
    status = mr_write_all(fd, pid, strlen(pid), err);
out:
    if (status != MR_OK && fd >= 0) {
        (void)close(fd);
    } else if (status == MR_OK) {
        *ret_fd = fd;
    }
    free(path);
    return status;
}

/* The file is a courtesy to `millrace status`: when the disk is full a role goes on without it. */
static void write_state(mr_role *role)
{
    const mr_role_state *state = &role->state;
    char text[role_file_bytes_max];
    int fd = -1;
    bool written = false;
    const int bytes = snprintf(
        text, sizeof text,
        "%srole %s\npid %d\nstarted_ms %" PRId64 "\nupdated_ms %" PRId64
        "\naddress %s\nevents %" PRIu64 "\nerrors %" PRIu64 "\nevents_per_1000_s %" PRIu64
        "\nlast_error_ms %" PRId64 "\nlast_error %s\nrestarts %s\n",
        state_heading, state->role, state->pid, state->started_ms, state->updated_ms,
        state->address, state->events, state->errors, (uint64_t)(state->events_per_second * 1000.0),
        state->last_error_ms, state->last_error, state->restarts);

    MR_ASSERT(bytes > 0 && (size_t)bytes < sizeof text);
    fd = open(role->draft_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) {
        return;
    }
    written = mr_write_all(fd, text, (size_t)bytes, NULL) == MR_OK;
    (void)close(fd);
    if (!written || rename(role->draft_path, role->state_path) != 0) {
        (void)unlink(role->draft_path);
    }
}

static void write_state_now(mr_role *role)
{
    role->state.updated_ms = mr_now_ms();
    write_state(role);
}

/* --- A running role ------------------------------------------------------------------------- */

/* Copies a message into a fixed field, as one line. */
static void set_line(char *field, size_t bytes, const char *text)
{
    (void)snprintf(field, bytes, "%s", text);
    for (char *letter = field; *letter != '\0'; letter++) {
        if (*letter == '\n' || *letter == '\r') {
            *letter = ' ';
        }
    }
}

mr_status mr_role_open(const char *data_folder, const char *role_name, mr_role **ret_role,
                       mr_err *err)
{
    char *folder = mr_path_join(data_folder, run_folder);
    mr_role *role = NULL;
    int lock_fd = -1;
    mr_status status = mr_folder_create(folder, err);

    free(folder);
    MR_ASSERT(strlen(role_name) < sizeof role->state.role);
    if (status != MR_OK) {
        return status;
    }
    status = take_lock(data_folder, role_name, &lock_fd, err);
    if (status != MR_OK) {
        return status;
    }
    role = mr_alloc_zero(1, sizeof *role);
    MR_ASSERT(pthread_mutex_init(&role->mutex, NULL) == 0);
    role->lock_fd = lock_fd;
    role->state_path = role_path(data_folder, role_name, state_suffix);
    role->draft_path = role_path(data_folder, role_name, ".state.new");
    set_line(role->state.role, sizeof role->state.role, role_name);
    role->state.pid = (int)getpid();
    role->state.started_ms = mr_now_ms();
    (void)mr_rate_window_add(&role->rate, mr_monotonic_us(), 0); /* the first is always taken */
    write_state_now(role);
    *ret_role = role;
    return MR_OK;
}

void mr_role_close(mr_role *role)
{
    if (role == NULL) {
        return;
    }
    (void)unlink(role->state_path);
    (void)close(role->lock_fd);
    (void)pthread_mutex_destroy(&role->mutex);
    free(role->state_path);
    free(role->draft_path);
    free(role);
}

void mr_role_set_address(mr_role *role, const char *address)
{
    (void)pthread_mutex_lock(&role->mutex);
    set_line(role->state.address, sizeof role->state.address, address);
    write_state_now(role);
    (void)pthread_mutex_unlock(&role->mutex);
}

void mr_role_update(mr_role *role, uint64_t events, uint64_t errors)
{
    (void)pthread_mutex_lock(&role->mutex);
    role->state.events = events;
    role->state.errors = errors;
    if (mr_rate_window_add(&role->rate, mr_monotonic_us(), events)) {
        role->state.events_per_second = mr_rate_window_per_second(&role->rate);
        write_state_now(role);
    }
    (void)pthread_mutex_unlock(&role->mutex);
}

void mr_role_set_error(mr_role *role, const char *message)
{
    const int64_t now_us = mr_monotonic_us();

    (void)pthread_mutex_lock(&role->mutex);
    set_line(role->state.last_error, sizeof role->state.last_error, message);
    role->state.last_error_ms = mr_now_ms();
    if (now_us - role->error_written_us >= role_error_gap_us) {
        role->error_written_us = now_us;
        write_state_now(role);
    }
    (void)pthread_mutex_unlock(&role->mutex);
}

void mr_role_set_restarts(mr_role *role, const char *restarts)
{
    (void)pthread_mutex_lock(&role->mutex);
    set_line(role->state.restarts, sizeof role->state.restarts, restarts);
    write_state_now(role);
    (void)pthread_mutex_unlock(&role->mutex);
}

uint64_t mr_role_restarts(const mr_role_state *supervisor, const char *role)
{
    mr_text left = mr_text_of(supervisor->restarts);
    const size_t name_bytes = strlen(role);

    while (left.bytes > 0) {
        const char *comma = memchr(left.data, ',', left.bytes);
        const size_t bytes = comma != NULL ? (size_t)(comma - left.data) : left.bytes;
        uint64_t count = 0;

        if (bytes > name_bytes + 1 && memcmp(left.data, role, name_bytes) == 0 &&
            left.data[name_bytes] == ' ' &&
            mr_parse_uint64((mr_text){left.data + name_bytes + 1, bytes - name_bytes - 1},
                            UINT64_MAX, &count)) {
            return count;
        }
        left.data += comma != NULL ? bytes + 1 : bytes;
        left.bytes -= comma != NULL ? bytes + 1 : bytes;
    }
    return 0;
}

/* A leading '@' names a socket without a file (Linux's abstract names). */
static void notify(const char *socket_name, const char *message)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t name_bytes = strlen(socket_name);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        return;
    }
    if (name_bytes > 1 && name_bytes < sizeof address.sun_path &&
        (socket_name[0] == '@' || socket_name[0] == '/')) {
        memcpy(address.sun_path, socket_name, name_bytes);
        address.sun_path[0] = socket_name[0] == '@' ? '\0' : '/';
        /* Whoever listens may have gone: nobody is left to be told, and the role serves anyway. */
        (void)sendto(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
                     (const struct sockaddr *)&address,
                     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + name_bytes));
    }
    (void)close(fd);
}

void mr_role_ready(mr_role *role)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in this program changes the environment */
    const char *socket_name = getenv("NOTIFY_SOCKET");
    bool first = false;

    (void)pthread_mutex_lock(&role->mutex);
    first = !role->told_ready;
    role->told_ready = true;
    (void)pthread_mutex_unlock(&role->mutex);
    if (first && socket_name != NULL) {
        notify(socket_name, "READY=1");
    }
    if (first) {
        mr_process_release_code(); /* most of what starting needs is not needed again */
    }
}

/* --- Looking at roles ----------------------------------------------------------------------- */

typedef enum field_kind { FIELD_TEXT, FIELD_INT, FIELD_INT64, FIELD_UINT64, FIELD_RATE } field_kind;

typedef struct state_field {
    const char *name;
    field_kind kind;
    size_t offset;
    size_t bytes;
} state_field;

#define STATE_FIELD(name, kind, member)                                                   \
    {                                                                                     \
        name, kind, offsetof(mr_role_state, member), sizeof(((mr_role_state *)0)->member) \
    }

static const state_field state_fields[] = {
    STATE_FIELD("pid", FIELD_INT, pid),
    STATE_FIELD("started_ms", FIELD_INT64, started_ms),
    STATE_FIELD("updated_ms", FIELD_INT64, updated_ms),
    STATE_FIELD("address", FIELD_TEXT, address),
    STATE_FIELD("events", FIELD_UINT64, events),
    STATE_FIELD("errors", FIELD_UINT64, errors),
    STATE_FIELD("events_per_1000_s", FIELD_RATE, events_per_second),
    STATE_FIELD("last_error_ms", FIELD_INT64, last_error_ms),
    STATE_FIELD("last_error", FIELD_TEXT, last_error),
    STATE_FIELD("restarts", FIELD_TEXT, restarts),
};

static void set_field(mr_role_state *state, const state_field *field, mr_text value)
{
    char *target = (char *)state + field->offset;
    int64_t number = 0;
    int small = 0;
    double rate = 0.0;
    size_t bytes = 0;

    if (field->kind == FIELD_TEXT) {
        bytes = value.bytes < field->bytes - 1 ? value.bytes : field->bytes - 1;
        memcpy(target, value.data, bytes);
        target[bytes] = '\0';
        return;
    }
    if (!mr_parse_int64(value, &number) || number < 0) {
        return;
    }
    small = number <= INT32_MAX ? (int)number : 0;
    rate = (double)number / 1000.0;
    if (field->kind == FIELD_INT) {
        memcpy(target, &small, sizeof small);
    } else if (field->kind == FIELD_RATE) {
        memcpy(target, &rate, sizeof rate);
    } else {
        memcpy(target, &number, sizeof number);
    }
}

/* text: "<name> <value>". */
static void read_line(mr_role_state *state, mr_text line)
{
    const char *blank = line.bytes > 0 ? memchr(line.data, ' ', line.bytes) : NULL;
    mr_text name;
    mr_text value;

    if (blank == NULL) {
        return;
    }
    name = (mr_text){line.data, (size_t)(blank - line.data)};
    value = (mr_text){blank + 1, line.bytes - name.bytes - 1};
    for (size_t index = 0; index < sizeof state_fields / sizeof state_fields[0]; index++) {
        if (mr_text_equal(name, mr_text_of(state_fields[index].name))) {
            set_field(state, &state_fields[index], value);
        }
    }
}

static void read_state(const char *path, mr_role_state *state)
{
    char content[role_file_bytes_max];
    const char *line = NULL;

    if (!read_small(path, content) ||
        strncmp(content, state_heading, sizeof state_heading - 1) != 0) {
        return;
    }
    for (line = content + sizeof state_heading - 1; *line != '\0';) {
        const size_t bytes = strcspn(line, "\n");

        read_line(state, (mr_text){line, bytes});
        line += bytes + (line[bytes] == '\n' ? 1 : 0);
    }
}

/* The role's name from "<role>.lock". */
static bool role_of_lock(const char *file_name, char role[static sizeof((mr_role_state){0}.role)])
{
    const size_t bytes = strlen(file_name);
    const size_t suffix_bytes = sizeof lock_suffix - 1;

    if (bytes <= suffix_bytes || strcmp(file_name + bytes - suffix_bytes, lock_suffix) != 0 ||
        bytes - suffix_bytes >= sizeof((mr_role_state){0}.role)) {
        return false;
    }
    memcpy(role, file_name, bytes - suffix_bytes);
    role[bytes - suffix_bytes] = '\0';
    return true;
}

static void look_at(const char *data_folder, mr_role_state *state)
{
    char *lock_path = role_path(data_folder, state->role, lock_suffix);
    char *state_path = role_path(data_folder, state->role, state_suffix);

    state->alive = lock_is_held(lock_path);
    read_state(state_path, state);
    if (state->alive) {
        state->pid = read_lock_pid(lock_path);
    }
    free(lock_path);
    free(state_path);
}

mr_status mr_role_list(const char *data_folder,
                       bool (*visit)(void *ctx, const mr_role_state *state), void *ctx, mr_err *err)
{
    char *path = mr_path_join(data_folder, run_folder);
    mr_status status = MR_OK;
    struct dirent *entry = NULL;
    bool more = true;
    DIR *folder = opendir(path);

    if (folder == NULL) {
        /* A data folder that no role has used yet has no roles. */
        status = errno == ENOENT ? MR_OK : mr_fail_errno(err, errno, "open folder %s", path);
        free(path);
        return status;
    }
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread reads this stream */
    while (more && (entry = readdir(folder)) != NULL) {
        mr_role_state state = {0};

        if (role_of_lock(entry->d_name, state.role)) {
            look_at(data_folder, &state);
            more = visit(ctx, &state);
        }
    }
    (void)closedir(folder);
    free(path);
    return status;
}
