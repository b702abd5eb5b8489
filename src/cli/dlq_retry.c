/* SPDX-License-Identifier: Apache-2.0 */
/* cli/dlq_retry.c - `millrace dlq retry`: appends dead letters' events to the ingestion topic
 * again.
 *
 * Invariants: a letter is marked as retried only after its event is durable in the topic. A crash
 * in between leaves it open; retried a second time, its event changes nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/dlq.h"
#include "stream/dead_letter.h"

enum { retry_batch_count_max = 1000, retry_batch_bytes_max = 8388608 };

typedef struct retry {
    mr_dlq *dlq;
    mr_bus_producer *producer;
    mr_bus_batch *batch;
    mr_bus_position pending[retry_batch_count_max]; /* the letters whose events are in the batch */
    size_t pending_count;
    mr_event_parser *parser;
    mr_buffer scratch, json;
    uint64_t retried, failed;
    mr_status status; /* of the log and of ops; ends it all */
    mr_err err;
} retry;

static void refuse(retry *r, mr_bus_position letter, const char *reason)
{
    char name[mr_dlq_name_bytes_max];

    r->failed++;
    (void)mr_cli_fail_text(r->dlq->cli, "dead letter %s: %s",
                           mr_dlq_letter_name(r->dlq, letter, name), reason);
}

static mr_bus_position position_of(const mr_bus_message *message)
{
    return (mr_bus_position){message->partition, message->offset};
}

static mr_status flush(retry *r)
{
    mr_status status = MR_OK;

    if (r->pending_count > 0) {
        status = mr_bus_append(r->producer, r->batch, NULL, &r->err);
    }
    for (size_t i = 0; i < r->pending_count && status == MR_OK; i++) {
        status = mr_ops_letter_mark(r->dlq->ops, r->pending[i].partition, r->pending[i].offset,
                                    MR_LETTER_RETRIED, &r->err);
        r->retried += status == MR_OK;
    }
    mr_bus_batch_clear(r->batch);
    r->pending_count = 0;
    return status;
}

static mr_status add(retry *r, const mr_bus_message *message, const mr_event *event)
{
    mr_text json = mr_buffer_text(&r->json);

    if (r->pending_count == retry_batch_count_max ||
        !mr_bus_batch_add(r->batch, event->invoice_no, json)) {
        mr_status status = flush(r);
        if (status != MR_OK) {
            return status;
        }
        MR_ASSERT(mr_bus_batch_add(r->batch, event->invoice_no, json)); /* it has room for one */
    }
    r->pending[r->pending_count++] = (mr_bus_position){message->partition, message->offset};
    return MR_OK;
}

static mr_status retry_letter(retry *r, const mr_bus_message *message, mr_dead_letter *letter)
{
    const mr_dlq *dlq = r->dlq;
    mr_event event;
    mr_err err;

    if (letter->payload.data == NULL) {
        refuse(r, position_of(message),
               "its payload was too large to be kept with it; it lies at its "
               "origin (see `millrace dlq show`)");
        return MR_OK;
    }
    mr_buffer_clear(&r->json);
    if (mr_amend(letter->payload, dlq->amendments, dlq->amendment_count, r->parser, &r->scratch,
                 &r->json, &event, &err) != MR_OK) {
        refuse(r, position_of(message), err.message);
        return MR_OK;
    }
    return add(r, message, &event);
}

static bool visit(void *ctx, const mr_bus_message *message)
{
    retry *r = ctx;
    mr_letter_state state = MR_LETTER_OPEN;
    mr_dead_letter letter;
    mr_err err;

    r->status =
        mr_ops_letter_state(r->dlq->ops, message->partition, message->offset, &state, &r->err);
    if (r->status != MR_OK) {
        return false;
    }
    if (r->dlq->letter_count == 0 && state != MR_LETTER_OPEN) {
        return true;
    }
    if (state != MR_LETTER_OPEN && !r->dlq->again) {
        refuse(r, position_of(message),
               state == MR_LETTER_RETRIED ? "it was retried already; --again sends it once more"
                                          : "it was discarded; --again sends it all the same");
        return true;
    }
    if (mr_dead_letter_read(message->value, &letter, &err) != MR_OK) {
        refuse(r, position_of(message), err.message);
        return true;
    }
    r->status = retry_letter(r, message, &letter);
    mr_dead_letter_close(&letter);
    return r->status == MR_OK;
}

static mr_status visit_letters(retry *r)
{
    mr_dlq *dlq = r->dlq;

    if (dlq->letter_count == 0) {
        mr_status status = mr_dlq_visit_all(dlq, visit, r, &r->err);
        return status != MR_OK ? status : r->status;
    }
    for (size_t i = 0; i < dlq->letter_count; i++) {
        mr_err err;
        mr_status status = mr_dlq_visit_one(dlq, dlq->letters[i], visit, r, &err);
        if (status != MR_OK) {
            refuse(r, dlq->letters[i], err.message);
        }
        if (r->status != MR_OK) {
            return r->status;
        }
    }
    return MR_OK;
}

static int report(const retry *r, mr_status status)
{
    const mr_cli *cli = r->dlq->cli;
    char count[mr_cli_text_bytes_max];

    if (mr_cli_json(cli)) {
        (void)printf("{\"retried\":%" PRIu64 ",\"failed\":%" PRIu64 "}\n", r->retried, r->failed);
    } else {
        (void)printf("%s dead letter%s sent to %s again\n", mr_cli_count(r->retried, count),
                     r->retried == 1 ? "" : "s", r->dlq->topic_ingestion);
    }
    if (status != MR_OK) {
        return mr_cli_fail(cli, &r->err);
    }
    return r->failed == 0 ? MR_EXIT_OK : MR_EXIT_FAILED;
}

int mr_dlq_retry(mr_dlq *dlq)
{
    retry *r = mr_alloc_zero(1, sizeof(*r));

    r->dlq = dlq;
    r->parser = mr_event_parser_create();
    r->batch = mr_bus_batch_create(retry_batch_bytes_max);
    mr_buffer_init(&r->scratch, (size_t)mr_bus_record_bytes_max * 8);
    mr_buffer_init(&r->json, mr_bus_record_bytes_max);
    mr_status status = mr_bus_producer_open(dlq->bus, dlq->topic_ingestion, &r->producer, &r->err);
    if (status == MR_OK) {
        status = visit_letters(r);
    }
    if (status == MR_OK) {
        status = flush(r);
    }
    int exit_status = report(r, status);
    mr_bus_producer_close(r->producer);
    mr_bus_batch_destroy(r->batch);
    mr_event_parser_destroy(r->parser);
    mr_buffer_free(&r->scratch);
    mr_buffer_free(&r->json);
    free(r);
    return exit_status;
}
