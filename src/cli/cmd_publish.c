/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_publish.c - `millrace publish`: gold into a schema of PostgreSQL.
 *
 * Not here: the publication itself (publish/publish.c).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/settings.h"
#include "publish/publish.h"

enum { report_bytes_max = 16 << 20 };

typedef struct publish_arguments {
    const char *schema, *reader; /* NULL: as the settings have them */
    bool full, dry_run, quiet;
} publish_arguments;

/* --- Progress --------------------------------------------------------------------------------- */

typedef struct publish_view {
    mr_progress *progress;
    const mr_publish_item *item; /* that it is of */
    FILE *stream;                /* NULL: nothing is shown */
} publish_view;

static void show_progress(void *ctx, const mr_publish_item *item, size_t index, size_t count,
                          uint64_t rows)
{
    publish_view *view = ctx;
    const uint64_t total = item->rows < 0 ? 0 : (uint64_t)item->rows;

    (void)index;
    (void)count;
    if (item->way == MR_PUBLISH_DEFINE) {
        return;
    }
    if (view->item != item) {
        mr_progress_finish(view->progress);
        view->progress = mr_progress_create(item->name, item->way == MR_PUBLISH_WHOLE ? total : 0,
                                            "rows", view->stream);
        view->item = item;
    }
    mr_progress_update(view->progress, total > 0 && rows > total ? total : rows, NULL);
}

/* --- The report ------------------------------------------------------------------------------- */

static void print_item(const mr_publish_item *item, bool dry_run)
{
    char a[mr_cli_text_bytes_max], b[mr_cli_text_bytes_max], c[mr_cli_text_bytes_max];

    switch (item->way) {
    case MR_PUBLISH_NOTHING:
        return;
    case MR_PUBLISH_DEFINE:
        (void)printf("  %-24s view\n", item->name);
        return;
    case MR_PUBLISH_DROP:
        (void)printf("  %-24s dropped: %s\n", item->name, item->reason);
        return;
    case MR_PUBLISH_CHANGES:
    case MR_PUBLISH_WHOLE:
        break;
    }
    (void)printf("  %-24s %s", item->name, mr_publish_way_name(item->way));
    if (item->way == MR_PUBLISH_CHANGES) {
        (void)printf(" from version %" PRId64, item->version_from);
    }
    (void)printf(" to version %" PRId64, item->version);
    if (dry_run) {
        (void)printf(": %s files to read", mr_cli_count(item->files_read, a));
    } else {
        (void)printf(": %s rows put, %s taken out", mr_cli_count(item->rows_put, b),
                     mr_cli_count(item->rows_removed, c));
    }
    (void)printf(item->reason[0] != '\0' ? " (%s)\n" : "%s\n", item->reason);
}

static void print_report(const mr_publish_report *report)
{
    char rows[mr_cli_text_bytes_max], removed[mr_cli_text_bytes_max], took[mr_cli_text_bytes_max];

    if (!mr_publish_report_changed(report)) {
        (void)printf("%s: schema %s has these versions already.\n", report->target, report->schema);
        return;
    }
    (void)printf("%s, schema %s:\n", report->target, report->schema);
    for (size_t i = 0; i < report->count; i++) {
        print_item(&report->items[i], report->dry_run);
    }
    if (report->dry_run) {
        (void)printf("Nothing was changed: --dry-run.\n");
        return;
    }
    (void)printf("%s rows put, %s taken out in %s, in one transaction.\n",
                 mr_cli_count(report->rows_put, rows), mr_cli_count(report->rows_removed, removed),
                 mr_cli_duration(report->us / 1000, took));
}

static void print_json(const mr_publish_report *report)
{
    mr_buffer out;

    mr_buffer_init(&out, report_bytes_max);
    (void)mr_publish_report_json(report, &out);
    (void)printf("%.*s\n", (int)out.bytes, out.data);
    mr_buffer_free(&out);
}

/* --- The command ------------------------------------------------------------------------------ */

static mr_status publish(const mr_cli *cli, const publish_arguments *given, mr_blobs *blobs,
                         const mr_models *models, mr_publish_report **ret_report, mr_err *err)
{
    const mr_config *config = mr_cli_config(cli);
    const mr_store_options store = mr_settings_store(config, MR_STORE_WRITE);
    publish_view view = {.stream = given->quiet || mr_cli_json(cli) ? NULL : stderr};
    char *temp = mr_path_join(mr_config_text(config, "MILLRACE_DATA"), "tmp/publish");
    mr_publish_options options = {
        .blobs = blobs,
        .models = models,
        .engine = {.memory_bytes_max = mr_config_bytes(config, "MILLRACE_OLAP_MEMORY"),
                   .threads = (uint32_t)mr_config_integer(config, "MILLRACE_OLAP_THREADS"),
                   .temp_folder = temp},
        .url = mr_config_text(config, "MILLRACE_PUBLISH"),
        .server = store.server,
        .schema = given->schema,
        .reader = given->reader,
        .full = given->full,
        .dry_run = given->dry_run,
        .progress = show_progress,
        .ctx = &view};

    options.server.url_now = mr_config_secret(config, "MILLRACE_PUBLISH");
    if (options.schema == NULL) {
        options.schema = mr_config_text(config, "MILLRACE_PUBLISH_SCHEMA");
    }
    if (options.reader == NULL) {
        options.reader = mr_config_text(config, "MILLRACE_PUBLISH_READER");
    }
    mr_status status = mr_publish(&options, ret_report, err);
    mr_progress_finish(view.progress);
    free(temp);
    return status;
}

/* As a task's report tells it; the words are on standard error, too. */
static void print_failure_json(const mr_err *err)
{
    mr_buffer out;

    mr_buffer_init(&out, report_bytes_max);
    (void)mr_buffer_append_string(&out, "{\"status\":\"failed\",\"reason\":");
    (void)mr_buffer_append_json_string(&out, mr_text_of(err->message));
    (void)printf("%.*s}\n", (int)out.bytes, out.data);
    mr_buffer_free(&out);
}

static int open_and_publish(const mr_cli *cli, const publish_arguments *given)
{
    const mr_config *config = mr_cli_config(cli);
    const mr_blobs_options lake = mr_settings_lake(config);
    mr_publish_report *report = NULL;
    mr_blobs *blobs = NULL;
    mr_models *models = NULL;
    mr_err err;
    mr_status status = mr_models_load(mr_config_text(config, "MILLRACE_MODELS"), &models, &err);

    if (status == MR_OK) {
        status = mr_blobs_open(&lake, &blobs, &err);
    }
    if (status == MR_OK) {
        status = publish(cli, given, blobs, models, &report, &err);
    }
    if (mr_cli_json(cli)) {
        status == MR_OK ? print_json(report) : print_failure_json(&err);
    } else if (status == MR_OK && !given->quiet) {
        print_report(report);
    }
    mr_publish_report_free(report);
    mr_blobs_close(blobs);
    mr_models_free(models);
    return status == MR_OK ? MR_EXIT_OK : mr_cli_fail(cli, &err);
}

int mr_cmd_publish(mr_cli *cli, int argc, char **argv)
{
    publish_arguments given = {.schema = NULL};
    const mr_cli_option options[] = {
        {.name = "--schema",
         .value_name = "NAME",
         .help = "the schema; else MILLRACE_PUBLISH_SCHEMA",
         .ret_value = &given.schema},
        {.name = "--reader",
         .value_name = "ROLE",
         .help = "a role that may read all of it; else MILLRACE_PUBLISH_READER",
         .ret_value = &given.reader},
        {.name = "--full",
         .help = "every table whole, not what has changed",
         .ret_switch = &given.full},
        {.name = "--dry-run",
         .help = "say what would be carried, and change nothing",
         .ret_switch = &given.dry_run},
        {.name = "--quiet",
         .letter = 'q',
         .help = "no progress and no summary; errors alone",
         .ret_switch = &given.quiet},
    };
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;
    mr_err err;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof(options) / sizeof(options[0]),
                      &argument_count, &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count > 1) {
        return mr_cli_usage(cli, "one target, not '%s' too", arguments[1]);
    }
    if (argument_count == 1 &&
        mr_cli_set(cli, "MILLRACE_PUBLISH", arguments[0], "argument", &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    if (mr_config_text(mr_cli_config(cli), "MILLRACE_PUBLISH") == NULL) {
        return mr_cli_usage(cli, "where to: postgresql://user@host:5432/database, or the setting "
                                 "MILLRACE_PUBLISH");
    }
    return open_and_publish(cli, &given);
}
