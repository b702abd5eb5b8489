/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_generate.c - `millrace generate`: realistic shop traffic, the same for the same seed.
 *
 * Owns:     options, output. The events are generate_traffic.c's.
 */
#include <stdio.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/convert_output.h"
#include "cli/generate_calendar.h"
#include "cli/generate_csv.h"
#include "cli/generate_traffic.h"
#include "cli/progress.h"
#include "event/event_json.h"

static const char default_from[] = "2025-01-01";
enum { year_last = 9800 }; /* leaves room for the days to come before the calendar's end in 9999 */

typedef struct generate_run {
    mr_cli *cli;
    mr_traffic_options options;
    const char *events, *days, *seed, *from, *first_invoice, *format, *duplicates, *output_path;
    bool quiet, csv;
    mr_convert_output output;
} generate_run;

static bool parse_count(const char *text, uint64_t max, uint64_t *ret_value)
{
    return text == NULL || mr_parse_uint64(mr_text_of(text), max, ret_value);
}

/* Everything that a user may have got wrong; returns the exit status, or MR_EXIT_OK. */
static int check_options(generate_run *run)
{
    mr_traffic_options *options = &run->options;
    uint64_t days = 0;
    mr_price ratio = {0};

    if (!parse_count(run->events, mr_traffic_events_max, &options->events) ||
        (run->events != NULL && options->events == 0)) {
        return mr_cli_usage(run->cli, "--events is a number from 1 to 1000000000, not '%s'",
                            run->events);
    }
    if (!parse_count(run->days, mr_calendar_days_max, &days) || (run->days != NULL && days == 0)) {
        return mr_cli_usage(run->cli, "--days is a number from 1 to %d, not '%s'",
                            mr_calendar_days_max, run->days);
    }
    if (!parse_count(run->seed, UINT64_MAX, &options->seed)) {
        return mr_cli_usage(run->cli, "--seed is a number, not '%s'", run->seed);
    }
    if (!mr_civil_parse(mr_text_of(run->from), &options->from) ||
        mr_civil_split(options->from).year > year_last) {
        return mr_cli_usage(run->cli, "--from is a day, yyyy-mm-dd, not '%s'", run->from);
    }
    if (!parse_count(run->first_invoice, mr_traffic_invoice_max, &options->first_invoice_no)) {
        return mr_cli_usage(run->cli, "--first-invoice is a number up to %llu, not '%s'",
                            (unsigned long long)mr_traffic_invoice_max, run->first_invoice);
    }
    run->csv = strcmp(run->format, "csv") == 0;
    if (!run->csv && strcmp(run->format, "ndjson") != 0) {
        return mr_cli_usage(run->cli, "--format is ndjson or csv, not '%s'", run->format);
    }
    if (mr_price_parse(mr_text_of(run->duplicates), &ratio) != MR_DECIMAL_OK || ratio.scaled < 0 ||
        ratio.scaled > mr_price_unit) {
        return mr_cli_usage(run->cli, "--duplicates is a ratio from 0 to 1, not '%s'",
                            run->duplicates);
    }
    options->duplicates_ppm = (uint32_t)(ratio.scaled * (mr_traffic_parts_each / mr_price_unit));
    options->days = (uint32_t)days;
    if (options->events == 0 && options->days == 0) {
        options->events = 1000;
    }
    return MR_EXIT_OK;
}

static bool parse_options(generate_run *run, int argc, char **argv, int *ret_exit)
{
    const mr_cli_option options[] = {
        {"--events", 'n', "N", "how many events (default 1000, or what --days gives)", &run->events,
         NULL},
        {"--days", 0, "D", "over how many days; with --events, about", &run->days, NULL},
        {"--seed", 's', "S", "the same seed gives the same events (default 1)", &run->seed, NULL},
        {"--from", 0, "yyyy-mm-dd", "the first day (default 2025-01-01)", &run->from, NULL},
        {"--first-invoice", 0, "N", "number of the first invoice (default 500001)",
         &run->first_invoice, NULL},
        {"--format", 'f', "ndjson|csv", "form of the lines (default ndjson)", &run->format, NULL},
        {"--duplicates", 0, "RATIO",
         "how often a line is followed by its double, 0 to 1 (default 0)", &run->duplicates, NULL},
        {"--output", 'o', "FILE", "write there instead of standard output", &run->output_path,
         NULL},
        {"--quiet", 'q', NULL, "show no progress and no summary", NULL, &run->quiet},
    };
    int count = 0;
    char **arguments = NULL;

    if (!mr_cli_parse(run->cli, argc, argv, options, sizeof(options) / sizeof(options[0]), &count,
                      &arguments, ret_exit)) {
        return false;
    }
    if (count != 0) {
        *ret_exit = mr_cli_usage(run->cli, "unexpected argument '%s'", arguments[0]);
        return false;
    }
    *ret_exit = check_options(run);
    return *ret_exit == MR_EXIT_OK;
}

static bool append_event(generate_run *run, const mr_event *event)
{
    mr_buffer *out = &run->output.buffer;

    if (run->csv) {
        return mr_generate_csv_line(event, out);
    }
    return mr_event_write_json(event, out) && mr_buffer_append(out, "\n", 1);
}

static mr_status write_events(generate_run *run, mr_traffic *traffic, uint64_t *ret_count,
                              mr_err *err)
{
    mr_progress *progress = mr_progress_create("generate", mr_traffic_expected(traffic), "events",
                                               run->quiet ? NULL : stderr);
    uint64_t count = 0;
    mr_event event;
    mr_status status = MR_OK;

    if (run->csv) {
        (void)mr_generate_csv_header(&run->output.buffer); /* the first bytes of an empty buffer */
    }
    while (status == MR_OK && mr_traffic_next(traffic, &event)) {
        bool written = append_event(run, &event);
        MR_ASSERT(written); /* the buffer has room for the longest event */
        status = mr_convert_output_step(&run->output, err);
        if ((++count & 1023) == 0) {
            mr_progress_update(progress, count, NULL);
        }
    }
    if (status == MR_OK) {
        status = mr_convert_output_flush(&run->output, err);
    }
    mr_progress_finish(progress);
    *ret_count = count;
    return status;
}

int mr_cmd_generate(mr_cli *cli, int argc, char **argv)
{
    generate_run run = {.cli = cli,
                        .options = {.seed = 1},
                        .from = default_from,
                        .format = "ndjson",
                        .duplicates = "0"};
    char count_text[mr_cli_text_bytes_max];
    uint64_t count = 0;
    mr_err err;
    int exit_status;

    if (!parse_options(&run, argc, argv, &exit_status)) {
        return exit_status;
    }
    if (mr_convert_output_open(run.output_path, &run.output, &err) != MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    mr_traffic *traffic = mr_traffic_create(&run.options);
    if (write_events(&run, traffic, &count, &err) != MR_OK) {
        exit_status = mr_cli_fail(cli, &err);
    } else if (!run.quiet && run.output_path != NULL) {
        (void)fprintf(stderr, "%s events written to %s\n", mr_cli_count(count, count_text),
                      run.output.name);
    }
    mr_traffic_destroy(traffic);
    mr_convert_output_close(&run.output);
    return exit_status;
}
