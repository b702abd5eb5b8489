/* SPDX-License-Identifier: Apache-2.0 */
/* cli/sql_print.h - the rows of a query on a stream, in a bounded piece of memory. */
#ifndef MR_CLI_SQL_PRINT_H
#define MR_CLI_SQL_PRINT_H

#include <stdio.h>

#include "olap/olap.h"

typedef enum mr_sql_format {
    MR_SQL_FORMAT_TABLE, /* widths by the first thousand rows; wider ones behind them stick out */
    MR_SQL_FORMAT_CSV,
    MR_SQL_FORMAT_JSON,
    MR_SQL_FORMAT_NDJSON,
    MR_SQL_FORMAT_MARKDOWN,
    MR_SQL_FORMAT_PARQUET, /* not for a stream: sql_output.h */
} mr_sql_format;

/* "table|csv|json|ndjson|markdown|parquet" */
extern const char mr_sql_formats[];
bool mr_sql_format_parse(const char *name, mr_sql_format *ret_format);

/* Prints the rows that are left, `limit` of them at most. */
mr_status mr_sql_print(mr_olap_result *result, mr_sql_format format, uint64_t limit, FILE *stream,
                       uint64_t *ret_rows, mr_err *err);

#endif
