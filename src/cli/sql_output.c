/* SPDX-License-Identifier: Apache-2.0 */
/* cli/sql_output.c - standard output, or a file written beside its place and moved there. */
#include "cli/sql_output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { statement_bytes_max = 2 << 20 };

static const char parquet_name[] = "rows.parquet";

/* "FILE.part-<pid>" */
static char *partial_of(const char *path)
{
    const size_t room = strlen(path) + 32;
    char *partial = mr_alloc(room);

    (void)snprintf(partial, room, "%s.part-%ld", path, (long)getpid());
    return partial;
}

static mr_status open_parquet(mr_sql_output *output, mr_err *err)
{
    char *wanted = partial_of(output->path);

    if (mkdir(wanted, 0700) == 0) {
        output->folder = realpath(wanted, NULL); /* the engine compares whole paths */
    }
    const mr_status status =
        output->folder != NULL
            ? MR_OK
            : mr_fail_errno(err, errno, "make a folder to write %s in", output->path);
    free(wanted);
    if (status == MR_OK) {
        output->partial = mr_path_join(output->folder, parquet_name);
    }
    return status;
}

static mr_status open_file(mr_sql_output *output, mr_err *err)
{
    struct stat info;
    const bool special = stat(output->path, &info) == 0 && !S_ISREG(info.st_mode);
    int fd;

    if (!special) { /* a pipe or a terminal is written to as it is */
        output->partial = partial_of(output->path);
    }
    fd = special ? open(output->path, O_WRONLY | O_CLOEXEC)
                 : open(output->partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    output->stream = fd >= 0 ? fdopen(fd, "w") : NULL;
    return output->stream != NULL ? MR_OK
                                  : mr_fail_errno(err, errno, "open %s to write", output->path);
}

mr_status mr_sql_output_open(const char *path, mr_sql_format format, mr_sql_output *ret_output,
                             mr_err *err)
{
    mr_sql_output output = {.stream = path == NULL ? stdout : NULL};
    mr_status status = MR_OK;

    if (path != NULL) {
        output.path = mr_copy_string(path);
        status =
            format == MR_SQL_FORMAT_PARQUET ? open_parquet(&output, err) : open_file(&output, err);
    }
    if (status != MR_OK) {
        mr_sql_output_close(&output);
        return status;
    }
    *ret_output = output;
    return MR_OK;
}

mr_status mr_sql_output_finish(mr_sql_output *output, mr_err *err)
{
    const char *name = output->path != NULL ? output->path : "standard output";

    if (output->stream != NULL && (fflush(output->stream) != 0 || ferror(output->stream) != 0)) {
        return mr_fail_errno(err, errno, "write %s", name);
    }
    if (output->partial != NULL && rename(output->partial, output->path) != 0) {
        return mr_fail_errno(err, errno, "put %s in its place", name);
    }
    free(output->partial);
    output->partial = NULL;
    return MR_OK;
}

void mr_sql_output_close(mr_sql_output *output)
{
    if (output->stream != NULL && output->path != NULL) {
        (void)fclose(output->stream); /* finish has flushed it, or it is dropped */
    }
    if (output->partial != NULL) {
        (void)unlink(output->partial);
    }
    if (output->folder != NULL) {
        (void)rmdir(output->folder);
    }
    free(output->partial);
    free(output->folder);
    free(output->path);
    *output = (mr_sql_output){.stream = NULL};
}

/* --- Parquet ---------------------------------------------------------------------------------- */

/* Appends "* REPLACE (...)" for the columns that Parquet would take as floating point. */
static mr_status append_columns(mr_olap_connection *connection, const char *sql, mr_buffer *out,
                                mr_err *err)
{
    mr_olap_result *result = NULL;
    mr_buffer describe;
    bool any = false;
    mr_status status;

    mr_buffer_init(&describe, statement_bytes_max);
    (void)mr_buffer_printf(&describe, "DESCRIBE (%s\n)", sql);
    (void)mr_buffer_append(&describe, "", 1);
    status = describe.overflowed ? mr_fail(err, MR_LIMIT, "the query is too long")
                                 : mr_olap_query(connection, describe.data, true, &result, err);
    (void)mr_buffer_append_string(out, "*");
    while (status == MR_OK && (status = mr_olap_next(result, err)) == MR_OK) {
        if (!mr_text_equal(mr_olap_text(result, 1), MR_TEXT_LITERAL("HUGEINT"))) {
            continue;
        }
        (void)mr_buffer_append_string(out, any ? ", CAST(" : " REPLACE (CAST(");
        (void)mr_olap_quote_name(out, mr_olap_text(result, 0));
        (void)mr_buffer_append_string(out, " AS DECIMAL(38,0)) AS ");
        (void)mr_olap_quote_name(out, mr_olap_text(result, 0));
        any = true;
    }
    (void)mr_buffer_append_string(out, any ? ")" : "");
    mr_olap_result_free(result);
    mr_buffer_free(&describe);
    return status == MR_NOT_FOUND ? MR_OK : status;
}

static mr_status copy_rows(mr_olap_connection *connection, mr_buffer *statement, uint64_t *ret_rows,
                           mr_err *err)
{
    int64_t rows = 0;

    if (!mr_buffer_append(statement, "", 1)) {
        return mr_fail(err, MR_LIMIT, "the query is too long");
    }
    const mr_status status = mr_olap_scalar_int64(connection, statement->data, &rows, err);
    if (status == MR_OK) {
        *ret_rows = (uint64_t)rows;
    }
    return status;
}

mr_status mr_sql_output_parquet(mr_sql_output *output, mr_olap_connection *connection,
                                const char *sql, uint64_t limit, uint64_t *ret_rows, mr_err *err)
{
    mr_buffer statement;
    mr_status status;

    MR_ASSERT(output->folder != NULL && output->partial != NULL);
    mr_buffer_init(&statement, statement_bytes_max);
    (void)mr_buffer_append_string(&statement, "COPY (SELECT ");
    status = append_columns(connection, sql, &statement, err);
    (void)mr_buffer_printf(&statement, " FROM (%s\n)", sql);
    if (limit < UINT64_MAX) {
        (void)mr_buffer_printf(&statement, " LIMIT %" PRIu64, limit);
    }
    (void)mr_buffer_append_string(&statement, ") TO ");
    (void)mr_olap_quote_text(&statement, mr_text_of(output->partial));
    (void)mr_buffer_append_string(&statement, " (FORMAT parquet)");
    if (status == MR_OK) {
        status = copy_rows(connection, &statement, ret_rows, err);
    }
    mr_buffer_free(&statement);
    return status;
}
