/* SPDX-License-Identifier: Apache-2.0 */
/* publish/publish.c - one publication, from its turn to its commit.
 *
 *   turn -> plan -> views that are in the way away -> rows -> views -> notes, rights -> commit
 *
 * Owns:       the connection, the engine, tables and snapshots while it lasts.
 * Called by:  cli/cmd_publish.c, by hand or as the task of a run.
 * Invariants: (1) everything between turn and commit is one transaction of the server: whoever
 *                 dies, or is cut off, leaves what was there;
 *             (2) snapshots are taken behind the lock: a publication never goes back;
 *             (3) where the answer to the commit is lost, the versions in the schema tell.
 */
#include "publish/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "publish/publish_private.h"

enum {
    rows_bytes_max = 8 << 20,         /* one row and a chunk */
    silence_ms_max = 6 * 3600 * 1000, /* a statement over a table of any size */
    tries_max = 2,                    /* of a commit without an answer */
};

static const char gold_layer[] = "gold";

/* --- Parts ------------------------------------------------------------------------------------ */

static mr_status list_models(mr_publication *p, mr_err *err)
{
    for (size_t i = 0; i < mr_models_count(p->options->models); i++) {
        const mr_model *model = mr_models_at(p->options->models, i);

        if (strcmp(model->layer, gold_layer) != 0) {
            continue;
        }
        if (p->part_count == mr_publish_items_max) {
            return mr_fail(err, MR_LIMIT, "more than %d models of gold", mr_publish_items_max);
        }
        mr_publish_item *item = &p->report->items[p->part_count];
        if (strlen(model->table) >= sizeof(item->name)) {
            return mr_fail(err, MR_UNSUPPORTED, "%s: PostgreSQL cuts names of more than %zu bytes",
                           model->name, sizeof(item->name) - 1);
        }
        (void)snprintf(item->name, sizeof(item->name), "%s", model->table);
        item->model = model;
        item->version_from = -1;
        item->version = -1;
        item->rows = -1;
        p->parts[p->part_count++] = (mr_publish_part){.item = item, .rows_then = -1};
        p->report->count = p->part_count;
    }
    return MR_OK;
}

static void forget_parts(mr_publication *p)
{
    for (size_t i = 0; i < p->part_count; i++) {
        mr_publish_part_free(&p->parts[i]);
        p->parts[i] = (mr_publish_part){.item = NULL};
    }
    p->part_count = 0;
}

/* --- Views ------------------------------------------------------------------------------------ */

/* A table cannot be dropped below a view, and views read views: so they go and come together. */
static bool must_redefine(const mr_publication *p)
{
    for (size_t i = 0; i < p->part_count; i++) {
        const mr_publish_part *part = &p->parts[i];
        const mr_publish_way way = part->item->way;
        const bool remade =
            way == MR_PUBLISH_WHOLE && part->present && part->shape_then != part->shape;

        if (remade || way == MR_PUBLISH_DEFINE || way == MR_PUBLISH_DROP) {
            return true;
        }
    }
    return false;
}

static void append_drop(mr_publication *p, const mr_publish_part *part)
{
    (void)mr_buffer_append_string(&p->sql, part->is_view ? "DROP VIEW " : "DROP TABLE ");
    mr_publish_sql_table(&p->sql, p->options->schema, part->item->name);
    (void)mr_buffer_append_string(&p->sql, ";");
}

/* Views first, those published last before the others; then tables without a model. */
static mr_status drop_views(mr_publication *p, mr_err *err)
{
    for (size_t i = p->part_count; i-- > 0;) {
        mr_publish_part *part = &p->parts[i];
        if (part->known && part->present && part->is_view) {
            append_drop(p, part);
            part->present = false;
        }
    }
    for (size_t i = 0; i < p->part_count; i++) {
        mr_publish_part *part = &p->parts[i];
        if (part->item->way == MR_PUBLISH_DROP && part->present) {
            append_drop(p, part);
            part->present = false;
        }
        if (part->item->model != NULL && part->item->model->mode == MR_MODEL_VIEW) {
            part->item->way = MR_PUBLISH_DEFINE;
        }
    }
    return mr_publish_run(p, "views", err);
}

static mr_status define_view(mr_publication *p, const mr_publish_part *part, mr_err *err)
{
    mr_publish_sql_view(&p->sql, p->options->models, p->options->schema, part->item->model);
    mr_publish_sql_comments(&p->sql, p->options->schema, part);
    return mr_publish_run(p, part->item->name, err);
}

/* --- The transaction -------------------------------------------------------------------------- */

static mr_status carry_out(mr_publication *p, mr_err *err)
{
    mr_status status = must_redefine(p) ? drop_views(p, err) : MR_OK;

    for (size_t i = 0; i < p->part_count && status == MR_OK; i++) {
        mr_publish_part *part = &p->parts[i];
        mr_publish_item *item = part->item;

        if (item->way == MR_PUBLISH_NOTHING || item->way == MR_PUBLISH_DROP) {
            continue;
        }
        if (p->options->progress != NULL) {
            p->options->progress(p->options->ctx, item, i, p->part_count, 0);
        }
        status = item->way == MR_PUBLISH_DEFINE ? define_view(p, part, err)
                                                : mr_publish_rows(p, part, err);
        p->report->rows_put += item->rows_put;
        p->report->rows_removed += item->rows_removed;
    }
    return status == MR_OK ? mr_publish_target_note(p, err) : status;
}

static mr_status transact(mr_publication *p, mr_err *err)
{
    mr_status status = mr_pg_begin(p->pg, "", err);

    if (status == MR_OK) {
        status = list_models(p, err);
    }
    if (status == MR_OK) {
        status = mr_publish_target_open(p, err);
    }
    if (status == MR_OK) {
        status = mr_publish_plan(p, err);
    }
    if (status == MR_OK && !p->options->dry_run) {
        status = carry_out(p, err);
        if (status == MR_OK) {
            return mr_pg_commit(p->pg, err);
        }
    }
    mr_pg_rollback(p->pg);
    return status;
}

/* --- Beginning and end ------------------------------------------------------------------------ */

static mr_publish_report *new_report(const mr_publish_options *options)
{
    mr_publish_report *report = mr_alloc_zero(1, sizeof(*report));

    report->items = mr_alloc_zero(mr_publish_items_max, sizeof(*report->items));
    report->dry_run = options->dry_run;
    (void)snprintf(report->schema, sizeof(report->schema), "%s", options->schema);
    return report;
}

static mr_status open_both(mr_publication *p, mr_err *err)
{
    const mr_pg_options pg = {.url = p->options->url,
                              .server = &p->options->server,
                              .what = "publish",
                              .timeout_ms = silence_ms_max};
    mr_status status = mr_pg_open(&pg, &p->pg, err);

    if (status == MR_OK) {
        (void)snprintf(p->report->target, sizeof(p->report->target), "%s", mr_pg_where(p->pg));
        status = mr_olap_open(&p->options->engine, &p->olap, err);
    }
    return status == MR_OK ? mr_olap_connect(p->olap, &p->connection, err) : status;
}

static mr_status publish(mr_publication *p, mr_err *err)
{
    mr_status status = open_both(p, err);

    for (int tries = 1; status == MR_OK; tries++) {
        status = transact(p, err);
        forget_parts(p);
        if (status != MR_UNKNOWN_OUTCOME || tries == tries_max) {
            break;
        }
        mr_publish_report_free(p->report); /* the next try finds out, and does what is left */
        p->report = new_report(p->options);
        (void)snprintf(p->report->target, sizeof(p->report->target), "%s", mr_pg_where(p->pg));
        status = MR_OK;
    }
    return status;
}

mr_status mr_publish(const mr_publish_options *options, mr_publish_report **ret_report, mr_err *err)
{
    mr_publication *p;
    const int64_t start_us = mr_monotonic_us();
    mr_status status;

    if (options->schema[0] == '\0' || strlen(options->schema) >= mr_publish_schema_bytes_max) {
        return mr_fail(err, MR_INVALID, "a schema's name has 1 to %d bytes, not '%s'",
                       mr_publish_schema_bytes_max - 1, options->schema);
    }
    p = mr_alloc_zero(1, sizeof(*p));
    p->options = options;
    p->report = new_report(options);
    mr_buffer_init(&p->sql, mr_publish_sql_bytes_max);
    mr_buffer_init(&p->rows, rows_bytes_max);
    status = publish(p, err);
    p->report->us = (uint64_t)(mr_monotonic_us() - start_us);
    mr_pg_close(p->pg);
    mr_olap_disconnect(p->connection);
    mr_olap_close(p->olap);
    mr_buffer_free(&p->sql);
    mr_buffer_free(&p->rows);
    if (status == MR_OK) {
        *ret_report = p->report;
    } else {
        mr_publish_report_free(p->report);
    }
    free(p);
    return status;
}
