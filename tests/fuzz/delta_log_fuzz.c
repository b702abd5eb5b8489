/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz/delta_log_fuzz.c - any bytes as the lines of a Delta log.
 *
 * Beyond not crashing: what a line says stays inside the table, survives being written and read,
 * and adds up: bytes and rows of the state are those of its files.
 */
#include <stdlib.h>

#include "lake/delta_path.h"
#include "lake/delta_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum { fuzz_buffer_bytes_max = 64 << 20 };

static void check_texts(const char *a, const char *b)
{
    MR_ASSERT((a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0));
}

static void check_add(mr_delta_reader *reader, const mr_delta_file *file, const mr_delta_meta *meta)
{
    mr_delta_action again;
    mr_buffer line;

    MR_ASSERT(mr_delta_path_is_local(file->path));
    mr_buffer_init(&line, fuzz_buffer_bytes_max);
    MR_ASSERT(mr_delta_write_add(file, &meta->schema, &line));
    MR_ASSERT(mr_delta_read_action(reader, mr_buffer_text(&line), meta, &again, NULL) == MR_OK);
    MR_ASSERT(again.kind == MR_DELTA_ADD && again.file.bytes == file->bytes);
    check_texts(again.file.path, file->path);
    check_texts(again.file.stats, file->stats);
    for (size_t i = 0; i < mr_delta_partitions_max; i++) {
        check_texts(again.file.partition_values[i], file->partition_values[i]);
    }
    mr_buffer_free(&line);
}

static void check_meta(mr_delta_reader *reader, mr_delta_meta *meta)
{
    const mr_delta_meta_write write = {.schema = &meta->schema, .old = meta};
    mr_delta_action again;
    mr_buffer line;

    mr_buffer_init(&line, fuzz_buffer_bytes_max);
    MR_ASSERT(mr_delta_schema_check(&meta->schema, NULL) == MR_OK);
    MR_ASSERT(mr_delta_write_meta(&write, &line));
    MR_ASSERT(mr_delta_read_action(reader, mr_buffer_text(&line), NULL, &again, NULL) == MR_OK);
    MR_ASSERT(mr_delta_schema_equal(&again.meta->schema, &meta->schema));
    mr_buffer_free(&line);
}

static void check_state(const mr_delta_state *state)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < state->live.files.count; i++) {
        const mr_delta_file *file = mr_delta_files_array_at(&state->live.files, i);
        sum += file->bytes;
        MR_ASSERT(mr_delta_state_find(state, file->path) == file);
        MR_ASSERT(mr_delta_state_find_dead(state, file->path) == NULL);
    }
    MR_ASSERT(sum == state->view.bytes);
}

static void take_line(mr_delta_reader *reader, mr_delta_reader *other, mr_delta_state *state,
                      mr_text line)
{
    mr_delta_action action;
    mr_err err;
    mr_status status = mr_delta_read_action(reader, line, state->view.meta, &action, &err);

    if (status != MR_OK) {
        MR_ASSERT(status == MR_CORRUPT || status == MR_UNSUPPORTED || status == MR_LIMIT);
        MR_ASSERT(err.message[0] != '\0');
        return;
    }
    if (action.kind == MR_DELTA_ADD && state->view.meta != NULL) {
        check_add(other, &action.file, state->view.meta);
    }
    if (action.kind == MR_DELTA_METADATA) {
        check_meta(other, action.meta);
    }
    MR_ASSERT(mr_delta_state_apply(state, &action, &err) == MR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    mr_delta_reader *reader = mr_delta_reader_create();
    mr_delta_reader *other = mr_delta_reader_create();
    mr_delta_state *state = mr_delta_state_create(true);
    mr_delta_snapshot *snapshot = NULL;
    const char *at = (const char *)data;
    const char *end = at + bytes;

    state->view.version = 0;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop != NULL ? stop : end;
        take_line(reader, other, state, (mr_text){at, (size_t)(stop - at)});
        /* A snapshot in between, so that blocks are shared when the state changes. */
        if (snapshot == NULL && state->view.meta != NULL && state->live.files.count > 0) {
            snapshot = mr_delta_state_snapshot(state);
        }
        at = stop + 1;
    }
    check_state(state);
    mr_delta_snapshot_free(snapshot);
    mr_delta_state_destroy(state);
    mr_delta_reader_destroy(reader);
    mr_delta_reader_destroy(other);
    return 0;
}
