/* SPDX-License-Identifier: Apache-2.0 */
/* cli/progress.c - drawing progress; see progress.h.
 *
 * Owns nothing but its copy of the texts; the stream is borrowed. Never fails: progress that cannot
 * be written is not worth ending a command for.
 */
#include "cli/progress.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/civil.h"
#include "base/memory.h"
#include "cli/cli.h"

enum {
    columns_default = 80,
    bar_columns_max = 24,
    bar_columns_min = 6,
    rate_window_us = 3000000, /* the rate shown is of the last 3 to 6 seconds */
};

struct mr_progress {
    FILE *stream; /* NULL: show nothing */
    char *label;
    char *unit;
    uint64_t total;
    bool terminal;
    bool drawn;
    int64_t started_us;
    int64_t shown_us;
    int64_t window_us;    /* where the current rate window began ... */
    uint64_t window_done; /* ... and what was done by then */
    int64_t previous_us;  /* the window before, so that a fresh one does not jump */
    uint64_t previous_done;
};

mr_progress *mr_progress_create(const char *label, uint64_t total, const char *unit, FILE *stream)
{
    mr_progress *progress = mr_alloc_zero(1, sizeof *progress);

    progress->stream = stream;
    progress->label = mr_copy_string(label);
    progress->unit = mr_copy_string(unit);
    progress->total = total;
    progress->terminal = stream != NULL && isatty(fileno(stream)) == 1;
    progress->started_us = mr_monotonic_us();
    progress->shown_us = progress->started_us;
    progress->window_us = progress->started_us;
    progress->previous_us = progress->started_us;
    return progress;
}

static size_t terminal_columns(FILE *stream)
{
    struct winsize size = {0};

    if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return columns_default;
    }
    return size.ws_col;
}

static double rate_now(mr_progress *progress, int64_t now_us, uint64_t done)
{
    const int64_t elapsed_us = now_us - progress->previous_us;
    const uint64_t since = done >= progress->previous_done ? done - progress->previous_done : 0;

    if (now_us - progress->window_us >= rate_window_us) {
        progress->previous_us = progress->window_us;
        progress->previous_done = progress->window_done;
        progress->window_us = now_us;
        progress->window_done = done;
    }
    return elapsed_us > 0 ? (double)since * 1e6 / (double)elapsed_us : 0.0;
}

void mr_progress_update(mr_progress *progress, uint64_t done, const char *note)
{
    const int64_t gap_us = progress->terminal ? mr_progress_redraw_us_min : mr_progress_line_us_min;
    char line[mr_progress_line_bytes_max];
    mr_progress_view view;
    int64_t now_us = 0;

    if (progress->stream == NULL) {
        return;
    }
    now_us = mr_monotonic_us();
    if (now_us - progress->shown_us < gap_us) {
        return;
    }
    view = (mr_progress_view){
        .label = progress->label,
        .unit = progress->unit,
        .note = note,
        .done = done,
        .total = progress->total,
        .elapsed_seconds = (double)(now_us - progress->started_us) / 1e6,
        .per_second = rate_now(progress, now_us, done),
        .columns = progress->terminal ? terminal_columns(progress->stream) : 0,
    };
    (void)mr_progress_render(&view, line);
    (void)fprintf(progress->stream, progress->terminal ? "\r%s\033[K" : "%s\n", line);
    (void)fflush(progress->stream);
    progress->shown_us = now_us;
    progress->drawn = true;
}

void mr_progress_finish(mr_progress *progress)
{
    if (progress == NULL) {
        return;
    }
    if (progress->drawn && progress->terminal) {
        (void)fputs("\r\033[K", progress->stream);
        (void)fflush(progress->stream);
    }
    free(progress->label);
    free(progress->unit);
    free(progress);
}

static const char *quantity(uint64_t value, bool bytes, char buffer[static mr_cli_text_bytes_max])
{
    return bytes ? mr_cli_bytes(value, buffer) : mr_cli_count(value, buffer);
}

/* "270,000 of 541,909 events  350,000/s  0.8 s left  3 refused" */
static void render_figures(const mr_progress_view *view, char *buffer, size_t bytes)
{
    const bool in_bytes = strcmp(view->unit, "bytes") == 0;
    const double rate = view->per_second;
    char done[mr_cli_text_bytes_max];
    char total[mr_cli_text_bytes_max + 8] = "";
    char speed[mr_cli_text_bytes_max];
    char left[mr_cli_text_bytes_max];
    char eta[mr_cli_text_bytes_max + 8] = "";
    char scratch[mr_cli_text_bytes_max];

    if (view->total > 0) {
        (void)snprintf(total, sizeof total, " of %s", quantity(view->total, in_bytes, scratch));
    }
    if (view->total > view->done && rate >= 1.0) {
        const double left_ms = (double)(view->total - view->done) / rate * 1000.0;

        (void)snprintf(eta, sizeof eta, ", %s left", mr_cli_duration((uint64_t)left_ms, left));
    }
    (void)snprintf(buffer, bytes, "%s%s%s%s, %s/s%s%s%s", quantity(view->done, in_bytes, done),
                   total, in_bytes ? "" : " ", in_bytes ? "" : view->unit,
                   quantity((uint64_t)rate, in_bytes, speed), eta, view->note != NULL ? ", " : "",
                   view->note != NULL ? view->note : "");
}

/* "[######------]  50%" in what is left of the line. */
static void render_bar(const mr_progress_view *view, size_t room, char *buffer, size_t bytes)
{
    const double share = view->done < view->total ? (double)view->done / (double)view->total : 1.0;
    const size_t wrapping = sizeof "[] 100% " - 1;
    size_t columns = 0;
    size_t filled = 0;

    buffer[0] = '\0';
    if (view->total == 0 || room < wrapping + bar_columns_min) {
        return;
    }
    columns = room - wrapping;
    columns = columns > bar_columns_max ? bar_columns_max : columns;
    MR_ASSERT(columns + wrapping < bytes);
    filled = (size_t)(share * (double)columns);
    buffer[0] = '[';
    memset(buffer + 1, '#', filled);
    memset(buffer + 1 + filled, '-', columns - filled);
    (void)snprintf(buffer + 1 + columns, bytes - columns - 1, "] %3d%% ", (int)(share * 100.0));
}

size_t mr_progress_render(const mr_progress_view *view,
                          char buffer[static mr_progress_line_bytes_max])
{
    char figures[mr_progress_line_bytes_max / 2];
    char bar[bar_columns_max + 16] = "";
    size_t wanted = 0;
    size_t bytes_max = mr_progress_line_bytes_max - 1;
    int written = 0;

    render_figures(view, figures, sizeof figures);
    if (view->columns > 0) {
        /* The last column stays free: some terminals wrap as soon as it is written. */
        bytes_max = view->columns - 1 < bytes_max ? view->columns - 1 : bytes_max;
        wanted = strlen(view->label) + 2 + strlen(figures);
        render_bar(view, bytes_max > wanted ? bytes_max - wanted : 0, bar, sizeof bar);
    }
    written = snprintf(buffer, bytes_max + 1, "%s: %s%s", view->label, bar, figures);
    MR_ASSERT(written >= 0);
    return (size_t)written < bytes_max ? (size_t)written : bytes_max;
}
