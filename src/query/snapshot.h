/* SPDX-License-Identifier: Apache-2.0 */
/* query/snapshot.h - the state of a data folder at one moment, for `millrace status`.
 *
 * Only looks: creates no file and needs no role to run. What cannot be read becomes a problem in
 * the snapshot, not an error, so that the rest is still shown.
 */
#ifndef MR_QUERY_SNAPSHOT_H
#define MR_QUERY_SNAPSHOT_H

#include "base/config.h"
#include "base/role.h"
#include "bus/bus.h"
#include "medallion/medallion.h"
#include "orchestrator/runs.h"
#include "store/store.h"

enum {
    mr_snapshot_roles_max = 16,
    mr_snapshot_topics_max = 256, /* partitions of topics */
    mr_snapshot_groups_max = 256,
    mr_snapshot_letters_max = 10000, /* dead letters looked at one by one, newest first */
    mr_snapshot_problems_max = 4,
};

typedef struct mr_snapshot_role {
    mr_role_state state;
    uint64_t resident_bytes;
    double cpu_seconds;
} mr_snapshot_role;

typedef struct mr_snapshot_group {
    mr_bus_group_info info;
    uint64_t lag; /* records of the topic's partition that the group has not taken */
} mr_snapshot_group;

typedef struct mr_snapshot {
    const char *data_folder; /* borrowed from the config */
    bool exists;             /* the data folder does */
    int64_t taken_ms;
    bool roles_unknown; /* their folder cannot be read */
    size_t role_count, topic_count, group_count, problem_count;
    mr_snapshot_role roles[mr_snapshot_roles_max];
    mr_bus_topic_info topics[mr_snapshot_topics_max];
    mr_snapshot_group groups[mr_snapshot_groups_max];
    bool has_store;
    mr_store_totals store;
    bool has_run;
    mr_run last_run;        /* the newest */
    int64_t next_run_ms;    /* by the schedule; 0: never */
    char next_run_text[96]; /* "2026-11-24 07:40:00 Europe/Paris" */
    bool has_balances;
    mr_kept_reconciliation balances; /* of the last run that kept any */
    uint64_t letters;                /* dead letters kept */
    uint64_t letters_open;           /* neither retried nor discarded */
    bool
        letters_open_at_most; /* there are more than mr_snapshot_letters_max: those count as open */
    char problems[mr_snapshot_problems_max][mr_err_message_bytes_max];
} mr_snapshot;

/* Never NULL; free with mr_snapshot_destroy. */
mr_snapshot *mr_snapshot_take(const mr_config *config);
void mr_snapshot_destroy(mr_snapshot *snapshot);

bool mr_snapshot_anything_runs(const mr_snapshot *snapshot);

#endif
