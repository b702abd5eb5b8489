/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_convert.c - `millrace convert`: a CSV file of any make becomes NDJSON in the wire's form.
 *
 * Owns:     options, output, summary. The conversion itself is convert_stream.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/convert_output.h"
#include "cli/convert_rejects.h"
#include "cli/convert_stream.h"
#include "cli/progress.h"
#include "event/event_json.h"

typedef struct convert_run {
    mr_cli *cli;
    mr_convert_options options;
    const char *output_path;
    const char *rejects_path;
    const char *order_text;
    bool dry_run, strict, quiet;
    mr_convert_stream *stream;
    mr_convert_output output;
    mr_convert_rejects *rejects;
    uint64_t events;
} convert_run;

static bool parse_options(convert_run *run, int argc, char **argv, int *ret_exit)
{
    const mr_cli_option options[] = {
        {"--output", 'o', "FILE", "write there instead of standard output", &run->output_path,
         NULL},
        {"--date-order", 0, "dmy|mdy", "which comes first, where the file leaves it open",
         &run->order_text, NULL},
        {"--event-ids", 0, NULL, "give each line an EventID, so that identical lines stay distinct",
         NULL, &run->options.event_ids},
        {"--synthesize-names", 0, NULL, "make up a customerName from each CustomerID", NULL,
         &run->options.synthesize_names},
        {"--rejects", 0, "FILE", "where lines that are no events go (default FILE.rejects)",
         &run->rejects_path, NULL},
        {"--strict", 0, NULL, "fail (exit 1) when a line was rejected", NULL, &run->strict},
        {"--dry-run", 'n', NULL, "only say what the file is", NULL, &run->dry_run},
        {"--quiet", 'q', NULL, "show no progress and no summary", NULL, &run->quiet},
    };
    int count = 0;
    char **arguments = NULL;

    if (!mr_cli_parse(run->cli, argc, argv, options, sizeof(options) / sizeof(options[0]), &count,
                      &arguments, ret_exit)) {
        return false;
    }
    if (count != 1) {
        *ret_exit = mr_cli_usage(run->cli, "give one file ('-' is standard input)");
        return false;
    }
    if (!mr_convert_order_parse(run->order_text, &run->options.order)) {
        *ret_exit = mr_cli_usage(run->cli, "--date-order is dmy or mdy, not '%s'", run->order_text);
        return false;
    }
    run->options.path = arguments[0];
    return true;
}

static void print_findings(const convert_run *run, FILE *stream)
{
    mr_buffer text;

    mr_buffer_init(&text, 1024);
    if (mr_cli_json(run->cli)) {
        mr_convert_describe_json(run->stream, &text);
    } else {
        mr_convert_describe(run->stream, &text);
    }
    (void)fprintf(stream, "%.*s\n", MR_TEXT_ARGS(mr_buffer_text(&text)));
    mr_buffer_free(&text);
}

static mr_status convert_lines(convert_run *run, mr_progress *progress, mr_err *err)
{
    mr_convert_line line;
    mr_status status;

    for (;;) {
        status = mr_convert_next(run->stream, &line, err);
        if (status == MR_NOT_FOUND) {
            return MR_OK;
        }
        if (status == MR_OK) {
            bool written = mr_event_write_json(&line.event, &run->output.buffer);
            MR_ASSERT(written); /* the buffer has room for the longest event */
            (void)mr_buffer_append(&run->output.buffer, "\n", 1);
            run->events++;
            status = mr_convert_output_step(&run->output, err);
        } else if (status == MR_INVALID) {
            status = mr_convert_rejects_add(run->rejects, line.number, line.reason, line.raw, err);
        }
        if (status != MR_OK) {
            return status;
        }
        if ((line.number & 1023) == 0) {
            mr_progress_update(progress, line.number, NULL);
        }
    }
}

static mr_status convert_file(convert_run *run, mr_err *err)
{
    mr_progress *progress = mr_progress_create("convert", mr_convert_profile(run->stream)->lines,
                                               "lines", run->quiet ? NULL : stderr);
    mr_status status = convert_lines(run, progress, err);

    if (status == MR_OK) {
        status = mr_convert_output_flush(&run->output, err);
    }
    if (status == MR_OK) {
        status = mr_convert_rejects_flush(run->rejects, err);
    }
    mr_progress_finish(progress);
    return status;
}

static int conclude(const convert_run *run)
{
    uint64_t rejected = mr_convert_rejects_count(run->rejects);
    char events_text[mr_cli_text_bytes_max];
    char rejected_text[mr_cli_text_bytes_max];

    if (!run->quiet || rejected > 0) {
        (void)fprintf(stderr, "%s events written to %s", mr_cli_count(run->events, events_text),
                      run->output.name);
        if (rejected > 0) {
            (void)fprintf(stderr, "; %s %s rejected, with the reasons in %s",
                          mr_cli_count(rejected, rejected_text), rejected == 1 ? "line" : "lines",
                          mr_convert_rejects_path(run->rejects));
        }
        (void)fputc('\n', stderr);
    }
    return rejected > 0 && run->strict ? MR_EXIT_FAILED : MR_EXIT_OK;
}

static int run_convert(convert_run *run)
{
    mr_err err;
    mr_status status = mr_convert_open(&run->options, &run->stream, &err);

    if (status != MR_OK) {
        return mr_cli_fail(run->cli, &err);
    }
    if (run->dry_run) {
        print_findings(run, stdout);
    } else if (!run->quiet) {
        print_findings(run, stderr);
    }
    if (mr_convert_check_order(run->stream, &err) != MR_OK) {
        return mr_cli_fail(run->cli, &err);
    }
    if (run->dry_run) {
        return MR_EXIT_OK;
    }
    status = mr_convert_output_open(run->output_path, &run->output, &err);
    if (status == MR_OK) {
        status = convert_file(run, &err);
    }
    return status == MR_OK ? conclude(run) : mr_cli_fail(run->cli, &err);
}

int mr_cmd_convert(mr_cli *cli, int argc, char **argv)
{
    convert_run run = {.cli = cli, .output = {.fd = -1}};
    int exit_status;

    if (!parse_options(&run, argc, argv, &exit_status)) {
        return exit_status;
    }
    run.rejects = mr_convert_rejects_create(run.rejects_path, run.options.path);
    exit_status = run_convert(&run);
    mr_convert_rejects_destroy(run.rejects);
    mr_convert_output_close(&run.output);
    mr_convert_close(run.stream);
    return exit_status;
}
