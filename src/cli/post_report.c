/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_report.c - words and JSON of the summary. Called by: cmd_post.c. */
#include "cli/post_report.h"

#include <inttypes.h>

#include "cli/cli.h"

static uint64_t event_count(const mr_post_counts *counts)
{
    return counts->accepted + counts->refused + counts->rejected;
}

static uint64_t events_per_second(const mr_post_report *report)
{
    double rate = report->seconds > 0 ? (double)event_count(report->counts) / report->seconds : 0;

    return (uint64_t)rate;
}

static void append_count(mr_buffer *out, uint64_t count, const char *words)
{
    char text[mr_cli_text_bytes_max];

    (void)mr_buffer_printf(out, "%s%s", mr_cli_count(count, text), words);
}

static void append_answers(const mr_post_counts *counts, mr_buffer *out)
{
    const char *between = "answers: ";

    for (int status = 0; status < mr_post_statuses; status++) {
        if (counts->by_status[status] == 0) {
            continue;
        }
        if (status == 0) {
            (void)mr_buffer_printf(out, "%snone ", between);
        } else {
            (void)mr_buffer_printf(out, "%s%d ", between, status);
        }
        append_count(out, counts->by_status[status], "x");
        between = ", ";
    }
    if (counts->retries > 0) {
        (void)mr_buffer_append_string(out, "; sent again: ");
        append_count(out, counts->retries, "");
    }
    (void)mr_buffer_append_string(out, counts->requests > 0 ? "\n" : "");
}

void mr_post_report_text(const mr_post_report *report, mr_buffer *out)
{
    const mr_post_counts *counts = report->counts;

    append_count(out, event_count(counts), " events in ");
    (void)mr_buffer_printf(out, "%.1f s, ", report->seconds);
    append_count(out, events_per_second(report), " events/s: ");
    append_count(out, counts->accepted, " accepted, ");
    append_count(out, counts->refused, " refused");
    if (counts->rejected > 0) {
        (void)mr_buffer_append_string(out, ", ");
        append_count(out, counts->rejected, " not sent, as they are no events");
    }
    (void)mr_buffer_append_string(out, "\n");
    append_answers(counts, out);
    if (report->rejects > 0) {
        append_count(out, report->rejects,
                     report->rejects == 1 ? " line, with its reason, in "
                                          : " lines, with their reasons, in ");
        (void)mr_buffer_printf(out, "%s\n", report->rejects_path);
    }
}

static void append_member(mr_buffer *out, const char *name, const char *text)
{
    (void)mr_buffer_printf(out, ",\"%s\":", name);
    if (text == NULL) {
        (void)mr_buffer_append_string(out, "null");
    } else {
        (void)mr_buffer_append_json_string(out, mr_text_of(text));
    }
}

static void append_number(mr_buffer *out, const char *name, uint64_t number)
{
    (void)mr_buffer_printf(out, ",\"%s\":%" PRIu64, name, number);
}

void mr_post_report_json(const mr_post_report *report, mr_buffer *out)
{
    const mr_post_counts *counts = report->counts;
    const char *between = "";

    (void)mr_buffer_append_string(out, "{\"outcome\":");
    (void)mr_buffer_append_json_string(out, mr_text_of(report->outcome));
    append_member(out, "file", report->file);
    append_member(out, "error", report->error);
    append_number(out, "accepted", counts->accepted);
    append_number(out, "refused", counts->refused);
    append_number(out, "not_sent", counts->rejected);
    append_number(out, "requests", counts->requests);
    append_number(out, "sent_again", counts->retries);
    append_number(out, "bytes", counts->bytes);
    append_number(out, "resumed_line", report->resumed_line);
    append_number(out, "next_line", report->next_line);
    append_number(out, "events_per_second", events_per_second(report));
    (void)mr_buffer_printf(out, ",\"seconds\":%.3f", report->seconds);
    append_member(out, "rejects", report->rejects > 0 ? report->rejects_path : NULL);
    (void)mr_buffer_append_string(out, ",\"answers\":{");
    for (int status = 0; status < mr_post_statuses; status++) {
        if (counts->by_status[status] > 0) {
            (void)mr_buffer_printf(out, "%s\"%d\":%" PRIu64, between, status,
                                   counts->by_status[status]);
            between = ",";
        }
    }
    (void)mr_buffer_append_string(out, "}}\n");
}
