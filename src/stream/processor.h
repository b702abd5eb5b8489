/* SPDX-License-Identifier: Apache-2.0 */
/* stream/processor.h - the processor role: a runner a sink, retention, and a clean end. */
#ifndef MR_STREAM_PROCESSOR_H
#define MR_STREAM_PROCESSOR_H

#include "stream/sink.h"

typedef struct mr_processor_options {
    const char *data_folder;
    mr_bus_options bus;
    mr_store_options store;
    const char *topic_ingestion, *topic_processed, *topic_dead_letter;
    const char *sinks;            /* "store,feed,bronze" */
    mr_bronze_options bronze;     /* letters and upkeep are set here */
    size_t store_batch_count_max; /* messages of one delivery; 0 = the runner's default */
    size_t feed_batch_count_max;
    size_t store_writers;        /* as in mr_sink_options */
    uint32_t retain_interval_ms; /* 0 = 30000 */
} mr_processor_options;

/* Runs until SIGTERM or SIGINT, finishes the batches in hand and returns MR_OK; or the error that a
 * sink ended with. Call from the main thread, before others are started: it blocks the two signals
 * for the process while it runs. */
mr_status mr_processor_run(const mr_processor_options *options, mr_err *err);

#endif
