/* SPDX-License-Identifier: Apache-2.0 */
/* cli/dlq.h - what the files of `millrace dlq` share. Only cmd_dlq.c and dlq_*.c include it. */
#ifndef MR_CLI_DLQ_H
#define MR_CLI_DLQ_H

#include "bus/bus.h"
#include "cli/cli.h"
#include "store/ops.h"
#include "stream/amend.h"
#include "stream/topic.h"

typedef struct mr_dlq {
    mr_cli *cli;
    mr_bus *bus;
    mr_ops *ops;
    const char *topic;           /* of the dead letters */
    const char *topic_ingestion; /* where a retried one goes */
    mr_topic_range range;        /* of the dead letters, when the command began */
    const int64_t *offsets;
    size_t offset_count;
    const mr_amendment *amendments;
    size_t amendment_count;
    bool again; /* send what was retried or discarded, too */
} mr_dlq;

/* "open", "retried", "discarded" */
const char *mr_letter_state_name(mr_letter_state state);

/* Visits the letter at `offset`. MR_NOT_FOUND: the topic does not hold it. */
mr_status mr_dlq_visit_one(mr_dlq *dlq, int64_t offset,
                           bool (*visit)(void *ctx, const mr_bus_message *message), void *ctx,
                           mr_err *err);

/* Sends the letters at `offsets`, or without any every open one, again. Returns the exit status. */
int mr_dlq_retry(mr_dlq *dlq);

#endif
