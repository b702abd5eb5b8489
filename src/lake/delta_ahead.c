/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_ahead.c - the text of log entries, read ahead where each costs a round trip.
 *
 * Whoever follows a log asks for one version behind the other, until there is none. Of a lake on
 * this machine each is read as it is asked for. Of one elsewhere, the second in a row brings the
 * next with it, and each round brings twice as many.
 *
 * Owns:       the entries read ahead, at most as many as a round has.
 * Called by:  delta_log.c; the thread of the table's handle.
 * Invariants: only entries that are there are kept, and those never change; that one is missing is
 *             never remembered: it may come at any moment.
 */
#include <stdlib.h>

#include "lake/delta_log.h"

enum { round_entries_max = 32 };

struct mr_delta_ahead {
    int64_t last;  /* the version given last; -2: none */
    size_t round;  /* entries of the next round */
    int64_t first; /* of those held */
    size_t count;
    mr_buffer entries[round_entries_max];
};

mr_delta_ahead *mr_delta_ahead_create(void)
{
    mr_delta_ahead *ahead = mr_alloc_zero(1, sizeof *ahead);

    ahead->last = -2;
    for (size_t i = 0; i < round_entries_max; i++) {
        mr_buffer_init(&ahead->entries[i], mr_delta_entry_bytes_max);
    }
    return ahead;
}

void mr_delta_ahead_destroy(mr_delta_ahead *ahead)
{
    if (ahead != NULL) {
        for (size_t i = 0; i < round_entries_max; i++) {
            mr_buffer_free(&ahead->entries[i]);
        }
        free(ahead);
    }
}

typedef struct naming {
    const mr_delta_table *table;
    int64_t first;
} naming;

static void name_entry(void *ctx, size_t index, char *name, size_t room)
{
    const naming *self = ctx;
    char text[mr_delta_name_bytes_max];

    mr_delta_log_entry_name(self->table, self->first + (int64_t)index, text);
    MR_ASSERT(strlen(text) < room);
    memcpy(name, text, strlen(text) + 1);
}

/* Fails only where the first cannot be had: what comes behind it is asked for in its turn. */
static mr_status read_round(mr_delta_table *table, int64_t version, mr_err *err)
{
    mr_delta_ahead *ahead = table->ahead;
    naming names = {table, version};

    ahead->first = version;
    for (size_t i = 0; i < ahead->round; i++) {
        mr_buffer_clear(&ahead->entries[i]);
    }
    mr_status status = mr_blobs_read(table->blobs, name_entry, &names, ahead->entries, ahead->round,
                                     &ahead->count, err);
    if (status != MR_OK) {
        ahead->count = 0;
    } else if (ahead->count == 0) {
        char name[mr_delta_name_bytes_max];
        mr_delta_log_entry_name(table, version, name);
        status = mr_fail(err, MR_NOT_FOUND, "read %s: it is not in the lake", name);
    }
    return status;
}

static mr_status read_alone(mr_delta_table *table, int64_t version, mr_err *err)
{
    char name[mr_delta_name_bytes_max];

    mr_delta_log_entry_name(table, version, name);
    mr_buffer_clear(&table->entry);
    return mr_blob_read(table->blobs, name, &table->entry, err);
}

static void take(mr_delta_table *table, int64_t version)
{
    mr_buffer *held = &table->ahead->entries[version - table->ahead->first];
    const mr_buffer taken = *held;

    *held = table->entry;
    table->entry = taken;
}

static bool holds(const mr_delta_ahead *ahead, int64_t version)
{
    return version >= ahead->first && version - ahead->first < (int64_t)ahead->count;
}

mr_status mr_delta_ahead_read(mr_delta_table *table, int64_t version, mr_err *err)
{
    mr_delta_ahead *ahead = table->ahead;
    bool in_a_row = version == ahead->last + 1;
    mr_status status = MR_OK;

    if (!mr_blobs_are_remote(table->blobs)) {
        return read_alone(table, version, err);
    }
    if (in_a_row && holds(ahead, version)) {
        take(table, version);
    } else if (in_a_row) {
        ahead->round = ahead->round < round_entries_max ? ahead->round * 2 : round_entries_max;
        status = read_round(table, version, err);
        if (status == MR_OK) {
            take(table, version);
        }
    } else {
        ahead->round = 1;
        ahead->count = 0;
        status = read_alone(table, version, err);
    }
    ahead->last = status == MR_OK ? version : -2;
    return status;
}
