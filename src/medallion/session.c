/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/session.c - the engine of a run, and the tables as the run sees them. See session.h. */
#include <stdio.h>
#include <stdlib.h>

#include "medallion/session.h"

enum { line_bytes_in_memory = 512, rows_in_memory_most = 2000000 };

/* A line takes about 220 bytes there; the other half is for what is made of them. */
static int64_t rows_in_memory(uint64_t memory_bytes_max)
{
    const uint64_t bytes = memory_bytes_max > 0 ? memory_bytes_max : (uint64_t)512 << 20;
    const uint64_t rows = bytes / line_bytes_in_memory;

    return rows < rows_in_memory_most ? (int64_t)rows : rows_in_memory_most;
}

static mr_status open_olap(mr_session *session, const mr_olap_options *olap, mr_err *err)
{
    mr_status status = mr_olap_open(olap, &session->olap, err);

    if (status == MR_OK) {
        status = mr_olap_connect(session->olap, &session->connection, err);
    }
    if (status == MR_OK && session->engine == NULL) {
        status = mr_engine_duckdb_open(session->olap, session->connection, &session->engine, err);
    }
    return status;
}

mr_status mr_session_open(mr_blobs *blobs, const mr_models *models, const mr_olap_options *olap,
                          mr_engine *engine, bool keep, mr_session **ret_session, mr_err *err)
{
    mr_session *session = mr_alloc_zero(1, sizeof(*session));

    session->blobs = blobs;
    session->models = models;
    session->engine = engine;
    session->keep_engine = keep;
    if (olap == NULL) {
        *ret_session = session;
        return MR_OK;
    }
    /* Another engine keeps no table of rows: it reads those that it has written. */
    session->rows_in_memory_max =
        engine != NULL ? INT64_MIN : rows_in_memory(olap->memory_bytes_max);
    mr_status status = open_olap(session, olap, err);
    if (status != MR_OK) {
        mr_session_close(session);
        return status;
    }
    *ret_session = session;
    return MR_OK;
}

void mr_session_close(mr_session *session)
{
    if (session == NULL) {
        return;
    }
    for (size_t i = 0; i < session->table_count; i++) {
        mr_delta_snapshot_free(session->tables[i]->snapshot);
        mr_delta_table_destroy(session->tables[i]->table);
        free(session->tables[i]);
    }
    if (!session->keep_engine) {
        mr_engine_close(session->engine);
    }
    mr_olap_disconnect(session->connection);
    mr_olap_close(session->olap);
    free(session);
}

mr_status mr_session_refresh(mr_session_table *table, mr_err *err)
{
    mr_delta_snapshot *snapshot = NULL;
    mr_status status = mr_delta_read(table->table, &snapshot, err);

    if (status != MR_OK && status != MR_NOT_FOUND) {
        return status;
    }
    mr_delta_snapshot_free(table->snapshot);
    table->snapshot = snapshot;
    table->made[0] = '\0';
    return MR_OK;
}

mr_status mr_session_find(mr_session *session, const char *name, mr_session_table **ret_table,
                          mr_err *err)
{
    char path[mr_model_path_bytes_max];
    mr_session_table *table;

    for (size_t i = 0; i < session->table_count; i++) {
        if (strcmp(session->tables[i]->name, name) == 0) {
            *ret_table = session->tables[i];
            return MR_OK;
        }
    }
    if (session->table_count == mr_session_tables_max) {
        return mr_fail(err, MR_LIMIT, "a run reads at most %d tables", mr_session_tables_max);
    }
    table = mr_alloc_zero(1, sizeof(*table));
    (void)snprintf(table->name, sizeof(table->name), "%s", name);
    mr_model_path_of(name, path);
    table->table = mr_delta_table_create(session->blobs, path);
    mr_delta_table_lend(table->table, session->connection);
    session->tables[session->table_count++] = table;
    mr_status status = mr_session_refresh(table, err);
    if (status == MR_OK) {
        *ret_table = table;
    }
    return status;
}

void mr_file_list_add(mr_file_list *list, const mr_delta_file *file)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 64 : 2 * list->capacity;
        list->files = mr_realloc(list->files, list->capacity * sizeof(*list->files));
    }
    list->files[list->count++] = file;
}

void mr_file_list_free(mr_file_list *list)
{
    free(list->files);
    *list = (mr_file_list){.files = NULL};
}

mr_status mr_session_relation(mr_session *session, const mr_session_table *table,
                              const mr_file_list *files, bool with_paths, mr_buffer *out,
                              mr_err *err)
{
    mr_file_list all = {.files = NULL};
    mr_status status;

    for (size_t i = 0; files == NULL && i < mr_delta_file_count(table->snapshot); i++) {
        mr_file_list_add(&all, mr_delta_file_at(table->snapshot, i));
    }
    const mr_file_list *chosen = files == NULL ? &all : files;
    const mr_engine_files rows = {.table = table->table,
                                  .schema = mr_delta_schema_of(table->snapshot),
                                  .files = chosen->files,
                                  .count = chosen->count,
                                  .with_paths = with_paths};
    status = mr_engine_relation(session->engine, &rows, out, err);
    mr_file_list_free(&all);
    return status;
}

static mr_status end_statement(mr_buffer *sql, mr_err *err)
{
    if (sql->overflowed || !mr_buffer_append(sql, "", 1)) {
        return mr_fail(err, MR_LIMIT, "a statement would be longer than %d bytes: too many files",
                       mr_session_sql_bytes_max);
    }
    return MR_OK;
}

mr_status mr_session_make(mr_session *session, const char *name, mr_buffer *sql, mr_err *err)
{
    mr_status status = end_statement(sql, err);

    if (status == MR_OK) {
        status = mr_engine_make(session->engine, name, sql->data, err);
    }
    mr_buffer_clear(sql);
    return status;
}

mr_status mr_session_count(mr_session *session, const char *sql, int64_t *ret_count, mr_err *err)
{
    return mr_engine_count(session->engine, sql, ret_count, err);
}

mr_status mr_session_bind(mr_session *session, mr_session_table *table, const mr_file_list *files,
                          const char *where, mr_err *err)
{
    const bool made = files == NULL && where == NULL && table->made[0] != '\0';
    mr_buffer sql;
    mr_status status = MR_OK;

    if (!made && table->snapshot == NULL) {
        return mr_fail(err, MR_NOT_FOUND, "there is no table %s yet", table->name);
    }
    mr_buffer_init(&sql, mr_session_sql_bytes_max);
    (void)mr_buffer_append_string(&sql, "SELECT * FROM ");
    if (made) {
        mr_sql_name(&sql, table->made);
    } else {
        status = mr_session_relation(session, table, files, false, &sql, err);
    }
    if (status == MR_OK && where != NULL) {
        (void)mr_buffer_printf(&sql, " AS whole WHERE %s", where);
    }
    if (status == MR_OK) {
        status = end_statement(&sql, err);
    }
    if (status == MR_OK) {
        status = mr_engine_bind(session->engine, table->name, sql.data, err);
    }
    mr_buffer_free(&sql);
    return status;
}
