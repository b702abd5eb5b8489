/* SPDX-License-Identifier: Apache-2.0 */
/* stream/letter_writer.h - appends a sink's dead letters to their topic, each once. */
#ifndef MR_STREAM_LETTER_WRITER_H
#define MR_STREAM_LETTER_WRITER_H

#include "bus/bus.h"
#include "stream/dead_letter.h"
#include "stream/partitions.h"

typedef struct mr_letter_writer mr_letter_writer;

/* Texts are borrowed for the writer's life. */
typedef struct mr_letter_options {
    mr_bus *bus;
    const char *group;        /* of the mark: the sink's name */
    const char *topic;        /* the dead-letter topic */
    const char *source_topic; /* where the records come from */
} mr_letter_options;

mr_status mr_letter_writer_open(const mr_letter_options *options, mr_letter_writer **ret_writer,
                                mr_err *err);
void mr_letter_writer_close(mr_letter_writer *writer); /* NULL is fine */

/* The source offset up to which the partition's letters are written; 0 when there is none. */
mr_status mr_letter_writer_mark(mr_letter_writer *writer, int32_t partition, int64_t *ret_mark,
                                mr_err *err);

/* Letters of one delivery: begin, put in source order, flush. Letters from below the partition's
 * mark are skipped; the mark moves with what is appended. MR_EXISTS: another process moved it.
 * put fills in the letter's origin, instant and payload; it may append, to make room. */
void mr_letter_writer_begin(mr_letter_writer *writer);
mr_status mr_letter_writer_put(mr_letter_writer *writer, mr_partition *partition,
                               const mr_bus_message *message, mr_dead_letter *letter, mr_err *err);
mr_status mr_letter_writer_flush(mr_letter_writer *writer, mr_partition *partition,
                                 int64_t next_offset, mr_err *err);

#endif
