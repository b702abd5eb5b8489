/* SPDX-License-Identifier: Apache-2.0 */
/* cli/dlq_retry.c - `millrace dlq retry`: the letters named, or every open one, sent again.
 *
 * Not here: how a letter becomes an event in the topic, once (stream/letter_retry.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/dlq.h"
#include "stream/dead_letter.h"
#include "stream/letter_retry.h"

typedef struct retry {
    mr_dlq *dlq;
    mr_letter_retry *sender;
    uint64_t failed;
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

static mr_status retry_letter(retry *r, const mr_bus_message *message, mr_dead_letter *letter)
{
    const mr_dlq *dlq = r->dlq;
    mr_err err;

    if (letter->payload.data == NULL) {
        refuse(r, position_of(message),
               "its payload was too large to be kept with it; it lies at its "
               "origin (see `millrace dlq show`)");
        return MR_OK;
    }
    const mr_status status = mr_letter_retry_add(r->sender, position_of(message), letter->payload,
                                                 dlq->amendments, dlq->amendment_count, &err);
    if (status == MR_INVALID) {
        refuse(r, position_of(message), err.message);
        return MR_OK;
    }
    r->err = status == MR_OK ? r->err : err;
    return status;
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
    const uint64_t retried = r->sender != NULL ? mr_letter_retry_count(r->sender) : 0;
    char count[mr_cli_text_bytes_max];

    if (mr_cli_json(cli)) {
        (void)printf("{\"retried\":%" PRIu64 ",\"failed\":%" PRIu64 "}\n", retried, r->failed);
    } else {
        (void)printf("%s dead letter%s sent to %s again\n", mr_cli_count(retried, count),
                     retried == 1 ? "" : "s", r->dlq->topic_ingestion);
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
    mr_status status =
        mr_letter_retry_open(dlq->bus, dlq->topic_ingestion, dlq->ops, &r->sender, &r->err);
    if (status == MR_OK) {
        status = visit_letters(r);
    }
    if (status == MR_OK) {
        status = mr_letter_retry_flush(r->sender, &r->err);
    }
    int exit_status = report(r, status);
    mr_letter_retry_close(r->sender);
    free(r);
    return exit_status;
}
