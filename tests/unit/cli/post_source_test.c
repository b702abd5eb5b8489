/* SPDX-License-Identifier: Apache-2.0 */
/* cli/post_source_test.c - pieces of whole lines, their numbers, and going on midway. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/convert_fixture.h"
#include "cli/post_source.h"

#define CSV_HEADER "InvoiceNo,StockCode,Quantity,InvoiceDate,UnitPrice,Country\n"

static mr_post_source *open_source(const char *path, uint32_t lines_max)
{
    mr_post_source_options options = {.convert = {.path = path}, .lines_max = lines_max};
    mr_post_source *source = NULL;
    mr_err err = {.message = ""};
    mr_status status = mr_post_source_open(&options, &source, &err);

    if (status != MR_OK) {
        print_error("%s\n", err.message);
    }
    assert_int_equal(status, MR_OK);
    return source;
}

/* The pieces as "1:[a|b]@end_offset " with numbers of their first lines; also checks that they join
 * up. Free the result. */
static char *pieces_of(mr_post_source *source)
{
    mr_post_piece piece;
    mr_buffer out;
    mr_err err;
    mr_status status;

    mr_post_piece_init(&piece);
    mr_buffer_init(&out, fixture_file_bytes_max);
    while ((status = mr_post_source_next(source, true, &piece, &err)) == MR_OK) {
        assert_true(mr_buffer_printf(&out, "%d:[",
                                     piece.count > 0 ? (int)mr_post_piece_line(&piece, 0) : 0));
        for (size_t i = 0; i < piece.lines.bytes; i++) {
            char c = piece.lines.data[i];
            assert_true(mr_buffer_append(&out, c == '\n' ? "|" : &c, 1));
        }
        assert_true(mr_buffer_printf(&out, "]%d@%d/%d ", (int)piece.rejected, (int)piece.end_offset,
                                     (int)piece.end_line));
    }
    assert_int_equal(status, MR_NOT_FOUND);
    mr_post_piece_free(&piece);
    assert_true(mr_buffer_append(&out, "", 1));
    return out.data;
}

static void assert_pieces(files *f, const char *text, uint32_t lines_max, const char *expected)
{
    mr_post_source *source = open_source(files_write(f, "in", text), lines_max);
    char *pieces = pieces_of(source);

    assert_string_equal(pieces, expected);
    free(pieces);
    mr_post_source_close(source);
}

static void lines_are_cut_into_pieces(void **state)
{
    assert_pieces(*state, "{1}\n{2}\n{3}\n", 2, "1:[{1}|{2}|]0@8/3 3:[{3}|]0@12/4 ");
    assert_pieces(*state, "{1}\n{2}\n{3}", 5, "1:[{1}|{2}|{3}]0@11/4 ");
    assert_pieces(*state, "{1}\r\n\n{2}\n", 2, "1:[{1}\r||]0@6/3 3:[{2}|]0@10/4 ");
    assert_pieces(*state, "", 5, "");
    assert_pieces(*state, "{}", 5, "1:[{}]0@2/2 ");
    assert_pieces(*state, "\xEF\xBB\xBF{1}\n", 5, "1:[{1}|]0@7/2 ");
}

static void single_events_have_no_blank_lines(void **state)
{
    assert_pieces(*state, "{1}\n\n  \r\n{2}\n\n", 1, "1:[{1}|]0@4/2 4:[{2}|]0@13/5 ");
}

static void line_that_is_too_long_is_refused_alone(void **state)
{
    files *f = *state;
    size_t bytes = mr_post_line_bytes_max + 5000;
    char *text = mr_alloc(bytes + 64);
    size_t used = (size_t)snprintf(text, 64, "{1}\n{2}\n");

    memset(text + used, '{', bytes);
    (void)snprintf(text + used + bytes, 16, "\n{4}\n{5}\n");
    mr_post_source *source = open_source(files_write(f, "long", text), 10);
    mr_post_piece piece;
    mr_err err;

    mr_post_piece_init(&piece);
    assert_int_equal(mr_post_source_next(source, true, &piece, &err), MR_OK);
    assert_int_equal(piece.count, 2);
    assert_int_equal(piece.rejected, 1);
    assert_non_null(strstr(piece.rejects.data, "{\"line\":3,\"reason\":\"longer"));
    assert_int_equal(piece.end_offset, used + bytes + 1);
    assert_int_equal(mr_post_source_next(source, true, &piece, &err), MR_OK);
    assert_int_equal(piece.count, 2);
    assert_int_equal(mr_post_piece_line(&piece, 0), 4);
    assert_int_equal(piece.end_line, 6);
    assert_int_equal(mr_post_source_next(source, true, &piece, &err), MR_NOT_FOUND);
    mr_post_piece_free(&piece);
    mr_post_source_close(source);
    free(text);
}

static void csv_lines_keep_their_numbers(void **state)
{
    files *f = *state;
    mr_post_source *source = open_source(files_write(f, "in.csv",
                                                     CSV_HEADER "1,A,1,2010-12-01,1,X\n"
                                                                "2,\"A\nB\",1,2010-12-01,1,X\n"
                                                                "bad\n"
                                                                "3,A,1,2010-12-01,1,X\n"),
                                         10);
    mr_post_piece piece;
    mr_err err;

    assert_non_null(mr_post_source_csv(source));
    assert_int_equal(mr_post_source_total(source), 6);
    mr_post_piece_init(&piece);
    assert_int_equal(mr_post_source_next(source, true, &piece, &err), MR_OK);
    assert_int_equal(piece.count, 3);
    assert_int_equal(piece.rejected, 1);
    assert_int_equal(mr_post_piece_line(&piece, 0), 2);
    assert_int_equal(mr_post_piece_line(&piece, 1), 3);
    assert_int_equal(mr_post_piece_line(&piece, 2), 6);
    assert_int_equal(mr_post_source_next(source, true, &piece, &err), MR_NOT_FOUND);
    mr_post_piece_free(&piece);
    mr_post_source_close(source);
}

/* Going on behind any piece gives exactly what was not given before. */
static void assert_resumable(files *f, const char *text, uint32_t lines_max)
{
    const char *path = files_write(f, "resume", text);
    mr_buffer whole;
    uint64_t end_offset = 0;
    uint64_t end_line = 0;
    mr_err err;

    mr_buffer_init(&whole, fixture_file_bytes_max);
    for (size_t given = 0;; given++) {
        mr_post_source *source = open_source(path, lines_max);
        mr_post_piece piece;
        mr_buffer text_given;
        bool over = false;
        mr_post_piece_init(&piece);
        mr_buffer_init(&text_given, fixture_file_bytes_max);
        for (size_t i = 0; i < given && !over; i++) {
            over = mr_post_source_next(source, true, &piece, &err) == MR_NOT_FOUND;
            if (!over) {
                assert_true(mr_buffer_append_text(&text_given, mr_buffer_text(&piece.lines)));
            }
        }
        mr_post_source_close(source);
        source = open_source(path, 3);
        if (given > 0 && !over) {
            assert_int_equal(mr_post_source_skip(source, piece.end_offset, piece.end_line, &err),
                             MR_OK);
        }
        while (!over && mr_post_source_next(source, true, &piece, &err) == MR_OK) {
            assert_true(mr_buffer_append_text(&text_given, mr_buffer_text(&piece.lines)));
        }
        mr_post_source_close(source);
        end_offset = given == 0 ? piece.end_offset : end_offset;
        end_line = given == 0 ? piece.end_line : end_line;
        assert_int_equal(piece.end_offset, end_offset);
        assert_int_equal(piece.end_line, end_line);
        mr_post_piece_free(&piece);
        if (given == 0) {
            assert_true(mr_buffer_append_text(&whole, mr_buffer_text(&text_given)));
        }
        assert_true(mr_text_equal(mr_buffer_text(&whole), mr_buffer_text(&text_given)));
        mr_buffer_free(&text_given);
        if (over) {
            break;
        }
    }
    assert_true(whole.bytes > 0);
    mr_buffer_free(&whole);
}

static void source_goes_on_behind_any_piece(void **state)
{
    assert_resumable(*state, "{1}\n{2}\n\n{3}\n{4}\n{5}", 2);
    assert_resumable(*state, "{1}\n{2}\n{3}\n{4}\n{5}\n", 1);
    assert_resumable(*state,
                     CSV_HEADER "1,A,1,2010-12-01,1,X\nbad\n2,\"A\nB\",1,2010-12-01,1,X\n"
                                "3,A,1,2010-12-01,1,X\nbad\n4,A,1,2010-12-01,1,X\nbad\n",
                     2);
}

/* A pipe that has nothing more for now: a few lines are given only when there is nothing to wait
 * for. */
static void slow_pipe_is_given_in_what_has_come(void **state)
{
    int ends[2];
    int saved = dup(STDIN_FILENO);
    mr_post_piece piece;
    mr_err err;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "{1}\n{2}\n{3", 10), 10);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    mr_post_source *source = open_source("-", 10);
    assert_false(mr_post_source_is_file(source));
    mr_post_piece_init(&piece);
    assert_int_equal(mr_post_source_next(source, false, &piece, &err), MR_UNAVAILABLE);
    assert_int_equal(mr_post_source_fd(source), STDIN_FILENO);
    assert_int_equal(mr_post_source_next(source, true, &piece, &err), MR_OK);
    assert_int_equal(piece.count, 2);
    assert_int_equal(mr_post_source_next(source, true, &piece, &err), MR_UNAVAILABLE);
    assert_int_equal(write(ends[1], "}\n", 2), 2);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(mr_post_source_next(source, false, &piece, &err), MR_OK);
    assert_int_equal(piece.count, 1);
    assert_int_equal(mr_post_piece_line(&piece, 0), 3);
    assert_true(mr_text_equal(mr_buffer_text(&piece.lines), MR_TEXT_LITERAL("{3}\n")));
    assert_int_equal(mr_post_source_next(source, false, &piece, &err), MR_NOT_FOUND);
    mr_post_piece_free(&piece);
    mr_post_source_close(source);
    assert_true(dup2(saved, STDIN_FILENO) >= 0);
    assert_int_equal(close(saved), 0);
    assert_int_equal(close(ends[0]), 0);
}

static void piped_csv_loses_no_byte(void **state)
{
    int ends[2];
    int saved = dup(STDIN_FILENO);
    static const char csv[] = CSV_HEADER "1,A,1,2010-12-01,1,X\n";

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], csv, sizeof(csv) - 1), sizeof(csv) - 1);
    assert_int_equal(close(ends[1]), 0);
    assert_true(dup2(ends[0], STDIN_FILENO) >= 0);
    mr_post_source *source = open_source("-", 10);
    char *pieces = pieces_of(source);
    assert_non_null(strstr(pieces, "2:[{\"InvoiceNo\":\"1\""));
    free(pieces);
    mr_post_source_close(source);
    assert_true(dup2(saved, STDIN_FILENO) >= 0);
    assert_int_equal(close(saved), 0);
    assert_int_equal(close(ends[0]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_cut_into_pieces),
        cmocka_unit_test(single_events_have_no_blank_lines),
        cmocka_unit_test(line_that_is_too_long_is_refused_alone),
        cmocka_unit_test(csv_lines_keep_their_numbers),
        cmocka_unit_test(source_goes_on_behind_any_piece),
        cmocka_unit_test(slow_pipe_is_given_in_what_has_come),
        cmocka_unit_test(piped_csv_loses_no_byte),
    };

    return cmocka_run_group_tests(tests, files_set_up, files_tear_down);
}
