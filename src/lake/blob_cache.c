/* SPDX-License-Identifier: Apache-2.0 */
/* lake/blob_cache.c - copies by name, their last use as the file's time, pins as locks.
 *
 *   <root>/bronze/sales_events/.../part-1.parquet   a copy; its modification time: its last use
 *   <root>/_stage/in-use                            byte h is locked (shared) by whoever pins a
 * name with hash h; a lock ends with its process
 *
 * Owns:       the descriptor that holds this cache's locks.
 * Called by:  blob_adls*.c, from any thread.
 * Invariants: (1) a name is pinned before it is looked for, and removed only under the exclusive
 *             lock of its byte: what a look has found stays; (2) a copy appears by rename(2) of a
 *             file that was synced, so that one of the right size is whole also after a power cut.
 */
#define _GNU_SOURCE
#include "lake/blob_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/file.h"
#include "base/hash.h"
#include "lake/blob_backend.h"

enum {
    use_is_noted_s = 60, /* a last use that is younger is not written again */
    tidy_share = 64,     /* looks again when 1/64 of the limit was kept since the last look */
    keep_attempts_max = 3,
};

typedef struct pin {
    uint64_t hash; /* 0: free */
    int64_t asked_ms;
} pin;

struct mr_blob_cache {
    char *root;
    uint64_t bytes_max;
    int lock_fd;
    pthread_mutex_t mutex; /* guards what follows */
    pin *pins;             /* open addressing; the count of places is a power of two */
    size_t pin_count, pin_places;
    int64_t pins_checked_ms;
    uint64_t bytes_since_look;
    bool looked;
};

/* --- Pins ------------------------------------------------------------------------------------- */

static uint64_t hash_of(const char *name)
{
    uint64_t hash = mr_hash64(name, strlen(name)) >> 2; /* an offset in a file is below 2^63 */

    return hash != 0 ? hash : 1;
}

/* kind: F_RDLCK, F_WRLCK, F_UNLCK. */
static bool lock_byte(const mr_blob_cache *cache, uint64_t hash, short kind, bool wait)
{
    struct flock lock = {.l_type = kind, .l_whence = SEEK_SET, .l_start = (off_t)hash, .l_len = 1};
    int done;

    do {
        done = fcntl(cache->lock_fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
    } while (done != 0 && errno == EINTR);
    return done == 0;
}

static pin *find_pin(pin *pins, size_t places, uint64_t hash)
{
    size_t at = (size_t)hash & (places - 1);

    while (pins[at].hash != 0 && pins[at].hash != hash) {
        at = (at + 1) & (places - 1);
    }
    return &pins[at];
}

/* Into a table twice as large as what is asked for since `since_ms`; older pins are let go. */
static void renew_pins(mr_blob_cache *cache, int64_t since_ms)
{
    size_t places = 64;
    size_t kept = 0;

    while (places < cache->pin_count * 4) {
        places *= 2;
    }
    pin *pins = mr_alloc_zero(places, sizeof *pins);
    for (size_t i = 0; i < cache->pin_places; i++) {
        const pin *old = &cache->pins[i];
        if (old->hash != 0 && old->asked_ms >= since_ms) {
            *find_pin(pins, places, old->hash) = *old;
            kept++;
        } else if (old->hash != 0) {
            (void)lock_byte(cache, old->hash, F_UNLCK, false); /* cannot fail: it is ours */
        }
    }
    free(cache->pins);
    cache->pins = pins;
    cache->pin_places = places;
    cache->pin_count = kept;
}

static void pin_name(mr_blob_cache *cache, uint64_t hash)
{
    int64_t now_ms = mr_monotonic_us() / 1000;

    (void)pthread_mutex_lock(&cache->mutex);
    bool old = now_ms - cache->pins_checked_ms > mr_blob_cache_pin_ms_max / 4;
    if (old || cache->pin_count * 2 >= cache->pin_places) {
        renew_pins(cache, now_ms - mr_blob_cache_pin_ms_max);
        cache->pins_checked_ms = now_ms;
    }
    pin *found = find_pin(cache->pins, cache->pin_places, hash);
    if (found->hash == 0) {
        /* Waits at most for somebody's unlink. Without locks on this file system it goes on. */
        (void)lock_byte(cache, hash, F_RDLCK, true);
        found->hash = hash;
        cache->pin_count++;
    }
    found->asked_ms = now_ms;
    (void)pthread_mutex_unlock(&cache->mutex);
}

/* --- Opening ---------------------------------------------------------------------------------- */

mr_status mr_blob_cache_open(const char *root, uint64_t bytes_max, mr_blob_cache **ret_cache,
                             mr_err *err)
{
    char *folder = mr_path_join(root, MR_BLOB_STAGE);
    char *path = mr_path_join(folder, "in-use");
    mr_status status = mr_folder_create(folder, err);
    int fd = status == MR_OK ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;

    if (status == MR_OK && fd < 0) {
        status = mr_fail_errno(err, errno, "open %s", path);
    }
    free(path);
    free(folder);
    if (status != MR_OK) {
        return status;
    }
    mr_blob_cache *cache = mr_alloc_zero(1, sizeof *cache);
    cache->root = mr_copy_string(root);
    cache->bytes_max = bytes_max;
    cache->lock_fd = fd;
    (void)pthread_mutex_init(&cache->mutex, NULL);
    renew_pins(cache, 0);
    *ret_cache = cache;
    return MR_OK;
}

void mr_blob_cache_close(mr_blob_cache *cache)
{
    if (cache != NULL) {
        (void)close(cache->lock_fd); /* lets go of all pins */
        (void)pthread_mutex_destroy(&cache->mutex);
        free(cache->pins);
        free(cache->root);
        free(cache);
    }
}

/* --- Using and keeping ------------------------------------------------------------------------ */

bool mr_blob_cache_use(mr_blob_cache *cache, const char *name, uint64_t bytes)
{
    struct stat info;
    char *path = mr_path_join(cache->root, name);

    pin_name(cache, hash_of(name));
    bool there = stat(path, &info) == 0 && S_ISREG(info.st_mode) && (uint64_t)info.st_size == bytes;
    if (there && mr_now_ms() / 1000 - info.st_mtim.tv_sec > use_is_noted_s) {
        (void)utimensat(AT_FDCWD, path, NULL, 0); /* else it looks older than it is */
    }
    free(path);
    return there;
}

static mr_status sync_file(const char *file, mr_err *err)
{
    int fd = open(file, O_RDWR | O_CLOEXEC);
    int failed = fd >= 0 ? fdatasync(fd) : -1;
    int reason = errno;

    if (fd >= 0) {
        (void)close(fd); /* the sync has answered already */
    }
    return failed == 0 ? MR_OK : mr_fail_errno(err, reason, "sync %s", file);
}

mr_status mr_blob_cache_keep(mr_blob_cache *cache, const char *file, const char *name, mr_err *err)
{
    struct stat info;
    char *path = mr_path_join(cache->root, name);
    char *folder = mr_copy_string(path);
    mr_status status = sync_file(file, err);

    *strrchr(folder, '/') = '\0';
    for (int attempt = 0; status == MR_OK; attempt++) {
        if (stat(file, &info) == 0 && rename(file, path) == 0) {
            break;
        }
        int reason = errno; /* the folder is missing, or somebody who tidies has removed it */
        if (reason != ENOENT || attempt == keep_attempts_max) {
            status = mr_fail_errno(err, reason, "keep %s as %s", file, path);
        } else {
            status = mr_folder_create(folder, err);
        }
    }
    if (status == MR_OK) {
        (void)pthread_mutex_lock(&cache->mutex);
        cache->bytes_since_look += (uint64_t)info.st_size;
        (void)pthread_mutex_unlock(&cache->mutex);
    }
    free(folder);
    free(path);
    return status;
}

void mr_blob_cache_forget(mr_blob_cache *cache, const char *name)
{
    char *path = mr_path_join(cache->root, name);

    (void)unlink(path); /* whoever has it open goes on reading */
    free(path);
}

/* --- Tidying ---------------------------------------------------------------------------------- */

typedef struct copy {
    char *path;
    uint64_t bytes;
    int64_t used_ns;
} copy;

typedef struct copies {
    copy *items;
    size_t count, capacity;
    uint64_t bytes;
} copies;

static int compare_use(const void *a, const void *b)
{
    const copy *left = a;
    const copy *right = b;

    return (left->used_ns > right->used_ns) - (left->used_ns < right->used_ns);
}

static void note_copy(copies *all, const FTSENT *entry)
{
    if (all->count == all->capacity) {
        all->capacity = all->capacity == 0 ? 256 : all->capacity * 2;
        all->items = mr_realloc(all->items, all->capacity * sizeof *all->items);
    }
    const struct stat *info = entry->fts_statp;
    all->items[all->count++] =
        (copy){mr_copy_string(entry->fts_path), (uint64_t)info->st_size,
               (int64_t)info->st_mtim.tv_sec * 1000000000 + info->st_mtim.tv_nsec};
    all->bytes += (uint64_t)info->st_size;
}

static void find_copies(const mr_blob_cache *cache, copies *all)
{
    char *const roots[] = {cache->root, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);

    for (FTSENT *entry = walk != NULL ? fts_read(walk) : NULL; entry != NULL;
         entry = fts_read(walk)) {
        if (entry->fts_level == 1 && strcmp(entry->fts_name, MR_BLOB_STAGE) == 0) {
            (void)fts_set(walk, entry, FTS_SKIP);
        } else if (entry->fts_info == FTS_F) {
            note_copy(all, entry);
        } else if (entry->fts_info == FTS_DP && entry->fts_level > 0) {
            (void)rmdir(entry->fts_path); /* fails as long as there is something in it */
        }
    }
    if (walk != NULL) {
        (void)fts_close(walk);
    }
}

/* false: it is pinned. */
static bool remove_copy(mr_blob_cache *cache, const char *path)
{
    uint64_t hash = hash_of(path + strlen(cache->root) + 1);
    bool removed = false;

    (void)pthread_mutex_lock(&cache->mutex);
    bool ours = find_pin(cache->pins, cache->pin_places, hash)->hash != 0;
    if (!ours && lock_byte(cache, hash, F_WRLCK, false)) {
        removed = unlink(path) == 0;
        (void)lock_byte(cache, hash, F_UNLCK, false); /* cannot fail: it is ours */
    }
    (void)pthread_mutex_unlock(&cache->mutex);
    return removed;
}

static bool look_is_due(mr_blob_cache *cache)
{
    (void)pthread_mutex_lock(&cache->mutex);
    bool due = !cache->looked || cache->bytes_since_look > cache->bytes_max / tidy_share;
    if (due) {
        cache->looked = true;
        cache->bytes_since_look = 0;
    }
    (void)pthread_mutex_unlock(&cache->mutex);
    return due;
}

void mr_blob_cache_tidy(mr_blob_cache *cache)
{
    copies all = {NULL, 0, 0, 0};

    if (!look_is_due(cache)) {
        return;
    }
    find_copies(cache, &all);
    if (all.count > 1) {
        qsort(all.items, all.count, sizeof *all.items, compare_use);
    }
    for (size_t i = 0; i < all.count; i++) {
        if (all.bytes > cache->bytes_max && remove_copy(cache, all.items[i].path)) {
            all.bytes -= all.items[i].bytes;
        }
        free(all.items[i].path);
    }
    free(all.items);
}
