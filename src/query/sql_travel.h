/* SPDX-License-Identifier: Apache-2.0 */
/* query/sql_travel.h - older versions of tables in a query, as Delta Lake's users write them:
 * FROM bronze.sales_events VERSION AS OF 12, ... TIMESTAMP AS OF '2026-11-01 12:00:00' (UTC).
 */
#ifndef MR_QUERY_SQL_TRAVEL_H
#define MR_QUERY_SQL_TRAVEL_H

#include "base/memory.h"

enum {
    mr_sql_bytes_max = 1 << 20, /* of one query */
    mr_sql_name_bytes_max = 256,
    mr_sql_travels_max = 32,
};

/* One table as it was. In the query it became "<schema>"."<table>". */
typedef struct mr_sql_travel {
    char layer[mr_sql_name_bytes_max]; /* "" when the query names the table alone */
    char table[mr_sql_name_bytes_max];
    char schema[2 * mr_sql_name_bytes_max]; /* "bronze@12" */
    bool by_version;
    int64_t version;
    int64_t epoch_ms;
} mr_sql_travel;

typedef struct mr_sql_travels {
    mr_sql_travel travels[mr_sql_travels_max];
    size_t count;
} mr_sql_travels;

/* Appends the query to out, with each such table replaced; nothing else is changed.
 * MR_INVALID: a version or an instant that is none. */
mr_status mr_sql_travel_rewrite(mr_text sql, mr_sql_travels *ret_travels, mr_buffer *out,
                                mr_err *err);

/* "yyyy-mm-dd[ HH:MM[:SS[.fff]]]", UTC, with or without a Z behind it. */
bool mr_sql_instant_parse(mr_text text, int64_t *ret_epoch_ms);

/* The first statement of sql, without what follows its ';'. *ret_rest is what follows, and
 * *ret_closed whether there was a ';'. A statement without any token is empty. */
mr_text mr_sql_split(mr_text sql, mr_text *ret_rest, bool *ret_closed);

#endif
