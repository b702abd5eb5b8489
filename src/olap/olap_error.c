/* SPDX-License-Identifier: Apache-2.0 */
/* olap/olap_error.c - the engine's errors as ours: a status, and one line of text.
 *
 * The engine's messages end in the query's text with a caret below, or in advice on its settings:
 * both are cut off, they speak of what our callers did not write.
 */
#include <string.h>

#include "olap/olap_private.h"

enum { line_bytes_max = 400 };

typedef struct error_kind {
    duckdb_error_type type;
    const char *prefix; /* of messages that come without a type */
    mr_status status;
} error_kind;

static const error_kind kinds[] = {
    {DUCKDB_ERROR_OUT_OF_MEMORY, "Out of Memory Error", MR_LIMIT},
    {DUCKDB_ERROR_INTERRUPT, "INTERRUPT Error", MR_STOPPED},
    {DUCKDB_ERROR_IO, "IO Error", MR_IO},
    {DUCKDB_ERROR_INTERNAL, "INTERNAL Error", MR_IO},
    {DUCKDB_ERROR_FATAL, "FATAL Error", MR_IO},
    {DUCKDB_ERROR_SERIALIZATION, "Serialization Error", MR_IO},
    {DUCKDB_ERROR_NETWORK, "Network Error", MR_IO},
    {DUCKDB_ERROR_HTTP, "HTTP Error", MR_IO},
};

static mr_status status_of(duckdb_error_type type, const char *message)
{
    for (size_t index = 0; index < sizeof kinds / sizeof kinds[0]; index++) {
        const error_kind *kind = &kinds[index];
        const bool same = type != DUCKDB_ERROR_INVALID
                              ? type == kind->type
                              : strncmp(message, kind->prefix, strlen(kind->prefix)) == 0;

        if (same) {
            return kind->status == MR_IO && strstr(message, "No space left on device") != NULL
                       ? MR_FULL
                       : kind->status;
        }
    }
    return MR_INVALID;
}

/* What is worth telling of a message, on one line. */
static void first_lines(const char *message, char line[static line_bytes_max])
{
    static const char *const ends[] = {"\n\nLINE ", "\nLINE ", "\nPossible solutions",
                                       "\nThis limit was set by"};
    size_t bytes = strlen(message);
    size_t used = 0;

    for (size_t index = 0; index < sizeof ends / sizeof ends[0]; index++) {
        const char *end = strstr(message, ends[index]);

        if (end != NULL && (size_t)(end - message) < bytes) {
            bytes = (size_t)(end - message);
        }
    }
    for (size_t at = 0; at < bytes && used + 1 < line_bytes_max; at++) {
        const bool blank = message[at] == '\n' || message[at] == '\t' || message[at] == ' ';

        if (!blank) {
            line[used++] = message[at];
        } else if (used > 0 && line[used - 1] != ' ') {
            line[used++] = ' ';
        }
    }
    line[used] = '\0';
}

mr_status mr_olap_fail_stopped(mr_olap_connection *connection, mr_err *err)
{
    switch (mr_olap_stopped(connection)) {
    case MR_OLAP_LATE:
        return mr_fail(err, MR_STOPPED, "stopped: the query ran longer than its limit of %.3g s",
                       connection->timeout_ms / 1000.0);
    case MR_OLAP_INTERRUPTED:
        return mr_fail(err, MR_STOPPED, "the query was interrupted");
    case MR_OLAP_GOES_ON:
        break;
    }
    return MR_OK;
}

mr_status mr_olap_fail(mr_olap_connection *connection, duckdb_error_type type, const char *message,
                       mr_err *err)
{
    char line[line_bytes_max];
    const char *text = message != NULL ? message : "the engine does not say why";
    const mr_status status = status_of(type, text);

    if (connection != NULL && status == MR_STOPPED) {
        const mr_status stopped = mr_olap_fail_stopped(connection, err);

        if (stopped != MR_OK) {
            return stopped;
        }
    }
    first_lines(text, line);
    return mr_fail(err, status, "%s", line);
}

/* By all rows at once: then it is the first failure that the engine tells. */
static mr_status fail_by_rerun(mr_olap_connection *connection, duckdb_prepared_statement prepared,
                               mr_err *err)
{
    duckdb_result again;
    mr_status status;

    if (mr_duckdb.execute_prepared(prepared, &again) == DuckDBSuccess) {
        status = mr_fail(err, MR_IO, "the engine stopped the statement and does not say why");
    } else {
        status = mr_olap_fail(connection, mr_duckdb.result_error_type(&again),
                              mr_duckdb.result_error(&again), err);
    }
    mr_duckdb.destroy_result(&again);
    return status;
}

mr_status mr_olap_fail_statement(mr_olap_connection *connection, duckdb_prepared_statement prepared,
                                 duckdb_error_type type, const char *message, mr_err *err)
{
    const duckdb_statement_type kind = mr_duckdb.prepared_statement_type(prepared);
    const mr_status status = mr_olap_fail(connection, type, message, err);
    const bool asked = mr_olap_stopped(connection) != MR_OLAP_GOES_ON;

    return status == MR_STOPPED && !asked &&
                   (kind == DUCKDB_STATEMENT_TYPE_SELECT || kind == DUCKDB_STATEMENT_TYPE_COPY)
               ? fail_by_rerun(connection, prepared, err)
               : status;
}
