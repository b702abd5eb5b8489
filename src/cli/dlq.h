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
    mr_topic_range *ranges;      /* of the dead letters' partitions, when the command began */
    size_t range_count;
    const mr_bus_position *letters; /* those named; a partition of -1: the only one there is */
    size_t letter_count;
    const mr_amendment *amendments;
    size_t amendment_count;
    bool again; /* send what was retried or discarded, too */
} mr_dlq;

/* "open", "retried", "discarded" */
const char *mr_letter_state_name(mr_letter_state state);

/* "17", or where the topic has several partitions "3:17": as a person names a letter. */
enum { mr_dlq_name_bytes_max = 48 };
const char *mr_dlq_letter_name(const mr_dlq *dlq, mr_bus_position letter,
                               char buffer[static mr_dlq_name_bytes_max]);

/* Visits one letter. MR_NOT_FOUND: the topic does not hold it. MR_INVALID: its partition must be
 * named. */
mr_status mr_dlq_visit_one(mr_dlq *dlq, mr_bus_position letter,
                           bool (*visit)(void *ctx, const mr_bus_message *message), void *ctx,
                           mr_err *err);

/* Visits all there are, a partition after the other. */
mr_status mr_dlq_visit_all(mr_dlq *dlq, bool (*visit)(void *ctx, const mr_bus_message *message),
                           void *ctx, mr_err *err);

/* Sends the letters named, or without any every open one, again. Returns the exit status. */
int mr_dlq_retry(mr_dlq *dlq);

#endif
