/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_query.c - statements: run for their effect, asked for rows, or refused.
 *
 * What may run read-only is decided twice. By the first word, before the engine looks at it: even
 * to prepare a statement may touch files (EXPORT makes its folder). Then by the engine's own
 * parser: one statement, whose kind is SELECT, without the functions that do more than that.
 * EXPLAIN is a kind of its own, and EXPLAIN ANALYZE runs what it explains: so that is taken out of
 * its text and must be allowed itself.
 */
#define _GNU_SOURCE /* ppoll */
#include <ctype.h>
#include <poll.h>
#include <stdlib.h>

#include "olap/olap_private.h"
#include "olap/olap_token.h"

enum { name_bytes_max = 128, pause_ns = 20000 };

/* --- Running ---------------------------------------------------------------------------------- */

/* The engine's own call asks again without a pause while other threads have all that is left to do,
 * and takes from them the core that they need. There is no event to wait for instead. */
static duckdb_pending_state run_tasks(duckdb_pending_result pending)
{
    const struct timespec pause = {.tv_nsec = pause_ns};
    duckdb_pending_state state;

    do {
        state = mr_duckdb.pending_execute_task(pending);
        if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) {
            (void)ppoll(NULL, 0, &pause, NULL); /* a signal makes it shorter: no harm */
        }
    } while (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE ||
             state == DUCKDB_PENDING_RESULT_NOT_READY);
    return state;
}

/* *ret_result is the caller's to destroy on success alone. */
static mr_status run_prepared(mr_olap_connection *connection, duckdb_prepared_statement prepared,
                              bool streaming, duckdb_result *ret_result, mr_err *err)
{
    duckdb_pending_result pending = NULL;
    duckdb_result result;
    const duckdb_state begun = streaming ? mr_duckdb.pending_prepared_streaming(prepared, &pending)
                                         : mr_duckdb.pending_prepared(prepared, &pending);
    const bool failed = begun != DuckDBSuccess || run_tasks(pending) == DUCKDB_PENDING_ERROR;
    const char *message = mr_duckdb.pending_error(pending);
    mr_status status = MR_OK;

    if (failed && message != NULL && message[0] != '\0') {
        status = mr_olap_fail_statement(connection, prepared, DUCKDB_ERROR_INVALID, message, err);
    } else if (mr_duckdb.execute_pending(pending, &result) == DuckDBSuccess) {
        *ret_result = result;
    } else {
        status = mr_olap_fail_statement(connection, prepared, mr_duckdb.result_error_type(&result),
                                        mr_duckdb.result_error(&result), err);
        mr_duckdb.destroy_result(&result);
    }
    mr_duckdb.destroy_pending(&pending);
    return status;
}

/* One statement of several: prepared when those before it have run, for it may need them. */
static mr_status run_extracted(mr_olap_connection *connection, duckdb_extracted_statements all,
                               idx_t index, mr_err *err)
{
    duckdb_prepared_statement prepared = NULL;
    duckdb_result result;
    mr_status status;

    if (mr_duckdb.prepare_extracted_statement(connection->handle, all, index, &prepared) ==
        DuckDBSuccess) {
        status = run_prepared(connection, prepared, false, &result, err);
        if (status == MR_OK) {
            mr_duckdb.destroy_result(&result);
        }
    } else {
        status =
            mr_olap_fail(connection, DUCKDB_ERROR_INVALID, mr_duckdb.prepare_error(prepared), err);
    }
    mr_duckdb.destroy_prepare(&prepared);
    return status;
}

mr_status mr_olap_run(mr_olap_connection *connection, const char *sql, mr_err *err)
{
    const uint64_t statement = mr_olap_begin(connection);
    duckdb_extracted_statements extracted = NULL;
    const idx_t count = mr_duckdb.extract_statements(connection->handle, sql, &extracted);
    mr_status status = MR_OK;

    if (count == 0 && mr_duckdb.extract_statements_error(extracted) != NULL) {
        status = mr_olap_fail(connection, DUCKDB_ERROR_PARSER,
                              mr_duckdb.extract_statements_error(extracted), err);
    }
    for (idx_t index = 0; index < count && status == MR_OK; index++) {
        status = run_extracted(connection, extracted, index, err);
    }
    mr_duckdb.destroy_extracted(&extracted);
    mr_olap_end(connection, statement);
    return status;
}

/* --- Asking ----------------------------------------------------------------------------------- */

/* The only statement of sql, prepared. */
static mr_status prepare(mr_olap_connection *connection, const char *sql,
                         duckdb_prepared_statement *ret_prepared, mr_err *err)
{
    duckdb_extracted_statements extracted = NULL;
    duckdb_prepared_statement prepared = NULL;
    const idx_t count = mr_duckdb.extract_statements(connection->handle, sql, &extracted);
    mr_status status = MR_OK;

    if (count == 0 && mr_duckdb.extract_statements_error(extracted) != NULL) {
        status = mr_olap_fail(connection, DUCKDB_ERROR_PARSER,
                              mr_duckdb.extract_statements_error(extracted), err);
    } else if (count == 0) {
        status = mr_fail(err, MR_INVALID, "there is no statement in the query");
    } else if (count > 1) {
        status = mr_fail(err, MR_INVALID,
                         "one statement is allowed at a time (a PIVOT is one when it names its "
                         "values: PIVOT t ON c IN (...))");
    } else if (mr_duckdb.prepare_extracted_statement(connection->handle, extracted, 0, &prepared) !=
               DuckDBSuccess) {
        status =
            mr_olap_fail(connection, DUCKDB_ERROR_INVALID, mr_duckdb.prepare_error(prepared), err);
        mr_duckdb.destroy_prepare(&prepared);
    }
    mr_duckdb.destroy_extracted(&extracted);
    if (status == MR_OK && mr_duckdb.nparams(prepared) > 0) {
        mr_duckdb.destroy_prepare(&prepared);
        return mr_fail(err, MR_INVALID,
                       "the query has parameters, and there are no values for them");
    }
    if (status == MR_OK) {
        *ret_prepared = prepared;
    }
    return status;
}

static bool begins_a_query(mr_text sql)
{
    static const char *const words[] = {"SELECT",    "WITH",     "FROM",   "VALUES",
                                        "TABLE",     "DESCRIBE", "DESC",   "SHOW",
                                        "SUMMARIZE", "PIVOT",    "UNPIVOT"};
    size_t at = 0;
    const mr_token first = mr_token_next(sql, &at);

    for (size_t index = 0; index < sizeof words / sizeof words[0]; index++) {
        if (mr_token_is_word(first, words[index])) {
            return true;
        }
    }
    return mr_token_is_symbol(first, '(');
}

/* A function's name in small letters; what is not ASCII is left out, as the engine does with its
 * many blanks. */
static void plain_name(mr_token token, char name[static name_bytes_max])
{
    size_t used = 0;
    const size_t bytes = mr_token_unquote(token, name, name_bytes_max);

    for (size_t at = 0; at < bytes; at++) {
        if ((unsigned char)name[at] < 0x80) {
            name[used++] = (char)tolower((unsigned char)name[at]);
        }
    }
    name[used] = '\0';
}

/* Functions that do more than compute: they change settings (in spite of their lock), write files,
 * run text as SQL, or take addresses of memory. A mark '*' stands for any ending. */
static bool is_forbidden(const char *name)
{
    static const char *const functions[] = {
        "enable_*",       "disable_*", "verify_*",      "truncate_duckdb_logs",
        "write_log",      "query",     "query_table",   "json_execute_serialized_sql",
        "nextval",        "seq_scan",  "arrow_scan*",   "checkpoint",
        "sleep_ms",       "setseed",   "copy_database", "force_checkpoint",
        "import_database"};

    for (size_t index = 0; index < sizeof functions / sizeof functions[0]; index++) {
        const char *function = functions[index];
        const size_t bytes = strlen(function);
        const bool same = function[bytes - 1] == '*' ? strncmp(name, function, bytes - 1) == 0
                                                     : strcmp(name, function) == 0;
        if (same) {
            return true;
        }
    }
    return false;
}

static mr_status check_functions(mr_text sql, mr_err *err)
{
    char name[name_bytes_max];
    size_t at = 0;
    mr_token token = mr_token_next(sql, &at);

    while (token.kind != MR_TOKEN_END) {
        const mr_token next = mr_token_next(sql, &at);

        if (mr_token_is_name(token) && mr_token_is_symbol(next, '(')) {
            plain_name(token, name);
            if (is_forbidden(name)) {
                return mr_fail(err, MR_INVALID, "the function %s is not allowed in queries", name);
            }
        }
        token = next;
    }
    return MR_OK;
}

static mr_status refuse(mr_err *err)
{
    return mr_fail(err, MR_INVALID,
                   "only queries are allowed here: SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, "
                   "SUMMARIZE, EXPLAIN");
}

/* A prepared SELECT, or a refusal. */
static mr_status prepare_select(mr_olap_connection *connection, const char *sql,
                                duckdb_prepared_statement *ret_prepared, mr_err *err)
{
    duckdb_prepared_statement prepared = NULL;
    mr_status status =
        begins_a_query(mr_text_of(sql)) ? prepare(connection, sql, &prepared, err) : refuse(err);

    if (status == MR_OK &&
        mr_duckdb.prepared_statement_type(prepared) != DUCKDB_STATEMENT_TYPE_SELECT) {
        mr_duckdb.destroy_prepare(&prepared);
        return refuse(err);
    }
    if (status == MR_OK) {
        *ret_prepared = prepared;
    }
    return status;
}

/* Behind EXPLAIN and ANALYZE; NULL: it is another statement. */
static const char *behind_explain(const char *sql)
{
    const mr_text text = mr_text_of(sql);
    size_t at = 0;

    if (!mr_token_is_word(mr_token_next(text, &at), "EXPLAIN")) {
        return NULL;
    }
    size_t behind = at;
    return sql + (mr_token_is_word(mr_token_next(text, &behind), "ANALYZE") ? behind : at);
}

/* An EXPLAIN's options in parentheses are not taken apart: it must go without. */
static mr_status prepare_read_only(mr_olap_connection *connection, const char *sql,
                                   duckdb_prepared_statement *ret_prepared, mr_err *err)
{
    duckdb_prepared_statement explained = NULL;
    const char *behind = behind_explain(sql);
    size_t at = 0;
    mr_status status = check_functions(mr_text_of(sql), err);

    if (status != MR_OK) {
        return status;
    }
    if (behind == NULL) {
        return prepare_select(connection, sql, ret_prepared, err);
    }
    if (mr_token_is_symbol(mr_token_next(mr_text_of(behind), &at), '(')) {
        return mr_fail(err, MR_INVALID,
                       "EXPLAIN takes no options here: EXPLAIN SELECT, or EXPLAIN ANALYZE SELECT");
    }
    status = prepare_select(connection, behind, &explained, err);
    mr_duckdb.destroy_prepare(&explained);
    return status == MR_OK ? prepare(connection, sql, ret_prepared, err) : status;
}

mr_status mr_olap_check(mr_olap_connection *connection, const char *sql, mr_err *err)
{
    const uint64_t statement = mr_olap_begin(connection);
    duckdb_prepared_statement prepared = NULL;
    const mr_status status = prepare_read_only(connection, sql, &prepared, err);

    mr_duckdb.destroy_prepare(&prepared);
    mr_olap_end(connection, statement);
    return status;
}

static mr_status execute(mr_olap_connection *connection, uint64_t statement, const char *sql,
                         bool read_only, mr_olap_result **ret_result, mr_err *err)
{
    duckdb_prepared_statement prepared = NULL;
    duckdb_result result;
    mr_status status = read_only ? prepare_read_only(connection, sql, &prepared, err)
                                 : prepare(connection, sql, &prepared, err);

    if (status != MR_OK) {
        return status;
    }
    status = run_prepared(connection, prepared, true, &result, err);
    if (status == MR_OK) {
        return mr_olap_result_create(connection, statement, prepared, &result, ret_result, err);
    }
    mr_duckdb.destroy_prepare(&prepared);
    return status;
}

mr_status mr_olap_query(mr_olap_connection *connection, const char *sql, bool read_only,
                        mr_olap_result **ret_result, mr_err *err)
{
    const uint64_t statement = mr_olap_begin(connection);
    const mr_status status = execute(connection, statement, sql, read_only, ret_result, err);

    if (status != MR_OK) {
        mr_olap_end(connection, statement);
    }
    return status;
}

/* The first row of a query with one column. */
static mr_status query_scalar(mr_olap_connection *connection, const char *sql,
                              mr_olap_result **ret_result, mr_err *err)
{
    mr_olap_result *result = NULL;
    mr_status status = mr_olap_query(connection, sql, false, &result, err);

    if (status == MR_OK && mr_olap_column_count(result) != 1) {
        status = mr_fail(err, MR_INVALID, "the query has %zu columns instead of one value",
                         mr_olap_column_count(result));
    }
    if (status == MR_OK) {
        status = mr_olap_next(result, err);
    }
    if (status == MR_OK && mr_olap_is_null(result, 0)) {
        status = mr_fail(err, MR_NOT_FOUND, "the query's value is NULL");
    }
    if (status != MR_OK) {
        mr_olap_result_free(result);
        return status;
    }
    *ret_result = result;
    return MR_OK;
}

static bool is_integer(duckdb_type id)
{
    return (id >= DUCKDB_TYPE_BOOLEAN && id <= DUCKDB_TYPE_UBIGINT);
}

mr_status mr_olap_scalar_int64(mr_olap_connection *connection, const char *sql, int64_t *ret_value,
                               mr_err *err)
{
    mr_olap_result *result = NULL;
    mr_status status = query_scalar(connection, sql, &result, err);

    if (status != MR_OK) {
        return status;
    }
    MR_ASSERT(result != NULL);
    if (!is_integer(result->columns[0].id)) {
        status = mr_fail(err, MR_INVALID, "the query's value is %s instead of a BIGINT: cast it",
                         mr_olap_column_type(result, 0));
    }
    if (status == MR_OK) {
        *ret_value = mr_olap_int64(result, 0);
    }
    mr_olap_result_free(result);
    return status;
}

mr_status mr_olap_scalar_amount(mr_olap_connection *connection, const char *sql,
                                mr_amount *ret_value, mr_err *err)
{
    mr_olap_result *result = NULL;
    mr_status status = query_scalar(connection, sql, &result, err);

    if (status != MR_OK) {
        return status;
    }
    MR_ASSERT(result != NULL);
    const mr_olap_column *column = &result->columns[0];
    const bool exact = column->id == DUCKDB_TYPE_DECIMAL
                           ? column->scale <= mr_price_scale
                           : is_integer(column->id) || column->id == DUCKDB_TYPE_HUGEINT;
    if (!exact) {
        status = mr_fail(err, MR_INVALID,
                         "the query's value is %s instead of a DECIMAL with at most %d places",
                         column->type_text, mr_price_scale);
    }
    if (status == MR_OK) {
        *ret_value = mr_olap_amount(result, 0);
    }
    mr_olap_result_free(result);
    return status;
}
