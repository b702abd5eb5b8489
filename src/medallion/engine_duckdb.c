/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/engine_duckdb.c - DuckDB, in this process, as the engine of a run. See engine.h.
 *
 * Owns: the connection of a second handle; that of the first is borrowed. Tables are not temporary:
 * the second handle sees them too.
 */
#include <stdlib.h>

#include "medallion/engine.h"

enum { duckdb_sql_bytes_max = 256 << 20, duckdb_row_bytes_max = 16 << 20 };

typedef struct duckdb_engine {
    mr_engine head;
    mr_olap *olap;
    mr_olap_connection *connection;
    bool owns_connection;
} duckdb_engine;

static mr_status relation(mr_engine *engine, const mr_engine_files *files, mr_buffer *out,
                          mr_err *err)
{
    (void)engine;
    return mr_delta_relation_of(files->table, files->schema, files->files, files->count,
                                files->with_paths, out, err);
}

static mr_status run_as(mr_engine *engine, const char *what, const char *name, const char *select,
                        mr_err *err)
{
    const duckdb_engine *self = (const duckdb_engine *)engine;
    mr_buffer sql;
    mr_status status;

    mr_buffer_init(&sql, duckdb_sql_bytes_max);
    (void)mr_buffer_printf(&sql, "CREATE OR REPLACE %s %s AS ", what, name);
    (void)mr_buffer_append_string(&sql, select);
    status = mr_buffer_append(&sql, "", 1)
                 ? mr_olap_run(self->connection, sql.data, err)
                 : mr_fail(err, MR_LIMIT, "a statement would be longer than %d bytes",
                           duckdb_sql_bytes_max);
    mr_buffer_free(&sql);
    return status;
}

static mr_status bind(mr_engine *engine, const char *name, const char *query, mr_err *err)
{
    return run_as(engine, "VIEW", name, query, err);
}

static mr_status make(mr_engine *engine, const char *name, const char *select, mr_err *err)
{
    mr_buffer quoted;
    mr_status status;

    mr_buffer_init(&quoted, 1024);
    (void)mr_olap_quote_name(&quoted, mr_text_of(name));
    (void)mr_buffer_append(&quoted, "", 1);
    MR_ASSERT(!quoted.overflowed);
    status = run_as(engine, "TABLE", quoted.data, select, err);
    mr_buffer_free(&quoted);
    return status;
}

static mr_status visit_row(const mr_olap_result *result, mr_buffer *text, mr_engine_visit visit,
                           void *ctx, mr_err *err)
{
    const size_t count = mr_olap_column_count(result);
    size_t ends[mr_engine_columns_max];
    mr_text values[mr_engine_columns_max];

    mr_buffer_clear(text);
    for (size_t i = 0; i < count; i++) {
        (void)mr_olap_write_text(result, i, text);
        ends[i] = text->bytes;
    }
    if (!mr_buffer_append(text, "", 1)) {
        return mr_fail(err, MR_LIMIT, "a row is longer than %d bytes", duckdb_row_bytes_max);
    }
    for (size_t i = 0; i < count; i++) {
        const size_t begin = i == 0 ? 0 : ends[i - 1];
        values[i] = mr_olap_is_null(result, i) ? MR_TEXT_ABSENT
                                               : (mr_text){text->data + begin, ends[i] - begin};
    }
    return visit(ctx, values, count, err);
}

static mr_status query(mr_engine *engine, const char *sql, mr_engine_visit visit, void *ctx,
                       mr_err *err)
{
    const duckdb_engine *self = (const duckdb_engine *)engine;
    mr_olap_result *result = NULL;
    mr_buffer text;
    mr_status status = mr_olap_query(self->connection, sql, true, &result, err);

    mr_buffer_init(&text, duckdb_row_bytes_max);
    MR_ASSERT(result == NULL || mr_olap_column_count(result) <= mr_engine_columns_max);
    while (status == MR_OK) {
        status = mr_olap_next(result, err);
        if (status == MR_NOT_FOUND) {
            status = MR_OK;
            break;
        }
        if (status == MR_OK) {
            status = visit_row(result, &text, visit, ctx, err);
        }
    }
    mr_olap_result_free(result);
    mr_buffer_free(&text);
    return status;
}

static mr_status write_rows(mr_engine *engine, mr_delta_table *table, const mr_delta_write *write,
                            mr_delta_files **ret_files, mr_err *err)
{
    const duckdb_engine *self = (const duckdb_engine *)engine;
    mr_delta_write shared = *write;
    mr_status status = MR_OK;

    if (write->at_hand && write->schema->partition_columns[0] != NULL) {
        status = mr_olap_connect(self->olap, &shared.connection_beside, err);
    }
    if (status == MR_OK) {
        status = mr_delta_write_rows(table, self->connection, &shared, ret_files, err);
    }
    mr_olap_disconnect(shared.connection_beside);
    return status;
}

static void close_engine(mr_engine *engine)
{
    duckdb_engine *self = (duckdb_engine *)engine;

    if (self->owns_connection) {
        mr_olap_disconnect(self->connection);
    }
    free(self);
}

static mr_status open_another(mr_engine *engine, mr_engine **ret_engine, mr_err *err);

static const mr_engine_ops ops = {
    .name = "duckdb",
    .hash = "hash",
    .relation = relation,
    .bind = bind,
    .make = make,
    .query = query,
    .write = write_rows,
    .another = open_another,
    .close = close_engine,
};

static duckdb_engine *create(mr_olap *olap, mr_olap_connection *connection, bool owns_connection)
{
    duckdb_engine *self = mr_alloc_zero(1, sizeof(*self));

    mr_engine_init(&self->head, &ops);
    self->olap = olap;
    self->connection = connection;
    self->owns_connection = owns_connection;
    return self;
}

static mr_status open_another(mr_engine *engine, mr_engine **ret_engine, mr_err *err)
{
    const duckdb_engine *self = (const duckdb_engine *)engine;
    mr_olap_connection *connection = NULL;
    mr_status status = mr_olap_connect(self->olap, &connection, err);

    if (status == MR_OK) {
        *ret_engine = &create(self->olap, connection, true)->head;
    }
    return status;
}

mr_status mr_engine_duckdb_open(mr_olap *olap, mr_olap_connection *connection,
                                mr_engine **ret_engine, mr_err *err)
{
    mr_status status = mr_olap_run(
        connection, "CREATE SCHEMA bronze; CREATE SCHEMA silver; CREATE SCHEMA gold", err);

    if (status == MR_OK) {
        *ret_engine = &create(olap, connection, false)->head;
    }
    return status;
}
