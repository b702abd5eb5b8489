/* SPDX-License-Identifier: Apache-2.0 */
/* cli/lake_upkeep.c - `millrace lake optimize|vacuum`: fewer files, and no dead ones. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "cli/lake_tables.h"
#include "lake/delta_sql.h"

/* Whether the table at index is among those asked for. */
static bool is_asked(const mr_lake *lake, size_t index, const char *path)
{
    return path == NULL || strcmp(lake->paths[index], path) == 0;
}

/* --- optimize --------------------------------------------------------------------------------- */

static mr_status open_engine(const mr_lake *lake, mr_olap **ret_olap,
                             mr_olap_connection **ret_connection, mr_err *err)
{
    const mr_config *config = mr_cli_config(lake->cli);
    char *temp = mr_path_join(mr_config_text(config, "MILLRACE_DATA"), "tmp/lake");
    const mr_olap_options options = {
        .memory_bytes_max = mr_config_bytes(config, "MILLRACE_OLAP_MEMORY"),
        .threads = (uint32_t)mr_config_integer(config, "MILLRACE_OLAP_THREADS"),
        .temp_folder = temp};
    mr_status status = mr_olap_open(&options, ret_olap, err);

    free(temp);
    return status == MR_OK ? mr_olap_connect(*ret_olap, ret_connection, err) : status;
}

static void print_optimized(const mr_lake *lake, const char *path,
                            const mr_delta_optimize_report *report, bool first)
{
    char before[mr_cli_text_bytes_max];
    char after[mr_cli_text_bytes_max];
    char bytes_before[mr_cli_text_bytes_max];
    char bytes_after[mr_cli_text_bytes_max];

    if (mr_cli_json(lake->cli)) {
        (void)printf("%s{\"table\":\"%s\",\"files_before\":%" PRIu64 ",\"files_after\":%" PRIu64
                     ",\"bytes_before\":%" PRIu64 ",\"bytes_after\":%" PRIu64 ",\"version\":",
                     first ? "" : ",\n ", path, report->files_before, report->files_after,
                     report->bytes_before, report->bytes_after);
        if (report->version < 0) {
            (void)printf("null}");
        } else {
            (void)printf("%" PRId64 "}", report->version);
        }
    } else if (report->version < 0) {
        (void)printf("%-32s nothing to gather\n", path);
    } else {
        (void)printf("%-32s %s files (%s) became %s (%s), version %" PRId64 "\n", path,
                     mr_cli_count(report->files_before, before),
                     mr_cli_bytes(report->bytes_before, bytes_before),
                     mr_cli_count(report->files_after, after),
                     mr_cli_bytes(report->bytes_after, bytes_after), report->version);
    }
}

mr_status mr_lake_optimize(mr_lake *lake, const char *path, mr_err *err)
{
    const mr_delta_optimize_options options = {
        .file_bytes_target =
            mr_config_bytes(mr_cli_config(lake->cli), "MILLRACE_BRONZE_FILE_BYTES")};
    mr_olap *olap = NULL;
    mr_olap_connection *connection = NULL;
    bool first = true;
    mr_status status = open_engine(lake, &olap, &connection, err);

    if (mr_cli_json(lake->cli)) {
        (void)printf("{\"optimized\":[");
    }
    for (size_t i = 0; i < lake->count && status == MR_OK; i++) {
        mr_delta_optimize_report report;
        if (!is_asked(lake, i, path)) {
            continue;
        }
        mr_delta_table *table = mr_delta_table_create(lake->blobs, lake->paths[i]);
        status = mr_delta_optimize(table, connection, &options, &report, err);
        if (status == MR_OK) {
            print_optimized(lake, lake->paths[i], &report, first);
        }
        first = false;
        mr_delta_table_destroy(table);
    }
    if (mr_cli_json(lake->cli)) {
        (void)printf("]}\n");
    }
    mr_olap_disconnect(connection);
    mr_olap_close(olap);
    return status;
}

/* --- vacuum ----------------------------------------------------------------------------------- */

static void print_vacuumed(const mr_lake *lake, const char *path,
                           const mr_delta_vacuum_report *report, bool dry_run, bool first)
{
    char files[mr_cli_text_bytes_max];
    char bytes[mr_cli_text_bytes_max];
    char entries[mr_cli_text_bytes_max];

    if (mr_cli_json(lake->cli)) {
        (void)printf("%s{\"table\":\"%s\",\"files\":%" PRIu64 ",\"bytes\":%" PRIu64
                     ",\"log_entries\":%" PRIu64 ",\"files_kept\":%" PRIu64 ",\"dry_run\":%s}",
                     first ? "" : ",\n ", path, report->files, report->bytes, report->log_entries,
                     report->files_kept, dry_run ? "true" : "false");
        return;
    }
    (void)printf("%-32s %s%s dead file%s (%s), %s old log entr%s\n", path,
                 dry_run ? "would remove " : "removed ", mr_cli_count(report->files, files),
                 report->files == 1 ? "" : "s", mr_cli_bytes(report->bytes, bytes),
                 mr_cli_count(report->log_entries, entries),
                 report->log_entries == 1 ? "y" : "ies");
    if (report->files_kept > 0) {
        (void)printf("%-32s kept %s of no commit, younger than an hour: a writer may be at it\n",
                     "", mr_cli_count(report->files_kept, files));
    }
}

mr_status mr_lake_vacuum(mr_lake *lake, const char *path, const mr_lake_upkeep *upkeep, mr_err *err)
{
    const mr_delta_vacuum_options options = {
        .retention_ms = upkeep->retention_ms, .force = upkeep->force, .dry_run = upkeep->dry_run};
    bool first = true;
    mr_status status = MR_OK;

    if (mr_cli_json(lake->cli)) {
        (void)printf("{\"vacuumed\":[");
    }
    for (size_t i = 0; i < lake->count && status == MR_OK; i++) {
        mr_delta_vacuum_report report;
        if (!is_asked(lake, i, path)) {
            continue;
        }
        mr_delta_table *table = mr_delta_table_create(lake->blobs, lake->paths[i]);
        status = mr_delta_vacuum(table, &options, &report, err);
        if (status == MR_OK) {
            print_vacuumed(lake, lake->paths[i], &report, upkeep->dry_run, first);
        }
        first = false;
        mr_delta_table_destroy(table);
    }
    if (mr_cli_json(lake->cli)) {
        (void)printf("]}\n");
    }
    return status;
}
