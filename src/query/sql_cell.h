/* SPDX-License-Identifier: Apache-2.0 */
/* query/sql_cell.h - one value of a query's row, as each format writes it. */
#ifndef MR_QUERY_SQL_CELL_H
#define MR_QUERY_SQL_CELL_H

#include "base/memory.h"

typedef enum mr_sql_kind {
    MR_SQL_TEXT,
    MR_SQL_NUMBER, /* its digits are exact */
    MR_SQL_FLOAT,  /* may be "inf" or "nan" */
    MR_SQL_BOOLEAN,
    MR_SQL_JSON,
} mr_sql_kind;

/* By the type as mr_olap_column_type spells it. */
mr_sql_kind mr_sql_kind_of(const char *type);

/* Columns of a terminal that UTF-8 text takes. */
size_t mr_sql_width(mr_text text);

/* Each appends a value; absent text is NULL. false past out's cap. */
bool mr_sql_cell_terminal(mr_buffer *out, mr_text value); /* nothing steers the terminal */
bool mr_sql_cell_markdown(mr_buffer *out, mr_text value);
bool mr_sql_cell_csv(mr_buffer *out, mr_text value); /* NULL: nothing; empty text: "" */
bool mr_sql_cell_json(mr_buffer *out, mr_sql_kind kind, mr_text value);

#endif
