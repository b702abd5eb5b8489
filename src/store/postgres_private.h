/* SPDX-License-Identifier: Apache-2.0 */
/* store/postgres_private.h - the inside of mr_pg, for postgres_db.c and postgres_connect.c alone.
 */
#ifndef MR_STORE_POSTGRES_PRIVATE_H
#define MR_STORE_POSTGRES_PRIVATE_H

#include "store/postgres_db.h"

enum { mr_pg_words_max = 48 };

struct mr_pg {
    PGconn *conn;                     /* NULL: to be made again */
    char *words[mr_pg_words_max + 1]; /* libpq's keywords, NULL behind the last; owned */
    char *values[mr_pg_words_max + 1];
    size_t word_count;
    bool expand_dbname;                      /* dbname is a whole URL */
    const mr_secret *url_now, *password_now; /* borrowed; NULL: words and values stay */
    uint64_t url_seen, password_seen;        /* generations that the values are of */
    char where[mr_pg_where_bytes_max];
    const char *what;
    const mr_pg_query *queries;
    size_t query_count;
    bool prepared[mr_pg_queries_max];
    bool read_only;
    bool in_transaction; /* since mr_pg_begin, even when the connection is lost meanwhile */
    uint32_t lock_ms, statement_ms;
    uint64_t generation;
    uint32_t backoff_ms; /* 0 after success */
    int64_t retry_at_us; /* no try before */
    mr_err failure;      /* of the last try */
    mr_store_limit limit;
    size_t sent;  /* statements whose outcome was not read yet; the connection is a pipeline then */
    bool limited; /* the limit is for the statement under way */
    bool cancelled; /* the statement under way was asked to end */
};

mr_status mr_pg_status_of(const char *state);
void mr_pg_one_line(const char *message, char *ret_line, size_t capacity);

/* Forgets the connection. */
void mr_pg_drop(mr_pg *pg);

#endif
