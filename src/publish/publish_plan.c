/* SPDX-License-Identifier: Apache-2.0 */
/* publish/publish_plan.c - what a publication has to carry, from the logs of the lake's tables.
 *
 * A table's state is a set of files, none of which ever changes. So what happened between two
 * versions is the rows of the files that only one of them has; that files were merely gathered
 * shows when their rows are compared.
 *
 * Owns:       tables and snapshots of the parts.
 * Called by:  publish.c.
 * Invariants: (1) changes are carried only onto what the noted version of the same table was;
 *             (2) tables of one source show the same state of it, or nothing is published.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "publish/publish_private.h"

enum { text_bytes_max = 1 << 20 };

void mr_publish_part_free(mr_publish_part *part)
{
    free(part->added);
    free(part->removed);
    mr_delta_snapshot_free(part->snapshot);
    mr_delta_snapshot_free(part->before);
    mr_delta_table_destroy(part->table);
}

/* --- What the lake has ------------------------------------------------------------------------ */

static int64_t hash_of(const mr_buffer *text)
{
    return (int64_t)(mr_hash64(text->data, text->bytes) >> 1);
}

static mr_status describe(mr_publication *p, mr_publish_part *part, mr_err *err)
{
    const mr_model *model = part->item->model;
    mr_status status = MR_OK;
    mr_buffer text;

    mr_buffer_init(&text, text_bytes_max);
    if (model->mode == MR_MODEL_VIEW) {
        mr_publish_sql_view(&text, p->options->models, p->options->schema, model);
    } else {
        status = mr_publish_sql_create(&text, p->options->schema, part, err);
        mr_publish_sql_indexes(&text, p->options->models, p->options->schema, part);
    }
    part->shape = hash_of(&text);
    mr_buffer_clear(&text);
    mr_publish_sql_comments(&text, p->options->schema, part);
    part->words = hash_of(&text);
    mr_buffer_free(&text);
    return status;
}

static mr_status open_table(mr_publication *p, mr_publish_part *part, mr_err *err)
{
    const mr_model *model = part->item->model;
    char path[mr_model_path_bytes_max];
    mr_status status;

    mr_model_path_of(model->name, path);
    part->table = mr_delta_table_create(p->options->blobs, path);
    mr_delta_table_lend(part->table, p->connection);
    status = mr_delta_read(part->table, &part->snapshot, err);
    if (status == MR_NOT_FOUND) {
        return mr_fail(err, status, "%s is not in the lake %s yet: millrace run makes it",
                       model->name, mr_blobs_url(p->options->blobs));
    }
    if (status == MR_OK) {
        part->item->version = mr_delta_version(part->snapshot);
        part->item->rows = mr_delta_rows(part->snapshot);
    }
    return status;
}

/* --- One state of one source ------------------------------------------------------------------ */

static bool note_change(void *ctx, const mr_delta_file *file)
{
    bool *changed = ctx;

    (void)file;
    *changed = true;
    return false;
}

/* Whether the source gained rows in the versions (from, to]. */
static mr_status has_grown(mr_publication *p, const char *source, int64_t from, int64_t to,
                           bool *ret_grown, mr_err *err)
{
    char path[mr_model_path_bytes_max];
    mr_delta_snapshot *snapshot = NULL;

    mr_model_path_of(source, path);
    mr_delta_table *table = mr_delta_table_create(p->options->blobs, path);
    mr_delta_table_lend(table, p->connection);
    *ret_grown = false;
    mr_status status = mr_delta_read_version(table, to, &snapshot, err);
    if (status == MR_OK) {
        status = mr_delta_added_since(table, snapshot, from, note_change, ret_grown, err);
    }
    mr_delta_snapshot_free(snapshot);
    mr_delta_table_destroy(table);
    return status;
}

static int64_t taken_of(const mr_publish_part *part)
{
    char path[mr_model_path_bytes_max];

    mr_model_path_of(part->item->model->from, path);
    return mr_delta_txn_version(part->snapshot, path);
}

/* Tables note the version of their source that they have taken, some of them later where it brought
 * no rows: so numbers may differ, and the rows between decide. */
static mr_status compare_states(mr_publication *p, const mr_publish_part *a,
                                const mr_publish_part *b, mr_err *err)
{
    const mr_publish_part *behind = taken_of(a) < taken_of(b) ? a : b;
    const mr_publish_part *ahead = behind == a ? b : a;
    bool grown = true;
    mr_status status = MR_OK;

    if (taken_of(behind) == taken_of(ahead)) {
        return MR_OK;
    }
    if (taken_of(behind) >= 0) {
        status = has_grown(p, a->item->model->from, taken_of(behind), taken_of(ahead), &grown, err);
    }
    if (status == MR_OK && grown) {
        return mr_fail(err, MR_UNAVAILABLE,
                       "%s has taken %s up to version %lld, %s up to %lld: a run is under way, or "
                       "one has failed: millrace run gold",
                       behind->item->model->name, a->item->model->from, (long long)taken_of(behind),
                       ahead->item->model->name, (long long)taken_of(ahead));
    }
    return status;
}

static mr_status compare_all(mr_publication *p, mr_err *err)
{
    mr_status status = MR_OK;

    for (size_t i = 0; i < p->part_count; i++) {
        const mr_publish_part *first = &p->parts[i];

        for (size_t k = i + 1; first->snapshot != NULL && k < p->part_count && status == MR_OK;
             k++) {
            const mr_publish_part *other = &p->parts[k];
            MR_ASSERT(first->item->model != NULL); /* what has a snapshot has a model */
            if (other->snapshot != NULL && other->item->model != NULL &&
                strcmp(first->item->model->from, other->item->model->from) == 0) {
                status = compare_states(p, first, other, err);
                break; /* the next of this source is compared with that one */
            }
        }
    }
    return status;
}

/* --- What has changed ------------------------------------------------------------------------- */

static int compare_paths(const void *a, const void *b)
{
    const mr_delta_file *const *left = a;
    const mr_delta_file *const *right = b;

    return strcmp((*left)->path, (*right)->path);
}

static const mr_delta_file **sorted_files(const mr_delta_snapshot *snapshot, size_t *ret_count)
{
    const size_t count = mr_delta_file_count(snapshot);
    const mr_delta_file **files = mr_alloc_zero(count + 1, sizeof(const mr_delta_file *));

    for (size_t i = 0; i < count; i++) {
        files[i] = mr_delta_file_at(snapshot, i);
    }
    qsort(files, count, sizeof(const mr_delta_file *), compare_paths);
    *ret_count = count;
    return files;
}

/* Leaves in added what only `snapshot` has, and in removed what only `before` has. */
static void compare_files(mr_publish_part *part)
{
    size_t ours = 0, theirs = 0, i = 0, k = 0;

    part->added = sorted_files(part->snapshot, &ours);
    part->removed = sorted_files(part->before, &theirs);
    while (i < ours || k < theirs) {
        const int order = i == ours     ? 1
                          : k == theirs ? -1
                                        : compare_paths(&part->added[i], &part->removed[k]);
        if (order < 0) {
            part->added[part->added_count++] = part->added[i];
        } else if (order > 0) {
            part->removed[part->removed_count++] = part->removed[k];
        }
        i += order <= 0;
        k += order >= 0;
    }
}

/* MR_NOT_FOUND: a file is gone. */
static mr_status find_files(mr_publication *p, const mr_publish_part *part, mr_err *err)
{
    mr_status status = MR_OK;
    mr_buffer name;
    mr_blob blob;

    mr_buffer_init(&name, 8192);
    for (size_t i = 0; i < part->removed_count && status == MR_OK; i++) {
        mr_buffer_clear(&name);
        (void)mr_buffer_printf(&name, "%s/%s", mr_delta_table_path(part->table),
                               part->removed[i]->path);
        status = mr_buffer_append(&name, "", 1)
                     ? mr_blob_find(p->options->blobs, name.data, &blob, err)
                     : MR_NOT_FOUND;
    }
    mr_buffer_free(&name);
    return status;
}

static void plan_whole(mr_publish_part *part, const char *why)
{
    part->item->way = MR_PUBLISH_WHOLE;
    part->item->files_read = mr_delta_file_count(part->snapshot);
    part->added_count = 0;
    part->removed_count = 0;
    (void)snprintf(part->item->reason, sizeof(part->item->reason), "%s", why);
}

/* Why changes alone cannot be carried; NULL: they may. */
static const char *find_obstacle(const mr_publication *p, const mr_publish_part *part)
{
    if (!part->known || !part->present) {
        return "it is new";
    }
    if (p->options->full) {
        return "--full";
    }
    if (part->is_view || part->shape_then != part->shape) {
        return "its columns, keys or indexes have changed";
    }
    if (strcmp(part->id_then, mr_delta_id(part->snapshot)) != 0) {
        return "the lake's table is another than the one published";
    }
    if (part->item->version_from > part->item->version) {
        return "the lake's table is older than what was published";
    }
    if (mr_publish_keys(p->options->models, part->item->model)->count == 0 &&
        part->item->version_from < part->item->version) {
        return "it has no key";
    }
    return NULL;
}

static mr_status plan_changes(mr_publication *p, mr_publish_part *part, mr_err *err)
{
    mr_err lost;
    mr_status status;

    if (part->item->version_from == part->item->version) {
        part->item->way = part->words_then == part->words ? MR_PUBLISH_NOTHING : MR_PUBLISH_CHANGES;
        return MR_OK;
    }
    status = mr_delta_read_version(part->table, part->item->version_from, &part->before, &lost);
    if (status == MR_OK) {
        compare_files(part);
        status = find_files(p, part, &lost);
    }
    if (status == MR_NOT_FOUND) {
        plan_whole(part, "files or log of the version published are cleaned up");
        return MR_OK;
    }
    part->item->way = MR_PUBLISH_CHANGES;
    part->item->files_read = part->added_count + part->removed_count;
    return status == MR_OK ? MR_OK : mr_fail(err, status, "%s", lost.message);
}

static mr_status plan_part(mr_publication *p, mr_publish_part *part, mr_err *err)
{
    mr_status status = describe(p, part, err);

    if (status != MR_OK) {
        return status;
    }
    if (part->item->model->mode == MR_MODEL_VIEW) {
        const bool same = part->known && part->present && part->is_view &&
                          part->shape_then == part->shape && part->words_then == part->words;
        part->item->way = same ? MR_PUBLISH_NOTHING : MR_PUBLISH_DEFINE;
        return MR_OK;
    }
    const char *obstacle = find_obstacle(p, part);
    if (obstacle != NULL) {
        plan_whole(part, obstacle);
        return MR_OK;
    }
    return plan_changes(p, part, err);
}

mr_status mr_publish_plan(mr_publication *p, mr_err *err)
{
    mr_status status = MR_OK;

    for (size_t i = 0; i < p->part_count && status == MR_OK; i++) {
        const mr_model *model = p->parts[i].item->model;
        if (model != NULL && model->mode != MR_MODEL_VIEW) {
            status = open_table(p, &p->parts[i], err);
        }
    }
    if (status == MR_OK) {
        status = compare_all(p, err);
    }
    for (size_t i = 0; i < p->part_count && status == MR_OK; i++) {
        if (p->parts[i].item->model != NULL) {
            status = plan_part(p, &p->parts[i], err);
        }
    }
    return status;
}
