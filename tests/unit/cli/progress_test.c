/* SPDX-License-Identifier: Apache-2.0 */
/* cli/progress_test.c - what a line of progress shows, at every width. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/capture.h"
#include "cli/progress.h"

static const mr_progress_view half_done = {
    .label = "post",
    .unit = "events",
    .done = 500000,
    .total = 1000000,
    .elapsed_seconds = 2.0,
    .per_second = 250000.0,
};

static void a_plain_line_has_figures_and_no_bar(void **state)
{
    char line[mr_progress_line_bytes_max];
    const size_t bytes = mr_progress_render(&half_done, line);

    (void)state;
    assert_int_equal(bytes, strlen(line));
    assert_string_equal(line, "post: 500,000 of 1,000,000 events, 250,000/s, 2.0 s left");
}

static void a_wide_terminal_gets_a_bar(void **state)
{
    mr_progress_view view = half_done;
    char line[mr_progress_line_bytes_max];

    (void)state;
    view.columns = 120;
    view.note = "3 refused";
    (void)mr_progress_render(&view, line);
    assert_string_equal(line, "post: [############------------]  50% "
                              "500,000 of 1,000,000 events, 250,000/s, 2.0 s left, 3 refused");
}

static void no_width_is_ever_exceeded(void **state)
{
    mr_progress_view view = half_done;
    char line[mr_progress_line_bytes_max];
    size_t bytes = 0;

    (void)state;
    for (size_t columns = 1; columns <= 1000; columns++) {
        view.columns = columns;
        bytes = mr_progress_render(&view, line);
        assert_int_equal(bytes, strlen(line));
        assert_true(strlen(line) < columns);
    }
}

static void a_narrow_terminal_drops_the_bar_before_the_figures(void **state)
{
    mr_progress_view view = half_done;
    char line[mr_progress_line_bytes_max];

    (void)state;
    view.columns = 60;
    (void)mr_progress_render(&view, line);
    assert_null(strchr(line, '['));
    assert_non_null(strstr(line, "500,000 of 1,000,000 events"));
}

static void without_a_total_there_is_neither_bar_nor_end(void **state)
{
    mr_progress_view view = half_done;
    char line[mr_progress_line_bytes_max];

    (void)state;
    view.total = 0;
    view.columns = 120;
    (void)mr_progress_render(&view, line);
    assert_string_equal(line, "post: 500,000 events, 250,000/s");
}

static void bytes_are_written_as_sizes(void **state)
{
    mr_progress_view view = half_done;
    char line[mr_progress_line_bytes_max];

    (void)state;
    view.unit = "bytes";
    (void)mr_progress_render(&view, line);
    assert_string_equal(line, "post: 500 kB of 1.0 MB, 250 kB/s, 2.0 s left");
}

static void more_than_the_total_is_shown_as_all_of_it(void **state)
{
    mr_progress_view view = half_done;
    char line[mr_progress_line_bytes_max];

    (void)state;
    view.done = 1000001;
    view.columns = 120;
    (void)mr_progress_render(&view, line);
    assert_non_null(strstr(line, "[########################] 100%"));
    assert_null(strstr(line, "left"));
}

static void a_stalled_command_has_no_estimate(void **state)
{
    mr_progress_view view = half_done;
    char line[mr_progress_line_bytes_max];

    (void)state;
    view.per_second = 0.0;
    (void)mr_progress_render(&view, line);
    assert_string_equal(line, "post: 500,000 of 1,000,000 events, 0/s");
}

static void long_labels_and_notes_are_cut(void **state)
{
    char label[2 * mr_progress_line_bytes_max];
    char line[mr_progress_line_bytes_max];
    mr_progress_view view = half_done;

    (void)state;
    memset(label, 'x', sizeof label - 1);
    label[sizeof label - 1] = '\0';
    view.label = label;
    view.note = label;
    assert_int_equal(mr_progress_render(&view, line), mr_progress_line_bytes_max - 1);
    view.columns = 40;
    assert_int_equal(mr_progress_render(&view, line), 39);
}

static void quiet_progress_writes_nothing(void **state)
{
    capture *err = capture_begin(stderr);
    mr_progress *progress = mr_progress_create("post", 10, "events", NULL);

    (void)state;
    for (uint64_t done = 0; done <= 10; done++) {
        mr_progress_update(progress, done, NULL);
    }
    mr_progress_finish(progress);
    mr_progress_finish(NULL);
    assert_string_equal(capture_end(err), "");
    free(err);
}

static void a_short_command_writes_nothing_to_a_file(void **state)
{
    capture *err = capture_begin(stderr);
    mr_progress *progress = mr_progress_create("post", 10, "events", stderr);

    (void)state;
    for (uint64_t done = 0; done <= 10; done++) {
        mr_progress_update(progress, done, NULL);
    }
    mr_progress_finish(progress);
    assert_string_equal(capture_end(err), "");
    free(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_line_has_figures_and_no_bar),
        cmocka_unit_test(a_wide_terminal_gets_a_bar),
        cmocka_unit_test(no_width_is_ever_exceeded),
        cmocka_unit_test(a_narrow_terminal_drops_the_bar_before_the_figures),
        cmocka_unit_test(without_a_total_there_is_neither_bar_nor_end),
        cmocka_unit_test(bytes_are_written_as_sizes),
        cmocka_unit_test(more_than_the_total_is_shown_as_all_of_it),
        cmocka_unit_test(a_stalled_command_has_no_estimate),
        cmocka_unit_test(long_labels_and_notes_are_cut),
        cmocka_unit_test(quiet_progress_writes_nothing),
        cmocka_unit_test(a_short_command_writes_nothing_to_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
