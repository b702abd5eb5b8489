/* SPDX-License-Identifier: Apache-2.0 */
/* eject/synapse.c - what both pools share: heads, views, metrics. See synapse.h.
 *
 * Owns:       the buffer that a file is written in. Called by: eject/package.c.
 */
#include "eject/synapse.h"

#include "eject/writer.h"

const mr_eject_settings mr_eject_defaults = {
    .account = "millracelake",
    .container = "lake",
    .folder = "",
    .exchange = "synapse",
    .database = "millrace",
    .workspace = "millrace-dev-synapse",
    .postgres_host = "localhost",
    .postgres_database = "millrace",
};

void mr_synapse_begin(const mr_synapse *synapse, const char *what, const char *where)
{
    mr_buffer_clear(synapse->out);
    (void)mr_buffer_printf(synapse->out,
                           "-- %s\n-- Made by millrace eject from the models and metrics: change "
                           "those, not this file.\n-- Run %s.\n\n",
                           what, where);
}

mr_status mr_synapse_end(const mr_synapse *synapse, const char *path, mr_err *err)
{
    if (synapse->out->overflowed) {
        return mr_fail(err, MR_LIMIT, "%s would have more than %d bytes", path,
                       mr_synapse_bytes_max);
    }
    return synapse->sink->put(synapse->sink->ctx, path, mr_buffer_text(synapse->out), err);
}

void mr_synapse_put_columns(const mr_synapse *synapse, const mr_model *shape, const char *prefix)
{
    for (size_t i = 0; i < shape->column_count; i++) {
        (void)mr_buffer_append_string(synapse->out, i > 0 ? ", " : "");
        (void)mr_buffer_append_string(synapse->out, prefix);
        mr_put_tsql_name(synapse->out, NULL, shape->columns[i].name);
    }
}

/* A view is dropped and made again: not every pool can alter one. */
static void put_view_head(mr_buffer *out, const char *name, const char *description)
{
    (void)mr_buffer_printf(out, "-- %s\nIF OBJECT_ID('gold.%s', 'V') IS NOT NULL DROP VIEW ",
                           description == NULL ? name : description, name);
    mr_put_tsql_name(out, "gold", name);
    (void)mr_buffer_append_string(out, ";\nGO\nCREATE VIEW ");
    mr_put_tsql_name(out, "gold", name);
    (void)mr_buffer_append_string(out, " AS\n");
}

mr_status mr_synapse_views(const mr_synapse *synapse, const char *path, const char *where,
                           mr_err *err)
{
    const mr_relations *relations = synapse->relations;
    mr_status status = MR_OK;

    mr_synapse_begin(synapse, "Views of gold, as the dashboard's SQL page has them.", where);
    for (size_t i = 0; status == MR_OK && i < relations->view_count; i++) {
        const mr_model *view = relations->views[i];

        put_view_head(synapse->out, view->table, view->description);
        status = mr_put_tsql_view(synapse->out, view, relations, err);
        (void)mr_buffer_append_string(synapse->out, ";\nGO\n\n");
    }
    return status == MR_OK ? mr_synapse_end(synapse, path, err) : status;
}

mr_status mr_synapse_metrics(const mr_synapse *synapse, const char *path, const char *where,
                             mr_err *err)
{
    mr_buffer *out = synapse->out;

    mr_synapse_begin(synapse, "Every metric over all of gold, with its words.", where);
    put_view_head(out, "metrics", "A row a metric: the figures of the dashboard without a filter.");
    for (size_t i = 0; i < mr_metrics_count(synapse->metrics); i++) {
        const mr_metric *metric = mr_metrics_at(synapse->metrics, i);

        (void)mr_buffer_append_string(out, i > 0 ? "UNION ALL\nSELECT " : "SELECT ");
        mr_put_quoted(out, metric->name, '\'');
        (void)mr_buffer_append_string(out, i > 0 ? ", " : " AS [name], ");
        mr_put_quoted(out, metric->title, '\'');
        (void)mr_buffer_append_string(out, i > 0 ? ", " : " AS [title], ");
        mr_put_quoted(out, metric->description, '\'');
        (void)mr_buffer_append_string(out,
                                      i > 0 ? ",\n    CAST((" : " AS [description],\n    CAST((");
        (void)mr_metric_write_sql(metric, MR_SQL_TSQL, "[gold].[fact_sales]", out);
        (void)mr_buffer_append_string(out, i > 0 ? ") AS decimal(38, 6))\n"
                                                 : ") AS decimal(38, 6)) AS [value]\n");
    }
    (void)mr_buffer_append_string(out, ";\nGO\n");
    return mr_synapse_end(synapse, path, err);
}

/* Names of accounts and containers, which stand within text within text. */
static mr_status check_storage_name(const char *name, mr_err *err)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '-')) {
            return mr_fail(err, MR_INVALID,
                           "Synapse: '%s' is no name of a storage account or container: small "
                           "letters, digits and - are",
                           name);
        }
    }
    return name[0] != '\0' ? MR_OK
                           : mr_fail(err, MR_INVALID,
                                     "Synapse: a storage account, a container of "
                                     "the lake and one to exchange are wanted");
}

static mr_status check_settings(const mr_eject_settings *settings, mr_err *err)
{
    mr_status status = check_storage_name(settings->account, err);

    if (status == MR_OK) {
        status = check_storage_name(settings->container, err);
    }
    return status == MR_OK ? check_storage_name(settings->exchange, err) : status;
}

mr_status mr_synapse_write(const mr_models *models, const mr_metrics *metrics,
                           const mr_eject_settings *settings, const mr_eject_sink *sink,
                           mr_err *err)
{
    mr_relations relations;
    mr_buffer out;
    const mr_synapse synapse = {.metrics = metrics,
                                .relations = &relations,
                                .settings = settings,
                                .sink = sink,
                                .out = &out};
    mr_status status = mr_metrics_check(metrics, models, err);

    mr_buffer_init(&out, mr_synapse_bytes_max);
    if (status == MR_OK) {
        status = check_settings(settings, err);
    }
    if (status == MR_OK) {
        status = mr_relations_of(models, &relations, err);
    }
    if (status == MR_OK) {
        status = mr_synapse_serverless(&synapse, err);
    }
    if (status == MR_OK) {
        status = mr_synapse_dedicated(&synapse, err);
    }
    mr_buffer_free(&out);
    return status;
}
