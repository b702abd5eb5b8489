/* SPDX-License-Identifier: Apache-2.0 */
/* fault/powercut_vfs.c - the VFS described in powercut_vfs.h.
 *
 * Included as source by the tests that use it. One lock is held over every operation on a file's
 * content, so that a power cut meets none half-way and nobody sees the files after it. A file is a
 * node, by its path, shared by all handles on it.
 */
#include "powercut_vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
/* A process that loses its power ends at once; ThreadSanitizer would have it wait for a second. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "atexit_sleep_ms=0";
}
#endif
#endif

enum { sector_bytes = 512, skipped_us_max = 200 };

/* What a power cut does to what was not synced. */
typedef enum powercut_mood { KEEP_ALL, DROP_ALL, MIX, MIX_TOO, MOODS } powercut_mood;

/* One change of a file that is not on stable storage yet. */
typedef struct powercut_change {
    struct powercut_change *earlier;
    bool truncation; /* to `offset`; else a write there */
    sqlite3_int64 offset;
    size_t bytes;       /* written, or cut off */
    size_t old_present; /* of them, there before */
    sqlite3_int64 old_size;
    char *old_data; /* what was there */
    char *new_data; /* what was written */
} powercut_change;

typedef struct powercut_node {
    struct powercut_node *next;
    char *path;
    powercut_change *last;
    bool known;         /* opened before */
    bool created;       /* its folder was not synced since */
    char *deleted_data; /* deleted, and its folder not synced since; may come back */
    size_t deleted_bytes;
} powercut_node;

struct powercut {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    pthread_mutex_t lock;
    powercut_options options; /* this and all below: guarded by lock */
    mr_random random;
    powercut_mood mood;
    uint64_t operations;
    uint64_t fail_at;
    uint64_t full_from; /* this operation on; 0: never */
    powercut_node *nodes;
};

typedef struct powercut_file {
    sqlite3_file base;
    powercut *cut;
    powercut_node *node;
    bool syncs_folder; /* at its first sync */
    sqlite3_file *real;
} powercut_file;

/* --- What is remembered -------------------------------------------------------------------- */

static powercut_node *find_node(powercut *cut, const char *path)
{
    for (powercut_node *node = cut->nodes; node != NULL; node = node->next) {
        if (strcmp(node->path, path) == 0) {
            return node;
        }
    }
    powercut_node *node = mr_alloc_zero(1, sizeof *node);
    node->path = mr_copy_string(path);
    node->next = cut->nodes;
    cut->nodes = node;
    return node;
}

static void forget_changes(powercut_node *node)
{
    while (node->last != NULL) {
        powercut_change *change = node->last;
        node->last = change->earlier;
        free(change->old_data);
        free(change->new_data);
        free(change);
    }
}

static void forget_deletion(powercut_node *node)
{
    free(node->deleted_data);
    node->deleted_data = NULL;
}

static bool in_one_folder(const char *path, const char *other)
{
    size_t folder_bytes = (size_t)(strrchr(path, '/') - path) + 1; /* SQLite's paths are absolute */
    return strncmp(path, other, folder_bytes) == 0 && strchr(other + folder_bytes, '/') == NULL;
}

/* The folder that the file at `path` lies in. */
static void folder_synced(powercut *cut, const char *path)
{
    for (powercut_node *node = cut->nodes; node != NULL; node = node->next) {
        if (in_one_folder(path, node->path)) {
            node->created = false;
            forget_deletion(node);
        }
    }
}

/* The bytes of [offset, offset + bytes) that the file has now. */
static char *read_old(sqlite3_file *real, sqlite3_int64 offset, size_t bytes)
{
    char *data = mr_alloc(bytes + 1);
    if (bytes > 0) {
        int code = real->pMethods->xRead(real, data, (int)bytes, offset);
        MR_ASSERT(code == SQLITE_OK);
    }
    return data;
}

static void remember(powercut_file *file, bool truncation, sqlite3_int64 offset, const void *data,
                     size_t bytes)
{
    sqlite3_int64 size = 0;
    MR_ASSERT(file->real->pMethods->xFileSize(file->real, &size) == SQLITE_OK);
    size_t beyond = size > offset ? (size_t)(size - offset) : 0;
    powercut_change *change = mr_alloc_zero(1, sizeof *change);
    change->truncation = truncation;
    change->offset = offset;
    change->bytes = truncation ? beyond : bytes;
    change->old_present = beyond < change->bytes ? beyond : change->bytes;
    change->old_size = size;
    change->old_data = read_old(file->real, offset, change->old_present);
    if (!truncation) {
        change->new_data = mr_alloc(bytes + 1);
        memcpy(change->new_data, data, bytes);
    }
    change->earlier = file->node->last;
    file->node->last = change;
}

/* --- The power cut ------------------------------------------------------------------------- */

static void write_at(int fd, const char *data, size_t bytes, sqlite3_int64 offset)
{
    MR_ASSERT(pwrite(fd, data, bytes, offset) == (ssize_t)bytes);
}

/* Back to what was synced; turns the list round, so that it can be replayed. */
static powercut_change *undo_all(int fd, powercut_node *node)
{
    powercut_change *first = NULL;
    while (node->last != NULL) {
        powercut_change *change = node->last;
        node->last = change->earlier;
        change->earlier = first;
        first = change;
        MR_ASSERT(ftruncate(fd, change->old_size) == 0);
        write_at(fd, change->old_data, change->old_present, change->offset);
    }
    return first;
}

static void tear(powercut *cut, int fd, const powercut_change *change)
{
    size_t done = 0;
    while (done < change->bytes) {
        sqlite3_int64 at = change->offset + (sqlite3_int64)done;
        size_t piece = sector_bytes - (size_t)(at % sector_bytes);
        piece = piece < change->bytes - done ? piece : change->bytes - done;
        if (mr_random_below(&cut->random, 2) == 0) {
            write_at(fd, change->new_data + done, piece, at);
        }
        done += piece;
    }
}

static void replay(powercut *cut, int fd, const powercut_change *change)
{
    uint64_t fate = cut->mood == KEEP_ALL ? 1 : mr_random_below(&cut->random, 3);
    if (fate == 0 || cut->mood == DROP_ALL) {
        return;
    }
    if (change->truncation) {
        MR_ASSERT(ftruncate(fd, change->offset) == 0);
    } else if (fate == 1) {
        write_at(fd, change->new_data, change->bytes, change->offset);
    } else {
        tear(cut, fd, change);
    }
}

static void cut_file(powercut *cut, powercut_node *node)
{
    if (node->deleted_data != NULL && cut->mood != KEEP_ALL &&
        mr_random_below(&cut->random, 2) == 0) {
        int fd = open(node->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        MR_ASSERT(fd >= 0);
        write_at(fd, node->deleted_data, node->deleted_bytes, 0);
        (void)close(fd); /* written through the page cache */
        return;
    }
    int fd = open(node->path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return; /* deleted, and it stays so */
    }
    for (powercut_change *change = undo_all(fd, node); change != NULL; change = change->earlier) {
        replay(cut, fd, change);
    }
    (void)close(fd); /* written through the page cache */
    if (node->created && cut->mood != KEEP_ALL && mr_random_below(&cut->random, 2) == 0) {
        (void)unlink(node->path); /* its folder never got to know it */
    }
}

noreturn static void cut_power(powercut *cut)
{
    cut->mood = (powercut_mood)mr_random_below(&cut->random, MOODS);
    for (powercut_node *node = cut->nodes; node != NULL; node = node->next) {
        cut_file(cut, node);
    }
    _exit(powercut_exit_status);
}

/* Counts an operation; true: it must fail. The lock is held. */
static bool operation_fails(powercut *cut, bool sync)
{
    const powercut_options *options = &cut->options;
    cut->operations++;
    if (options->cut_at != 0 && cut->operations >= options->cut_at &&
        (sync || !options->cut_at_sync)) {
        cut_power(cut);
    }
    return cut->operations == cut->fail_at;
}

/* --- Methods of a file --------------------------------------------------------------------- */

static powercut_file *file_of(sqlite3_file *file)
{
    return (powercut_file *)file;
}

static int file_close(sqlite3_file *base)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xClose(real);
}

static int file_read(sqlite3_file *base, void *data, int bytes, sqlite3_int64 offset)
{
    powercut_file *file = file_of(base);
    (void)pthread_mutex_lock(&file->cut->lock);
    int code = file->real->pMethods->xRead(file->real, data, bytes, offset);
    (void)pthread_mutex_unlock(&file->cut->lock);
    return code;
}

static bool would_grow(powercut_file *file, sqlite3_int64 end)
{
    sqlite3_int64 size = 0;
    MR_ASSERT(file->real->pMethods->xFileSize(file->real, &size) == SQLITE_OK);
    return end > size;
}

static int file_write(sqlite3_file *base, const void *data, int bytes, sqlite3_int64 offset)
{
    powercut_file *file = file_of(base);
    powercut *cut = file->cut;
    int code = SQLITE_OK;
    (void)pthread_mutex_lock(&cut->lock); /* fails only on misuse, here and below */
    if (operation_fails(cut, false)) {
        code = SQLITE_IOERR_WRITE;
    } else if (cut->full_from != 0 && cut->operations >= cut->full_from &&
               would_grow(file, offset + bytes)) {
        code = SQLITE_FULL;
    } else {
        remember(file, false, offset, data, (size_t)bytes);
        code = file->real->pMethods->xWrite(file->real, data, bytes, offset);
    }
    (void)pthread_mutex_unlock(&cut->lock);
    return code;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    powercut_file *file = file_of(base);
    powercut *cut = file->cut;
    int code = SQLITE_IOERR_TRUNCATE;
    (void)pthread_mutex_lock(&cut->lock);
    if (!operation_fails(cut, false)) {
        remember(file, true, size, NULL, 0);
        code = file->real->pMethods->xTruncate(file->real, size);
    }
    (void)pthread_mutex_unlock(&cut->lock);
    return code;
}

static int file_sync(sqlite3_file *base, int flags)
{
    powercut_file *file = file_of(base);
    powercut *cut = file->cut;
    (void)flags; /* data or all: the size is part of either */
    (void)pthread_mutex_lock(&cut->lock);
    bool fails = operation_fails(cut, true);
    if (!fails && !cut->options.ignore_sync) {
        forget_changes(file->node);
        if (file->syncs_folder) {
            file->syncs_folder = false;
            folder_synced(cut, file->node->path);
        }
    }
    (void)pthread_mutex_unlock(&cut->lock);
    return fails ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    powercut_file *file = file_of(base);
    (void)pthread_mutex_lock(&file->cut->lock);
    int code = file->real->pMethods->xFileSize(file->real, ret_size);
    (void)pthread_mutex_unlock(&file->cut->lock);
    return code;
}

static int file_lock(sqlite3_file *base, int level)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xLock(real, level);
}

static int file_unlock(sqlite3_file *base, int level)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xUnlock(real, level);
}

static int file_check_reserved(sqlite3_file *base, int *ret_reserved)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xCheckReservedLock(real, ret_reserved);
}

static int file_control(sqlite3_file *base, int operation, void *argument)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xFileControl(real, operation, argument);
}

static int file_sector_size(sqlite3_file *base)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xSectorSize(real);
}

static int file_characteristics(sqlite3_file *base)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xDeviceCharacteristics(real);
}

static int file_shm_map(sqlite3_file *base, int page, int bytes, int extend, void volatile **ret)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xShmMap(real, page, bytes, extend, ret);
}

static int file_shm_lock(sqlite3_file *base, int offset, int count, int flags)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xShmLock(real, offset, count, flags);
}

static void file_shm_barrier(sqlite3_file *base)
{
    sqlite3_file *real = file_of(base)->real;
    real->pMethods->xShmBarrier(real);
}

static int file_shm_unmap(sqlite3_file *base, int remove_it)
{
    sqlite3_file *real = file_of(base)->real;
    return real->pMethods->xShmUnmap(real, remove_it);
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 2, /* no memory-mapped pages: they would pass unseen */
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* --- Methods of the VFS -------------------------------------------------------------------- */

/* Not there, or empty: what nobody has written to, nobody has synced a folder for. */
static bool is_fresh(const char *path)
{
    struct stat info;
    return stat(path, &info) != 0 || info.st_size == 0;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags,
                    int *ret_flags)
{
    enum { journals = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL };
    powercut *cut = vfs->pAppData;
    powercut_file *file = file_of(base);
    MR_ASSERT(path != NULL); /* the log uses no temporary files */
    memset(file, 0, sizeof *file);
    file->real = (sqlite3_file *)(void *)(file + 1);

    (void)pthread_mutex_lock(&cut->lock);
    bool existed = access(path, F_OK) == 0;
    bool fresh = is_fresh(path);
    int code = cut->real->xOpen(cut->real, path, file->real, flags, ret_flags);
    if (code == SQLITE_OK) {
        file->cut = cut;
        file->node = find_node(cut, path);
        file->node->created = file->node->created || !existed || (fresh && !file->node->known);
        file->node->known = true;
        file->syncs_folder = (flags & SQLITE_OPEN_CREATE) != 0 && (flags & journals) != 0;
        file->base.pMethods = &file_methods;
    }
    (void)pthread_mutex_unlock(&cut->lock);
    return code;
}

static void remember_deletion(powercut_node *node)
{
    struct stat info;
    int fd = node->deleted_data != NULL ? -1 : open(node->path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return; /* it may come back once only */
    }
    MR_ASSERT(fstat(fd, &info) == 0);
    node->deleted_bytes = (size_t)info.st_size;
    node->deleted_data = mr_alloc(node->deleted_bytes + 1);
    MR_ASSERT(pread(fd, node->deleted_data, node->deleted_bytes, 0) == info.st_size);
    (void)close(fd); /* only read */
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    powercut *cut = vfs->pAppData;
    int code = SQLITE_IOERR_DELETE;
    (void)pthread_mutex_lock(&cut->lock);
    if (!operation_fails(cut, false)) {
        powercut_node *node = find_node(cut, path);
        remember_deletion(node);
        forget_changes(node);
        node->created = false;
        code = cut->real->xDelete(cut->real, path, 0);
        if (code == SQLITE_OK && sync_folder != 0 && !cut->options.ignore_sync) {
            folder_synced(cut, path);
        }
    }
    (void)pthread_mutex_unlock(&cut->lock);
    return code;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret_result)
{
    powercut *cut = vfs->pAppData;
    return cut->real->xAccess(cut->real, path, flags, ret_result);
}

static int vfs_full_pathname(sqlite3_vfs *vfs, const char *path, int bytes, char *ret_path)
{
    powercut *cut = vfs->pAppData;
    return cut->real->xFullPathname(cut->real, path, bytes, ret_path);
}

static int vfs_randomness(sqlite3_vfs *vfs, int bytes, char *ret_data)
{
    powercut *cut = vfs->pAppData;
    return cut->real->xRandomness(cut->real, bytes, ret_data);
}

/* A moment passes all the same: a thread that has the lock, and waits for a core, gives it back. */
static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    powercut *cut = vfs->pAppData;
    const int real_us = microseconds < skipped_us_max ? microseconds : skipped_us_max;

    if (!cut->options.skip_sleep) {
        return cut->real->xSleep(cut->real, microseconds);
    }
    (void)cut->real->xSleep(cut->real, real_us);
    return microseconds;
}

static int vfs_current_time(sqlite3_vfs *vfs, double *ret_time)
{
    powercut *cut = vfs->pAppData;
    return cut->real->xCurrentTime(cut->real, ret_time);
}

static int vfs_last_error(sqlite3_vfs *vfs, int bytes, char *ret_message)
{
    (void)vfs;
    (void)bytes;
    (void)ret_message;
    return 0; /* an injected fault has no errno */
}

/* --- For the tests ------------------------------------------------------------------------- */

powercut *powercut_install(const powercut_options *options)
{
    powercut *cut = mr_alloc_zero(1, sizeof *cut);
    cut->options = *options;
    cut->real = sqlite3_vfs_find(NULL);
    cut->vfs = (sqlite3_vfs){
        .iVersion = 1,
        .szOsFile = (int)sizeof(powercut_file) + cut->real->szOsFile,
        .mxPathname = cut->real->mxPathname,
        .zName = "powercut",
        .pAppData = cut,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_pathname,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_current_time,
        .xGetLastError = vfs_last_error,
    };
    mr_random_seed(&cut->random, options->seed);
    MR_ASSERT(pthread_mutex_init(&cut->lock, NULL) == 0);
    MR_ASSERT(sqlite3_vfs_register(&cut->vfs, 1) == SQLITE_OK);
    return cut;
}

void powercut_uninstall(powercut *cut)
{
    MR_ASSERT(sqlite3_vfs_unregister(&cut->vfs) == SQLITE_OK);
    while (cut->nodes != NULL) {
        powercut_node *node = cut->nodes;
        cut->nodes = node->next;
        forget_changes(node);
        forget_deletion(node);
        free(node->path);
        free(node);
    }
    (void)pthread_mutex_destroy(&cut->lock); /* nobody holds it */
    free(cut);
}

uint64_t powercut_operations(powercut *cut)
{
    (void)pthread_mutex_lock(&cut->lock);
    uint64_t operations = cut->operations;
    (void)pthread_mutex_unlock(&cut->lock);
    return operations;
}

void powercut_set_full(powercut *cut, bool full)
{
    (void)pthread_mutex_lock(&cut->lock);
    cut->full_from = full ? 1 : 0;
    (void)pthread_mutex_unlock(&cut->lock);
}

void powercut_full_after(powercut *cut, uint64_t after)
{
    (void)pthread_mutex_lock(&cut->lock);
    cut->full_from = cut->operations + after + 1;
    (void)pthread_mutex_unlock(&cut->lock);
}

void powercut_fail_after(powercut *cut, uint64_t after)
{
    (void)pthread_mutex_lock(&cut->lock);
    cut->fail_at = cut->operations + after + 1;
    (void)pthread_mutex_unlock(&cut->lock);
}

noreturn void powercut_now(powercut *cut)
{
    (void)pthread_mutex_lock(&cut->lock);
    cut_power(cut);
}
