/* SPDX-License-Identifier: Apache-2.0 */
/* store/copy_backend.h - tables as rows of plain cells, the same whatever database holds them. Only
 * store_copy.c and copy_<kind>.c include it.
 */
#ifndef MR_STORE_COPY_BACKEND_H
#define MR_STORE_COPY_BACKEND_H

#include "store/store.h"

typedef enum mr_copy_kind {
    MR_COPY_INT4,
    MR_COPY_INT8,
    MR_COPY_FLAG,
    MR_COPY_DATE,   /* number: seconds */
    MR_COPY_PRICE,  /* number: ten-thousandths */
    MR_COPY_AMOUNT, /* amount */
    MR_COPY_TEXT,   /* text */
    MR_COPY_BYTES,  /* text: event_id, hash */
} mr_copy_kind;

enum { mr_copy_columns_max = 12, mr_copy_id_bytes = 16 };

typedef struct mr_copy_column {
    const char *name;
    mr_copy_kind kind;
    bool is_uuid; /* of BYTES: what PostgreSQL calls it */
} mr_copy_column;

typedef struct mr_copy_table {
    const char *name;
    mr_copy_column columns[mr_copy_columns_max];
    int column_count;
    const char *identity; /* the column that PostgreSQL numbers, or NULL */
    bool is_ops;          /* lies beside the store */
    bool has_winners;     /* its last three columns are packed in PostgreSQL: the product table */
} mr_copy_table;

typedef struct mr_copy_cell {
    bool is_null;
    int64_t number;
    mr_amount amount;
    mr_text text; /* borrowed for the row */
} mr_copy_cell;

typedef mr_status (*mr_copy_visit)(void *ctx, const mr_copy_cell *cells, mr_err *err);

/* One database, at one moment. All slots are required. */
typedef struct mr_copy_backend {
    /* writing: a transaction is open, in which all of `put` happens. MR_NOT_FOUND: is_ops, and
     * nothing was ever kept there. */
    mr_status (*open)(const mr_store_options *options, bool is_ops, bool writing, void **ret_state,
                      mr_err *err);
    void (*close)(void *state); /* without commit nothing stays */
    mr_status (*read)(void *state, const mr_copy_table *table, mr_copy_visit visit, void *ctx,
                      mr_err *err);
    mr_status (*put_begin)(void *state, const mr_copy_table *table, mr_err *err);
    mr_status (*put)(void *state, const mr_copy_table *table, const mr_copy_cell *cells,
                     mr_err *err);
    mr_status (*put_end)(void *state, const mr_copy_table *table, mr_err *err);
    mr_status (*put_totals)(void *state, const mr_store_totals *totals, mr_err *err);
    mr_status (*commit)(void *state, mr_err *err);
} mr_copy_backend;

extern const mr_copy_backend mr_copy_sqlite;
extern const mr_copy_backend mr_copy_postgres;

#endif
