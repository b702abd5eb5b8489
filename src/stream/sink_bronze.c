/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_bronze.c - takes every event that parses into the Delta table bronze/sales_events.
 *
 * It gathers. A delivery becomes rows in memory; a flush makes them one Parquet file
 * and shows it, with the positions behind it, in one commit of the table:
 *
 *   nothing held --deliver--> holding --flush--> nothing held
 *                               |  failed: drop() -> nothing held, asked for its position next
 *
 * When a flush is due is a matter of three times (flush_at_us): soon after the log has run dry, but
 * not more often than twice in flush_ms; half of flush_ms after the first event's arrival in the
 * log at the latest; at once when the rows' cap is reached. What is late already, as after a pause
 * of the processor, is taken in larger files.
 *
 * Bronze keeps all that arrived, repetitions too. What does not parse is left out: its dead letter
 * is the store sink's, or is written here where there is none (options.bronze.letters).
 *
 * Invariants: (1) what is held is committed whole or dropped whole;
 *             (2) nothing is committed whose dead letters are not durable.
 * Not here:   rows and files (sink_bronze_rows.c), the table (sink_bronze_table.c), small files
 *             (sink_bronze_upkeep.c).
 */
#include <inttypes.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/log.h"
#include "base/memory.h"
#include "event/event_json.h"
#include "stream/letter_writer.h"
#include "stream/sink.h"
#include "stream/sink_bronze_rows.h"
#include "stream/sink_bronze_table.h"
#include "stream/sink_bronze_upkeep.h"

enum {
    bronze_flush_ms = 1000,
    bronze_quiet_us_max = 10000,          /* without a delivery: the log has run dry */
    bronze_engine_idle_us_max = 60000000, /* the engine is closed after this */
    bronze_reason_bytes_max = 4096,
    bronze_document_bytes_max = 67108864, /* a foreign producer's records may be longer than ours */
};

typedef struct bronze_sink {
    mr_sink_options options;
    mr_blobs *blobs;        /* NULL until the lake could be opened */
    mr_bronze_table *table; /* goes with blobs */
    mr_bronze_upkeep *upkeep;
    mr_bronze_rows *rows;
    mr_letter_writer *letters; /* NULL: another sink writes them */
    mr_event_parser *parser;
    mr_buffer document; /* the copy that the parser spoils */
    mr_buffer reason;
    mr_partitions partitions;

    bool holding;
    mr_sink_counts held;
    int64_t due_us; /* of what is held, at the latest */
    int64_t taken_us, flushed_us;
} bronze_sink;

static const char bronze_name[] = "bronze";

static void bronze_close(void *state)
{
    bronze_sink *sink = state;

    mr_bronze_upkeep_stop(sink->upkeep);
    mr_bronze_rows_destroy(sink->rows);
    mr_bronze_table_destroy(sink->table);
    mr_blobs_close(sink->blobs);
    mr_letter_writer_close(sink->letters);
    mr_event_parser_destroy(sink->parser);
    mr_partitions_free(&sink->partitions);
    mr_buffer_free(&sink->document);
    mr_buffer_free(&sink->reason);
    free(sink);
}

/* Whatever is the matter with the lake, waiting loses nothing, and the other sinks go on. */
static mr_status wait_for_lake(mr_status status, mr_err *err)
{
    if (err != NULL && status != MR_OK) {
        err->action = MR_RETRY;
    }
    return status;
}

static mr_status open_lake(bronze_sink *sink, mr_err *err)
{
    const mr_bronze_options *options = &sink->options.bronze;

    if (sink->blobs != NULL) {
        return MR_OK;
    }
    mr_status status = mr_blobs_open(&options->lake, &sink->blobs, err);
    if (status != MR_OK) {
        return status;
    }
    sink->table = mr_bronze_table_create(sink->blobs, sink->options.topic_ingestion);
    if (options->upkeep) {
        const mr_bronze_upkeep_options upkeep = {.blobs = sink->blobs,
                                                 .data_folder = options->lake.data_folder,
                                                 .file_bytes = options->file_bytes,
                                                 .retention_ms = options->retention_ms};
        status = mr_bronze_upkeep_start(&upkeep, &sink->upkeep, err);
    }
    return status;
}

/* --- Holding ---------------------------------------------------------------------------------- */

static uint32_t flush_ms(const bronze_sink *sink)
{
    uint32_t ms = sink->options.bronze.flush_ms;

    return ms > 0 ? ms : (uint32_t)bronze_flush_ms;
}

static void drop(bronze_sink *sink)
{
    for (size_t i = 0; i < sink->partitions.count; i++) {
        sink->partitions.items[i].taken_offset = sink->partitions.items[i].next_offset;
    }
    mr_bronze_rows_release(sink->rows); /* of an engine that failed nothing is kept */
    sink->holding = false;
    sink->held = (mr_sink_counts){0};
}

/* Of events on time there is half of flush_ms left for the commit; backlog gains more by files of a
 * good size than by haste. */
static void hold(bronze_sink *sink, const mr_bus_message *first)
{
    int64_t allowed_ms = flush_ms(sink);
    int64_t age_ms = mr_now_ms() - first->append_ms;

    age_ms = age_ms > 0 ? age_ms : 0;
    if (age_ms < allowed_ms / 2) {
        allowed_ms = allowed_ms / 2 - age_ms;
    } else if (age_ms < allowed_ms) {
        allowed_ms /= 4;
    }
    sink->due_us = mr_monotonic_us() + allowed_ms * 1000;
    sink->holding = true;
}

static int64_t bronze_flush_at_us(void *state)
{
    const bronze_sink *sink = state;
    int64_t flush_us = (int64_t)flush_ms(sink) * 1000;
    int64_t quiet_us = flush_us / 20 < bronze_quiet_us_max ? flush_us / 20 : bronze_quiet_us_max;

    if (!sink->holding) {
        return mr_bronze_rows_engine_is_open(sink->rows)
                   ? sink->flushed_us + bronze_engine_idle_us_max
                   : INT64_MAX;
    }
    if (mr_bronze_rows_full(sink->rows)) {
        return 0;
    }
    int64_t at_us = sink->taken_us + quiet_us;
    if (at_us < sink->flushed_us + flush_us / 2) {
        at_us = sink->flushed_us + flush_us / 2;
    }
    return at_us < sink->due_us ? at_us : sink->due_us;
}

static mr_status bronze_position(void *state, int32_t partition, int64_t *ret_next_offset,
                                 mr_err *err)
{
    bronze_sink *sink = state;
    mr_partition *found = mr_partitions_add(&sink->partitions, partition);
    int64_t next_offset = 0;
    int64_t mark = 0;
    mr_status status = MR_OK;

    if (found->taken_offset > found->next_offset) {
        *ret_next_offset = found->taken_offset;
        return MR_OK;
    }
    status = open_lake(sink, err);
    if (status == MR_OK) {
        status = mr_bronze_table_position(sink->table, partition, &next_offset, err);
    }
    if (status != MR_OK) {
        return wait_for_lake(status, err);
    }
    if (sink->letters != NULL) {
        status = mr_letter_writer_mark(sink->letters, partition, &mark, err);
    }
    if (status != MR_OK) {
        return status;
    }
    found->next_offset = next_offset;
    found->taken_offset = next_offset;
    found->letters_mark = mark;
    *ret_next_offset = next_offset;
    return MR_OK;
}

/* --- Flushing --------------------------------------------------------------------------------- */

static mr_status show(bronze_sink *sink, mr_err *err)
{
    mr_delta_files *files = NULL;
    mr_status status = MR_OK;

    if (mr_bronze_rows_count(sink->rows) > 0) {
        status = mr_bronze_rows_write(sink->rows, mr_bronze_table_delta(sink->table), &files, err);
    }
    if (status == MR_OK) {
        status = mr_bronze_table_commit(sink->table, files, mr_bronze_rows_sum(sink->rows),
                                        &sink->partitions, err);
    }
    if (status == MR_EXISTS && files != NULL) {
        mr_delta_files_discard(mr_bronze_table_delta(sink->table), files);
    }
    mr_delta_files_free(files);
    return status;
}

static mr_status commit(bronze_sink *sink, mr_sink_counts *counts, mr_err *err)
{
    int64_t started_us = mr_monotonic_us();
    mr_status status = show(sink, err);

    if (status != MR_OK) {
        drop(sink);
        return wait_for_lake(status, err);
    }
    for (size_t i = 0; i < sink->partitions.count; i++) {
        sink->partitions.items[i].next_offset = sink->partitions.items[i].taken_offset;
    }
    if (mr_bronze_rows_count(sink->rows) > 0 && sink->upkeep != NULL) {
        mr_bronze_upkeep_note(sink->upkeep);
    }
    counts->delivered += sink->held.delivered;
    counts->rejected += sink->held.rejected;
    mr_bronze_rows_clear(sink->rows);
    sink->holding = false;
    sink->held = (mr_sink_counts){0};
    sink->flushed_us = started_us;
    return MR_OK;
}

static mr_status bronze_flush(void *state, mr_sink_counts *ret_counts, mr_err *err)
{
    bronze_sink *sink = state;
    mr_sink_counts counts = {0};

    if (!sink->holding) {
        if (mr_monotonic_us() >= sink->flushed_us + bronze_engine_idle_us_max) {
            mr_bronze_rows_release(sink->rows);
        }
        *ret_counts = counts;
        return MR_OK;
    }
    mr_status status = commit(sink, &counts, err);
    if (status == MR_OK) {
        *ret_counts = counts;
    }
    return status;
}

/* --- Taking ----------------------------------------------------------------------------------- */

static mr_status put_letter(bronze_sink *sink, mr_partition *partition,
                            const mr_bus_message *message, const mr_event_faults *faults,
                            mr_err *err)
{
    mr_dead_letter letter = {.code = faults->malformed ? MR_LETTER_MALFORMED : MR_LETTER_INVALID,
                             .sink = MR_TEXT_LITERAL("bronze")};

    sink->held.rejected++;
    if (sink->letters == NULL) {
        return MR_OK;
    }
    mr_buffer_clear(&sink->reason);
    mr_event_faults_describe(faults, &sink->reason); /* cut at the cap: it is for people */
    letter.reason = sink->reason.bytes > 0 ? mr_buffer_text(&sink->reason)
                                           : MR_TEXT_LITERAL("the record breaks the data contract");
    return mr_letter_writer_put(sink->letters, partition, message, &letter, err);
}

static char *copy_document(bronze_sink *sink, mr_text value)
{
    mr_buffer_clear(&sink->document);
    char *json = mr_buffer_reserve(&sink->document, value.bytes + mr_json_padding_bytes);

    MR_ASSERT(json != NULL); /* the consumer hands out no longer ones */
    if (value.bytes > 0) {
        memcpy(json, value.data, value.bytes);
    }
    memset(json + value.bytes, 0, mr_json_padding_bytes);
    return json;
}

static mr_status take(bronze_sink *sink, mr_partition *partition, const mr_bus_message *message,
                      mr_err *err)
{
    mr_event event;
    mr_event_faults faults;
    char *json = copy_document(sink, message->value);
    mr_status status = MR_OK;

    if (mr_event_parse(sink->parser, json, message->value.bytes, &event, &faults) != MR_OK) {
        status = put_letter(sink, partition, message, &faults, err);
    } else {
        mr_bronze_rows_add(sink->rows, &event, message);
        sink->held.delivered++;
    }
    if (status == MR_OK) {
        partition->taken_offset = message->offset + 1;
    }
    return status;
}

static mr_status flush_letters(bronze_sink *sink, mr_partition *partition, mr_err *err)
{
    return sink->letters == NULL
               ? MR_OK
               : mr_letter_writer_flush(sink->letters, partition, partition->taken_offset, err);
}

/* A new day begins a new file. */
static mr_status take_all(bronze_sink *sink, mr_partition *partition,
                          const mr_bus_message *messages, size_t count, mr_sink_counts *counts,
                          mr_err *err)
{
    mr_status status = MR_OK;

    for (size_t i = 0; i < count && status == MR_OK; i++) {
        if (!mr_bronze_rows_fit(sink->rows, &messages[i])) {
            status = flush_letters(sink, partition, err);
            if (status == MR_OK) {
                status = commit(sink, counts, err);
            }
        }
        if (status == MR_OK && !sink->holding) {
            hold(sink, &messages[i]);
        }
        if (status == MR_OK) {
            status = take(sink, partition, &messages[i], err);
        }
    }
    return status == MR_OK ? flush_letters(sink, partition, err) : status;
}

static mr_status bronze_deliver(void *state, const mr_bus_message *messages, size_t count,
                                mr_sink_counts *ret_counts, mr_err *err)
{
    bronze_sink *sink = state;
    mr_partition *partition = mr_partitions_find(&sink->partitions, messages[0].partition);
    mr_sink_counts counts = {0};
    size_t taken = 0;

    MR_ASSERT(partition != NULL); /* its position was asked for first */
    while (taken < count && messages[taken].offset < partition->taken_offset) {
        taken++;
    }
    if (sink->letters != NULL) {
        mr_letter_writer_begin(sink->letters);
    }
    mr_status status = take_all(sink, partition, messages + taken, count - taken, &counts, err);
    if (status != MR_OK) {
        drop(sink);
        return status;
    }
    sink->taken_us = mr_monotonic_us();
    *ret_counts = counts;
    return MR_OK;
}

/* --- Life ------------------------------------------------------------------------------------- */

static const mr_sink_ops bronze_ops = {
    .name = bronze_name,
    .patient = true,
    .position = bronze_position,
    .deliver = bronze_deliver,
    .flush = bronze_flush,
    .flush_at_us = bronze_flush_at_us,
    .close = bronze_close,
};

/* A lake that is away for now is waited for; one that cannot be is refused. */
static mr_status try_lake(bronze_sink *sink, mr_err *err)
{
    mr_err own;
    mr_status status = open_lake(sink, &own);

    if (status == MR_INVALID || status == MR_UNSUPPORTED) {
        return mr_fail(err, status, "%s", own.message);
    }
    if (status != MR_OK) {
        mr_log_warn("sink %s: %s; tried again with the first events", bronze_name, own.message);
    }
    return MR_OK;
}

static mr_status open_letters(bronze_sink *sink, mr_err *err)
{
    mr_letter_options letters = {.bus = sink->options.bus,
                                 .group = bronze_name,
                                 .topic = sink->options.topic_dead_letter,
                                 .source_topic = sink->options.topic_ingestion};

    return sink->options.bronze.letters ? mr_letter_writer_open(&letters, &sink->letters, err)
                                        : MR_OK;
}

mr_status mr_sink_bronze_open(const mr_sink_options *options, mr_sink **ret_sink, mr_err *err)
{
    bronze_sink *sink = mr_alloc_zero(1, sizeof(*sink));

    sink->options = *options;
    sink->parser = mr_event_parser_create();
    sink->rows = mr_bronze_rows_create(&sink->options.bronze, sink->options.topic_ingestion);
    mr_buffer_init(&sink->document, bronze_document_bytes_max);
    mr_buffer_init(&sink->reason, bronze_reason_bytes_max);
    sink->flushed_us = mr_monotonic_us() - (int64_t)flush_ms(sink) * 1000;
    mr_status status = try_lake(sink, err);
    if (status == MR_OK) {
        status = open_letters(sink, err);
    }
    if (status != MR_OK) {
        bronze_close(sink);
        return status;
    }
    *ret_sink = mr_sink_create(&bronze_ops, sink);
    return MR_OK;
}
