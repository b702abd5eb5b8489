/* SPDX-License-Identifier: Apache-2.0 */
/* eject/synapse_dedicated.c - a dedicated pool: tables of its own, and a procedure for each that
 * takes what the serverless pool has exported, whole or by days.
 *
 * Called by:  eject/synapse.c.
 * Invariants: (1) a load changes nothing when the rows staged are not as many as were exported;
 *             (2) one MERGE makes the table that of the source, for all keys or for those of the
 *                 days asked for: again changes nothing;
 *             (3) amounts are decimals all the way.
 */
#include "eject/synapse.h"
#include "eject/writer.h"

static const char in_pool[] = "in the dedicated pool";

static void put(const mr_synapse *s, const char *text)
{
    (void)mr_buffer_append_string(s->out, text);
}

static void put_columns_of_table(const mr_synapse *s, const mr_model *shape, const char *indent)
{
    for (size_t i = 0; i < shape->column_count; i++) {
        const mr_model_column *column = &shape->columns[i];

        put(s, indent);
        mr_put_tsql_name(s->out, NULL, column->name);
        put(s, " ");
        mr_put_tsql_type(s->out, column, MR_TSQL_DEDICATED);
        put(s, column->not_null ? " NOT NULL" : " NULL");
        put(s, i + 1 < shape->column_count ? ",\n" : "\n");
    }
}

/* MERGE wants a table spread by a hash. Lines go by their invoice: equal ones meet on one node, and
 * a join of invoices and lines moves nothing. */
static const char *spread_by(const mr_model *shape)
{
    return shape->prune.count > 0 ? shape->prune.names[0] : shape->keys.names[0];
}

static mr_status write_tables(const mr_synapse *s, mr_err *err)
{
    mr_synapse_begin(
        s, "Gold's tables, made where they are missing; those that are there stay as they are.",
        in_pool);
    put(s, "IF SCHEMA_ID('gold') IS NULL EXEC('CREATE SCHEMA [gold]');\nGO\n"
           "IF SCHEMA_ID('stage') IS NULL EXEC('CREATE SCHEMA [stage]');\nGO\n\n");
    for (size_t i = 0; i < s->relations->table_count; i++) {
        const mr_relation *relation = &s->relations->tables[i];

        (void)mr_buffer_printf(s->out, "-- %s\nIF OBJECT_ID('gold.%s', 'U') IS NULL\nCREATE TABLE ",
                               relation->model->description, relation->model->table);
        mr_put_tsql_name(s->out, "gold", relation->model->table);
        put(s, " (\n");
        put_columns_of_table(s, relation->shape, "    ");
        put(s, ")\nWITH (DISTRIBUTION = HASH(");
        mr_put_tsql_name(s->out, NULL, spread_by(relation->shape));
        put(s, "), CLUSTERED COLUMNSTORE INDEX);\nGO\n\n");
    }
    return mr_synapse_end(s, "dedicated/1_tables.sql", err);
}

static void put_stage(const mr_synapse *s, const mr_relation *relation)
{
    const char *name = relation->model->table;

    (void)mr_buffer_printf(s->out,
                           "    IF OBJECT_ID('stage.%s', 'U') IS NOT NULL DROP TABLE "
                           "[stage].[%s];\n    CREATE TABLE [stage].[%s] (\n",
                           name, name, name);
    put_columns_of_table(s, relation->shape, "        ");
    put(s, "    )\n    WITH (DISTRIBUTION = HASH(");
    mr_put_tsql_name(s->out, NULL, spread_by(relation->shape));
    put(s, "), HEAP);\n");
    (void)mr_buffer_printf(s->out, "    SET @sql = N'COPY INTO [stage].[%s] FROM ''", name);
    (void)mr_buffer_printf(s->out,
                           "https://%s.dfs.core.windows.net/%s/export/' + @run + N'/%s/'' WITH "
                           "(FILE_TYPE = ''PARQUET'', CREDENTIAL = (IDENTITY = ''Managed "
                           "Identity''))';\n",
                           s->settings->account, s->settings->exchange, name);
    put(s, "    IF @rows > 0 EXEC sp_executesql @sql;\n"); /* no rows: no file */
    (void)mr_buffer_printf(s->out,
                           "    DECLARE @staged bigint;\n    SET @staged = (SELECT count_big(*) "
                           "FROM [stage].[%s]);\n"
                           "    IF @staged <> @rows\n        THROW 50001, 'the rows staged are not "
                           "as many as were exported: nothing was changed', 1;\n",
                           name);
}

/* A key column that may be NULL is the same when both are. */
static void put_match(const mr_synapse *s, const mr_model *shape)
{
    const mr_names *more = &shape->prune; /* follow from the key: rows meet where they lie */

    for (size_t i = 0; i < more->count; i++) {
        (void)mr_buffer_printf(s->out, "t.[%s] = s.[%s] AND ", more->names[i], more->names[i]);
    }
    for (size_t i = 0; i < shape->keys.count; i++) {
        const char *key = shape->keys.names[i];
        const mr_model_column *column = mr_model_find_column(shape, key);

        put(s, i > 0 ? " AND " : "");
        if (column->not_null) {
            (void)mr_buffer_printf(s->out, "t.[%s] = s.[%s]", key, key);
        } else {
            (void)mr_buffer_printf(s->out,
                                   "(t.[%s] = s.[%s] OR (t.[%s] IS NULL AND s.[%s] IS NULL))", key,
                                   key, key, key);
        }
    }
}

static void put_updates(const mr_synapse *s, const mr_model *shape)
{
    bool any = false;

    for (size_t i = 0; i < shape->column_count; i++) {
        const char *column = shape->columns[i].name;

        if (!mr_names_has(&shape->keys, column) && !mr_names_has(&shape->prune, column)) {
            (void)mr_buffer_printf(s->out, "%st.[%s] = s.[%s]",
                                   any ? ", " : "    WHEN MATCHED THEN UPDATE SET ", column,
                                   column);
            any = true;
        }
    }
    put(s, any ? "\n" : "");
}

static void put_merge(const mr_synapse *s, const mr_relation *relation)
{
    const char *name = relation->model->table;

    (void)mr_buffer_printf(s->out,
                           "    MERGE INTO [gold].[%s] AS t\n    USING [stage].[%s] AS s\n    ON ",
                           name, name);
    put_match(s, relation->shape);
    put(s, "\n");
    put_updates(s, relation->shape);
    put(s, "    WHEN NOT MATCHED BY TARGET THEN INSERT (");
    mr_synapse_put_columns(s, relation->shape, "");
    put(s, ")\n        VALUES (");
    mr_synapse_put_columns(s, relation->shape, "s.");
    put(s, relation->by_date ? ")\n    WHEN NOT MATCHED BY SOURCE AND t.[DateID] BETWEEN @from AND "
                               "@to THEN DELETE;\n"
                             : ")\n    WHEN NOT MATCHED BY SOURCE THEN DELETE;\n");
    (void)mr_buffer_printf(s->out, "    DROP TABLE [stage].[%s];\n", name);
}

static mr_status write_loads(const mr_synapse *s, mr_err *err)
{
    mr_synapse_begin(
        s,
        "Each procedure takes what serverless/6_export.sql wrote for the same table, run "
        "and days: @rows is the\n-- number it answered. A table whose rows may move to "
        "another day is taken whole.",
        in_pool);
    for (size_t i = 0; i < s->relations->table_count; i++) {
        const mr_relation *relation = &s->relations->tables[i];
        const char *name = relation->model->table;

        (void)mr_buffer_printf(s->out,
                               "IF OBJECT_ID('gold.load_%s', 'P') IS NOT NULL DROP PROCEDURE "
                               "[gold].[load_%s];\nGO\nCREATE PROCEDURE [gold].[load_%s] @run "
                               "varchar(64), @rows bigint%s AS\nBEGIN\n",
                               name, name, name, relation->by_date ? ", @from int, @to int" : "");
        put(s, "    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'\n"
               "        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;\n"
               "    DECLARE @sql nvarchar(4000);\n");
        put_stage(s, relation);
        put_merge(s, relation);
        put(s, "END;\nGO\n\n");
    }
    return mr_synapse_end(s, "dedicated/4_load.sql", err);
}

mr_status mr_synapse_dedicated(const mr_synapse *synapse, mr_err *err)
{
    mr_status status = write_tables(synapse, err);

    if (status == MR_OK) {
        status = mr_synapse_views(synapse, "dedicated/2_views.sql", in_pool, err);
    }
    if (status == MR_OK) {
        status = mr_synapse_metrics(synapse, "dedicated/3_metrics.sql", in_pool, err);
    }
    if (status == MR_OK) {
        status = write_loads(synapse, err);
    }
    return status;
}
