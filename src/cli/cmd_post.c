/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_post.c - `millrace post`: sends a file of events, CSV or NDJSON, to a gateway.
 *
 * Owns:      options, the progress file, progress and summary. The sending is post_run.c's.
 */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/civil.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/post_report.h"
#include "cli/post_run.h"
#include "cli/post_state.h"
#include "cli/progress.h"

enum {
    batch_lines_default = 5000,
    concurrency_batch_default = 4,
    concurrency_single_default = 32,
    state_save_us_min = 1000000,
    rate_parts = 4, /* a piece is at most a quarter of a second's worth of events */
    give_up_ms_max = 2147483647,
};

typedef struct post_command {
    mr_cli *cli;
    /* As given. */
    const char *batch, *concurrency, *rate, *packing, *retries, *give_up, *rejects_path, *order;
    const char *ca_file;
    bool single, verbose, quiet, no_resume, restart;
    /* Made of it. */
    mr_post_source_options source_options;
    mr_post_options options;
    char *url;
    char *state_path; /* NULL: not resumable */
    mr_post_source *source;
    mr_convert_rejects *rejects;
    mr_post_counts *counts;
    mr_post_state state;
    uint64_t resumed_line;
    int64_t started_us;
    int64_t saved_us;
    mr_progress *progress;
    uint64_t piece_end; /* for progress: bytes of NDJSON, lines of CSV */
} post_command;

/* --- Options --------------------------------------------------------------------------------- */

static bool parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret_number)
{
    return text == NULL ||
           (mr_parse_uint64(mr_text_of(text), max, ret_number) && *ret_number >= min);
}

static int check_sending(post_command *post)
{
    uint64_t lines = post->single ? 1 : batch_lines_default;
    uint64_t count = post->single ? concurrency_single_default : concurrency_batch_default;
    uint64_t retries = 0;

    if (post->single && post->batch != NULL) {
        return mr_cli_usage(post->cli, "--single and --batch exclude each other");
    }
    if (!parse_number(post->batch, 1, mr_post_lines_max, &lines)) {
        return mr_cli_usage(post->cli, "--batch is a number of lines from 1 to %d, not '%s'",
                            mr_post_lines_max, post->batch);
    }
    if (!parse_number(post->concurrency, 1, mr_post_concurrency_max, &count)) {
        return mr_cli_usage(post->cli, "--concurrency is a number from 1 to %d, not '%s'",
                            mr_post_concurrency_max, post->concurrency);
    }
    if (!parse_number(post->rate, 1, UINT32_MAX, &post->options.rate)) {
        return mr_cli_usage(post->cli, "--rate is a number of events a second, not '%s'",
                            post->rate);
    }
    if (!parse_number(post->retries, 1, UINT32_MAX, &retries)) {
        return mr_cli_usage(post->cli, "--retries is a number from 1, not '%s'", post->retries);
    }
    if (post->options.rate > 0 && lines > post->options.rate / rate_parts) {
        lines = post->options.rate / rate_parts + 1;
        lines = post->single ? 1 : lines;
    }
    post->options.retries_max = (uint32_t)retries;
    post->options.transfers.count = (uint32_t)count;
    post->source_options.lines_max = (uint32_t)lines;
    return MR_EXIT_OK;
}

static int check_options(post_command *post)
{
    if (!mr_parse_duration_ms(mr_text_of(post->give_up), &post->options.give_up_ms) ||
        post->options.give_up_ms > give_up_ms_max) {
        return mr_cli_usage(post->cli, "--give-up-after is a duration such as 30s or 5m, not '%s'",
                            post->give_up);
    }
    if (!mr_post_packing_parse(post->packing, &post->options.transfers.packing)) {
        return mr_cli_usage(post->cli, "--compress is gzip, zstd or none, not '%s'", post->packing);
    }
    if (!mr_convert_order_parse(post->order, &post->source_options.convert.order)) {
        return mr_cli_usage(post->cli, "--date-order is dmy or mdy, not '%s'", post->order);
    }
    return check_sending(post);
}

static bool parse_options(post_command *post, int argc, char **argv, int *ret_exit)
{
    mr_convert_options *convert = &post->source_options.convert;
    const mr_cli_option options[] = {
        {"--single", 0, NULL, "one POST /invoicedata for each event", NULL, &post->single},
        {"--batch", 'b', "N", "lines of each POST /invoicedata/batch (default 5000)", &post->batch,
         NULL},
        {"--concurrency", 'c', "N", "requests at once (default 4, single 32)", &post->concurrency,
         NULL},
        {"--rate", 'r', "N", "at most so many events a second", &post->rate, NULL},
        {"--compress", 'z', "gzip|zstd|none", "pack the bodies (default none)", &post->packing,
         NULL},
        {"--retries", 0, "N", "tries again at most so often (default: until --give-up-after)",
         &post->retries, NULL},
        {"--give-up-after", 0, "DURATION", "ends when a request keeps failing (default 5m)",
         &post->give_up, NULL},
        {"--rejects", 0, "FILE", "where refused lines go (default FILE.rejects)",
         &post->rejects_path, NULL},
        {"--no-resume", 0, NULL, "neither go on where a run stopped, nor remember where this does",
         NULL, &post->no_resume},
        {"--restart", 0, NULL, "begin again, though an earlier run stopped midway", NULL,
         &post->restart},
        {"--ca-file", 0, "FILE", "certificate authorities to trust (PEM)", &post->ca_file, NULL},
        {"--date-order", 0, "dmy|mdy", "of a CSV file: which comes first, if it leaves that open",
         &post->order, NULL},
        {"--event-ids", 0, NULL, "of a CSV file: give each line an EventID", NULL,
         &convert->event_ids},
        {"--synthesize-names", 0, NULL,
         "of a CSV file: make up a customerName from each CustomerID", NULL,
         &convert->synthesize_names},
        {"--verbose", 'v', NULL, "print the status code of each answer", NULL, &post->verbose},
        {"--quiet", 'q', NULL, "show no progress", NULL, &post->quiet},
    };
    int count = 0;
    char **arguments = NULL;

    if (!mr_cli_parse(post->cli, argc, argv, options, sizeof(options) / sizeof(options[0]), &count,
                      &arguments, ret_exit)) {
        return false;
    }
    if (count != 1) {
        *ret_exit = mr_cli_usage(post->cli, "give one file ('-' is standard input)");
        return false;
    }
    convert->path = arguments[0];
    *ret_exit = check_options(post);
    return *ret_exit == MR_EXIT_OK;
}

static char *route_url(const char *base, bool single)
{
    const char *route = single ? "/invoicedata" : "/invoicedata/batch";
    size_t bytes = strlen(base);
    char *url;

    while (bytes > 0 && base[bytes - 1] == '/') {
        bytes--;
    }
    url = mr_alloc(bytes + strlen(route) + 1);
    memcpy(url, base, bytes);
    memcpy(url + bytes, route, strlen(route) + 1);
    return url;
}

/* --- Where an earlier run stopped ------------------------------------------------------------ */

static mr_status save_state(post_command *post, mr_err *err)
{
    mr_status status = mr_convert_rejects_flush(post->rejects, err);

    if (status != MR_OK || post->state_path == NULL) {
        return status;
    }
    post->state.accepted = post->counts->accepted;
    post->state.refused = mr_convert_rejects_count(post->rejects);
    post->state.rejects_bytes = mr_convert_rejects_bytes(post->rejects);
    post->saved_us = mr_monotonic_us();
    return mr_post_state_save(post->state_path, &post->state, err);
}

static mr_status acknowledged(void *ctx, const mr_post_piece *piece, mr_err *err)
{
    post_command *post = ctx;

    post->state.offset = piece->end_offset;
    post->state.line = piece->end_line;
    post->piece_end = piece->numbers != NULL ? piece->end_line : piece->end_offset;
    if (mr_monotonic_us() - post->saved_us < state_save_us_min) {
        return MR_OK;
    }
    return save_state(post, err);
}

static mr_status resume_from(post_command *post, const mr_post_state *state, mr_err *err)
{
    char line[mr_cli_text_bytes_max];
    mr_status status = mr_post_source_skip(post->source, state->offset, state->line, err);

    if (status != MR_OK) {
        return status;
    }
    post->state = *state;
    post->resumed_line = state->line;
    mr_convert_rejects_resume(post->rejects, state->rejects_bytes, state->refused);
    if (!post->quiet) {
        (void)fprintf(stderr,
                      "going on at line %s, where the last run stopped (--restart begins "
                      "again)\n",
                      mr_cli_count(state->line, line));
    }
    return MR_OK;
}

/* What makes lines of one run differ from those of another, though the file is the same. */
static mr_status identify(post_command *post, mr_post_identity *ret_identity, mr_err *err)
{
    const mr_convert_options *convert = &post->source_options.convert;
    mr_buffer target;
    mr_status status;

    mr_buffer_init(&target, 65536);
    (void)mr_buffer_printf(&target, "%s %s order=%d ids=%d names=%d",
                           mr_config_text(mr_cli_config(post->cli), "MILLRACE_URL"),
                           mr_post_source_csv(post->source) != NULL ? "csv" : "ndjson",
                           (int)convert->order, convert->event_ids, convert->synthesize_names);
    (void)mr_buffer_append(&target, "", 1);
    status = mr_post_identify(convert->path, target.data, ret_identity, err);
    mr_buffer_free(&target);
    return status;
}

static mr_status prepare_resume(post_command *post, mr_err *err)
{
    const char *path = post->source_options.convert.path;
    size_t bytes = strlen(path) + sizeof(".progress");
    mr_post_identity identity;
    mr_post_state state;
    mr_status status;

    post->state.line = 1;
    if (post->no_resume || !mr_post_source_is_file(post->source)) {
        return MR_OK;
    }
    post->state_path = mr_alloc(bytes);
    (void)snprintf(post->state_path, bytes, "%s.progress", path);
    status = identify(post, &identity, err);
    if (status != MR_OK) {
        return status;
    }
    post->state.identity = identity;
    if (post->restart) {
        return MR_OK;
    }
    status = mr_post_state_load(post->state_path, &identity, &state, err);
    if (status == MR_OK) {
        return resume_from(post, &state, err);
    }
    if (status != MR_NOT_FOUND && err != NULL) {
        (void)fprintf(stderr, "%s: beginning again\n", err->message);
    }
    return MR_OK;
}

/* --- Progress and summary -------------------------------------------------------------------- */

static void progressed(void *ctx, const mr_post_counts *counts)
{
    post_command *post = ctx;
    char note[256];
    char accepted[mr_cli_text_bytes_max];
    char refused[mr_cli_text_bytes_max];
    int bytes;

    if (post->quiet) {
        return;
    }
    bytes = snprintf(note, sizeof(note), "%s accepted", mr_cli_count(counts->accepted, accepted));
    if (counts->refused + counts->rejected > 0) {
        bytes += snprintf(note + bytes, sizeof(note) - (size_t)bytes, ", %s refused",
                          mr_cli_count(counts->refused + counts->rejected, refused));
    }
    if (counts->trouble[0] != '\0') {
        (void)snprintf(note + bytes, sizeof(note) - (size_t)bytes, "; trying again: %.80s",
                       counts->trouble);
    }
    mr_progress_update(post->progress, post->piece_end, note);
}

static void print_summary(const post_command *post, mr_status status, const mr_err *err)
{
    mr_post_report report = {
        .file = post->source_options.convert.path,
        .outcome = status == MR_OK            ? "done"
                   : status == MR_STOPPED     ? "stopped"
                   : status == MR_UNAVAILABLE ? "gave up"
                                              : "failed",
        .error = status == MR_OK ? NULL : err->message,
        .rejects_path = mr_convert_rejects_path(post->rejects),
        .rejects = mr_convert_rejects_count(post->rejects),
        .resumed_line = post->resumed_line,
        .next_line = post->state.line,
        .seconds = (double)(mr_monotonic_us() - post->started_us) / 1e6,
        .counts = post->counts,
    };
    mr_buffer text;

    mr_buffer_init(&text, 65536);
    if (mr_cli_json(post->cli)) {
        mr_post_report_json(&report, &text);
    } else {
        mr_post_report_text(&report, &text);
    }
    (void)fwrite(text.data, 1, text.bytes, stdout);
    mr_buffer_free(&text);
}

static int conclude(post_command *post, mr_status status, mr_err *err)
{
    mr_err save_err;
    char line[mr_cli_text_bytes_max];

    if (save_state(post, &save_err) != MR_OK) {
        (void)mr_cli_fail(post->cli, &save_err);
        status = status == MR_OK ? mr_fail(err, save_err.status, "%s", save_err.message) : status;
    }
    print_summary(post, status, err);
    if (status != MR_OK) {
        (void)mr_cli_fail(post->cli, err);
        if (post->state_path != NULL) {
            (void)fprintf(stderr, "run it again to go on at line %s\n",
                          mr_cli_count(post->state.line, line));
        }
        return MR_EXIT_FAILED;
    }
    if (post->state_path != NULL) {
        mr_post_state_remove(post->state_path);
    }
    return mr_convert_rejects_count(post->rejects) > 0 ? MR_EXIT_FAILED : MR_EXIT_OK;
}

/* --- The command ----------------------------------------------------------------------------- */

/* Signals come as a descriptor that the loop waits for with everything else. */
static int catch_signals(sigset_t *ret_old)
{
    sigset_t caught;

    (void)sigemptyset(&caught);
    (void)sigaddset(&caught, SIGINT);
    (void)sigaddset(&caught, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &caught, ret_old);
    return signalfd(-1, &caught, SFD_NONBLOCK | SFD_CLOEXEC);
}

static mr_status send_all(post_command *post, mr_err *err)
{
    const char *unit = mr_post_source_csv(post->source) != NULL ? "lines" : "bytes";
    const mr_config *config = mr_cli_config(post->cli);
    mr_status status;

    post->url = route_url(mr_config_text(config, "MILLRACE_URL"), post->single);
    post->options.transfers.url = post->url;
    post->options.transfers.api_key = mr_config_text(config, "MILLRACE_API_KEY");
    post->options.transfers.ca_file = post->ca_file;
    post->options.transfers.content_type =
        post->single ? "application/json" : "application/x-ndjson";
    post->options.single = post->single;
    post->options.verbose = post->verbose;
    post->options.ctx = post;
    post->options.acknowledged = acknowledged;
    post->options.progressed = progressed;
    post->piece_end = post->resumed_line > 0 ? post->state.offset : 0;
    post->progress = mr_progress_create("post", mr_post_source_total(post->source), unit,
                                        post->quiet ? NULL : stderr);
    status = mr_post_run(&post->options, post->source, post->rejects, post->counts, err);
    mr_progress_finish(post->progress);
    return status;
}

static int run_post(post_command *post)
{
    mr_err err = {.message = ""};
    mr_buffer found;
    sigset_t old;
    mr_status status = mr_post_source_open(&post->source_options, &post->source, &err);

    if (status == MR_OK) {
        status = prepare_resume(post, &err);
    }
    if (status != MR_OK) {
        return mr_cli_fail(post->cli, &err);
    }
    if (mr_post_source_csv(post->source) != NULL && !post->quiet) {
        mr_buffer_init(&found, 1024);
        mr_convert_describe(mr_post_source_csv(post->source), &found);
        (void)fprintf(stderr, "%.*s\n", MR_TEXT_ARGS(mr_buffer_text(&found)));
        mr_buffer_free(&found);
    }
    post->started_us = mr_monotonic_us();
    post->saved_us = post->started_us;
    post->options.stop_fd = catch_signals(&old);
    status = send_all(post, &err);
    if (post->options.stop_fd >= 0) {
        (void)close(post->options.stop_fd);
    }
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    return conclude(post, status, &err);
}

int mr_cmd_post(mr_cli *cli, int argc, char **argv)
{
    post_command post = {.cli = cli, .packing = "none", .give_up = "5m"};
    int exit_status;

    if (!parse_options(&post, argc, argv, &exit_status)) {
        return exit_status;
    }
    (void)curl_global_init(CURL_GLOBAL_DEFAULT); /* its failure shows in the first handle */
    post.counts = mr_alloc_zero(1, sizeof(*post.counts));
    post.rejects = mr_convert_rejects_create(post.rejects_path, post.source_options.convert.path);
    exit_status = run_post(&post);
    mr_post_source_close(post.source);
    mr_convert_rejects_destroy(post.rejects);
    free(post.counts);
    free(post.url);
    free(post.state_path);
    curl_global_cleanup();
    return exit_status;
}
