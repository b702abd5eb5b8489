/* SPDX-License-Identifier: Apache-2.0 */
/* cli/convert_command_test.c - `millrace convert` as a user meets it: files, words, exit status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>

#include "cli/commands.h"
#include "cli/convert_fixture.h"

#define HEADER "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
#define GOOD   "1,A,x,6,2010-12-01 08:26:00,2.5,7,X\n"
#define BAD    "1,A,\"y\",many,2010-12-01 08:26:00,2.5,7,X\n"

static void file_becomes_ndjson_and_is_described(void **state)
{
    files *f = *state;
    const char *in = files_write(f, "in.csv", HEADER GOOD GOOD);
    const char *out = files_path(f, "out.ndjson");
    ran r = RUN(mr_cmd_convert, in, "-o", out);
    char *text = files_read(out);

    assert_int_equal(r.exit_status, MR_EXIT_OK);
    assert_non_null(
        strstr(r.err, "delimiter comma, encoding UTF-8, dates yyyy-mm-dd HH:MM:SS, 3 lines\n"));
    assert_non_null(strstr(r.err, "2 events written to"));
    assert_string_equal(r.out, "");
    assert_int_equal(count_of(text, "\"InvoiceNo\":\"1\""), 2);
    assert_int_equal(count_of(text, "\n"), 2);
    free(text);
    ran_free(&r);
}

static void rejects_are_written_and_counted(void **state)
{
    files *f = *state;
    const char *in = files_write(f, "in.csv", HEADER GOOD BAD GOOD);
    const char *rejects_path = files_path(f, "in.csv.rejects");
    ran r = RUN(mr_cmd_convert, in);
    char *rejects = files_read(rejects_path);

    assert_int_equal(r.exit_status, MR_EXIT_OK);
    assert_non_null(strstr(r.err, "2 events written to standard output; 1 line rejected"));
    assert_non_null(rejects);
    assert_string_equal(
        rejects, "{\"line\":3,\"reason\":\"Quantity: Input should be a valid integer, unable "
                 "to parse string as an integer\",\"raw\":\"1,A,\\\"y\\\",many,2010-12-01 "
                 "08:26:00,2.5,7,X\"}\n");
    free(rejects);
    ran_free(&r);
    r = RUN(mr_cmd_convert, in, "--strict", "-q", "-o", files_path(f, "o"));
    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    assert_non_null(strstr(r.err, "1 line rejected"));
    ran_free(&r);
}

static void rejects_file_is_made_only_when_needed(void **state)
{
    files *f = *state;
    const char *in = files_write(f, "clean.csv", HEADER GOOD);
    const char *rejects = files_path(f, "mine");
    ran r = RUN(mr_cmd_convert, in, "-o", files_path(f, "o"), "--rejects", rejects, "--strict");

    assert_int_equal(r.exit_status, MR_EXIT_OK);
    assert_null(files_read(rejects));
    ran_free(&r);
}

static void shorter_rejects_replace_longer_ones(void **state)
{
    files *f = *state;
    const char *rejects_path = files_path(f, "again.csv.rejects");
    ran r = RUN(mr_cmd_convert, files_write(f, "again.csv", HEADER BAD BAD BAD), "-q");
    ran_free(&r);
    r = RUN(mr_cmd_convert, files_write(f, "again.csv", HEADER BAD), "-q");
    ran_free(&r);
    char *rejects = files_read(rejects_path);
    assert_int_equal(count_of(rejects, "\n"), 1);
    free(rejects);
}

static void dry_run_only_says_what_it_found(void **state)
{
    files *f = *state;
    const char *in = files_write(f, "in.csv", HEADER "1,A,x,6,3/4/2010 8:26,2.5,7,X\n");
    ran r = RUN(mr_cmd_convert, in, "--dry-run");

    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    assert_string_equal(r.out, "delimiter comma, encoding UTF-8, dates ?/?/yyyy HH:MM, 2 lines\n");
    assert_non_null(strstr(r.err, "--date-order"));
    ran_free(&r);
    r = RUN(mr_cmd_convert, in, "--dry-run", "--date-order", "mdy");
    assert_int_equal(r.exit_status, MR_EXIT_OK);
    assert_string_equal(r.out, "delimiter comma, encoding UTF-8, dates m/d/yyyy HH:MM, 2 lines\n");
    ran_free(&r);
    r = RUN(mr_cmd_convert, in, "--dry-run", "--json", "--date-order", "dmy");
    assert_int_equal(r.exit_status, MR_EXIT_OK);
    assert_non_null(strstr(r.out, "\"delimiter\":\"comma\""));
    assert_non_null(strstr(r.out, "\"dates\":\"d/m/yyyy HH:MM\",\"date_order\":\"dmy\""));
    ran_free(&r);
}

static void open_dates_end_before_anything_is_written(void **state)
{
    files *f = *state;
    const char *in = files_write(f, "in.csv", HEADER "1,A,x,6,3/4/2010 8:26,2.5,7,X\n");
    const char *out = files_path(f, "none.ndjson");
    ran r = RUN(mr_cmd_convert, in, "-o", out);

    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    assert_non_null(strstr(r.err, "say which comes first with --date-order"));
    assert_null(files_read(out));
    ran_free(&r);
}

/* Diverts standard input to a pipe that holds the text, as `xzcat | millrace convert -` does. */
static int divert_input(const char *text)
{
    int ends[2];
    int saved = dup(STDIN_FILENO);

    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
    assert_int_equal(close(ends[1]), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    assert_int_equal(close(ends[0]), 0);
    return saved;
}

static void pipe_is_read_twice_all_the_same(void **state)
{
    files *f = *state;
    const char *out = files_path(f, "piped.ndjson");
    int saved = divert_input(HEADER GOOD "1,A,x\xE9,6,2010-12-01 08:26:00,2.5,7,X\n");
    ran r = RUN(mr_cmd_convert, "-", "-o", out);
    char *text = files_read(out);

    assert_true(dup2(saved, STDIN_FILENO) >= 0);
    assert_int_equal(close(saved), 0);
    assert_int_equal(r.exit_status, MR_EXIT_OK);
    assert_non_null(strstr(r.err, "encoding Windows-1252"));
    assert_non_null(strstr(text, "x\xC3\xA9"));
    free(text);
    ran_free(&r);
}

static void wrong_usage_is_said(void **state)
{
    files *f = *state;
    ran r = RUN(mr_cmd_convert, "-q");
    assert_int_equal(r.exit_status, MR_EXIT_USAGE);
    ran_free(&r);
    r = RUN(mr_cmd_convert, "a", "b");
    assert_int_equal(r.exit_status, MR_EXIT_USAGE);
    ran_free(&r);
    r = RUN(mr_cmd_convert, "a", "--date-order", "ymd");
    assert_int_equal(r.exit_status, MR_EXIT_USAGE);
    assert_non_null(strstr(r.err, "'ymd'"));
    ran_free(&r);
    r = RUN(mr_cmd_convert, files_path(f, "none.csv"));
    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    ran_free(&r);
    r = RUN(mr_cmd_convert, files_write(f, "in.csv", HEADER GOOD), "-o", "/nonexistent/folder/x");
    assert_int_equal(r.exit_status, MR_EXIT_FAILED);
    assert_non_null(strstr(r.err, "/nonexistent/folder/x"));
    ran_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_becomes_ndjson_and_is_described),
        cmocka_unit_test(rejects_are_written_and_counted),
        cmocka_unit_test(rejects_file_is_made_only_when_needed),
        cmocka_unit_test(shorter_rejects_replace_longer_ones),
        cmocka_unit_test(dry_run_only_says_what_it_found),
        cmocka_unit_test(open_dates_end_before_anything_is_written),
        cmocka_unit_test(pipe_is_read_twice_all_the_same),
        cmocka_unit_test(wrong_usage_is_said),
    };

    return cmocka_run_group_tests(tests, files_set_up, files_tear_down);
}
