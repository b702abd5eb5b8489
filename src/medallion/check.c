/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/check.c - the checks of a model, on rows that nobody can see yet.
 *
 * Called between compute and commit. A broken check names a few of the rows, by their keys.
 */
#include <stdio.h>
#include <yyjson.h>

#include "medallion/task.h"

enum { check_samples_max = 5 };

static void append_null(mr_buffer *sql, const mr_model_check *check)
{
    for (size_t i = 0; i < check->columns.count; i++) {
        (void)mr_buffer_append_string(sql, i == 0 ? "t." : " OR t.");
        mr_sql_name(sql, check->columns.names[i]);
        (void)mr_buffer_append_string(sql, " IS NULL");
    }
}

static void append_range(mr_buffer *sql, const mr_model_check *check)
{
    static const char *const signs[] = {" < ", " > "};
    bool first = true;

    for (size_t i = 0; i < 2; i++) {
        if (strcmp(check->values[i], "null") != 0) {
            (void)mr_buffer_append_string(sql, first ? "t." : " OR t.");
            mr_sql_name(sql, check->columns.names[0]);
            (void)mr_buffer_printf(sql, "%s%s", signs[i], check->values[i]);
            first = false;
        }
    }
    (void)mr_buffer_append_string(sql, first ? "false" : "");
}

static void append_values(mr_buffer *sql, const mr_model_check *check)
{
    (void)mr_buffer_append_string(sql, "t.");
    mr_sql_name(sql, check->columns.names[0]);
    for (size_t i = 0; i < check->value_count; i++) {
        (void)mr_buffer_printf(sql, "%s%s", i == 0 ? " NOT IN (" : ", ", check->values[i]);
    }
    (void)mr_buffer_append_string(sql, ")");
}

/* The rows that break the check, as "t". */
static void append_broken(mr_buffer *sql, const mr_model_check *check, const char *relation)
{
    if (check->kind == MR_CHECK_UNIQUE) {
        (void)mr_buffer_append_string(sql, "(SELECT ");
        mr_sql_names(sql, &check->columns, NULL);
        (void)mr_buffer_printf(sql, " FROM %s AS u GROUP BY ALL HAVING count(*) > 1) AS t",
                               relation);
        return;
    }
    (void)mr_buffer_printf(sql, "%s AS t", relation);
    if (check->kind == MR_CHECK_REFERENCES) {
        (void)mr_buffer_printf(sql, " ANTI JOIN %s AS s ON (t.", check->target);
        mr_sql_name(sql, check->columns.names[0]);
        (void)mr_buffer_append_string(sql, " = s.");
        mr_sql_name(sql, check->target_column);
        (void)mr_buffer_append_string(sql, ") WHERE t.");
        mr_sql_name(sql, check->columns.names[0]);
        (void)mr_buffer_append_string(sql, " IS NOT NULL");
        return;
    }
    (void)mr_buffer_append_string(sql, " WHERE ");
    if (check->kind == MR_CHECK_NOT_NULL) {
        append_null(sql, check);
    } else if (check->kind == MR_CHECK_RANGE) {
        append_range(sql, check);
    } else {
        append_values(sql, check);
    }
}

typedef struct samples {
    const mr_names *shown;
    mr_buffer text;
} samples;

static mr_status take_sample(void *ctx, const mr_text *values, size_t count, mr_err *err)
{
    samples *s = ctx;

    (void)err;
    for (size_t i = 0; i < count; i++) {
        (void)mr_buffer_printf(&s->text, "%s%s=",
                               i > 0               ? " "
                               : s->text.bytes > 0 ? "; "
                                                   : "",
                               s->shown->names[i]);
        (void)mr_buffer_append_text(&s->text,
                                    values[i].data == NULL ? MR_TEXT_LITERAL("null") : values[i]);
    }
    return MR_OK;
}

static mr_status take_samples(mr_task *task, const mr_model_check *check, const char *relation,
                              const mr_names *keys, mr_check_result *result, mr_err *err)
{
    samples s = {.shown = check->kind == MR_CHECK_UNIQUE ? &check->columns : keys};
    mr_status status;

    mr_buffer_init(&s.text, sizeof(result->sample) - 1);
    mr_buffer_clear(&task->sql);
    (void)mr_buffer_append_string(&task->sql, "SELECT ");
    mr_sql_names(&task->sql, s.shown, "t");
    (void)mr_buffer_append_string(&task->sql, " FROM ");
    append_broken(&task->sql, check, relation);
    (void)mr_buffer_printf(&task->sql, " LIMIT %d%c", check_samples_max, '\0');
    status = mr_engine_query(task->session->engine, task->sql.data, take_sample, &s, err);
    (void)snprintf(result->sample, sizeof(result->sample), "%.*s", (int)s.text.bytes,
                   s.text.data == NULL ? "" : s.text.data);
    mr_buffer_free(&s.text);
    return status;
}

/* An increment has few values: of the target only files that may hold one of them are bound. */
static mr_status bind_target(mr_task *task, const mr_model_check *check, const char *relation,
                             mr_err *err)
{
    const mr_names target_names = {.names = {check->target_column}, .count = 1};
    const mr_names *const lists[] = {&target_names};
    mr_file_list files = {.files = NULL};
    mr_session_table *table = NULL;
    mr_buffer values;
    mr_status status = mr_session_find(task->session, check->target, &table, err);

    if (status == MR_OK && task->early) {
        return MR_OK; /* by whoever made it */
    }
    if (status != MR_OK || task->report->full || table->snapshot == NULL) {
        return status == MR_OK ? mr_session_bind(task->session, table, NULL, NULL, err) : status;
    }
    mr_buffer_init(&values, mr_session_sql_bytes_max);
    (void)mr_buffer_append_string(&values, "(SELECT u.");
    mr_sql_name(&values, check->columns.names[0]);
    (void)mr_buffer_append_string(&values, " AS ");
    mr_sql_name(&values, check->target_column);
    (void)mr_buffer_printf(&values, " FROM %s AS u) AS v%c", relation, '\0');
    status = values.overflowed
                 ? mr_fail(err, MR_LIMIT, "%s: too many files", task->model->name)
                 : mr_task_prune(task, table, values.data, lists, 1, NULL, &files, NULL, err);
    if (status == MR_OK) {
        status = mr_session_bind(task->session, table, &files, NULL, err);
    }
    mr_file_list_free(&files);
    mr_buffer_free(&values);
    return status;
}

static bool tells_no_null(yyjson_val *stats, const mr_model_check *check)
{
    yyjson_val *nulls = yyjson_obj_get(stats, "nullCount");
    bool told = true;

    for (size_t k = 0; told && k < check->columns.count; k++) {
        yyjson_val *count = yyjson_obj_get(nulls, check->columns.names[k]);
        told = yyjson_is_int(count) && yyjson_get_sint(count) == 0;
    }
    return told;
}

/* Of whole numbers alone: what else the bounds are made of may be rounded. */
static bool tells_in_range(yyjson_val *stats, const mr_model_check *check)
{
    static const char *const keys[] = {"minValues", "maxValues"};
    bool told = true;

    for (size_t side = 0; told && side < 2; side++) {
        yyjson_val *value =
            yyjson_obj_get(yyjson_obj_get(stats, keys[side]), check->columns.names[0]);
        int64_t bound = 0;
        if (strcmp(check->values[side], "null") == 0) {
            continue;
        }
        told = yyjson_is_int(value) && mr_parse_int64(mr_text_of(check->values[side]), &bound) &&
               (side == 0 ? yyjson_get_sint(value) >= bound : yyjson_get_sint(value) <= bound);
    }
    return told;
}

/* Whether the stats of the files just written tell that the check holds: then no row has to be
 * looked at. */
static bool stats_tell(const mr_task *task, const mr_model_check *check)
{
    bool told = task->written != NULL &&
                (check->kind == MR_CHECK_NOT_NULL || check->kind == MR_CHECK_RANGE);

    for (size_t i = 0; told && i < task->adds.count; i++) {
        const char *text = task->adds.files[i]->stats;
        yyjson_doc *stats = text == NULL ? NULL : yyjson_read(text, strlen(text), 0);
        yyjson_val *root = yyjson_doc_get_root(stats);
        told = check->kind == MR_CHECK_NOT_NULL ? tells_no_null(root, check)
                                                : tells_in_range(root, check);
        yyjson_doc_free(stats);
    }
    return told;
}

/* Hashes that all differ are of keys that all differ: cheaper than to group by the keys. */
static mr_status hashes_tell_unique(mr_task *task, const mr_model_check *check,
                                    const char *relation, bool *ret_told, mr_err *err)
{
    int64_t equal = 0;
    mr_status status;

    *ret_told = false;
    if (check->kind != MR_CHECK_UNIQUE) {
        return MR_OK;
    }
    mr_buffer_clear(&task->sql);
    (void)mr_buffer_printf(&task->sql, "SELECT count(*) - count(DISTINCT %s(",
                           mr_engine_hash(task->session->engine));
    mr_sql_names(&task->sql, &check->columns, NULL);
    (void)mr_buffer_printf(&task->sql, ")) FROM %s AS u%c", relation, '\0');
    status = mr_session_count(task->session, task->sql.data, &equal, err);
    *ret_told = status == MR_OK && equal == 0;
    return status;
}

static mr_status run_check(mr_task *task, const mr_model_check *check, const char *relation,
                           const mr_names *keys, mr_check_result *result, mr_err *err)
{
    mr_status status =
        check->kind == MR_CHECK_REFERENCES ? bind_target(task, check, relation, err) : MR_OK;

    if (status != MR_OK) {
        return status;
    }
    *result = (mr_check_result){.check = check->text};
    bool told = stats_tell(task, check);
    if (!told) {
        status = hashes_tell_unique(task, check, relation, &told, err);
    }
    if (status != MR_OK || told) {
        return status;
    }
    mr_buffer_clear(&task->sql);
    (void)mr_buffer_append_string(&task->sql, "SELECT count(*) FROM ");
    append_broken(&task->sql, check, relation);
    (void)mr_buffer_append(&task->sql, "", 1);
    status = mr_session_count(task->session, task->sql.data, &result->rows, err);
    if (status == MR_OK && result->rows > 0) {
        status = take_samples(task, check, relation, keys, result, err);
    }
    return status;
}

/* The check's result goes to its own place, whether it was told early or now. */
static mr_status tell_check(mr_task *task, size_t index, const char *relation, const mr_names *keys,
                            mr_err *err)
{
    const mr_model_check *check = &task->model->checks[index];
    const uint32_t bit = UINT32_C(1) << index;

    if ((task->told & bit) != 0) {
        return MR_OK;
    }
    mr_status status = run_check(task, check, relation, keys, &task->report->checks[index], err);
    return status == MR_OK ? MR_OK : mr_fail_in(err, status, "check %s", check->text);
}

bool mr_task_check_asks_rows(const mr_model_check *check)
{
    return check->kind == MR_CHECK_UNIQUE || check->kind == MR_CHECK_REFERENCES;
}

mr_status mr_task_check_early(mr_task *task, const char *relation, const mr_names *keys,
                              mr_err *err)
{
    _Static_assert(mr_model_checks_max <= 32, "a bit a check");
    mr_status status = MR_OK;

    for (size_t i = 0; i < task->model->check_count && status == MR_OK; i++) {
        if (mr_task_check_asks_rows(&task->model->checks[i])) {
            status = tell_check(task, i, relation, keys, err);
            task->told |= status == MR_OK ? UINT32_C(1) << i : 0;
        }
    }
    return status;
}

mr_status mr_task_check(mr_task *task, const char *relation, const mr_names *keys, mr_err *err)
{
    const mr_check_result *broken = NULL;

    task->report->check_count = 0;
    for (size_t i = 0; i < task->model->check_count; i++) {
        mr_status status = tell_check(task, i, relation, keys, err);
        if (status != MR_OK) {
            return status;
        }
        task->report->check_count++;
        if (broken == NULL && task->report->checks[i].rows > 0) {
            broken = &task->report->checks[i];
        }
    }
    if (broken != NULL) {
        return mr_fail(err, MR_INVALID, "check %s is broken by %lld row%s: %s", broken->check,
                       (long long)broken->rows, broken->rows == 1 ? "" : "s", broken->sample);
    }
    return MR_OK;
}
