/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_run.c - `millrace run`: silver and gold brought up to bronze, now.
 *
 * Ctrl-C and SIGTERM end it after the model under way: what is committed stays, the next run goes
 * on from there. The signals are blocked meanwhile, and looked for between models.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "azure/settings.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/run_print.h"
#include "cli/settings.h"

enum { select_names_max = 64, select_bytes_max = 4096, report_bytes_max = 16 << 20 };

typedef struct run_arguments {
    const char *layer; /* NULL: all */
    const char *date, *select;
    bool full_refresh, quiet;
    char select_text[select_bytes_max];
    const char *names[select_names_max + 1];
} run_arguments;

/* Before any thread starts, so that none takes them. */
static void block_signals(void)
{
    sigset_t signals;

    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
}

static bool signal_came(void)
{
    sigset_t pending;

    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
}

/* --- Progress --------------------------------------------------------------------------------- */

typedef struct run_view {
    bool live;  /* standard error is a terminal: the model under way is shown */
    bool lines; /* a line a model on standard output */
    atomic_bool stop;
} run_view;

static void show_progress(void *ctx, const mr_run_progress *progress)
{
    run_view *view = ctx;

    if (signal_came()) {
        atomic_store(&view->stop, true);
    }
    if (view->live) {
        (void)fputs("\r\033[K", stderr);
    }
    if (progress->report != NULL) {
        if (view->lines) {
            mr_run_print_model(stdout, progress->report);
            (void)fflush(stdout);
        }
    } else if (view->live) {
        (void)fprintf(stderr, "[%zu/%zu] %s ... %s", progress->index + 1, progress->count,
                      progress->model->name, progress->note != NULL ? progress->note : "");
        (void)fflush(stderr);
    }
}

/* --- The run ---------------------------------------------------------------------------------- */

static int print_report(const mr_cli *cli, const run_arguments *given, const mr_run_report *report)
{
    if (mr_cli_json(cli)) {
        mr_buffer out;
        mr_buffer_init(&out, report_bytes_max);
        (void)mr_run_report_json(report, &out);
        (void)printf("%.*s\n", (int)out.bytes, out.data);
        mr_buffer_free(&out);
    } else if (!given->quiet) {
        mr_run_print_summary(stdout, report);
    }
    if (report->ok) {
        return MR_EXIT_OK;
    }
    for (size_t i = 0; i < report->model_count; i++) {
        if (report->models[i].state == MR_MODEL_FAILED) {
            return mr_cli_fail_text(cli, "%s: %s", report->models[i].model->name,
                                    report->models[i].message);
        }
    }
    return mr_cli_fail_text(cli, "the reconciliation does not balance");
}

static mr_spark_options spark_options(const mr_config *config, const char *log_folder)
{
    return (mr_spark_options){
        .submit = mr_config_text(config, "MILLRACE_SPARK_SUBMIT"),
        .master = mr_config_text(config, "MILLRACE_SPARK_MASTER"),
        .properties = mr_config_text(config, "MILLRACE_SPARK_PROPERTIES"),
        .log_folder = log_folder,
        .lake = mr_config_text(config, "MILLRACE_SPARK_LAKE"),
        .pool = mr_config_text(config, "MILLRACE_SPARK_POOL"),
        .ca_file = mr_config_text(config, "MILLRACE_AZURE_CA_FILE"),
        .memory_bytes = mr_config_bytes(config, "MILLRACE_SPARK_MEMORY"),
        .start_timeout_ms = (uint32_t)mr_config_duration_ms(config, "MILLRACE_SPARK_START_TIMEOUT"),
    };
}

static int run_models(const mr_cli *cli, const run_arguments *given, mr_blobs *blobs,
                      const mr_models *models, mr_bus *bus)
{
    const mr_config *config = mr_cli_config(cli);
    const mr_store_options store = mr_settings_store(config, MR_STORE_READ);
    run_view view = {.live = !given->quiet && isatty(STDERR_FILENO) == 1,
                     .lines = !given->quiet && !mr_cli_json(cli)};
    char *temp = mr_path_join(mr_config_text(config, "MILLRACE_DATA"), "tmp/run");
    char *logs = mr_path_join(mr_config_text(config, "MILLRACE_DATA"), "spark");
    mr_spark_options spark = spark_options(config, logs);
    const bool on_spark = strcmp(mr_config_text(config, "MILLRACE_ENGINE"), "spark") == 0;
    const mr_run_options options = {
        .blobs = blobs,
        .models = models,
        .engine = {.memory_bytes_max = mr_config_bytes(config, "MILLRACE_OLAP_MEMORY"),
                   .threads = (uint32_t)mr_config_integer(config, "MILLRACE_OLAP_THREADS"),
                   .temp_folder = temp},
        .spark = on_spark ? &spark : NULL,
        .peers = {.bus = bus, .topic = mr_settings_topic_ingestion(config), .store = &store},
        .layer = given->layer,
        .select = given->select == NULL ? NULL : given->names,
        .full_refresh = given->full_refresh,
        .date = given->date,
        .stop = &view.stop,
        .progress = show_progress,
        .ctx = &view};
    mr_run_report *report = NULL;
    mr_err err;

    block_signals();
    mr_status status = on_spark && spark.pool != NULL
                           ? mr_azure_settings_credential(config, &spark.credential, &err)
                           : MR_OK;
    if (status == MR_OK) {
        status = mr_medallion_run(&options, &report, &err);
    }
    mr_azure_credential_destroy(spark.credential);
    free(temp);
    free(logs);
    if (status == MR_INVALID) {
        return mr_cli_usage(cli, "%s", err.message);
    }
    int exit_status = status == MR_OK ? print_report(cli, given, report) : mr_cli_fail(cli, &err);
    mr_run_report_free(report);
    return exit_status;
}

static int open_and_run(const mr_cli *cli, const run_arguments *given)
{
    const mr_config *config = mr_cli_config(cli);
    const mr_blobs_options lake = mr_settings_lake(config);
    mr_blobs *blobs = NULL;
    mr_models *models = NULL;
    mr_bus *bus = NULL;
    mr_err err;
    mr_status status = mr_models_load(mr_config_text(config, "MILLRACE_MODELS"), &models, &err);

    if (status == MR_OK) {
        status = mr_blobs_open(&lake, &blobs, &err);
    }
    if (status == MR_OK && mr_settings_log_exists(config)) {
        status = mr_settings_open_log(config, &bus, &err);
    }
    int exit_status =
        status == MR_OK ? run_models(cli, given, blobs, models, bus) : mr_cli_fail(cli, &err);
    mr_bus_close(bus);
    mr_blobs_close(blobs);
    mr_models_free(models);
    return exit_status;
}

/* "a,b,c" as a list of names. */
static bool split_select(run_arguments *given)
{
    size_t count = 0;
    char *rest = NULL;

    if (given->select == NULL) {
        return true;
    }
    if (strlen(given->select) >= sizeof(given->select_text)) {
        return false;
    }
    (void)snprintf(given->select_text, sizeof(given->select_text), "%s", given->select);
    for (char *name = strtok_r(given->select_text, ", ", &rest); name != NULL;
         name = strtok_r(NULL, ", ", &rest)) {
        if (count == select_names_max) {
            return false;
        }
        given->names[count++] = name;
    }
    return count > 0;
}

int mr_cmd_run(mr_cli *cli, int argc, char **argv)
{
    run_arguments given = {.layer = NULL};
    const mr_cli_option options[] = {
        {.name = "--full-refresh",
         .help = "make the tables from everything, not from what is new",
         .ret_switch = &given.full_refresh},
        {.name = "--date",
         .value_name = "YYYY-MM-DD",
         .help = "also take what was ingested on that day again; what is known changes nothing",
         .ret_value = &given.date},
        {.name = "--select",
         .letter = 's',
         .value_name = "MODEL,...",
         .help = "only these models, by name or layer.name",
         .ret_value = &given.select},
        {.name = "--quiet",
         .letter = 'q',
         .help = "no progress and no summary; errors alone",
         .ret_switch = &given.quiet},
    };
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof(options) / sizeof(options[0]),
                      &argument_count, &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count > 1) {
        return mr_cli_usage(cli, "one of silver, gold or all, not '%s' too", arguments[1]);
    }
    if (argument_count == 1 && strcmp(arguments[0], "all") != 0) {
        given.layer = arguments[0];
        if (strcmp(given.layer, "silver") != 0 && strcmp(given.layer, "gold") != 0) {
            return mr_cli_usage(cli, "silver, gold or all, not '%s'", given.layer);
        }
    }
    if (!split_select(&given)) {
        return mr_cli_usage(cli, "--select wants names of models, at most %d", select_names_max);
    }
    return open_and_run(cli, &given);
}
