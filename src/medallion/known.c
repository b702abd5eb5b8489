/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/known.c - which rows of an increment may be in the table already, and in which files.
 *
 * Least and greatest values pass over few files where a column has values of several kinds: numbers
 * of cancellations, which begin with a letter, are above all others in every file. A model may name
 * an `index`: a table with a row for each value that is there. What it has not got is new, without
 * a look at any file; for what it has got, it may tell from which day to which it is there. So the
 * cost of an increment follows what it adds to old values, not the table.
 *
 * Invariants: an index is believed only when it has taken all of the table, as its model is now; in
 *             any other case the stats of the files decide.
 */
#include <stdlib.h>
#include <yyjson.h>

#include "medallion/task.h"

enum {
    spans_max = 4096, /* more: the days are not looked at */
    day_bytes = 10,   /* of "2010-12-01": so begin times in stats too */
};

typedef struct spans {
    char least[spans_max][day_bytes], greatest[spans_max][day_bytes];
    size_t count;
    bool known; /* every row has told its days */
} spans;

/* NULL: there is none that can be believed. */
static mr_status find_index(mr_task *task, mr_session_table **ret_table, mr_err *err)
{
    const mr_model *model = task->model;
    const mr_model *index = model->index.table == NULL
                                ? NULL
                                : mr_models_find(task->session->models, model->index.table);
    mr_session_table *table = NULL;
    mr_status status;

    *ret_table = NULL;
    if (index == NULL || index->from == NULL || strcmp(index->from, model->name) != 0) {
        return MR_OK;
    }
    status = mr_session_find(task->session, index->name, &table, err);
    if (status == MR_OK && mr_task_is_level(task->target, table) &&
        mr_delta_txn_version(table->snapshot, mr_task_hash_key) == index->hash) {
        *ret_table = table;
    }
    return status;
}

/* indexed: the index's rows of the increment's values, and their days. */
static mr_status make_indexed(mr_task *task, const mr_session_table *index, mr_err *err)
{
    const mr_model *model = task->model;
    const mr_names *const lists[] = {&model->prune};
    mr_file_list files = {.files = NULL};
    mr_buffer where;
    mr_status status;

    mr_buffer_init(&where, mr_session_sql_bytes_max);
    status = mr_task_prune(task, index, "pending", lists, 1, "r", &files, &where, err);
    mr_buffer_clear(&task->sql);
    (void)mr_buffer_append_string(&task->sql, "SELECT ");
    mr_sql_names(&task->sql, &model->prune, "r");
    if (model->index.column != NULL) {
        (void)mr_buffer_append_string(&task->sql, ", CAST(CAST(r.");
        mr_sql_name(&task->sql, model->index.least);
        (void)mr_buffer_append_string(&task->sql, " AS date) AS STRING) AS least, CAST(CAST(r.");
        mr_sql_name(&task->sql, model->index.greatest);
        (void)mr_buffer_append_string(&task->sql, " AS date) AS STRING) AS greatest");
    }
    (void)mr_buffer_append_string(&task->sql, " FROM ");
    if (status == MR_OK) {
        status = mr_session_relation(task->session, index, &files, false, &task->sql, err);
    }
    (void)mr_buffer_append_string(&task->sql, " AS r SEMI JOIN pending p ON (");
    mr_sql_equal(&task->sql, &model->prune, "r", "p");
    (void)mr_buffer_append_string(&task->sql, ")");
    if (where.bytes > 0) {
        (void)mr_buffer_append_string(&task->sql, " WHERE ");
        (void)mr_buffer_append_text(&task->sql, mr_buffer_text(&where));
    }
    mr_buffer_free(&where);
    mr_file_list_free(&files);
    return status == MR_OK ? mr_session_make(task->session, "indexed", &task->sql, err) : status;
}

/* suspects: what pending has of values that the index has. */
static mr_status make_suspects(mr_task *task, mr_err *err)
{
    mr_buffer_clear(&task->sql);
    (void)mr_buffer_append_string(&task->sql, "SELECT ");
    mr_sql_names(&task->sql, &task->model->keys, "p");
    (void)mr_buffer_append_string(&task->sql, ", ");
    mr_sql_names(&task->sql, &task->model->prune, "p");
    (void)mr_buffer_append_string(&task->sql, " FROM pending p SEMI JOIN indexed i ON (");
    mr_sql_equal(&task->sql, &task->model->prune, "p", "i");
    (void)mr_buffer_append_string(&task->sql, ")");
    return mr_session_make(task->session, "suspects", &task->sql, err);
}

/* --- Days ------------------------------------------------------------------------------------- */

static mr_status take_span(void *ctx, const mr_text *values, size_t count, mr_err *err)
{
    spans *s = ctx;

    (void)err;
    MR_ASSERT(count == 2);
    if (s->count == spans_max || values[0].data == NULL || values[0].bytes != day_bytes ||
        values[1].data == NULL || values[1].bytes != day_bytes) {
        s->known = false;
        return MR_OK;
    }
    memcpy(s->least[s->count], values[0].data, day_bytes);
    memcpy(s->greatest[s->count], values[1].data, day_bytes);
    s->count++;
    return MR_OK;
}

/* Whether a day of the file, from `least` to `greatest`, lies in one of the spans. */
static bool meets(const spans *s, yyjson_val *least, yyjson_val *greatest)
{
    if (yyjson_get_len(least) < day_bytes || yyjson_get_len(greatest) < day_bytes) {
        return true; /* no text of a time: it does not tell */
    }
    for (size_t i = 0; i < s->count; i++) {
        if (memcmp(s->least[i], yyjson_get_str(greatest), day_bytes) <= 0 &&
            memcmp(s->greatest[i], yyjson_get_str(least), day_bytes) >= 0) {
            return true;
        }
    }
    return false;
}

static void keep_meeting(const spans *s, const char *column, mr_file_list *files)
{
    size_t kept = 0;

    for (size_t i = 0; i < files->count; i++) {
        const char *text = files->files[i]->stats;
        yyjson_doc *stats = text == NULL ? NULL : yyjson_read(text, strlen(text), 0);
        yyjson_val *root = yyjson_doc_get_root(stats);
        if (meets(s, yyjson_obj_get(yyjson_obj_get(root, "minValues"), column),
                  yyjson_obj_get(yyjson_obj_get(root, "maxValues"), column))) {
            files->files[kept++] = files->files[i];
        }
        yyjson_doc_free(stats);
    }
    files->count = kept;
}

static mr_status prune_by_days(mr_task *task, mr_file_list *files, mr_err *err)
{
    spans *s;
    mr_status status;

    if (task->model->index.column == NULL || files->count == 0) {
        return MR_OK;
    }
    s = mr_alloc_zero(1, sizeof(*s));
    s->known = true;
    status = mr_engine_query(task->session->engine, "SELECT DISTINCT least, greatest FROM indexed",
                             take_span, s, err);
    if (status == MR_OK && s->known) {
        keep_meeting(s, task->model->index.column, files);
    }
    free(s);
    return status;
}

/* --- All of it -------------------------------------------------------------------------------- */

static mr_status find_indexed(mr_task *task, const mr_session_table *index, bool *ret_any,
                              mr_err *err)
{
    int64_t count = 0;
    mr_status status = make_indexed(task, index, err);

    if (status == MR_OK) {
        status = mr_session_count(task->session, "SELECT count(*) FROM indexed", &count, err);
    }
    if (status == MR_OK) {
        *ret_any = count > 0;
    }
    return status == MR_OK && count > 0 ? make_suspects(task, err) : status;
}

mr_status mr_task_find_known(mr_task *task, const char **ret_values, mr_file_list *ret_files,
                             mr_buffer *where, mr_err *err)
{
    const mr_names *const lists[] = {&task->model->keys, &task->model->prune};
    mr_session_table *index = NULL;
    mr_file_list files = {.files = NULL};
    bool any = true;
    mr_status status = find_index(task, &index, err);

    if (status == MR_OK && index != NULL) {
        status = find_indexed(task, index, &any, err);
    }
    const char *values = index != NULL && any ? "suspects" : "pending";
    if (status == MR_OK && any) {
        status = mr_task_prune(task, task->target, values, lists, 2, "r", &files, where, err);
    }
    if (status == MR_OK && index != NULL) {
        status = prune_by_days(task, &files, err);
    }
    if (status != MR_OK) {
        mr_file_list_free(&files);
        return status;
    }
    *ret_values = values;
    *ret_files = files;
    return MR_OK;
}
