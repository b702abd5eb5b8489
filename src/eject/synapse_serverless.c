/* SPDX-License-Identifier: Apache-2.0 */
/* eject/synapse_serverless.c - a serverless pool: a database, its way into the lake, and views over
 * gold's Delta tables. It reads; nothing is copied, but for what a dedicated pool asks it to
 * export.
 *
 * Called by:  eject/synapse.c.
 */
#include <stdio.h>

#include "eject/synapse.h"
#include "eject/writer.h"

static const char in_database[] = "in the database of the serverless pool";

static void put(const mr_synapse *s, const char *text)
{
    (void)mr_buffer_append_string(s->out, text);
}

static mr_status write_database(const mr_synapse *s, mr_err *err)
{
    mr_synapse_begin(s,
                     "The database. Its collation is UTF-8 and compares code by code, as the lake.",
                     "in master of the serverless pool, once");
    put(s, "CREATE DATABASE ");
    mr_put_tsql_name(s->out, NULL, s->settings->database);
    put(s, " COLLATE Latin1_General_100_BIN2_UTF8;\n");
    return mr_synapse_end(s, "serverless/1_database.sql", err);
}

static void put_location(const mr_synapse *s, const char *container, const char *folder)
{
    char url[512];

    (void)snprintf(url, sizeof url, "https://%s.dfs.core.windows.net/%s%s%s", s->settings->account,
                   container, folder[0] != '\0' ? "/" : "", folder);
    mr_put_quoted(s->out, url, '\'');
}

static void put_source(const mr_synapse *s, const char *name, const char *container,
                       const char *folder)
{
    (void)mr_buffer_printf(s->out,
                           "IF NOT EXISTS (SELECT * FROM sys.external_data_sources WHERE name = "
                           "'%s')\n    CREATE EXTERNAL DATA SOURCE [%s] WITH (LOCATION = ",
                           name, name);
    put_location(s, container, folder);
    put(s, ", CREDENTIAL = [millrace_identity]);\nGO\n");
}

static mr_status write_lake(const mr_synapse *s, mr_err *err)
{
    mr_synapse_begin(s,
                     "The way into the lake, by the workspace's managed identity: no key is kept.",
                     in_database);
    put(s, "IF NOT EXISTS (SELECT * FROM sys.symmetric_keys WHERE name = "
           "'##MS_DatabaseMasterKey##')\n    CREATE MASTER KEY;\nGO\n"
           "IF NOT EXISTS (SELECT * FROM sys.database_scoped_credentials WHERE name = "
           "'millrace_identity')\n    CREATE DATABASE SCOPED CREDENTIAL [millrace_identity] WITH "
           "IDENTITY = 'Managed Identity';\nGO\n");
    put_source(s, "millrace_lake", s->settings->container, s->settings->folder);
    put_source(s, "millrace_exchange", s->settings->exchange, "");
    put(s, "IF NOT EXISTS (SELECT * FROM sys.external_file_formats WHERE name = "
           "'millrace_parquet')\n    CREATE EXTERNAL FILE FORMAT [millrace_parquet] WITH "
           "(FORMAT_TYPE = PARQUET, DATA_COMPRESSION = "
           "'org.apache.hadoop.io.compress.SnappyCodec');\nGO\n"
           "IF SCHEMA_ID('gold') IS NULL EXEC('CREATE SCHEMA [gold]');\nGO\n"
           "IF SCHEMA_ID('export') IS NULL EXEC('CREATE SCHEMA [export]');\nGO\n");
    return mr_synapse_end(s, "serverless/2_lake.sql", err);
}

static void put_table(const mr_synapse *s, const mr_relation *relation)
{
    const mr_model *shape = relation->shape;
    const char *name = relation->model->table;

    (void)mr_buffer_printf(s->out, "-- %s\nIF OBJECT_ID('gold.%s', 'V') IS NOT NULL DROP VIEW ",
                           relation->model->description, name);
    mr_put_tsql_name(s->out, "gold", name);
    put(s, ";\nGO\nCREATE VIEW ");
    mr_put_tsql_name(s->out, "gold", name);
    put(s, " AS\nSELECT ");
    mr_synapse_put_columns(s, shape, "r.");
    (void)mr_buffer_printf(s->out,
                           "\nFROM OPENROWSET(BULK 'gold/%s/', DATA_SOURCE = 'millrace_lake', "
                           "FORMAT = 'DELTA')\nWITH (\n",
                           name);
    for (size_t i = 0; i < shape->column_count; i++) {
        put(s, "    ");
        mr_put_tsql_name(s->out, NULL, shape->columns[i].name);
        put(s, " ");
        mr_put_tsql_type(s->out, &shape->columns[i], MR_TSQL_SERVERLESS);
        put(s, i + 1 < shape->column_count ? ",\n" : "\n");
    }
    put(s, ") AS r;\nGO\n\n");
}

static mr_status write_tables(const mr_synapse *s, mr_err *err)
{
    mr_synapse_begin(s, "Gold's Delta tables as they are now, under their names, with their types.",
                     in_database);
    for (size_t i = 0; i < s->relations->table_count; i++) {
        put_table(s, &s->relations->tables[i]);
    }
    return mr_synapse_end(s, "serverless/3_tables.sql", err);
}

/* Rows of one version of the table, as Parquet in the exchange: the way into a dedicated pool,
 * which cannot read Delta, and must not read a table's folder (files of older versions lie there).
 */
static void put_export(const mr_synapse *s, const mr_relation *relation)
{
    const char *name = relation->model->table;

    (void)mr_buffer_printf(s->out,
                           "IF OBJECT_ID('export.%s', 'P') IS NOT NULL DROP PROCEDURE "
                           "[export].[%s];\nGO\nCREATE PROCEDURE [export].[%s] @run "
                           "varchar(64)%s AS\nBEGIN\n",
                           name, name, name, relation->by_date ? ", @from int, @to int" : "");
    put(s, "    IF @run = '' OR @run LIKE '%[^0-9A-Za-z_]%'\n"
           "        THROW 50000, 'the name of a run has letters, digits and _ alone', 1;\n"
           "    DECLARE @sql nvarchar(max);\n");
    (void)mr_buffer_printf(s->out,
                           "    SET @sql = N'CREATE EXTERNAL TABLE [export].[%s_' + @run + N'] "
                           "WITH (LOCATION = ''export/' + @run + N'/%s/'', DATA_SOURCE = "
                           "[millrace_exchange], FILE_FORMAT = [millrace_parquet]) AS SELECT ",
                           name, name);
    mr_synapse_put_columns(s, relation->shape, "");
    (void)mr_buffer_printf(s->out, " FROM [gold].[%s]", name);
    put(s, relation->by_date ? " WHERE [DateID] BETWEEN ' + CAST(@from AS nvarchar(11)) + N' AND ' "
                               "+ CAST(@to AS nvarchar(11));\n"
                             : "';\n");
    put(s, "    EXEC sp_executesql @sql;\n");
    (void)mr_buffer_printf(s->out,
                           "    SET @sql = N'SELECT count_big(*) AS [rows] FROM [export].[%s_' + "
                           "@run + N']';\n    EXEC sp_executesql @sql;\n"
                           "    SET @sql = N'DROP EXTERNAL TABLE [export].[%s_' + @run + N']';\n"
                           "    EXEC sp_executesql @sql;\nEND;\nGO\n\n",
                           name, name);
}

static mr_status write_exports(const mr_synapse *s, mr_err *err)
{
    mr_synapse_begin(
        s,
        "For a dedicated pool: each procedure writes a table's rows into the exchange, "
        "as export/RUN/TABLE/,\n-- and answers how many; the pool's load procedure is "
        "told that number. A run's name is used once.",
        in_database);
    for (size_t i = 0; i < s->relations->table_count; i++) {
        put_export(s, &s->relations->tables[i]);
    }
    return mr_synapse_end(s, "serverless/6_export.sql", err);
}

mr_status mr_synapse_serverless(const mr_synapse *synapse, mr_err *err)
{
    mr_status status = write_database(synapse, err);

    if (status == MR_OK) {
        status = write_lake(synapse, err);
    }
    if (status == MR_OK) {
        status = write_tables(synapse, err);
    }
    if (status == MR_OK) {
        status = mr_synapse_views(synapse, "serverless/4_views.sql", in_database, err);
    }
    if (status == MR_OK) {
        status = mr_synapse_metrics(synapse, "serverless/5_metrics.sql", in_database, err);
    }
    if (status == MR_OK) {
        status = write_exports(synapse, err);
    }
    return status;
}
