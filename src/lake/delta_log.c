/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_log.c - names of a Delta log, reading its entries, and what they add up to.
 *
 * Owns:       the table handle.
 * Called by:  delta_snapshot.c, delta_commit.c, delta_history.c, delta_checkpoint.c.
 * Invariants: a state that failed half-way is thrown away, never shown; whoever follows the log
 *             asks for the next entry by its name: listing is for the first look alone.
 */
#define _GNU_SOURCE /* memmem */
#include "lake/delta_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* --- Names ------------------------------------------------------------------------------------ */

enum { version_digits = 20, part_digits = 10, load_attempts_max = 5 };

static const char log_folder[] = "_delta_log";

void mr_delta_log_folder(const mr_delta_table *table, char name[static mr_delta_name_bytes_max])
{
    (void)snprintf(name, mr_delta_name_bytes_max, "%s/%s/", table->path, log_folder);
}

void mr_delta_log_entry_name(const mr_delta_table *table, int64_t version,
                             char name[static mr_delta_name_bytes_max])
{
    (void)snprintf(name, mr_delta_name_bytes_max, "%s/%s/%020" PRId64 ".json", table->path,
                   log_folder, version);
}

void mr_delta_log_checkpoint_name(const mr_delta_table *table, mr_delta_checkpoint checkpoint,
                                  uint32_t part, char name[static mr_delta_name_bytes_max])
{
    if (checkpoint.parts == 0) {
        (void)snprintf(name, mr_delta_name_bytes_max, "%s/%s/%020" PRId64 ".checkpoint.parquet",
                       table->path, log_folder, checkpoint.version);
    } else {
        (void)snprintf(name, mr_delta_name_bytes_max,
                       "%s/%s/%020" PRId64 ".checkpoint.%010" PRIu32 ".%010" PRIu32 ".parquet",
                       table->path, log_folder, checkpoint.version, part, checkpoint.parts);
    }
}

static bool parse_number(const char *text, size_t digits, uint64_t max, uint64_t *ret_number)
{
    return strlen(text) >= digits && mr_parse_uint64((mr_text){text, digits}, max, ret_number);
}

mr_delta_log_name mr_delta_log_parse_name(const char *name)
{
    static const char checkpoint[] = ".checkpoint.";
    mr_delta_log_name parsed = {.kind = MR_DELTA_LOG_OTHER};
    const char *slash = strrchr(name, '/');
    const char *at = slash != NULL ? slash + 1 : name;
    uint64_t version = 0;
    uint64_t part = 0;
    uint64_t parts = 0;

    if (!parse_number(at, version_digits, (uint64_t)INT64_MAX, &version)) {
        return parsed;
    }
    at += version_digits;
    parsed.version = (int64_t)version;
    if (strcmp(at, ".json") == 0) {
        parsed.kind = MR_DELTA_LOG_ENTRY;
    } else if (strncmp(at, checkpoint, sizeof checkpoint - 1) == 0) {
        at += sizeof checkpoint - 1;
        if (strcmp(at, "parquet") == 0) {
            parsed.kind = MR_DELTA_LOG_CHECKPOINT;
        } else if (parse_number(at, part_digits, mr_delta_parts_max, &part) &&
                   at[part_digits] == '.' &&
                   parse_number(at + part_digits + 1, part_digits, mr_delta_parts_max, &parts) &&
                   strcmp(at + part_digits + 1 + part_digits, ".parquet") == 0 && part >= 1 &&
                   part <= parts) {
            parsed.kind = MR_DELTA_LOG_CHECKPOINT;
            parsed.part = (uint32_t)part;
            parsed.parts = (uint32_t)parts;
        }
    }
    return parsed;
}

/* --- The handle ------------------------------------------------------------------------------- */

mr_delta_table *mr_delta_table_create(mr_blobs *blobs, const char *path)
{
    mr_delta_table *table = mr_alloc_zero(1, sizeof *table);

    MR_ASSERT(strlen(path) + 200 < mr_delta_name_bytes_max);
    table->blobs = blobs;
    table->path = mr_copy_string(path);
    mr_buffer_init(&table->entry, mr_delta_entry_bytes_max);
    table->ahead = mr_delta_ahead_create();
    table->reader = mr_delta_reader_create();
    return table;
}

void mr_delta_table_destroy(mr_delta_table *table)
{
    if (table != NULL) {
        mr_delta_snapshot_free(table->current);
        mr_delta_state_destroy(table->head);
        mr_delta_reader_destroy(table->reader);
        mr_delta_ahead_destroy(table->ahead);
        mr_buffer_free(&table->entry);
        free(table->path);
        free(table);
    }
}

const char *mr_delta_table_path(const mr_delta_table *table)
{
    return table->path;
}

/* --- Entries ---------------------------------------------------------------------------------- */

typedef struct entry_visit {
    mr_delta_table *table;
    const char *name;
    mr_delta_meta *meta; /* counted */
    mr_delta_action_fn visit;
    void *ctx;
} entry_visit;

/* Which of an entry's lines a pass over it takes. */
typedef enum entry_pass { PASS_ALL, PASS_META, PASS_REST } entry_pass;

static bool is_meta(const mr_delta_action *action)
{
    return action->kind == MR_DELTA_METADATA || action->kind == MR_DELTA_PROTOCOL;
}

static mr_status visit_line(entry_visit *self, mr_text line, size_t number, entry_pass pass,
                            mr_err *err)
{
    mr_delta_action action;
    mr_status status = mr_delta_read_action(self->table->reader, line, self->meta, &action, err);

    if (status != MR_OK) {
        return mr_fail_in(err, status, "%s line %zu", self->name, number);
    }
    if (pass != PASS_ALL && is_meta(&action) != (pass == PASS_META)) {
        return MR_OK;
    }
    if (action.kind == MR_DELTA_METADATA) {
        mr_delta_meta_release(self->meta);
        self->meta = mr_delta_meta_share(action.meta);
    }
    return self->visit(self->ctx, &action, err);
}

static mr_status visit_lines(entry_visit *self, entry_pass pass, mr_err *err)
{
    mr_text rest = mr_buffer_text(&self->table->entry);
    mr_status status = MR_OK;

    for (size_t number = 1; rest.bytes > 0 && status == MR_OK; number++) {
        const char *end = memchr(rest.data, '\n', rest.bytes);
        size_t bytes = end != NULL ? (size_t)(end - rest.data) : rest.bytes;
        mr_text line = mr_text_trim((mr_text){rest.data, bytes});
        if (line.bytes > 0) {
            status = visit_line(self, line, number, pass, err);
        }
        bytes += end != NULL ? 1 : 0;
        rest = (mr_text){rest.data + bytes, rest.bytes - bytes};
    }
    return status;
}

static bool mentions(const mr_buffer *entry, const char *word)
{
    return entry->bytes > 0 && memmem(entry->data, entry->bytes, word, strlen(word)) != NULL;
}

mr_status mr_delta_log_visit(mr_delta_table *table, int64_t version, mr_delta_meta *meta,
                             mr_delta_action_fn visit, void *ctx, mr_err *err)
{
    char name[mr_delta_name_bytes_max];
    entry_visit self = {table, name, meta, visit, ctx};

    mr_delta_log_entry_name(table, version, name);
    mr_status status = mr_delta_ahead_read(table, version, err);
    if (status != MR_OK) {
        return status;
    }
    if (table->entry.bytes == 0) {
        return mr_fail(err, MR_CORRUPT, "%s is empty", name);
    }
    if (self.meta != NULL) {
        (void)mr_delta_meta_share(self.meta);
    }
    /* The order of lines means nothing, but values of partitions need the columns' names. */
    if (mentions(&table->entry, "\"metaData\"") || mentions(&table->entry, "\"protocol\"")) {
        status = visit_lines(&self, PASS_META, err);
        if (status == MR_OK) {
            status = visit_lines(&self, PASS_REST, err);
        }
    } else {
        status = visit_lines(&self, PASS_ALL, err);
    }
    mr_delta_meta_release(self.meta);
    return status;
}

static mr_status apply_action(void *ctx, const mr_delta_action *action, mr_err *err)
{
    return mr_delta_state_apply(ctx, action, err);
}

mr_status mr_delta_log_replay(mr_delta_table *table, mr_delta_state *state, int64_t until,
                              mr_err *err)
{
    mr_status status = MR_OK;

    while (state->view.version < until && status == MR_OK) {
        status = mr_delta_log_visit(table, state->view.version + 1, state->view.meta, apply_action,
                                    state, err);
        if (status == MR_OK) {
            state->view.version++;
        }
    }
    return status == MR_NOT_FOUND && until == MR_DELTA_NEWEST ? MR_OK : status;
}

/* --- Loading ---------------------------------------------------------------------------------- */

/* What a look at the log's names finds out. */
typedef struct log_look {
    int64_t checkpoint_max; /* newer checkpoints are passed over */
    int64_t first, newest;  /* entries; -1: none */
    mr_delta_checkpoint best;
    mr_delta_checkpoint seen; /* one of several parts, as far as it was seen */
    uint32_t seen_parts;
} log_look;

static bool look_at_name(void *ctx, const mr_blob *blob)
{
    log_look *look = ctx;
    mr_delta_log_name name = mr_delta_log_parse_name(blob->name);

    if (name.kind == MR_DELTA_LOG_ENTRY) {
        look->first = look->first < 0 ? name.version : look->first;
        look->newest = name.version;
    }
    if (name.kind != MR_DELTA_LOG_CHECKPOINT || name.version > look->checkpoint_max) {
        return true;
    }
    if (look->seen.version != name.version || look->seen.parts != name.parts) {
        look->seen = (mr_delta_checkpoint){name.version, name.parts};
        look->seen_parts = 0;
    }
    look->seen_parts++;
    if (look->seen_parts >= name.parts) {
        look->best = look->seen; /* all parts are there; later ones are newer */
    }
    return true;
}

static mr_status look_at_log(mr_delta_table *table, log_look *look, mr_err *err)
{
    char folder[mr_delta_name_bytes_max];

    mr_delta_log_folder(table, folder);
    return mr_blob_list(table->blobs, folder, NULL, look_at_name, look, err);
}

static mr_status check_loaded(const mr_delta_table *table, const mr_delta_state *state, mr_err *err)
{
    if (state->view.meta == NULL || state->view.protocol.reader_version == 0) {
        return mr_fail(err, MR_CORRUPT, "table %s: its log names no %s", table->path,
                       state->view.meta == NULL ? "metaData" : "protocol");
    }
    return MR_OK;
}

/* From a checkpoint (version -1: from the first entry) to the version asked for. */
static mr_status load_from(mr_delta_table *table, mr_delta_checkpoint from, int64_t version,
                           mr_delta_state *state, mr_err *err)
{
    mr_status status = MR_OK;

    if (from.version >= 0) {
        status = mr_delta_checkpoint_read(table, from, state, err);
        state->view.version = from.version;
    }
    if (status == MR_OK) {
        status = mr_delta_log_replay(table, state, version, err);
    }
    if (status == MR_OK && state->view.version < 0) {
        return mr_fail(err, MR_NOT_FOUND, "there is no table %s in the lake", table->path);
    }
    return status == MR_OK ? check_loaded(table, state, err) : status;
}

static bool entry_exists(mr_delta_table *table, int64_t version)
{
    char name[mr_delta_name_bytes_max];
    mr_blob blob;

    mr_delta_log_entry_name(table, version, name);
    return mr_blob_find(table->blobs, name, &blob, NULL) == MR_OK;
}

/* By the pointer to the last checkpoint, without listing. It may be old, torn or wrong: then the
 * listing decides. The entry of what was found must be there: else the log behind the checkpoint
 * has been cleaned up and the newest version is another. */
static mr_status load_by_pointer(mr_delta_table *table, int64_t version, mr_delta_state *state,
                                 mr_err *err)
{
    mr_delta_last_checkpoint last;
    mr_status status = mr_delta_checkpoint_last(table, &last, err);

    if (status == MR_OK && last.checkpoint.version > version) {
        return mr_fail(err, MR_NOT_FOUND, "the last checkpoint is newer");
    }
    if (status == MR_OK) {
        status = load_from(table, last.checkpoint, version, state, err);
    }
    if (status == MR_OK && !entry_exists(table, state->view.version)) {
        status = mr_fail(err, MR_NOT_FOUND, "the last checkpoint is too old");
    }
    return status;
}

static mr_status no_such_version(const mr_delta_table *table, int64_t version, const log_look *look,
                                 mr_err *err)
{
    if (look->newest < 0) {
        return mr_fail(err, MR_NOT_FOUND, "there is no table %s in the lake", table->path);
    }
    if (version > look->newest) {
        return mr_fail(err, MR_NOT_FOUND,
                       "table %s has no version %" PRId64 "; the newest is %" PRId64, table->path,
                       version, look->newest);
    }
    return mr_fail(err, MR_NOT_FOUND,
                   "version %" PRId64 " of table %s cannot be had any more: the log before "
                   "version %" PRId64 " is cleaned up",
                   version, table->path, look->first);
}

/* *ret_look: what was found, for another try. */
static mr_status load_by_listing(mr_delta_table *table, int64_t version, int64_t checkpoint_max,
                                 mr_delta_state *state, log_look *ret_look, mr_err *err)
{
    log_look look = {checkpoint_max, -1, -1, {-1, 0}, {-1, 0}, 0};
    mr_status status = look_at_log(table, &look, err);

    if (status != MR_OK) {
        return status;
    }
    *ret_look = look;
    bool wanted_exists = version == MR_DELTA_NEWEST ? look.newest >= 0 : version <= look.newest;
    if (!wanted_exists || (look.best.version < 0 && look.first > 0)) {
        ret_look->newest = -1; /* trying again would find the same */
        return no_such_version(table, version == MR_DELTA_NEWEST ? look.newest : version, &look,
                               err);
    }
    status = load_from(table, look.best, version, state, err);
    if (status == MR_OK && state->view.version < look.newest && version == MR_DELTA_NEWEST) {
        return mr_fail(err, MR_CORRUPT,
                       "table %s: log entry %" PRId64 " is missing, but there is one %" PRId64,
                       table->path, state->view.version + 1, look.newest);
    }
    return status;
}

mr_status mr_delta_log_load(mr_delta_table *table, int64_t version, bool keep_dead,
                            mr_delta_state **ret_state, mr_err *err)
{
    log_look look = {.newest = 0};
    int64_t checkpoint_max = version;
    mr_delta_state *state = mr_delta_state_create(keep_dead);
    mr_status status = load_by_pointer(table, version, state, NULL);

    /* Clean-up may remove what a listing has just seen: then there is a newer checkpoint. One that
     * cannot be read may be got around by an older one; the first reason is the one to tell. */
    for (int attempt = 0; status != MR_OK && attempt < load_attempts_max; attempt++) {
        mr_delta_state_destroy(state);
        state = mr_delta_state_create(keep_dead);
        status = load_by_listing(table, version, checkpoint_max, state, &look,
                                 attempt == 0 ? err : NULL);
        if (status == MR_CORRUPT && look.best.version >= 0) {
            checkpoint_max = look.best.version - 1;
        } else if (status != MR_NOT_FOUND || look.newest < 0) {
            break;
        }
    }
    if (status != MR_OK) {
        mr_delta_state_destroy(state);
        return err != NULL ? err->status : status;
    }
    *ret_state = state;
    return MR_OK;
}
