/* SPDX-License-Identifier: Apache-2.0 */
/* cli/lake_look.c - `millrace lake list|history|describe`: what the tables are and were. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "cli/lake_tables.h"

static void put_json_text(const char *name, const char *value)
{
    mr_buffer out;

    mr_buffer_init(&out, 64 << 20);
    (void)mr_buffer_append_json_string(&out, mr_text_of(value != NULL ? value : ""));
    (void)printf("\"%s\":%.*s", name, value != NULL ? (int)out.bytes : 4,
                 value != NULL ? out.data : "null");
    mr_buffer_free(&out);
}

static void put_json_instant(const char *name, int64_t epoch_ms)
{
    char text[mr_civil_text_bytes_max];

    (void)mr_instant_format(epoch_ms, text);
    (void)printf("\"%s\":\"%s\"", name, text);
}

static void put_json_number(const char *name, int64_t number)
{
    if (number < 0) {
        (void)printf("\"%s\":null", name);
    } else {
        (void)printf("\"%s\":%" PRId64, name, number);
    }
}

/* --- list ------------------------------------------------------------------------------------- */

typedef struct last_commit {
    int64_t committed_ms;
    char operation[64];
} last_commit;

static bool take_last(void *ctx, const mr_delta_entry *entry)
{
    last_commit *last = ctx;

    last->committed_ms = entry->committed_ms;
    (void)snprintf(last->operation, sizeof last->operation, "%s", entry->operation);
    return false;
}

static void print_table(const mr_lake *lake, const char *path, const mr_delta_snapshot *snapshot,
                        const last_commit *last, bool first)
{
    char rows[mr_cli_text_bytes_max];
    char files[mr_cli_text_bytes_max];
    char bytes[mr_cli_text_bytes_max];
    char time[mr_cli_text_bytes_max];

    if (mr_cli_json(lake->cli)) {
        (void)printf("%s{", first ? "" : ",\n ");
        put_json_text("table", path);
        (void)printf(",\"version\":%" PRId64 ",", mr_delta_version(snapshot));
        put_json_number("rows", mr_delta_rows(snapshot));
        (void)printf(",\"files\":%zu,\"bytes\":%" PRIu64 ",", mr_delta_file_count(snapshot),
                     mr_delta_bytes(snapshot));
        put_json_instant("committed_at", last->committed_ms);
        (void)printf(",");
        put_json_text("operation", last->operation);
        (void)printf("}");
        return;
    }
    if (first) {
        (void)printf("%-32s %9s %15s %9s %9s  %-19s %s\n", "TABLE", "VERSION", "ROWS", "FILES",
                     "SIZE", "COMMITTED (UTC)", "OPERATION");
    }
    (void)printf("%-32s %9" PRId64 " %15s %9s %9s  %-19s %s\n", path, mr_delta_version(snapshot),
                 mr_lake_count(mr_delta_rows(snapshot), rows),
                 mr_cli_count(mr_delta_file_count(snapshot), files),
                 mr_cli_bytes(mr_delta_bytes(snapshot), bytes),
                 mr_lake_time(last->committed_ms, time), last->operation);
}

static mr_status list_one(mr_lake *lake, size_t index, mr_err *err)
{
    mr_delta_table *table = mr_delta_table_create(lake->blobs, lake->paths[index]);
    mr_delta_snapshot *snapshot = NULL;
    last_commit last = {0, ""};
    mr_status status = mr_delta_read(table, &snapshot, err);

    if (status == MR_OK) {
        status = mr_delta_history(table, take_last, &last, err);
    }
    if (status == MR_OK) {
        print_table(lake, lake->paths[index], snapshot, &last, index == 0);
    }
    mr_delta_snapshot_free(snapshot);
    mr_delta_table_destroy(table);
    return status;
}

mr_status mr_lake_list(mr_lake *lake, mr_err *err)
{
    mr_status status = MR_OK;

    if (mr_cli_json(lake->cli)) {
        (void)printf("{");
        put_json_text("lake", mr_blobs_url(lake->blobs));
        (void)printf(",\"tables\":[");
    } else if (lake->count == 0) {
        (void)printf("no tables in %s\n", mr_blobs_url(lake->blobs));
    }
    for (size_t i = 0; i < lake->count && status == MR_OK; i++) {
        status = list_one(lake, i, err);
    }
    if (mr_cli_json(lake->cli)) {
        (void)printf("]}\n");
    }
    return status;
}

/* --- history ---------------------------------------------------------------------------------- */

typedef struct history {
    const mr_lake *lake;
    uint64_t limit, shown;
} history;

static void print_entry_json(const history *self, const mr_delta_entry *entry)
{
    (void)printf("%s{\"version\":%" PRId64 ",", self->shown > 0 ? ",\n " : "", entry->version);
    put_json_instant("committed_at", entry->committed_ms);
    (void)printf(",");
    put_json_text("operation", entry->operation);
    (void)printf(",\"files_added\":%" PRIu64 ",\"files_removed\":%" PRIu64 ",", entry->files_added,
                 entry->files_removed);
    put_json_number("rows_added", entry->rows_added);
    (void)printf(",");
    put_json_number("rows_removed", entry->rows_removed);
    (void)printf(",\"metrics\":%s}", entry->info != NULL ? entry->info : "null");
}

static bool print_entry(void *ctx, const mr_delta_entry *entry)
{
    history *self = ctx;
    char time[mr_cli_text_bytes_max];
    char added[mr_cli_text_bytes_max];
    char removed[mr_cli_text_bytes_max];

    if (mr_cli_json(self->lake->cli)) {
        print_entry_json(self, entry);
    } else {
        if (self->shown == 0) {
            (void)printf("%9s  %-19s  %-16s %8s %8s %15s %15s\n", "VERSION", "COMMITTED (UTC)",
                         "OPERATION", "FILES +", "FILES -", "ROWS +", "ROWS -");
        }
        (void)printf("%9" PRId64 "  %-19s  %-16s %8" PRIu64 " %8" PRIu64 " %15s %15s\n",
                     entry->version, mr_lake_time(entry->committed_ms, time), entry->operation,
                     entry->files_added, entry->files_removed,
                     mr_lake_count(entry->rows_added, added),
                     mr_lake_count(entry->rows_removed, removed));
    }
    self->shown++;
    return self->shown < self->limit;
}

mr_status mr_lake_history(mr_lake *lake, const char *path, uint64_t limit, mr_err *err)
{
    mr_delta_table *table = mr_delta_table_create(lake->blobs, path);
    history self = {lake, limit, 0};

    if (mr_cli_json(lake->cli)) {
        (void)printf("{");
        put_json_text("table", path);
        (void)printf(",\"history\":[");
    }
    mr_status status = mr_delta_history(table, print_entry, &self, err);
    if (mr_cli_json(lake->cli)) {
        (void)printf("]}\n");
    }
    mr_delta_table_destroy(table);
    return status;
}

/* --- describe --------------------------------------------------------------------------------- */

static bool is_partition(const mr_delta_schema *schema, const char *name)
{
    for (size_t i = 0; i < mr_delta_partitions_max && schema->partition_columns[i] != NULL; i++) {
        if (strcmp(schema->partition_columns[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void describe_json(const mr_lake *lake, const char *path, const mr_delta_snapshot *snapshot)
{
    const mr_delta_schema *schema = mr_delta_schema_of(snapshot);

    (void)printf("{");
    put_json_text("table", path);
    (void)printf(",");
    put_json_text("lake", mr_blobs_url(lake->blobs));
    (void)printf(",\"version\":%" PRId64 ",", mr_delta_version(snapshot));
    put_json_number("rows", mr_delta_rows(snapshot));
    (void)printf(",\"files\":%zu,\"bytes\":%" PRIu64 ",\"columns\":[",
                 mr_delta_file_count(snapshot), mr_delta_bytes(snapshot));
    for (size_t i = 0; i < schema->field_count; i++) {
        const mr_delta_field *field = &schema->fields[i];
        (void)printf("%s{", i > 0 ? ",\n " : "");
        put_json_text("name", field->name);
        (void)printf(",");
        put_json_text("type", field->type);
        (void)printf(",\"nullable\":%s,\"partition\":%s,", field->not_null ? "false" : "true",
                     is_partition(schema, field->name) ? "true" : "false");
        put_json_text("comment", field->comment);
        (void)printf("}");
    }
    (void)printf("]}\n");
}

static void describe_text(const mr_lake *lake, const char *path, const mr_delta_snapshot *snapshot)
{
    const mr_delta_schema *schema = mr_delta_schema_of(snapshot);
    char rows[mr_cli_text_bytes_max];
    char files[mr_cli_text_bytes_max];
    char bytes[mr_cli_text_bytes_max];

    (void)printf("table     %s\nlake      %s\nversion   %" PRId64 "\nrows      %s\n"
                 "files     %s, %s\n\n%-28s %-16s %-9s %-10s %s\n",
                 path, mr_blobs_url(lake->blobs), mr_delta_version(snapshot),
                 mr_lake_count(mr_delta_rows(snapshot), rows),
                 mr_cli_count(mr_delta_file_count(snapshot), files),
                 mr_cli_bytes(mr_delta_bytes(snapshot), bytes), "COLUMN", "TYPE", "NULL",
                 "PARTITION", "COMMENT");
    for (size_t i = 0; i < schema->field_count; i++) {
        const mr_delta_field *field = &schema->fields[i];
        (void)printf("%-28s %-16s %-9s %-10s %s\n", field->name, field->type,
                     field->not_null ? "no" : "yes", is_partition(schema, field->name) ? "yes" : "",
                     field->comment != NULL ? field->comment : "");
    }
}

mr_status mr_lake_describe(mr_lake *lake, const char *path, mr_err *err)
{
    mr_delta_table *table = mr_delta_table_create(lake->blobs, path);
    mr_delta_snapshot *snapshot = NULL;
    mr_status status = mr_delta_read(table, &snapshot, err);

    if (status == MR_OK && mr_cli_json(lake->cli)) {
        describe_json(lake, path, snapshot);
    } else if (status == MR_OK) {
        describe_text(lake, path, snapshot);
    }
    mr_delta_snapshot_free(snapshot);
    mr_delta_table_destroy(table);
    return status;
}
