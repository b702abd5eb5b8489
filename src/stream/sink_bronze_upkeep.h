/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_bronze_upkeep.h - a thread that keeps bronze at files of a good size: it gathers
 * small ones by tiers of size, and removes files and log entries past their retention.
 */
#ifndef MR_STREAM_SINK_BRONZE_UPKEEP_H
#define MR_STREAM_SINK_BRONZE_UPKEEP_H

#include "stream/sink.h"

typedef struct mr_bronze_upkeep mr_bronze_upkeep;

typedef struct mr_bronze_upkeep_options {
    mr_blobs *blobs; /* outlives it */
    const char *data_folder;
    uint64_t file_bytes;                          /* 0 = 128 MiB */
    uint64_t retention_ms;                        /* 0 = 7 days */
    uint32_t vacuum_delay_ms, vacuum_interval_ms; /* 0 = 5 minutes after the start, then daily */
    size_t commits_min;                           /* so many new files are worth a look; 0 = 32 */
} mr_bronze_upkeep_options;

/* Texts are borrowed. */
mr_status mr_bronze_upkeep_start(const mr_bronze_upkeep_options *options,
                                 mr_bronze_upkeep **ret_upkeep, mr_err *err);
/* Interrupts what is under way and waits for it. NULL is fine. */
void mr_bronze_upkeep_stop(mr_bronze_upkeep *upkeep);

/* A file was added. From any thread. */
void mr_bronze_upkeep_note(mr_bronze_upkeep *upkeep);

typedef struct mr_bronze_upkeep_report {
    uint64_t rounds, rewritten, vacuums, failures; /* rewritten: small files */
} mr_bronze_upkeep_report;

/* Returns once `rounds` are done. */
mr_bronze_upkeep_report mr_bronze_upkeep_wait(mr_bronze_upkeep *upkeep, uint64_t rounds);

#endif
