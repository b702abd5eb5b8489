/* SPDX-License-Identifier: Apache-2.0 */
/* stream/runner.h - a thread that carries a topic's records into one sink, exactly once. A sink
 * that gathers is flushed when it asks for it, before a partition is given up, and at the end.
 *
 *                    start
 *                      v            failed: RETRY, fenced, position gone
 *     +--------> delivering -------------------------------> waiting (backoff)
 *     |              |  ^ nothing there: waits in poll            |
 *     |              |  +-----------------------------------------+ re-reads the target's position
 *   messages         |                                               and seeks to it
 *     +--------------+--- stop: after the batch in hand ---> ended, MR_OK
 *                    +--- failed: HALT or REJECT ----------> ended, with the error
 */
#ifndef MR_STREAM_RUNNER_H
#define MR_STREAM_RUNNER_H

#include "stream/sink.h"

typedef struct mr_runner mr_runner;

typedef struct mr_runner_options {
    mr_bus *bus;         /* outlives the runner */
    const char *topic;   /* borrowed for the runner's life */
    mr_sink *sink;       /* the runner's thread uses it; closed with the runner */
    size_t messages_max; /* of one delivery; 0 = 5000. Fewer go at once when fewer are there */
    size_t bytes_max;    /* soft, of one delivery; 0 = 8 MiB */
    uint32_t backoff_ms_min, backoff_ms_max; /* 0 = 50 and 10000 */
    void (*ended)(void *ctx); /* from the runner's thread, when it ends by itself; may be NULL */
    void *ctx;
} mr_runner_options;

typedef struct mr_runner_report {
    mr_sink_counts counts;
    uint64_t failures; /* deliveries, or polls, that had to be tried again */
    bool ended;        /* by itself, with last_error */
    char last_error[mr_err_message_bytes_max]; /* "" when there was none */
} mr_runner_report;

/* The sink passes to the runner, also when this fails. */
mr_status mr_runner_start(const mr_runner_options *options, mr_runner **ret_runner, mr_err *err);

/* Asks it to stop after the batch in hand; does not wait. From any thread. */
void mr_runner_stop(mr_runner *runner);

/* Stops it, waits for it, frees it and its sink. The error it ended with by itself, or MR_OK. */
mr_status mr_runner_finish(mr_runner *runner, mr_err *err);

/* From any thread. */
void mr_runner_read(mr_runner *runner, mr_runner_report *ret_report);
const char *mr_runner_name(const mr_runner *runner);

#endif
