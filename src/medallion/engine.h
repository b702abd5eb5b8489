/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/engine.h - what computes the rows of a run: the seam between the runner and an engine.
 *
 * The runner plans, checks and commits; an engine reads files, runs SQL and writes files. So every
 * engine is incremental by the same versions and checked by the same statements, and a commit is
 * never its affair. Statements are those that sql.h and the models make: what both engines take,
 * names "in quotes", texts 'in quotes', tables "layer.table". What an engine spells otherwise it
 * translates itself.
 *
 * Threads: a handle belongs to one thread at a time. Errors: as olap/olap.h has them.
 */
#ifndef MR_MEDALLION_ENGINE_H
#define MR_MEDALLION_ENGINE_H

#include "lake/delta_sql.h"

typedef struct mr_engine mr_engine;

/* Rows of some files of a table; borrowed. */
typedef struct mr_engine_files {
    mr_delta_table *table;
    const mr_delta_schema *schema;
    const mr_delta_file *const *files;
    size_t count;
    bool with_paths; /* a column file_path more, as in mr_delta_file.path */
} mr_engine_files;

/* A row of a query: values as text, MR_TEXT_ABSENT for NULL; borrowed for the visit. Spelled as
 * mr_olap_write_text does. */
typedef mr_status (*mr_engine_visit)(void *ctx, const mr_text *values, size_t count, mr_err *err);

enum { mr_engine_columns_max = 64 }; /* of a query */

/* Every slot is required but `another`; all of them block. */
typedef struct mr_engine_ops {
    const char *name;
    const char *hash; /* function of any values: 64 bits that hardly ever meet */
    /* Appends what stands for the rows behind a FROM; good until close. */
    mr_status (*relation)(mr_engine *engine, const mr_engine_files *files, mr_buffer *out,
                          mr_err *err);
    /* "layer.table" means this query from now on. */
    mr_status (*bind)(mr_engine *engine, const char *name, const char *query, mr_err *err);
    /* A table of its own with the rows of the select, in place of one of that name. */
    mr_status (*make)(mr_engine *engine, const char *name, const char *select, mr_err *err);
    /* An error of visit ends it, and is returned. */
    mr_status (*query)(mr_engine *engine, const char *sql, mr_engine_visit visit, void *ctx,
                       mr_err *err);
    /* As mr_delta_write_rows. */
    mr_status (*write)(mr_engine *engine, mr_delta_table *table, const mr_delta_write *write,
                       mr_delta_files **ret_files, mr_err *err);
    /* A second handle, for a second thread, on the same tables; closed before the first. NULL: one
     * thing at a time. */
    mr_status (*another)(mr_engine *engine, mr_engine **ret_engine, mr_err *err);
    void (*close)(mr_engine *engine); /* never fails */
} mr_engine_ops;

/* The head of every engine's own struct. */
struct mr_engine {
    const mr_engine_ops *ops;
};

void mr_engine_init(mr_engine *engine, const mr_engine_ops *ops);
const char *mr_engine_name(const mr_engine *engine);
const char *mr_engine_hash(const mr_engine *engine);
bool mr_engine_is_shared(const mr_engine *engine); /* there can be another */
mr_status mr_engine_relation(mr_engine *engine, const mr_engine_files *files, mr_buffer *out,
                             mr_err *err);
mr_status mr_engine_bind(mr_engine *engine, const char *name, const char *query, mr_err *err);
mr_status mr_engine_make(mr_engine *engine, const char *name, const char *select, mr_err *err);
mr_status mr_engine_query(mr_engine *engine, const char *sql, mr_engine_visit visit, void *ctx,
                          mr_err *err);
/* The only row's only value; MR_NOT_FOUND when there is no row, or it is NULL. */
mr_status mr_engine_count(mr_engine *engine, const char *sql, int64_t *ret_count, mr_err *err);
mr_status mr_engine_write(mr_engine *engine, mr_delta_table *table, const mr_delta_write *write,
                          mr_delta_files **ret_files, mr_err *err);
mr_status mr_engine_another(mr_engine *engine, mr_engine **ret_engine, mr_err *err);
void mr_engine_close(mr_engine *engine); /* NULL is fine */

/* Both are borrowed and outlive it. */
mr_status mr_engine_duckdb_open(mr_olap *olap, mr_olap_connection *connection,
                                mr_engine **ret_engine, mr_err *err);

#endif
