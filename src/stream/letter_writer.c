/* SPDX-License-Identifier: Apache-2.0 */
/* stream/letter_writer.c - gathers dead letters into batches and appends them with their mark.
 *
 * Invariants: a letter and the mark behind its origin become durable in one append, and nothing
 *             from below the mark is written again: a letter stands in the topic once.
 */
#include "stream/letter_writer.h"

#include <stdlib.h>

#include "base/civil.h"

enum { letters_batch_bytes_max = 8388608 };

struct mr_letter_writer {
    mr_letter_options options;
    mr_bus_producer *producer;
    mr_bus_batch *batch;
    mr_buffer envelope;
};

mr_status mr_letter_writer_open(const mr_letter_options *options, mr_letter_writer **ret_writer,
                                mr_err *err)
{
    mr_letter_writer *writer = mr_alloc_zero(1, sizeof(*writer));
    mr_status status = mr_bus_producer_open(options->bus, options->topic, &writer->producer, err);

    if (status != MR_OK) {
        free(writer);
        return status;
    }
    writer->options = *options;
    writer->batch = mr_bus_batch_create(letters_batch_bytes_max);
    mr_buffer_init(&writer->envelope, mr_bus_record_bytes_max);
    *ret_writer = writer;
    return MR_OK;
}

void mr_letter_writer_close(mr_letter_writer *writer)
{
    if (writer != NULL) {
        mr_bus_producer_close(writer->producer);
        mr_bus_batch_destroy(writer->batch);
        mr_buffer_free(&writer->envelope);
        free(writer);
    }
}

mr_status mr_letter_writer_mark(mr_letter_writer *writer, int32_t partition, int64_t *ret_mark,
                                mr_err *err)
{
    const mr_letter_options *options = &writer->options;
    mr_status status = mr_bus_mark_read(options->bus, options->topic, options->group,
                                        options->source_topic, partition, ret_mark, err);

    if (status == MR_NOT_FOUND) {
        *ret_mark = 0;
        return MR_OK;
    }
    return status;
}

void mr_letter_writer_begin(mr_letter_writer *writer)
{
    mr_bus_batch_clear(writer->batch);
}

mr_status mr_letter_writer_flush(mr_letter_writer *writer, mr_partition *partition,
                                 int64_t next_offset, mr_err *err)
{
    mr_bus_mark mark = {.group = writer->options.group,
                        .topic = writer->options.source_topic,
                        .partition = partition->number,
                        .expected_offset = partition->letters_mark,
                        .next_offset = next_offset};

    if (mr_bus_batch_count(writer->batch) == 0) {
        return MR_OK;
    }
    MR_ASSERT(next_offset > partition->letters_mark);
    mr_status status = mr_bus_append(writer->producer, writer->batch, &mark, err);
    mr_bus_batch_clear(writer->batch);
    if (status == MR_OK) {
        partition->letters_mark = next_offset;
    }
    return status;
}

mr_status mr_letter_writer_put(mr_letter_writer *writer, mr_partition *partition,
                               const mr_bus_message *message, mr_dead_letter *letter, mr_err *err)
{
    if (message->offset < partition->letters_mark) {
        return MR_OK;
    }
    letter->origin_topic = mr_text_of(writer->options.source_topic);
    letter->origin_partition = message->partition;
    letter->origin_offset = message->offset;
    letter->at_ms = mr_now_ms();
    letter->payload = message->value.data != NULL ? message->value : MR_TEXT_LITERAL("");
    mr_buffer_clear(&writer->envelope);
    MR_ASSERT(mr_dead_letter_write(letter, &writer->envelope)); /* reasons are short */
    mr_text value = mr_buffer_text(&writer->envelope);
    if (mr_bus_batch_add(writer->batch, MR_TEXT_ABSENT, value)) {
        return MR_OK;
    }
    mr_status status = mr_letter_writer_flush(writer, partition, message->offset, err);
    if (status == MR_OK) {
        MR_ASSERT(mr_bus_batch_add(writer->batch, MR_TEXT_ABSENT, value)); /* it has room for one */
    }
    return status;
}
