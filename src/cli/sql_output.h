/* SPDX-License-Identifier: Apache-2.0 */
/* cli/sql_output.h - where the rows of a query go: standard output, or a file that is whole or not
 * there at all. */
#ifndef MR_CLI_SQL_OUTPUT_H
#define MR_CLI_SQL_OUTPUT_H

#include "cli/sql_print.h"

/* A zeroed one is closed. */
typedef struct mr_sql_output {
    FILE *stream;  /* NULL for Parquet */
    char *path;    /* NULL: standard output */
    char *partial; /* what becomes `path` in the end; NULL: nothing has to */
    char *folder;  /* of `partial`, this process's own: the engine may write there; else NULL */
} mr_sql_output;

/* path NULL: standard output. Parquet needs a path. */
mr_status mr_sql_output_open(const char *path, mr_sql_format format, mr_sql_output *ret_output,
                             mr_err *err);
/* Makes what was written stand under its name. */
mr_status mr_sql_output_finish(mr_sql_output *output, mr_err *err);
void mr_sql_output_close(mr_sql_output *output); /* drops what is not finished */

/* Writes the rows of a query, checked by mr_olap_check, as the output's Parquet file. HUGEINT, as
 * sum() makes it, becomes DECIMAL(38,0): Parquet has no integer so wide. */
mr_status mr_sql_output_parquet(mr_sql_output *output, mr_olap_connection *connection,
                                const char *sql, uint64_t limit, uint64_t *ret_rows, mr_err *err);

#endif
