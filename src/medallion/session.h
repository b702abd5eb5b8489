/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/session.h - what one run works with: the engine, and each table as the run sees it.
 *
 * A table is read once, when it is first asked for, and again after the run's own commits: so all
 * models of a run see the same bronze. Private to the room; one thread.
 */
#ifndef MR_MEDALLION_SESSION_H
#define MR_MEDALLION_SESSION_H

#include "lake/delta.h"
#include "medallion/catalog.h"
#include "medallion/spark.h"
#include "medallion/sql.h"

enum {
    mr_session_tables_max = 2 * mr_models_max,
    mr_session_sql_bytes_max = 256 << 20,
};

typedef struct mr_session_table {
    char name[mr_model_path_bytes_max]; /* "silver.fact_sales" */
    mr_delta_table *table;
    mr_delta_snapshot *snapshot; /* NULL: there is no such table yet */
    /* Table of the engine with the rows of the snapshot (or, while they are being written, of the
     * next one); "" = none. A refresh forgets it. */
    char made[mr_model_path_bytes_max + 8];
} mr_session_table;

typedef struct mr_session {
    mr_blobs *blobs;
    const mr_models *models;
    mr_olap *olap;
    mr_olap_connection *connection; /* for upkeep: checkpoints, small files, the runs' history */
    mr_engine *engine;              /* for rows */
    bool keep_engine;               /* it is the caller's */
    int64_t rows_in_memory_max; /* so many of a source's rows: what is made of them fits memory */
    mr_session_table *tables[mr_session_tables_max];
    size_t table_count;
} mr_session;

/* olap NULL: a session that only looks at tables' logs. engine NULL: DuckDB computes; else it is
 * the session's, unless `keep`. */
mr_status mr_session_open(mr_blobs *blobs, const mr_models *models, const mr_olap_options *olap,
                          mr_engine *engine, bool keep, mr_session **ret_session, mr_err *err);
void mr_session_close(mr_session *session); /* NULL is fine */

mr_status mr_session_find(mr_session *session, const char *name, mr_session_table **ret_table,
                          mr_err *err);
/* Reads the table again. */
mr_status mr_session_refresh(mr_session_table *table, mr_err *err);

/* Some files of a table; texts borrowed. */
typedef struct mr_file_list {
    const mr_delta_file **files;
    size_t count, capacity;
} mr_file_list;

void mr_file_list_add(mr_file_list *list, const mr_delta_file *file);
void mr_file_list_free(mr_file_list *list);

/* Makes "layer.table" mean these files (NULL: all of the snapshot), of the rows those that hold
 * `where` (NULL: all). */
mr_status mr_session_bind(mr_session *session, mr_session_table *table, const mr_file_list *files,
                          const char *where, mr_err *err);

/* Appends what stands for rows of the table behind a FROM; files NULL: all of the snapshot. */
mr_status mr_session_relation(mr_session *session, const mr_session_table *table,
                              const mr_file_list *files, bool with_paths, mr_buffer *out,
                              mr_err *err);

/* Makes a table `name` of the engine from the select in `sql`, which is emptied; MR_LIMIT when it
 * did not fit. */
mr_status mr_session_make(mr_session *session, const char *name, mr_buffer *sql, mr_err *err);
mr_status mr_session_count(mr_session *session, const char *sql, int64_t *ret_count, mr_err *err);

#endif
