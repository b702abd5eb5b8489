/* SPDX-License-Identifier: Apache-2.0 */
/* publish/publish_private.h - one publication under way: the steps share this.
 *
 *   target (publish_target.c) -> plan (publish_plan.c) -> rows (publish_rows.c), views -> commit
 *
 * Private to the room; one thread.
 */
#ifndef MR_PUBLISH_PUBLISH_PRIVATE_H
#define MR_PUBLISH_PUBLISH_PRIVATE_H

#include "lake/delta_sql.h"
#include "publish/publish.h"
#include "store/postgres_db.h"

enum {
    mr_publish_items_max = 256,
    mr_publish_sql_bytes_max = 256 << 20,
    mr_publish_name_bytes_max = 160, /* "silver.fact_sales" */
};

/* One table or view of the schema. */
typedef struct mr_publish_part {
    mr_publish_item *item;
    /* What the schema holds of it. */
    bool known;   /* the publications' table has it */
    bool present; /* a table or view of that name is there */
    bool is_view; /* as it was published */
    char id_then[64];
    int64_t shape_then, words_then, rows_then;
    /* What the lake has. */
    mr_delta_table *table;
    mr_delta_snapshot *snapshot; /* now */
    mr_delta_snapshot *before;   /* as published; NULL: not needed, or lost */
    const mr_delta_file **added, **removed;
    size_t added_count, removed_count;
    int64_t shape, words; /* hashes: of what the table is; of what is said of it */
} mr_publish_part;

typedef struct mr_publication {
    const mr_publish_options *options;
    mr_publish_report *report;
    mr_pg *pg;
    mr_olap *olap;
    mr_olap_connection *connection;
    mr_publish_part parts[mr_publish_items_max];
    size_t part_count;
    mr_buffer sql;  /* scratch */
    mr_buffer rows; /* on their way */
} mr_publication;

/* --- publish_sql.c: pieces of statements; what does not fit marks the buffer as overflowed. --- */

/* "schema"."name" */
void mr_publish_sql_table(mr_buffer *out, const char *schema, const char *name);
/* The type's name in PostgreSQL; false: it has none. event_id is the store's uuid. */
bool mr_publish_sql_type(mr_buffer *out, const mr_delta_field *field);
/* CREATE TABLE with its columns. MR_UNSUPPORTED names a column whose type PostgreSQL has not. */
mr_status mr_publish_sql_create(mr_buffer *out, const char *schema, const mr_publish_part *part,
                                mr_err *err);
/* Key and indexes, behind the rows. */
void mr_publish_sql_indexes(mr_buffer *out, const mr_models *models, const char *schema,
                            const mr_publish_part *part);
/* COMMENT ON the table (or view) and its columns. */
void mr_publish_sql_comments(mr_buffer *out, const char *schema, const mr_publish_part *part);
/* The keys of a model; those of its source where it is another's files. */
const mr_names *mr_publish_keys(const mr_models *models, const mr_model *model);

/* --- publish_view.c --- */

/* CREATE VIEW: the model's SELECT with the names quoted as the tables have them. */
void mr_publish_sql_view(mr_buffer *out, const mr_models *models, const char *schema,
                         const mr_model *model);

/* --- publish_target.c --- */

/* Within the transaction: takes the turn, makes what is missing, and reads what is there. */
mr_status mr_publish_target_open(mr_publication *p, mr_err *err);
/* Notes the versions, and gives the reader its rights. */
mr_status mr_publish_target_note(mr_publication *p, mr_err *err);
/* Runs the statements in p->sql, and clears it. */
mr_status mr_publish_run(mr_publication *p, const char *what, mr_err *err);

/* --- publish_plan.c --- */

/* Opens the lake's tables, and decides of each part. */
mr_status mr_publish_plan(mr_publication *p, mr_err *err);
void mr_publish_part_free(mr_publish_part *part);

/* --- publish_rows.c --- */

/* Brings the table up to the snapshot. */
mr_status mr_publish_rows(mr_publication *p, mr_publish_part *part, mr_err *err);

#endif
