/* SPDX-License-Identifier: Apache-2.0 */
/* stream/letter_retry.c - a batch of amended events, and the letters they came from. */
#include "stream/letter_retry.h"

#include <stdlib.h>

enum { batch_count_max = 1000, batch_bytes_max = 8388608 };

struct mr_letter_retry {
    mr_ops *ops;
    mr_bus_producer *producer;
    mr_bus_batch *batch;
    mr_bus_position pending[batch_count_max]; /* the letters whose events are in the batch */
    size_t pending_count;
    mr_event_parser *parser;
    mr_event event; /* borrows from parser and scratch */
    mr_buffer scratch, json;
    uint64_t count;
};

mr_status mr_letter_retry_open(mr_bus *bus, const char *topic, mr_ops *ops,
                               mr_letter_retry **ret_retry, mr_err *err)
{
    mr_letter_retry *retry = mr_alloc_zero(1, sizeof *retry);
    const mr_status status = mr_bus_producer_open(bus, topic, &retry->producer, err);

    if (status != MR_OK) {
        free(retry);
        return status;
    }
    retry->ops = ops;
    retry->parser = mr_event_parser_create();
    retry->batch = mr_bus_batch_create(batch_bytes_max);
    mr_buffer_init(&retry->scratch, (size_t)mr_bus_record_bytes_max * 8);
    mr_buffer_init(&retry->json, mr_bus_record_bytes_max);
    *ret_retry = retry;
    return MR_OK;
}

void mr_letter_retry_close(mr_letter_retry *retry)
{
    if (retry == NULL) {
        return;
    }
    mr_bus_producer_close(retry->producer);
    mr_bus_batch_destroy(retry->batch);
    mr_event_parser_destroy(retry->parser);
    mr_buffer_free(&retry->scratch);
    mr_buffer_free(&retry->json);
    free(retry);
}

mr_status mr_letter_retry_flush(mr_letter_retry *retry, mr_err *err)
{
    mr_status status = MR_OK;

    if (retry->pending_count > 0) {
        status = mr_bus_append(retry->producer, retry->batch, NULL, err);
    }
    for (size_t i = 0; i < retry->pending_count && status == MR_OK; i++) {
        status = mr_ops_letter_mark(retry->ops, retry->pending[i].partition,
                                    retry->pending[i].offset, MR_LETTER_RETRIED, err);
        retry->count += status == MR_OK;
    }
    mr_bus_batch_clear(retry->batch);
    retry->pending_count = 0;
    return status;
}

mr_status mr_letter_retry_add(mr_letter_retry *retry, mr_bus_position letter, mr_text payload,
                              const mr_amendment *amendments, size_t amendment_count, mr_err *err)
{
    mr_status status;

    mr_buffer_clear(&retry->json);
    status = mr_amend(payload, amendments, amendment_count, retry->parser, &retry->scratch,
                      &retry->json, &retry->event, err);
    if (status != MR_OK) {
        return status == MR_INVALID ? status : mr_fail(err, MR_INVALID, "%s", err->message);
    }
    const mr_text json = mr_buffer_text(&retry->json);
    if (retry->pending_count == batch_count_max ||
        !mr_bus_batch_add(retry->batch, retry->event.invoice_no, json)) {
        status = mr_letter_retry_flush(retry, err);
        if (status != MR_OK) {
            return status == MR_INVALID ? MR_IO : status;
        }
        MR_ASSERT(mr_bus_batch_add(retry->batch, retry->event.invoice_no, json)); /* room for one */
    }
    retry->pending[retry->pending_count++] = letter;
    return MR_OK;
}

const mr_event *mr_letter_retry_event(const mr_letter_retry *retry)
{
    return &retry->event;
}

uint64_t mr_letter_retry_count(const mr_letter_retry *retry)
{
    return retry->count;
}
