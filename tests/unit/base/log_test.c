/* SPDX-License-Identifier: Apache-2.0 */
/* base/log_test.c - entries are whole lines that no message can forge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static char entries[20000];

/* Runs a log call with standard error in a pipe; what came out stands in entries. */
static void capture(void (*call)(const char *), const char *message)
{
    int ends[2];
    int saved = dup(STDERR_FILENO);

    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    call(message);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(ends[1]);
    (void)close(saved);
    ssize_t got = read(ends[0], entries, sizeof(entries) - 1);
    entries[got > 0 ? got : 0] = '\0';
    (void)close(ends[0]);
}

static void warn(const char *message)
{
    errno = ENOENT;
    mr_log_warn("%s", message);
    assert_int_equal(errno, ENOENT);
}

static void debug(const char *message)
{
    mr_log_debug("%s", message);
}

static void test_text_entries_are_one_line(void **state)
{
    (void)state;
    mr_log_configure("gateway", MR_LOG_INFO, false);
    capture(warn, "a\nb\tc");
    assert_string_equal(entries + 24, " WARN  gateway: a b c\n");
    capture(debug, "x");
    assert_string_equal(entries, "");
}

static void test_json_entries_escape_the_message(void **state)
{
    (void)state;
    mr_log_configure("up", MR_LOG_DEBUG, true);
    capture(debug, "a\n\"b\"");
    assert_non_null(
        strstr(entries, "\"level\":\"debug\",\"role\":\"up\",\"message\":\"a\\n\\\"b\\\"\"}\n"));
}

static void test_long_messages_are_cut_but_whole_lines(void **state)
{
    char text[5000];

    (void)state;
    memset(text, 1, sizeof(text));
    text[sizeof(text) - 1] = '\0';
    mr_log_configure("up", MR_LOG_DEBUG, true);
    capture(warn, text);
    assert_true(strlen(entries) > 12000);
    assert_string_equal(entries + strlen(entries) - 3, "\"}\n");
}

static void test_levels_have_names(void **state)
{
    mr_log_level level;

    (void)state;
    assert_true(mr_log_level_parse("error", &level));
    assert_int_equal(level, MR_LOG_ERROR);
    assert_false(mr_log_level_parse("loud", &level));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_entries_are_one_line),
        cmocka_unit_test(test_json_entries_escape_the_message),
        cmocka_unit_test(test_long_messages_are_cut_but_whole_lines),
        cmocka_unit_test(test_levels_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
