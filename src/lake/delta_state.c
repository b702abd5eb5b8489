/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_state.c - live files, txns and metadata of a table, and snapshots of them.
 *
 * Owns:       records, blocks and txn lists, each counted by its references.
 * Called by:  delta_log.c (replay), delta_checkpoint.c, delta_vacuum.c; one thread.
 * Invariants: (1) records 0..count-1 of a set lie dense in its blocks, and each is found by its
 *                 path; (2) a block or txn list with more than one reference is not changed;
 *             (3) view.bytes and view.rows are the sums over the live files.
 */
#include "lake/delta_state.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/hash.h"

enum { slots_min = 64 };

/* --- Records ---------------------------------------------------------------------------------- */

static size_t text_bytes(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

static const char *put_copy(char **at, const char *text)
{
    char *copy = *at;

    if (text == NULL) {
        return NULL;
    }
    *at = stpcpy(copy, text) + 1;
    return copy;
}

static mr_delta_record *record_create(const mr_delta_file *file)
{
    size_t bytes = text_bytes(file->path) + text_bytes(file->stats) + text_bytes(file->tags);

    for (size_t i = 0; i < mr_delta_partitions_max; i++) {
        bytes += text_bytes(file->partition_values[i]);
    }
    mr_delta_record *record = mr_alloc(sizeof *record + bytes);
    char *at = (char *)(record + 1);
    record->references = 1;
    record->hash = mr_hash64(file->path, strlen(file->path));
    record->file = *file;
    record->file.path = put_copy(&at, file->path);
    record->file.stats = put_copy(&at, file->stats);
    record->file.tags = put_copy(&at, file->tags);
    for (size_t i = 0; i < mr_delta_partitions_max; i++) {
        record->file.partition_values[i] = put_copy(&at, file->partition_values[i]);
    }
    return record;
}

static void record_release(mr_delta_record *record)
{
    if (--record->references == 0) {
        free(record);
    }
}

/* --- Blocks ----------------------------------------------------------------------------------- */

static size_t blocks_of(size_t count)
{
    return (count + mr_delta_block_files - 1) / mr_delta_block_files;
}

static size_t records_of(size_t count, size_t block)
{
    size_t rest = count - block * mr_delta_block_files;

    return rest < mr_delta_block_files ? rest : mr_delta_block_files;
}

static void block_release(mr_delta_block *block, size_t count)
{
    if (--block->references == 0) {
        for (size_t i = 0; i < count; i++) {
            record_release(block->records[i]);
        }
        free(block);
    }
}

/* The block alone to us, with `count` records of it in use. */
static mr_delta_block *block_own(mr_delta_block **place, size_t count)
{
    mr_delta_block *block = *place;

    if (block->references > 1) {
        mr_delta_block *copy = mr_alloc(sizeof *copy);
        copy->references = 1;
        for (size_t i = 0; i < count; i++) {
            copy->records[i] = block->records[i];
            copy->records[i]->references++;
        }
        block->references--;
        *place = copy;
    }
    return *place;
}

static void array_free(mr_delta_files_array *files)
{
    for (size_t i = 0; i < blocks_of(files->count); i++) {
        block_release(files->blocks[i], records_of(files->count, i));
    }
    free(files->blocks);
    *files = (mr_delta_files_array){NULL, 0};
}

static mr_delta_record *record_at(const mr_delta_file_set *set, size_t index)
{
    return set->files.blocks[index / mr_delta_block_files]->records[index % mr_delta_block_files];
}

/* --- Sets: linear probing, and no gaps left behind by a removal. ------------------------------ */

static size_t probe(const mr_delta_file_set *set, uint64_t hash, const char *path)
{
    size_t mask = set->slot_count - 1;
    size_t slot = (size_t)hash & mask;

    while (set->slots[slot] != 0) {
        const mr_delta_record *record = record_at(set, set->slots[slot] - 1);
        if (record->hash == hash && strcmp(record->file.path, path) == 0) {
            break;
        }
        slot = (slot + 1) & mask;
    }
    return slot;
}

static void grow_slots(mr_delta_file_set *set)
{
    size_t count = set->slot_count == 0 ? slots_min : set->slot_count * 2;

    free(set->slots);
    set->slots = mr_alloc_zero(count, sizeof *set->slots);
    set->slot_count = count;
    for (size_t i = 0; i < set->files.count; i++) {
        size_t slot = (size_t)record_at(set, i)->hash & (count - 1);
        while (set->slots[slot] != 0) {
            slot = (slot + 1) & (count - 1);
        }
        set->slots[slot] = (uint32_t)(i + 1);
    }
}

static mr_delta_record *set_find(const mr_delta_file_set *set, const char *path)
{
    if (set->files.count == 0) {
        return NULL;
    }
    size_t slot = probe(set, mr_hash64(path, strlen(path)), path);
    return set->slots[slot] != 0 ? record_at(set, set->slots[slot] - 1) : NULL;
}

/* path must not be in the set. */
static void set_add(mr_delta_file_set *set, mr_delta_record *record)
{
    size_t index = set->files.count;
    size_t block = index / mr_delta_block_files;

    if ((index + 1) * 2 > set->slot_count) {
        grow_slots(set);
    }
    if (index % mr_delta_block_files == 0) {
        if (block == set->block_capacity) {
            set->block_capacity = block == 0 ? 8 : block * 2;
            set->files.blocks =
                mr_realloc(set->files.blocks, set->block_capacity * sizeof *set->files.blocks);
        }
        set->files.blocks[block] = mr_alloc(sizeof(mr_delta_block));
        set->files.blocks[block]->references = 1;
    }
    mr_delta_block *own = block_own(&set->files.blocks[block], index % mr_delta_block_files);
    own->records[index % mr_delta_block_files] = record;
    set->files.count++;
    set->slots[probe(set, record->hash, record->file.path)] = (uint32_t)(index + 1);
}

static void clear_slot(mr_delta_file_set *set, size_t slot)
{
    size_t mask = set->slot_count - 1;

    set->slots[slot] = 0;
    for (size_t next = (slot + 1) & mask; set->slots[next] != 0; next = (next + 1) & mask) {
        size_t home = (size_t)record_at(set, set->slots[next] - 1)->hash & mask;
        /* Moves back what the empty slot would hide: its home is not behind the gap. */
        if (((next - home) & mask) >= ((next - slot) & mask)) {
            set->slots[slot] = set->slots[next];
            set->slots[next] = 0;
            slot = next;
        }
    }
}

/* The last record takes the place of the one removed. The caller releases what it gets. */
static mr_delta_record *set_remove(mr_delta_file_set *set, const char *path)
{
    if (set->files.count == 0) {
        return NULL;
    }
    size_t slot = probe(set, mr_hash64(path, strlen(path)), path);
    if (set->slots[slot] == 0) {
        return NULL;
    }
    size_t index = set->slots[slot] - 1;
    size_t last = set->files.count - 1;
    size_t block = index / mr_delta_block_files;
    size_t last_block = last / mr_delta_block_files;
    mr_delta_record *removed = record_at(set, index);
    mr_delta_record *moved = record_at(set, last);
    size_t moved_slot = probe(set, moved->hash, moved->file.path);

    mr_delta_block *own = block_own(&set->files.blocks[block], records_of(set->files.count, block));
    mr_delta_block *own_last =
        block_own(&set->files.blocks[last_block], records_of(set->files.count, last_block));
    own->records[index % mr_delta_block_files] = moved;
    set->slots[moved_slot] = (uint32_t)(index + 1);
    clear_slot(set, slot);
    set->files.count--;
    if (last % mr_delta_block_files == 0) {
        free(own_last);
    }
    return removed;
}

static void set_free(mr_delta_file_set *set)
{
    array_free(&set->files);
    free(set->slots);
    *set = (mr_delta_file_set){.slots = NULL};
}

/* --- Txns ------------------------------------------------------------------------------------- */

static mr_delta_txn_list *txns_create(const mr_delta_txn_list *from)
{
    mr_delta_txn_list *list = mr_alloc_zero(1, sizeof *list);

    list->references = 1;
    if (from != NULL && from->count > 0) {
        list->count = from->count;
        list->capacity = from->count;
        list->items = mr_alloc(from->count * sizeof *list->items);
        for (size_t i = 0; i < from->count; i++) {
            list->items[i] =
                (mr_delta_txn){mr_copy_string(from->items[i].app_id), from->items[i].version};
        }
    }
    return list;
}

static void txns_release(mr_delta_txn_list *list)
{
    if (--list->references == 0) {
        for (size_t i = 0; i < list->count; i++) {
            free((char *)(uintptr_t)list->items[i].app_id);
        }
        free(list->items);
        free(list);
    }
}

static mr_status apply_txn(mr_delta_view *view, const mr_delta_txn *txn, mr_err *err)
{
    mr_delta_txn_list *list = view->txns;

    if (list->references > 1) {
        list = txns_create(list);
        txns_release(view->txns);
        view->txns = list;
    }
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i].app_id, txn->app_id) == 0) {
            list->items[i].version = txn->version;
            return MR_OK;
        }
    }
    if (list->count == mr_delta_txns_max) {
        return mr_fail(err, MR_LIMIT, "the table has more than %d applications' txns",
                       mr_delta_txns_max);
    }
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        list->items = mr_realloc(list->items, list->capacity * sizeof *list->items);
    }
    list->items[list->count++] = (mr_delta_txn){mr_copy_string(txn->app_id), txn->version};
    return MR_OK;
}

/* --- State ------------------------------------------------------------------------------------ */

mr_delta_state *mr_delta_state_create(bool keep_dead)
{
    mr_delta_state *state = mr_alloc_zero(1, sizeof *state);

    state->view.version = -1;
    state->view.txns = txns_create(NULL);
    state->keep_dead = keep_dead;
    return state;
}

void mr_delta_state_destroy(mr_delta_state *state)
{
    if (state != NULL) {
        set_free(&state->live);
        set_free(&state->dead);
        mr_delta_meta_release(state->view.meta);
        txns_release(state->view.txns);
        free(state);
    }
}

static void count_file(mr_delta_view *view, const mr_delta_file *file, bool added)
{
    view->bytes = added ? view->bytes + file->bytes : view->bytes - file->bytes;
    if (file->rows < 0) {
        view->files_unstated = added ? view->files_unstated + 1 : view->files_unstated - 1;
    } else {
        view->rows = added ? view->rows + file->rows : view->rows - file->rows;
    }
}

static void forget_live(mr_delta_state *state, const char *path)
{
    mr_delta_record *record = set_remove(&state->live, path);

    if (record != NULL) {
        count_file(&state->view, &record->file, false);
        record_release(record);
    }
}

static void forget_dead(mr_delta_state *state, const char *path)
{
    mr_delta_record *record = set_remove(&state->dead, path);

    if (record != NULL) {
        record_release(record);
    }
}

static mr_status apply_add(mr_delta_state *state, const mr_delta_file *file, mr_err *err)
{
    forget_live(state, file->path);
    forget_dead(state, file->path);
    if (state->live.files.count == mr_delta_files_max) {
        return mr_fail(err, MR_LIMIT, "the table has more than %d files", mr_delta_files_max);
    }
    set_add(&state->live, record_create(file));
    count_file(&state->view, file, true);
    return MR_OK;
}

static void apply_remove(mr_delta_state *state, const mr_delta_file *file)
{
    mr_delta_file tombstone = {
        .path = file->path, .bytes = file->bytes, .modified_ms = file->modified_ms, .rows = -1};

    forget_live(state, file->path);
    if (state->keep_dead) {
        forget_dead(state, file->path);
        set_add(&state->dead, record_create(&tombstone));
    }
}

mr_status mr_delta_state_apply(mr_delta_state *state, const mr_delta_action *action, mr_err *err)
{
    switch (action->kind) {
    case MR_DELTA_ADD:
        return apply_add(state, &action->file, err);
    case MR_DELTA_REMOVE:
        apply_remove(state, &action->file);
        break;
    case MR_DELTA_TXN:
        return apply_txn(&state->view, &action->txn, err);
    case MR_DELTA_METADATA:
        mr_delta_meta_release(state->view.meta);
        state->view.meta = mr_delta_meta_share(action->meta);
        break;
    case MR_DELTA_PROTOCOL:
        state->view.protocol = action->protocol;
        break;
    case MR_DELTA_COMMIT_INFO:
    case MR_DELTA_OTHER:
        break;
    }
    return MR_OK;
}

const mr_delta_file *mr_delta_state_find(const mr_delta_state *state, const char *path)
{
    const mr_delta_record *record = set_find(&state->live, path);

    return record != NULL ? &record->file : NULL;
}

const mr_delta_file *mr_delta_state_find_dead(const mr_delta_state *state, const char *path)
{
    const mr_delta_record *record = set_find(&state->dead, path);

    return record != NULL ? &record->file : NULL;
}

/* --- Snapshots -------------------------------------------------------------------------------- */

mr_delta_snapshot *mr_delta_state_snapshot(const mr_delta_state *state)
{
    mr_delta_snapshot *snapshot = mr_alloc_zero(1, sizeof *snapshot);
    size_t blocks = blocks_of(state->live.files.count);

    MR_ASSERT(state->view.meta != NULL && state->view.version >= 0);
    snapshot->references = 1;
    snapshot->view = state->view;
    snapshot->view.meta = mr_delta_meta_share(state->view.meta);
    snapshot->view.txns->references++;
    snapshot->taken_ms = mr_monotonic_us() / 1000;
    snapshot->files.count = state->live.files.count;
    snapshot->files.blocks = mr_alloc(blocks * sizeof *snapshot->files.blocks);
    for (size_t i = 0; i < blocks; i++) {
        snapshot->files.blocks[i] = state->live.files.blocks[i];
        snapshot->files.blocks[i]->references++;
    }
    return snapshot;
}

mr_delta_snapshot *mr_delta_snapshot_share(mr_delta_snapshot *snapshot)
{
    snapshot->references++;
    return snapshot;
}

void mr_delta_snapshot_free(mr_delta_snapshot *snapshot)
{
    if (snapshot != NULL && --snapshot->references == 0) {
        array_free(&snapshot->files);
        mr_delta_meta_release(snapshot->view.meta);
        txns_release(snapshot->view.txns);
        free(snapshot);
    }
}
