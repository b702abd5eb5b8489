/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_vacuum.c - removes what no kept version of a table needs.
 *
 * A file goes when no version within the retention has it and it is itself older than the
 * retention. One that the log does not know at all may be another writer's, on its way to a commit:
 * it must be older than any writer takes, too, however short a retention was forced. The folder is
 * listed before the log is read, so that whatever was committed meanwhile stays.
 *
 * Called by:  upkeep and people; one thread a handle.
 * Invariants: a live file is never removed, nor a young one that was never committed, nor a hidden
 *             one (a name with _ or . in front).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "lake/delta_log.h"

enum { vacuum_files_max = 32 << 20 };

static const uint64_t safe_retention_ms = UINT64_C(7) * 24 * 3600 * 1000;
static const int64_t uncommitted_ms_min = INT64_C(3600) * 1000; /* a refresh takes minutes */

typedef struct old_file {
    char *path; /* below the table */
    uint64_t bytes;
    int64_t modified_ms;
} old_file;

typedef struct vacuuming {
    mr_delta_table *table;
    int64_t now_ms, cutoff_ms;
    size_t prefix_bytes;
    old_file *files;
    size_t count, capacity;
    bool too_many;
} vacuuming;

/* Folders of partitions may begin as they like. */
static bool is_hidden(const char *path)
{
    const char *part = path;

    for (;;) {
        size_t bytes = strcspn(part, "/");
        bool folder = part[bytes] == '/';
        if ((part[0] == '_' || part[0] == '.') && !(folder && memchr(part, '=', bytes) != NULL)) {
            return true;
        }
        if (!folder) {
            return false;
        }
        part += bytes + 1;
    }
}

static bool note_old(void *ctx, const mr_blob *blob)
{
    vacuuming *self = ctx;
    const char *path = blob->name + self->prefix_bytes;

    if (blob->modified_ms >= self->cutoff_ms || is_hidden(path)) {
        return true;
    }
    if (self->count == self->capacity) {
        self->too_many = self->count == vacuum_files_max;
        if (self->too_many) {
            return false; /* the next one goes on */
        }
        self->capacity = self->capacity == 0 ? 256 : self->capacity * 2;
        self->files = mr_realloc(self->files, self->capacity * sizeof *self->files);
    }
    self->files[self->count++] = (old_file){mr_copy_string(path), blob->bytes, blob->modified_ms};
    return true;
}

static bool is_needed(const vacuuming *self, const mr_delta_state *state, const char *path)
{
    const mr_delta_file *dead = mr_delta_state_find_dead(state, path);

    return mr_delta_state_find(state, path) != NULL ||
           (dead != NULL && dead->modified_ms >= self->cutoff_ms);
}

/* Never committed, as far as the log tells, and too young to be forgotten. */
static bool may_be_in_flight(const vacuuming *self, const mr_delta_state *state,
                             const old_file *file)
{
    return mr_delta_state_find_dead(state, file->path) == NULL &&
           self->now_ms - file->modified_ms < uncommitted_ms_min;
}

/* Puts the files to remove in front of the others; returns how many they are. */
static size_t choose_unneeded(vacuuming *self, const mr_delta_state *state,
                              mr_delta_vacuum_report *report)
{
    size_t chosen = 0;

    for (size_t i = 0; i < self->count; i++) {
        const old_file file = self->files[i];
        if (is_needed(self, state, file.path)) {
            continue;
        }
        if (may_be_in_flight(self, state, &file)) {
            report->files_kept++;
            continue;
        }
        if (self->prefix_bytes + strlen(file.path) >= mr_delta_name_bytes_max) {
            continue; /* no writer of tables made a name of that length */
        }
        self->files[i] = self->files[chosen];
        self->files[chosen++] = file;
        report->files++;
        report->bytes += file.bytes;
    }
    return chosen;
}

static void name_file(void *ctx, size_t index, char *name, size_t room)
{
    const vacuuming *self = ctx;

    (void)snprintf(name, room, "%s/%s", self->table->path, self->files[index].path);
}

static mr_status remove_unneeded(vacuuming *self, const mr_delta_state *state, bool dry_run,
                                 mr_delta_vacuum_report *report, mr_err *err)
{
    size_t count = choose_unneeded(self, state, report);

    return dry_run ? MR_OK : mr_blobs_delete(self->table->blobs, name_file, self, count, err);
}

static mr_status check_options(const mr_delta_vacuum_options *options, mr_err *err)
{
    if (options->retention_ms < safe_retention_ms && !options->force) {
        return mr_fail(err, MR_INVALID,
                       "vacuum: readers and writers may still need files younger than 7 days; "
                       "force it if there are none");
    }
    return MR_OK;
}

static mr_status list_old(vacuuming *self, mr_err *err)
{
    char folder[mr_delta_name_bytes_max];

    mr_delta_log_folder(self->table, folder);
    self->prefix_bytes = strlen(self->table->path) + 1;
    folder[self->prefix_bytes] = '\0';
    return mr_blob_list(self->table->blobs, folder, NULL, note_old, self, err);
}

mr_status mr_delta_vacuum(mr_delta_table *table, const mr_delta_vacuum_options *options,
                          mr_delta_vacuum_report *ret_report, mr_err *err)
{
    mr_delta_vacuum_report report = {.files = 0};
    mr_delta_state *state = NULL;
    int64_t now = mr_now_ms();
    uint64_t most = (uint64_t)now;
    vacuuming self = {.table = table, .now_ms = now};
    mr_status status = check_options(options, err);

    self.cutoff_ms = now - (int64_t)(options->retention_ms < most ? options->retention_ms : most);
    if (status == MR_OK) {
        status = list_old(&self, err);
    }
    if (status == MR_OK) {
        status = mr_delta_log_load(table, MR_DELTA_NEWEST, true, &state, err);
    }
    if (status == MR_OK) {
        status = remove_unneeded(&self, state, options->dry_run, &report, err);
    }
    if (status == MR_OK) {
        status =
            mr_delta_log_clean(table, state->view.meta, options->dry_run, &report.log_entries, err);
    }
    if (status == MR_OK) {
        *ret_report = report;
    }
    for (size_t i = 0; i < self.count; i++) {
        free(self.files[i].path);
    }
    free(self.files);
    mr_delta_state_destroy(state);
    return status;
}
