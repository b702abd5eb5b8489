/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_metrics.c - `millrace metrics`: what each figure is, in words and in the language asked
 * for. All of it is of medallion/metric.h and eject/dax.h.
 */
#include <stdio.h>

#include "cli/commands.h"
#include "eject/dax.h"

enum { metrics_bytes_max = 1 << 20, dialect_dax = MR_SQL_TSQL + 1 };

static const char *const dialects[] = {[MR_SQL_DUCKDB] = "duckdb",
                                       [MR_SQL_POSTGRES] = "postgresql",
                                       [MR_SQL_TSQL] = "tsql",
                                       [dialect_dax] = "dax"};
static const char *const tables[] = {[MR_SQL_DUCKDB] = "gold.fact_sales",
                                     [MR_SQL_POSTGRES] = "gold.fact_sales",
                                     [MR_SQL_TSQL] = "[gold].[fact_sales]",
                                     [dialect_dax] = ""};

static void put_definition(const mr_metric *metric, size_t dialect, const char *table,
                           mr_buffer *out)
{
    if (dialect == dialect_dax) {
        mr_put_dax(out, metric, "");
    } else {
        (void)mr_metric_write_sql(metric, (mr_sql_dialect)dialect, table, out);
    }
}

static void put_json_field(const char *name, const char *value, mr_buffer *out)
{
    (void)mr_buffer_printf(out, "\"%s\":", name);
    if (value == NULL) {
        (void)mr_buffer_append_string(out, "null");
    } else {
        (void)mr_buffer_append_json_string(out, mr_text_of(value));
    }
    (void)mr_buffer_append_string(out, ",");
}

static void put_json(const mr_metric *metric, mr_text definition, mr_buffer *out)
{
    put_json_field("name", metric->name, out);
    put_json_field("title", metric->title, out);
    put_json_field("description", metric->description, out);
    put_json_field("format", mr_metric_format_name(metric->format), out);
    put_json_field("view", metric->view, out);
    put_json_field("view_column", metric->view_column, out);
    (void)mr_buffer_append_string(out, "\"definition\":");
    (void)mr_buffer_append_json_string(out, definition);
}

static void write_metrics(const mr_metrics *metrics, size_t dialect, const char *table, bool json,
                          mr_buffer *out)
{
    mr_buffer definition = {.bytes_max = metrics_bytes_max};

    (void)mr_buffer_append_string(out, json ? "[" : "");
    for (size_t i = 0; i < mr_metrics_count(metrics); i++) {
        const mr_metric *metric = mr_metrics_at(metrics, i);

        mr_buffer_clear(&definition);
        put_definition(metric, dialect, table, &definition);
        if (json) {
            (void)mr_buffer_append_string(out, i > 0 ? ",\n{" : "{");
            put_json(metric, mr_buffer_text(&definition), out);
            (void)mr_buffer_append_string(out, "}");
        } else {
            (void)mr_buffer_printf(out, "%s%s (%s): %s\n    %.*s\n", i > 0 ? "\n" : "",
                                   metric->title, metric->name, metric->description,
                                   MR_TEXT_ARGS(mr_buffer_text(&definition)));
        }
    }
    (void)mr_buffer_append_string(out, json ? "]\n" : "");
    mr_buffer_free(&definition);
}

/* false: there is none of that name. */
static bool find_dialect(const char *name, size_t *ret_dialect)
{
    for (size_t i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
        if (name == NULL || strcmp(dialects[i], name) == 0) {
            *ret_dialect = i;
            return true;
        }
    }
    return false;
}

int mr_cmd_metrics(mr_cli *cli, int argc, char **argv)
{
    const char *name = NULL;
    const char *table = NULL;
    const mr_cli_option options[] = {
        {.name = "--dialect",
         .value_name = "NAME",
         .help = "duckdb, postgresql, tsql or dax",
         .ret_value = &name},
        {.name = "--table",
         .value_name = "NAME",
         .help = "the table of lines, as SQL is to name it (gold.fact_sales)",
         .ret_value = &table},
    };
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;
    size_t dialect = 0;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof options / sizeof options[0], &argument_count,
                      &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count > 0) {
        return mr_cli_usage(cli, "metrics takes no argument, not '%s'", arguments[0]);
    }
    if (!find_dialect(name, &dialect)) {
        return mr_cli_usage(cli, "--dialect is duckdb, postgresql, tsql or dax, not '%s'", name);
    }
    mr_metrics *metrics = mr_metrics_load();
    mr_buffer out;
    mr_buffer_init(&out, metrics_bytes_max);
    write_metrics(metrics, dialect, table != NULL ? table : tables[dialect], mr_cli_json(cli),
                  &out);
    exit_status = fwrite(out.data, 1, out.bytes, stdout) == out.bytes
                      ? MR_EXIT_OK
                      : mr_cli_fail_text(cli, "standard output cannot be written");
    mr_buffer_free(&out);
    mr_metrics_free(metrics);
    return exit_status;
}
