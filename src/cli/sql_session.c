/* SPDX-License-Identifier: Apache-2.0 */
/* cli/sql_session.c - a statement from its text to its rows; and the loop of the terminal. */
#include "cli/sql_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/civil.h"

enum { list_bytes_max = 16 << 20 };

static const char prompt_first[] = "millrace> ", prompt_more[] = "     ...> ";

static const char help_text[] =
    "  SELECT ...;   a query, over as many lines as it takes, ends in ;\n"
    "  \\d            the tables and views\n"
    "  \\d TABLE      a table's columns\n"
    "  \\q            ends\n"
    "Older versions: bronze.sales_events VERSION AS OF 12,\n"
    "                bronze.sales_events TIMESTAMP AS OF "
    "'2026-11-01 12:00:00'\n";

static void print_counts(uint64_t rows, int64_t us)
{
    char count[mr_cli_text_bytes_max];

    (void)fflush(stdout);
    (void)fprintf(stderr, "(%s %s, %.3f s)\n", mr_cli_count(rows, count),
                  rows == 1 ? "row" : "rows", (double)us / 1e6);
}

static mr_status print_rows(mr_sql_session *session, const char *sql, uint64_t *ret_rows,
                            mr_err *err)
{
    mr_olap_result *result = NULL;
    mr_status status;

    if (session->format == MR_SQL_FORMAT_PARQUET) {
        status = mr_olap_check(session->lake->connection, sql, err);
        return status == MR_OK ? mr_sql_output_parquet(session->output, session->lake->connection,
                                                       sql, session->limit, ret_rows, err)
                               : status;
    }
    status = mr_olap_query(session->lake->connection, sql, true, &result, err);
    if (status == MR_OK) {
        status = mr_sql_print(result, session->format, session->limit, session->output->stream,
                              ret_rows, err);
    }
    mr_olap_result_free(result);
    return status;
}

/* \d and \d TABLE as queries. */
static mr_status read_command(mr_sql_session *session, mr_text command, mr_buffer *out, mr_err *err)
{
    const mr_text rest = mr_text_trim((mr_text){command.data + 2, command.bytes - 2});
    mr_status status = MR_OK;

    if (command.data[1] != 'd' || (rest.bytes > 0 && command.data[2] != ' ')) {
        return mr_fail(err, MR_INVALID,
                       "there is no command %.*s: \\d lists the tables, \\d TABLE "
                       "its columns",
                       MR_TEXT_ARGS(command));
    }
    status = rest.bytes == 0 ? mr_sql_catalog_tables(session->lake, out, err)
                             : mr_sql_catalog_columns(session->lake, rest, out, err);
    if (status == MR_OK && !mr_buffer_append(out, "", 1)) {
        status = mr_fail(err, MR_LIMIT, "the lake has too much to list");
    }
    return status;
}

mr_status mr_sql_session_run(mr_sql_session *session, mr_text statement, mr_err *err)
{
    const int64_t start_us = mr_monotonic_us();
    const bool command = statement.bytes > 1 && statement.data[0] == '\\';
    uint64_t rows = 0;
    mr_buffer sql;
    mr_status status;

    mr_buffer_init(&sql, command ? list_bytes_max : mr_sql_bytes_max);
    atomic_store(&session->busy, true);
    status = command ? read_command(session, statement, &sql, err)
                     : mr_sql_lake_prepare(session->lake, statement, &sql, err);
    if (status == MR_OK) {
        status = print_rows(session, sql.data, &rows, err);
        status = status == MR_INVALID ? mr_sql_lake_explain(session->lake, status, err) : status;
    }
    atomic_store(&session->busy, false);
    mr_buffer_free(&sql);
    if (status == MR_OK) {
        print_counts(rows, mr_monotonic_us() - start_us);
    }
    return status;
}

mr_status mr_sql_session_run_all(mr_sql_session *session, mr_text text, mr_err *err)
{
    mr_text rest = mr_text_trim(text);
    bool closed = true, any = false;
    mr_status status = MR_OK;

    if (rest.bytes > 0 && rest.data[0] == '\\') {
        return mr_sql_session_run(session, rest, err);
    }
    while (status == MR_OK && closed) {
        const mr_text statement = mr_sql_split(rest, &rest, &closed);

        if (statement.bytes == 0) {
            continue;
        }
        if (any && session->format == MR_SQL_FORMAT_PARQUET) {
            return mr_fail(err, MR_INVALID, "a Parquet file holds the rows of one query");
        }
        any = true;
        status = mr_sql_session_run(session, statement, err);
    }
    if (status == MR_OK && !any) {
        return mr_fail(err, MR_INVALID, "there is no statement in the query");
    }
    return status;
}

/* --- The terminal ----------------------------------------------------------------------------- */

static void complain(mr_sql_session *session, mr_status status, const mr_err *err)
{
    if (status != MR_OK) {
        (void)fflush(stdout);
        (void)mr_cli_fail(session->cli, err);
    }
}

/* Runs the statements that are closed, and keeps what is not. */
static void run_closed(mr_sql_session *session, mr_buffer *text)
{
    mr_text rest = mr_buffer_text(text);

    for (;;) {
        mr_text behind;
        bool closed;
        const mr_text statement = mr_sql_split(rest, &behind, &closed);
        mr_err err;

        if (!closed) {
            break;
        }
        rest = behind;
        if (statement.bytes > 0) {
            complain(session, mr_sql_session_run(session, statement, &err), &err);
        }
    }
    rest = mr_text_trim(rest);
    memmove(text->data, rest.data, rest.bytes);
    mr_buffer_clear(text);
    mr_buffer_commit(text, rest.bytes);
}

/* false: the end was asked for. */
static bool take_line(mr_sql_session *session, mr_text line, mr_buffer *text)
{
    const mr_text trimmed = mr_text_trim(line);
    mr_err err;

    if (text->bytes == 0 && trimmed.bytes > 0 && trimmed.data[0] == '\\') {
        if (mr_text_equal(trimmed, MR_TEXT_LITERAL("\\q"))) {
            return false;
        }
        if (mr_text_equal(trimmed, MR_TEXT_LITERAL("\\?"))) {
            (void)fputs(help_text, stdout);
        } else {
            complain(session, mr_sql_session_run(session, trimmed, &err), &err);
        }
        return true;
    }
    if (!mr_buffer_append_text(text, line)) {
        (void)mr_cli_fail_text(session->cli, "a query has %d bytes at most", mr_sql_bytes_max);
        mr_buffer_clear(text);
    }
    run_closed(session, text);
    return true;
}

void mr_sql_shell(mr_sql_session *session)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t bytes;
    mr_buffer text;

    mr_buffer_init(&text, mr_sql_bytes_max);
    MR_ASSERT(mr_buffer_reserve(&text, 1) != NULL);
    (void)printf("Queries over bronze, silver and gold; \\? for help, \\q to end.\n");
    for (;;) {
        (void)fputs(text.bytes == 0 ? prompt_first : prompt_more, stdout);
        (void)fflush(stdout);
        bytes = getline(&line, &room, stdin);
        if (bytes < 0 || !take_line(session, (mr_text){line, (size_t)bytes}, &text)) {
            break;
        }
    }
    if (bytes < 0) {
        (void)putchar('\n');
    }
    free(line);
    mr_buffer_free(&text);
}
