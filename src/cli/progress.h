/* SPDX-License-Identifier: Apache-2.0 */
/* cli/progress.h - how far a long command has come: a live bar on a terminal, quiet lines
 * elsewhere.
 *
 * Belongs to one thread. mr_progress_update is cheap (a clock read) and may be called per record.
 */
#ifndef MR_CLI_PROGRESS_H
#define MR_CLI_PROGRESS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    mr_progress_redraw_us_min = 100000, /* on a terminal: at most 10 redraws a second */
    mr_progress_line_us_min = 5000000,  /* elsewhere: a line every 5 seconds */
    mr_progress_line_bytes_max = 512,
};

typedef struct mr_progress mr_progress;

/* label: "post online-retail.ndjson". total: 0 when unknown. unit: "events", or "bytes" to have
 * sizes written as 1.2 MB. stream: stderr; NULL (for --quiet) shows nothing at all. Never NULL.
 * label and unit are copied. */
mr_progress *mr_progress_create(const char *label, uint64_t total, const char *unit, FILE *stream);

/* done: since the beginning, at most total. note: a few words behind the figures ("3 refused"), or
 * NULL; borrowed for the call. */
void mr_progress_update(mr_progress *progress, uint64_t done, const char *note);

/* Clears the bar, or ends the lines, and frees. Summaries are the command's own. NULL is fine. */
void mr_progress_finish(mr_progress *progress);

/* What one line shows. Plain values, so that rendering can be tested without clock or terminal. */
typedef struct mr_progress_view {
    const char *label;
    const char *unit;
    const char *note;
    uint64_t done;
    uint64_t total;
    double elapsed_seconds;
    double per_second; /* recent rate */
    size_t columns;    /* width of the terminal; 0: a plain line without a bar */
} mr_progress_view;

/* Writes at most `columns` columns and a NUL; returns the bytes before it. */
size_t mr_progress_render(const mr_progress_view *view,
                          char buffer[static mr_progress_line_bytes_max]);

#endif
