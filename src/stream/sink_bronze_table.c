/* SPDX-License-Identifier: Apache-2.0 */
/* stream/sink_bronze_table.c - reads and moves the positions that the Delta log of bronze keeps.
 *
 * Invariants: a file and the positions behind its rows become visible in one log entry.
 */
#include "stream/sink_bronze_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum {
    app_id_bytes_max = 320, /* a topic's name has at most 249 */
    tags_bytes_max = 512,
    info_bytes_max = 160,
};

const char mr_bronze_path[] = "bronze/sales_events";

static const mr_delta_field fields[] = {
    {"InvoiceNo", "string", "Number of the invoice; with C in front: a cancellation", false},
    {"StockCode", "string", "The shop's code of the product", false},
    {"Description", "string", "Name of the product, as sent", false},
    {"Quantity", "integer", "Pieces; negative: returned", false},
    {"InvoiceDate", "timestamp", "The shop's local time, kept as if it were UTC", false},
    {"UnitPrice", "decimal(18,4)", "Price of one piece", false},
    {"CustomerID", "long", "Null: a guest", false},
    {"CustomerName", "string", "As sent", false},
    {"Country", "string", "Country of the customer", false},
    {"EventID", "string", "The sender's own name of the line; null: it gave none", false},
    {"event_id", "binary", "Identity of the event, 16 bytes: repetitions share it", false},
    {"extra", "string", "Fields that the contract does not know, as a JSON object", false},
    {"topic", "string", "Where in the log the event lies: the topic", false},
    {"partition", "integer", "The partition of the topic", false},
    {"offset", "long", "The offset within the partition", false},
    {"ingest_time", "timestamp", "Instant of the event's append to the log", false},
    {"ingest_date", "date", "Day of ingest_time, UTC", false},
};

/* What the tag "millrace.sum" of a file is the sum of, for those who gather files. */
static const char summed[] = "Quantity*UnitPrice";

const mr_delta_schema mr_bronze_schema = {
    .fields = fields,
    .field_count = sizeof(fields) / sizeof(fields[0]),
    .partition_columns = {"ingest_date"},
};

struct mr_bronze_table {
    mr_delta_table *delta;
    const char *topic;
};

mr_bronze_table *mr_bronze_table_create(mr_blobs *blobs, const char *topic)
{
    mr_bronze_table *table = mr_alloc(sizeof(*table));

    *table =
        (mr_bronze_table){.delta = mr_delta_table_create(blobs, mr_bronze_path), .topic = topic};
    return table;
}

void mr_bronze_table_destroy(mr_bronze_table *table)
{
    if (table != NULL) {
        mr_delta_table_destroy(table->delta);
        free(table);
    }
}

mr_delta_table *mr_bronze_table_delta(mr_bronze_table *table)
{
    return table->delta;
}

/* --- Reading ---------------------------------------------------------------------------------- */

static void name_app(const mr_bronze_table *table, int32_t partition,
                     char ret_name[static app_id_bytes_max])
{
    int length = snprintf(ret_name, app_id_bytes_max, "millrace/bronze/%s/%" PRId32, table->topic,
                          partition);

    MR_ASSERT(length > 0 && length < app_id_bytes_max);
}

/* Whoever reads bronze may have added columns of its own behind ours. */
static mr_status check_schema(const mr_delta_snapshot *snapshot, mr_err *err)
{
    const mr_delta_schema *schema = mr_delta_schema_of(snapshot);

    for (size_t i = 0; i < mr_bronze_schema.field_count; i++) {
        const mr_delta_field *own = &mr_bronze_schema.fields[i];
        if (i >= schema->field_count || strcmp(schema->fields[i].name, own->name) != 0 ||
            strcmp(schema->fields[i].type, own->type) != 0) {
            return mr_fail(err, MR_INVALID,
                           "%s has not the columns of this version: %s %s is missing at place %zu; "
                           "move the table's folder away to begin a new one",
                           mr_bronze_path, own->name, own->type, i + 1);
        }
    }
    return MR_OK;
}

static mr_status read_table(mr_bronze_table *table, mr_delta_snapshot **ret_snapshot, mr_err *err)
{
    mr_delta_snapshot *snapshot = NULL;
    mr_status status = mr_delta_read(table->delta, &snapshot, err);

    if (status == MR_OK) {
        status = check_schema(snapshot, err);
    }
    if (status != MR_OK) {
        mr_delta_snapshot_free(snapshot);
        return status;
    }
    *ret_snapshot = snapshot;
    return MR_OK;
}

mr_status mr_bronze_table_position(mr_bronze_table *table, int32_t partition,
                                   int64_t *ret_next_offset, mr_err *err)
{
    char app[app_id_bytes_max];
    mr_delta_snapshot *snapshot = NULL;
    mr_status status = read_table(table, &snapshot, err);

    if (status == MR_NOT_FOUND) {
        *ret_next_offset = 0;
        return MR_OK;
    }
    if (status != MR_OK) {
        return status;
    }
    name_app(table, partition, app);
    int64_t version = mr_delta_txn_version(snapshot, app);
    *ret_next_offset = version < 0 ? 0 : version;
    mr_delta_snapshot_free(snapshot);
    return MR_OK;
}

/* --- Committing ------------------------------------------------------------------------------- */

typedef struct moves {
    mr_delta_txn *txns;
    int64_t *expected;
    char (*names)[app_id_bytes_max];
    size_t count;
} moves;

static void free_moves(moves *all)
{
    free(all->txns);
    free(all->expected);
    free(all->names);
}

static moves make_moves(const mr_bronze_table *table, const mr_delta_snapshot *snapshot,
                        const mr_partitions *partitions)
{
    moves all = {
        .txns = mr_alloc(partitions->count * sizeof(*all.txns)),
        .expected = mr_alloc(partitions->count * sizeof(*all.expected)),
        .names = mr_alloc(partitions->count * sizeof(*all.names)),
    };

    for (size_t i = 0; i < partitions->count; i++) {
        const mr_partition *partition = &partitions->items[i];
        if (partition->taken_offset == partition->next_offset) {
            continue;
        }
        char *name = all.names[all.count];
        name_app(table, partition->number, name);
        all.txns[all.count] = (mr_delta_txn){name, partition->taken_offset};
        all.expected[all.count] = partition->next_offset;
        /* A partition may begin behind 0, where retention was, and 0 itself may not be written. */
        if (mr_delta_txn_version(snapshot, name) < 0 && partition->next_offset == 0) {
            all.expected[all.count] = -1;
        }
        all.count++;
    }
    return all;
}

static mr_status create_table(mr_bronze_table *table, mr_err *err)
{
    const mr_delta_commit commit = {
        .operation = "CREATE TABLE", .schema = &mr_bronze_schema, .data_change = true};
    int64_t version = 0;
    mr_status status = mr_delta_commit_to(table->delta, NULL, &commit, &version, err);

    return status == MR_EXISTS ? MR_OK : status; /* somebody else's is as good */
}

static mr_status read_or_create(mr_bronze_table *table, mr_delta_snapshot **ret_snapshot,
                                mr_err *err)
{
    mr_status status = read_table(table, ret_snapshot, err);

    if (status == MR_NOT_FOUND) {
        status = create_table(table, err);
        if (status == MR_OK) {
            status = read_table(table, ret_snapshot, err);
        }
    }
    return status;
}

static mr_status commit_to(mr_bronze_table *table, const mr_delta_snapshot *snapshot,
                           const mr_delta_file *file, const mr_partitions *partitions, mr_err *err)
{
    char info[info_bytes_max];
    int64_t version = 0;
    moves all = make_moves(table, snapshot, partitions);
    mr_delta_commit commit = {.operation = "WRITE",
                              .info = info,
                              .adds = file,
                              .add_count = file != NULL,
                              .txns = all.txns,
                              .txn_count = all.count,
                              .txns_expected = all.expected,
                              .append_only = true,
                              .data_change = true};

    (void)snprintf(info, sizeof(info),
                   "{\"numFiles\":\"%d\",\"numOutputRows\":\"%" PRId64
                   "\",\"numOutputBytes\":\"%" PRIu64 "\"}",
                   file != NULL, file != NULL ? file->rows : 0, file != NULL ? file->bytes : 0);
    mr_status status = mr_delta_commit_to(table->delta, snapshot, &commit, &version, err);
    free_moves(&all);
    return status;
}

/* The sum beside the tags that the file has. */
static void write_tags(const mr_delta_file *file, mr_amount sum,
                       char ret_tags[static tags_bytes_max])
{
    char text[mr_amount_text_bytes_max];
    size_t bytes = file->tags != NULL ? strlen(file->tags) : 0;

    MR_ASSERT(bytes == 0 || (bytes > 2 && file->tags[bytes - 1] == '}'));
    (void)mr_amount_format(sum, 0, text);
    int length = snprintf(ret_tags, tags_bytes_max,
                          "%.*s%s\"millrace.sum\":\"%s\",\"millrace.sum.column\":\"%s\"}",
                          (int)(bytes > 0 ? bytes - 1 : 0), bytes > 0 ? file->tags : "",
                          bytes > 0 ? "," : "{", text, summed);
    MR_ASSERT(length > 0 && length < tags_bytes_max);
}

mr_status mr_bronze_table_commit(mr_bronze_table *table, const mr_delta_files *files, mr_amount sum,
                                 const mr_partitions *partitions, mr_err *err)
{
    char tags[tags_bytes_max];
    mr_delta_file file;
    mr_delta_snapshot *snapshot = NULL;
    mr_status status = read_or_create(table, &snapshot, err);

    if (status != MR_OK) {
        return status;
    }
    if (files != NULL) {
        MR_ASSERT(mr_delta_files_count(files) == 1); /* the tag is the sum of one */
        file = mr_delta_files_list(files)[0];
        write_tags(&file, sum, tags);
        file.tags = tags;
        file.data_change = true;
    }
    status = commit_to(table, snapshot, files != NULL ? &file : NULL, partitions, err);
    mr_delta_snapshot_free(snapshot);
    return status;
}
