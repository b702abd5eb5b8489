/* SPDX-License-Identifier: Apache-2.0 */
/* cli/lake_tables.h - what the actions of `millrace lake` share: the lake, its tables, printing. */
#ifndef MR_CLI_LAKE_TABLES_H
#define MR_CLI_LAKE_TABLES_H

#include "cli/cli.h"
#include "lake/delta.h"

enum { mr_lake_tables_max = 10000 };

typedef struct mr_lake {
    mr_cli *cli;
    mr_blobs *blobs;
    char **paths; /* of all tables, "bronze/sales_events" */
    size_t count;
} mr_lake;

mr_status mr_lake_open(mr_lake *lake, mr_err *err);
void mr_lake_close(mr_lake *lake);

/* "bronze/sales_events", "bronze.sales_events" or, where it is the only one, "sales_events".
 * MR_NOT_FOUND: err names those there are. Borrowed. */
mr_status mr_lake_find(const mr_lake *lake, const char *name, const char **ret_path, mr_err *err);

/* "541,909"; "-" for one that is not known (-1). */
const char *mr_lake_count(int64_t count, char buffer[static mr_cli_text_bytes_max]);
/* "2026-11-22 12:00:00" (UTC). */
const char *mr_lake_time(int64_t epoch_ms, char buffer[static mr_cli_text_bytes_max]);

/* Looking: lake_look.c. Upkeep: lake_upkeep.c. */
mr_status mr_lake_list(mr_lake *lake, mr_err *err);
mr_status mr_lake_history(mr_lake *lake, const char *path, uint64_t limit, mr_err *err);
mr_status mr_lake_describe(mr_lake *lake, const char *path, mr_err *err);

typedef struct mr_lake_upkeep {
    uint64_t retention_ms; /* vacuum */
    bool force, dry_run;
} mr_lake_upkeep;

/* path NULL: every table. */
mr_status mr_lake_optimize(mr_lake *lake, const char *path, mr_err *err);
mr_status mr_lake_vacuum(mr_lake *lake, const char *path, const mr_lake_upkeep *upkeep,
                         mr_err *err);

#endif
