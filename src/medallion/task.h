/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/task.h - one model being brought up to its sources: the steps share this.
 *
 *   plan (plan.c) -> compute (increment.c; full.c; publish.c) -> check (check.c) -> commit (task.c)
 *
 * In between, new rows lie in tables of the engine, which are gone with the run:
 *   pending   what the model's SELECT makes of the increment
 *   existing  rows of the table with a key (or group) of pending's, with file_path
 *   fresh     rows the table is to gain, keys as they are, and is_new
 *   gone      keys of rows that the table is to lose (those that fresh replaces among them)
 */
#ifndef MR_MEDALLION_TASK_H
#define MR_MEDALLION_TASK_H

#include "medallion/session.h"

enum {
    mr_task_arena_bytes_max = 256 << 20,
    mr_task_txns_max = 8,
    mr_task_tries_max = 4,  /* of a commit that others were faster with */
    mr_task_stale_max = 64, /* versions of a source without new rows, until that is noted */
    mr_task_small_files_min = 8,
};

typedef struct mr_task mr_task;
struct mr_task {
    mr_session *session;
    const mr_model *model;
    mr_session_table *source; /* the driving one */
    mr_session_table *target;
    mr_model_report *report;
    mr_arena *arena;   /* of copies of files */
    mr_buffer sql;     /* scratch */
    mr_file_list news; /* files of the increment */
    const char *date;  /* instead: the source's files of this day; NULL */
    bool full_wanted;
    bool note_only; /* nothing is new, but the version is worth noting */
    mr_file_list removes;
    mr_file_list adds;
    mr_delta_files *written; /* what adds are of, unless published */
    mr_delta_schema schema;
    mr_delta_field fields[mr_model_columns_max];
    bool rearranged; /* rows are what they were */
    bool early;      /* computed beside its source, before that was committed (family.c) */
    /* A check a bit: the report has what it found already, by rows that are those to be committed.
     */
    uint32_t told;
    /* Called while the rows of a full refresh are being written and source->made has them; may be
     * NULL. */
    void (*beside)(void *ctx, mr_task *task);
    void *ctx;
};

extern const char mr_task_hash_key[];  /* txn: hash of the model that made the table */
extern const char mr_task_epoch_key[]; /* txn: changes when the table is made anew */
extern const char mr_task_read_key[];  /* txn: rows read of the source since then */

void mr_task_init(mr_task *task, mr_session *session, const mr_model *model,
                  mr_model_report *report);

/* Decides between all, an increment, and nothing (report->state MR_MODEL_SKIPPED). */
mr_status mr_task_plan(mr_task *task, mr_err *err);
/* Whether the source has gained rows since that version of it. */
mr_status mr_task_has_news(const mr_session_table *source, int64_t after, bool *ret_has_news,
                           mr_err *err);
/* Whether a table made of this source has taken all of it. */
bool mr_task_is_level(const mr_session_table *source, const mr_session_table *table);
int64_t mr_task_epoch(const mr_session_table *table);

mr_status mr_task_compute_full(mr_task *task, mr_err *err);
/* Everything but plan and commit, from sources whose rows are made, bound, and not committed yet;
 * of a model of mode publish the checks. */
mr_status mr_task_compute_early(mr_task *task, int64_t rows_read, mr_err *err);
/* The engine's table that a full refresh makes the rows in: "made.silver.fact_sales". */
enum { mr_task_made_bytes_max = mr_model_path_bytes_max + 8 };
void mr_task_name_made(const mr_model *model, char name[static mr_task_made_bytes_max]);
/* After the commit: the engine still has the rows of the table as they are now. */
void mr_task_keep_made(mr_task *task);
mr_status mr_task_compute_increment(mr_task *task, mr_err *err);
mr_status mr_task_publish(mr_task *task, mr_err *err);
/* Removes what was written and not committed. */
void mr_task_discard(mr_task *task);

/* Makes pending, existing, fresh and gone. */
mr_status mr_task_make_insert(mr_task *task, mr_err *err);
mr_status mr_task_make_merge(mr_task *task, mr_err *err);
mr_status mr_task_make_replace(mr_task *task, mr_err *err);

/* Which files of the target may hold a row with a key of pending's; their other columns as
 * mr_task_prune has them. *ret_values: a table of the engine with the rows of pending's that may be
 * known (their keys, and the columns `prune`). */
mr_status mr_task_find_known(mr_task *task, const char **ret_values, mr_file_list *ret_files,
                             mr_buffer *where, mr_err *err);

/* Binds every table that the SELECT reads: in full, or for an increment to what that wants of it.
 */
mr_status mr_task_bind(mr_task *task, bool all, mr_err *err);

/* Makes pending: the rows of the model's SELECT, cast to its columns. */
mr_status mr_task_make_pending(mr_task *task, mr_err *err);

/* Which files of a table may hold rows with the values that `values` (a table of the engine) has in
 * these columns. Appends to `where`, unless NULL, a condition on `alias` that lets parts of files
 * be passed over. */
mr_status mr_task_prune(mr_task *task, const mr_session_table *table, const char *values,
                        const mr_names *const *columns, size_t column_lists, const char *alias,
                        mr_file_list *ret_files, mr_buffer *where, mr_err *err);

/* Runs the model's checks on the rows of `relation` (a table's name or a query in brackets), but
 * those told already. MR_INVALID: one is broken; the report has its rows. */
mr_status mr_task_check(mr_task *task, const char *relation, const mr_names *keys, mr_err *err);
/* Whether a check has to look at the rows whatever their files' stats say. */
bool mr_task_check_asks_rows(const mr_model_check *check);
/* Runs those alone, and notes them as told; a broken one is no error yet. */
mr_status mr_task_check_early(mr_task *task, const char *relation, const mr_names *keys,
                              mr_err *err);
/* Likewise, of a table's rows as the engine has them, before they are committed. */
mr_status mr_task_check_made(mr_task *task, const mr_session_table *table, mr_err *err);

/* Plan to commit, with the tries that a lost race asks for; the report is complete. */
mr_status mr_task_run(mr_task *task, mr_err *err);
void mr_task_free(mr_task *task);

#endif
