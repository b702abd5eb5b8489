/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_ask.h - questions to the store in SQL that people write: they can only read, and only
 * the shop's data, by the database itself.
 *
 * SQLite (ask_sqlite.c): the file is opened read-only, a second time, with query_only, and an
 * authorizer lets nothing but SELECT through: no other file, no pragma, no extension. What is kept
 * apart from the shop's data (keys, users, sessions) lies in another file.
 *
 * PostgreSQL (ask_postgres.c): the query runs within a function of the database that belongs to a
 * role without a login, which may read the shop's tables and nothing else; a session cannot take
 * another role from within such a function. The processor makes both when it may.
 *
 * Threads: all in the caller's.
 */
#ifndef MR_STORE_STORE_ASK_H
#define MR_STORE_STORE_ASK_H

#include "store/store.h"

enum {
    mr_store_ask_columns_max = 256,
    mr_store_ask_cell_bytes_max = 1 << 20,
    mr_store_ask_sql_bytes_max = 1 << 20,
};

typedef struct mr_store_asked {
    mr_text sql;       /* one statement */
    uint64_t rows_max; /* more are of no use; 0: all of them */
    /* Once, before the rows; a type is as the table declares it, "" for an expression. */
    mr_status (*columns)(void *ctx, const char *const *names, const char *const *types,
                         size_t count, mr_err *err);
    /* Absent: NULL. Blobs come as lower-case hex. MR_NOT_FOUND ends it: enough rows. */
    mr_status (*row)(void *ctx, const mr_text *cells, size_t count, mr_err *err);
    bool (*is_over)(void *ctx); /* asked again and again: MR_STOPPED once it is true */
    void *ctx;
} mr_store_asked;

/* MR_INVALID: the statement is wrong, or does more than read; err says why. MR_UNSUPPORTED: this
 * store cannot be asked as it is; err says what it takes. */
mr_status mr_store_ask(const mr_store_options *options, const mr_store_asked *asked, mr_err *err);

/* What there is to ask, as rows (table, "table" or "view", column, type), a table's together. Of
 * asked, sql and rows_max are not looked at. */
mr_status mr_store_ask_schema(const mr_store_options *options, const mr_store_asked *asked,
                              mr_err *err);

#endif
