/* SPDX-License-Identifier: Apache-2.0 */
/* event/csv_test.c - records, quotes and line breaks, broken input, and chunks of any size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "event/csv.h"

typedef struct source {
    mr_text text;
    size_t at;
    size_t chunk_bytes;
    size_t fail_at; /* a read from here on fails once; SIZE_MAX = never */
} source;

static mr_status read_source(void *ctx, char *buffer, size_t capacity, size_t *ret_bytes,
                             mr_err *err)
{
    source *from = ctx;
    size_t bytes = from->text.bytes - from->at;

    if (from->at >= from->fail_at) {
        from->fail_at = SIZE_MAX;
        return mr_fail(err, MR_IO, "the disk is gone");
    }
    bytes = bytes < from->chunk_bytes ? bytes : from->chunk_bytes;
    bytes = bytes < capacity ? bytes : capacity;
    if (bytes > 0) {
        memcpy(buffer, from->text.data + from->at, bytes);
    }
    from->at += bytes;
    *ret_bytes = bytes;
    return MR_OK;
}

/* What a reader makes of a text, written down: "line:[a|b]" or "line!raw" for each record. */
static void transcribe(mr_text text, size_t chunk_bytes, char delimiter, bool windows_1252,
                       mr_buffer *out)
{
    source from = {text, 0, chunk_bytes, SIZE_MAX};
    mr_csv_reader *reader =
        mr_csv_reader_create(&(mr_csv_options){delimiter, windows_1252, read_source, &from});
    mr_csv_record record;
    mr_err err;
    mr_status status;

    while ((status = mr_csv_next(reader, &record, &err)) != MR_NOT_FOUND) {
        assert_true(status == MR_OK || status == MR_INVALID);
        assert_true(mr_buffer_printf(out, "%llu%s", (unsigned long long)record.line,
                                     status == MR_OK ? ":[" : "!"));
        for (size_t i = 0; status == MR_OK && i < record.count; i++) {
            assert_true(i == 0 || mr_buffer_append(out, "|", 1));
            assert_true(mr_buffer_append_text(out, record.fields[i]));
        }
        if (status == MR_OK) {
            assert_true(mr_buffer_append(out, "]", 1));
        } else {
            assert_true(mr_buffer_append_text(out, record.raw));
        }
        assert_true(mr_buffer_append(out, "\n", 1));
    }
    assert_int_equal(mr_csv_next(reader, &record, &err), MR_NOT_FOUND);
    mr_csv_reader_destroy(reader);
}

static void assert_csv_with(mr_text text, char delimiter, bool windows_1252, const char *expected)
{
    static const size_t chunks[] = {1, 2, 3, 5, 1000000};

    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        mr_buffer out;

        mr_buffer_init(&out, 1 << 20);
        transcribe(text, chunks[i], delimiter, windows_1252, &out);
        assert_true(mr_buffer_append(&out, "", 1));
        assert_string_equal(out.data, expected);
        mr_buffer_free(&out);
    }
}

static void assert_csv(const char *text, const char *expected)
{
    assert_csv_with(mr_text_of(text), ',', false, expected);
}

static void plain_records_are_read(void **state)
{
    (void)state;
    assert_csv("a,b,c\n1,2,3\n", "1:[a|b|c]\n2:[1|2|3]\n");
    assert_csv("a,b,c\n1,2,3", "1:[a|b|c]\n2:[1|2|3]\n");
    assert_csv(",\na,\n,b\n ,\t\n", "1:[|]\n2:[a|]\n3:[|b]\n4:[ |\t]\n");
    assert_csv("one", "1:[one]\n");
    assert_csv("a,", "1:[a|]\n");
    assert_csv("", "");
}

static void all_line_breaks_end_a_record(void **state)
{
    (void)state;
    assert_csv("a\nb\r\nc\rd\r", "1:[a]\n2:[b]\n3:[c]\n4:[d]\n");
    assert_csv("\"a\"\r\n\"b\"\r\"c\"\n", "1:[a]\n2:[b]\n3:[c]\n");
}

static void blank_lines_are_counted_and_skipped(void **state)
{
    (void)state;
    assert_csv("\n\na\r\n\r\n\r\nb\r\rc\n\n", "3:[a]\n6:[b]\n8:[c]\n");
    assert_csv("\n", "");
    assert_csv("\r\n", "");
    assert_csv("\"\"\n", "1:[]\n");
}

static void quoted_fields_hold_anything(void **state)
{
    (void)state;
    assert_csv("\"a,b\",\"say \"\"hi\"\"\",\"\"\n", "1:[a,b|say \"hi\"|]\n");
    assert_csv("\"\"\"\",\"\"\"\"\"\",\"a\"\"\"\n", "1:[\"|\"\"|a\"]\n");
    assert_csv("\"a\nb\r\nc\rd\",e\nf\n", "1:[a\nb\r\nc\rd|e]\n5:[f]\n");
    assert_csv("x,\"\n\n\"\ny", "1:[x|\n\n]\n4:[y]\n");
    assert_csv("\"a\"", "1:[a]\n");
    assert_csv("\"a\",", "1:[a|]\n");
}

static void a_quote_inside_an_unquoted_field_is_a_character(void **state)
{
    (void)state;
    assert_csv("12\" ruler,6\" nail\n5\"\n", "1:[12\" ruler|6\" nail]\n2:[5\"]\n");
}

static void any_delimiter_serves(void **state)
{
    (void)state;
    assert_csv_with(MR_TEXT_LITERAL("a;b,c;\"d;e\"\n"), ';', false, "1:[a|b,c|d;e]\n");
    assert_csv_with(MR_TEXT_LITERAL("a\tb\t\n"), '\t', false, "1:[a|b|]\n");
    assert_csv_with(MR_TEXT_LITERAL("a|b\n"), '|', false, "1:[a|b]\n");
}

static void a_byte_order_mark_is_skipped_at_the_start_only(void **state)
{
    (void)state;
    assert_csv("\xEF\xBB\xBF"
               "a,b\n\xEF\xBB\xBF"
               "c\n",
               "1:[a|b]\n2:[\xEF\xBB\xBF"
               "c]\n");
    assert_csv("\xEF\xBB\xBF\"a\"\n", "1:[a]\n");
    assert_csv("\xEF\xBB\xBF", "");
    assert_csv("\xEF\xBB", "1:[\xEF\xBB]\n");
    assert_csv_with(MR_TEXT_LITERAL("\xEF\xBB\xBF"
                                    "a\n"),
                    ',', true, "1:[a]\n");
}

static void windows_1252_becomes_utf_8(void **state)
{
    (void)state;
    assert_csv_with(MR_TEXT_LITERAL("caf\xE9,\"\x80 \"\"5\"\"\",plain\n"), ',', true,
                    "1:[caf\xC3\xA9|\xE2\x82\xAC \"5\"|plain]\n");
    assert_csv_with(MR_TEXT_LITERAL("a\xE9\n"), ',', false, "1:[a\xE9]\n");
}

static void undefined_bytes_of_windows_1252_spoil_their_record(void **state)
{
    (void)state;
    assert_csv_with(MR_TEXT_LITERAL("a\nb,\x81\nc\x8D\nd\x8F\ne\x90\n\"\x9D\"\nf\n"), ',', true,
                    "1:[a]\n2!b,\x81\n3!c\x8D\n4!d\x8F\n5!e\x90\n6!\"\x9D\"\n7:[f]\n");
}

static void a_nul_spoils_its_record(void **state)
{
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 1000);
    transcribe(MR_TEXT_LITERAL("a\nb\0,c\n\"d\0\"\ne\n"), 1000, ',', false, &out);
    assert_int_equal(out.bytes, 26);
    assert_memory_equal(out.data, "1:[a]\n2!b\0,c\n3!\"d\0\"\n4:[e]\n", 26);
    mr_buffer_free(&out);
}

static void text_behind_a_closing_quote_costs_the_line(void **state)
{
    (void)state;
    assert_csv("\"a\"x,b\nc\n", "1!\"a\"x,b\n2:[c]\n");
    assert_csv("a,\"b\" ,c\r\nd\n", "1!a,\"b\" ,c\n2:[d]\n");
    assert_csv("\"a\"x", "1!\"a\"x\n");
    assert_csv("\"a\"\"b\"c\nd", "1!\"a\"\"b\"c\n2:[d]\n");
}

static void a_quote_that_never_closes_costs_one_line(void **state)
{
    (void)state;
    assert_csv("a,b\n1,\"oops\n2,fine\r\n3,fine\n",
               "1:[a|b]\n2!1,\"oops\n3:[2|fine]\n4:[3|fine]\n");
    assert_csv("\"", "1!\"\n");
    assert_csv("a\n\"b", "1:[a]\n2!\"b\n");
    assert_csv("\"a\r\n\"b\r\nc\r\n", "1!\"a\n2!\"b\n3:[c]\n");
    assert_csv("\"x\n\n\ny", "1!\"x\n4:[y]\n");
}

static void a_stray_quote_does_not_swallow_the_lines_up_to_the_next(void **state)
{
    (void)state;
    assert_csv("1,\"oops\n2,fine\n3,\"good\"\n4,fine\n",
               "1!1,\"oops\n2:[2|fine]\n3:[3|good]\n4:[4|fine]\n");
}

static void fields_have_a_limit(void **state)
{
    mr_buffer text;
    mr_buffer expected;

    (void)state;
    mr_buffer_init(&text, 1 << 16);
    mr_buffer_init(&expected, 1 << 16);
    assert_true(mr_buffer_append_string(&expected, "1:["));
    for (int i = 1; i < mr_csv_fields_max; i++) {
        assert_true(mr_buffer_append(&text, "x,", 2));
        assert_true(mr_buffer_append(&expected, "x|", 2));
    }
    assert_true(mr_buffer_append_string(&text, "y\n"));
    assert_true(mr_buffer_append_string(&expected, "y]\n2!"));
    for (int i = 0; i < mr_csv_fields_max; i++) {
        assert_true(mr_buffer_append(&text, "x,", 2));
        assert_true(mr_buffer_append(&expected, "x,", 2));
    }
    assert_true(mr_buffer_append_string(&text, "\"y\"\nz\n"));
    assert_true(mr_buffer_append_string(&expected, "\"y\"\n3:[z]\n"));
    assert_true(mr_buffer_append(&expected, "", 1));
    assert_csv_with(mr_buffer_text(&text), ',', false, expected.data);
    mr_buffer_free(&text);
    mr_buffer_free(&expected);
}

static void raw_is_the_record_as_it_was_read(void **state)
{
    static const char text[] = "a,\"b\"\"\",\xE9\r\n\"x\ny\",z";
    source from = {MR_TEXT_LITERAL(text), 0, 3, SIZE_MAX};
    mr_csv_reader *reader = mr_csv_reader_create(&(mr_csv_options){',', true, read_source, &from});
    mr_csv_record record;

    (void)state;
    assert_int_equal(mr_csv_next(reader, &record, NULL), MR_OK);
    assert_true(mr_text_equal(record.raw, MR_TEXT_LITERAL("a,\"b\"\"\",\xE9")));
    assert_int_equal(mr_csv_next(reader, &record, NULL), MR_OK);
    assert_true(mr_text_equal(record.raw, MR_TEXT_LITERAL("\"x\ny\",z")));
    assert_int_equal(record.line, 2);
    assert_int_equal(mr_csv_next(reader, &record, NULL), MR_NOT_FOUND);
    mr_csv_reader_destroy(reader);
}

static void a_broken_record_is_explained(void **state)
{
    source from = {MR_TEXT_LITERAL("a\n\"b\"c\n"), 0, 100, SIZE_MAX};
    mr_csv_reader *reader = mr_csv_reader_create(&(mr_csv_options){',', false, read_source, &from});
    mr_csv_record record;
    mr_err err;

    (void)state;
    assert_int_equal(mr_csv_next(reader, &record, &err), MR_OK);
    assert_int_equal(mr_csv_next(reader, &record, &err), MR_INVALID);
    assert_int_equal(err.status, MR_INVALID);
    assert_string_equal(err.message, "line 2: there is text behind a closing quote");
    mr_csv_reader_destroy(reader);
}

static void a_failed_read_is_passed_on_and_reading_can_go_on(void **state)
{
    (void)state;
    for (size_t fail_at = 0; fail_at < 14; fail_at++) {
        source from = {MR_TEXT_LITERAL("a,\"b\nc\"\r\nd,e\n"), 0, 1, fail_at};
        mr_csv_reader *reader =
            mr_csv_reader_create(&(mr_csv_options){',', false, read_source, &from});
        mr_csv_record record;
        mr_err err;
        int failures = 0;
        int records = 0;
        mr_status status;

        while ((status = mr_csv_next(reader, &record, &err)) != MR_NOT_FOUND) {
            if (status == MR_OK) {
                assert_int_equal(record.count, 2);
                assert_int_equal(record.line, records == 0 ? 1 : 3);
                records++;
                continue;
            }
            assert_int_equal(status, MR_IO);
            assert_string_equal(err.message, "the disk is gone");
            failures++;
        }
        assert_int_equal(failures, 1);
        assert_int_equal(records, 2);
        mr_csv_reader_destroy(reader);
    }
}

/* --- Long records --------------------------------------------------------------------------- */

static void append_run(mr_buffer *out, char byte, size_t count)
{
    char *at = mr_buffer_reserve(out, count);

    assert_non_null(at);
    memset(at, byte, count);
    mr_buffer_commit(out, count);
}

typedef struct expected_record {
    mr_status status;
    uint64_t line;
    size_t raw_bytes;
} expected_record;

static void assert_long(mr_text text, size_t chunk_bytes, const expected_record *expected,
                        size_t count)
{
    source from = {text, 0, chunk_bytes, SIZE_MAX};
    mr_csv_reader *reader = mr_csv_reader_create(&(mr_csv_options){',', false, read_source, &from});
    mr_csv_record record;

    for (size_t i = 0; i < count; i++) {
        assert_int_equal(mr_csv_next(reader, &record, NULL), expected[i].status);
        assert_int_equal(record.line, expected[i].line);
        assert_int_equal(record.raw.bytes, expected[i].raw_bytes);
    }
    assert_int_equal(mr_csv_next(reader, &record, NULL), MR_NOT_FOUND);
    mr_csv_reader_destroy(reader);
}

static void a_record_at_the_cap_is_read_and_one_above_is_dropped(void **state)
{
    static const size_t chunks[] = {4093, 65536};
    static const expected_record expected[] = {
        {MR_OK, 1, mr_csv_record_bytes_max},
        {MR_INVALID, 2, mr_csv_record_bytes_max},
        {MR_INVALID, 3, mr_csv_record_bytes_max},
        {MR_OK, 4, 3},
    };
    mr_buffer text;

    (void)state;
    mr_buffer_init(&text, 8 * (size_t)mr_csv_record_bytes_max);
    append_run(&text, 'x', mr_csv_record_bytes_max);
    append_run(&text, '\n', 1);
    append_run(&text, 'x', mr_csv_record_bytes_max + 1);
    append_run(&text, '\n', 1);
    append_run(&text, 'x', 3 * (size_t)mr_csv_record_bytes_max);
    assert_true(mr_buffer_append_string(&text, "\r\na,b"));
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        assert_long(mr_buffer_text(&text), chunks[i], expected, 4);
    }
    mr_buffer_free(&text);
}

static void an_open_quote_over_the_cap_costs_one_line(void **state)
{
    static const expected_record expected[] = {
        {MR_INVALID, 1, 5},
        {MR_INVALID, 2, mr_csv_record_bytes_max},
        {MR_OK, 3, 3},
    };
    mr_buffer text;

    (void)state;
    mr_buffer_init(&text, 8 * (size_t)mr_csv_record_bytes_max);
    assert_true(mr_buffer_append_string(&text, "a,\"bc\n"));
    append_run(&text, 'x', 2 * (size_t)mr_csv_record_bytes_max);
    assert_true(mr_buffer_append_string(&text, "\na,b\n"));
    assert_long(mr_buffer_text(&text), 65536, expected, 3);
    assert_long(mr_buffer_text(&text), 10007, expected, 3);
    mr_buffer_free(&text);
}

/* Every line leaves a quote open, for the reader that begins there as for the one that comes from
 * above: the worst case for going back. The limit on fields keeps it from being quadratic. */
static void lines_that_all_leave_a_quote_open_take_linear_time(void **state)
{
    enum { line_count = 60000 };
    mr_buffer text;
    source from;
    mr_csv_reader *reader;
    mr_csv_record record;
    uint64_t line = 0;

    (void)state;
    mr_buffer_init(&text, 8 * (size_t)mr_csv_record_bytes_max);
    for (int i = 0; i < line_count; i++) {
        assert_true(mr_buffer_append_string(&text, "a\",\"b\n"));
    }
    from = (source){mr_buffer_text(&text), 0, 65536, SIZE_MAX};
    reader = mr_csv_reader_create(&(mr_csv_options){',', false, read_source, &from});
    while (mr_csv_next(reader, &record, NULL) == MR_INVALID) {
        assert_int_equal(record.line, ++line);
        assert_int_equal(record.raw.bytes, 5);
    }
    assert_int_equal(line, line_count);
    mr_csv_reader_destroy(reader);
    mr_buffer_free(&text);
}

/* --- Chunks --------------------------------------------------------------------------------- */

static void random_text_reads_the_same_in_chunks_of_any_size(void **state)
{
    static const char *const pieces[] = {"a",    "bc", ",",    ",",  "\"",           "\"",
                                         "\"\"", "\n", "\r\n", "\r", "\xEF\xBB\xBF", "\xE9",
                                         "\x81", "d e"};
    mr_random random;

    (void)state;
    mr_random_seed(&random, 4180);
    for (int i = 0; i < 800; i++) {
        size_t piece_count = mr_random_below(&random, 40);
        bool windows_1252 = i % 2 == 0;
        mr_buffer text;
        mr_buffer whole;
        mr_buffer chunked;

        mr_buffer_init(&text, 1000);
        mr_buffer_init(&whole, 10000);
        mr_buffer_init(&chunked, 10000);
        for (size_t piece = 0; piece < piece_count; piece++) {
            const char *string = pieces[mr_random_below(&random, sizeof pieces / sizeof *pieces)];

            assert_true(mr_buffer_append_string(&text, string));
        }
        transcribe(mr_buffer_text(&text), 100000, ',', windows_1252, &whole);
        transcribe(mr_buffer_text(&text), 1 + mr_random_below(&random, 6), ',', windows_1252,
                   &chunked);
        assert_true(mr_text_equal(mr_buffer_text(&whole), mr_buffer_text(&chunked)));
        mr_buffer_free(&text);
        mr_buffer_free(&whole);
        mr_buffer_free(&chunked);
    }
}

/* Written by the rules, read back the same. */
static void random_fields_survive_quoting(void **state)
{
    static const char letters[] = {'a', 'b', ',', '"', '\n', '\r', ' ', ';'};
    mr_random random;

    (void)state;
    mr_random_seed(&random, 1252);
    for (int i = 0; i < 400; i++) {
        mr_buffer csv;
        mr_buffer expected;
        mr_buffer actual;
        size_t field_count = 1 + mr_random_below(&random, 6);

        mr_buffer_init(&csv, 10000);
        mr_buffer_init(&expected, 10000);
        mr_buffer_init(&actual, 10000);
        assert_true(mr_buffer_append_string(&expected, "1:["));
        for (size_t field = 0; field < field_count; field++) {
            size_t length = mr_random_below(&random, 9);

            assert_true(mr_buffer_append_string(&csv, field == 0 ? "\"" : ",\""));
            assert_true(mr_buffer_append_string(&expected, field == 0 ? "" : "|"));
            for (size_t at = 0; at < length; at++) {
                char letter = letters[mr_random_below(&random, sizeof letters)];

                assert_true(letter != '"' || mr_buffer_append(&csv, "\"", 1));
                assert_true(mr_buffer_append(&csv, &letter, 1));
                assert_true(mr_buffer_append(&expected, &letter, 1));
            }
            assert_true(mr_buffer_append(&csv, "\"", 1));
        }
        assert_true(mr_buffer_append_string(&csv, "\r\n"));
        assert_true(mr_buffer_append_string(&expected, "]\n"));
        transcribe(mr_buffer_text(&csv), 1 + mr_random_below(&random, 20), ',', false, &actual);
        assert_true(mr_text_equal(mr_buffer_text(&expected), mr_buffer_text(&actual)));
        mr_buffer_free(&csv);
        mr_buffer_free(&expected);
        mr_buffer_free(&actual);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_records_are_read),
        cmocka_unit_test(all_line_breaks_end_a_record),
        cmocka_unit_test(blank_lines_are_counted_and_skipped),
        cmocka_unit_test(quoted_fields_hold_anything),
        cmocka_unit_test(a_quote_inside_an_unquoted_field_is_a_character),
        cmocka_unit_test(any_delimiter_serves),
        cmocka_unit_test(a_byte_order_mark_is_skipped_at_the_start_only),
        cmocka_unit_test(windows_1252_becomes_utf_8),
        cmocka_unit_test(undefined_bytes_of_windows_1252_spoil_their_record),
        cmocka_unit_test(a_nul_spoils_its_record),
        cmocka_unit_test(text_behind_a_closing_quote_costs_the_line),
        cmocka_unit_test(a_quote_that_never_closes_costs_one_line),
        cmocka_unit_test(a_stray_quote_does_not_swallow_the_lines_up_to_the_next),
        cmocka_unit_test(fields_have_a_limit),
        cmocka_unit_test(raw_is_the_record_as_it_was_read),
        cmocka_unit_test(a_broken_record_is_explained),
        cmocka_unit_test(a_failed_read_is_passed_on_and_reading_can_go_on),
        cmocka_unit_test(a_record_at_the_cap_is_read_and_one_above_is_dropped),
        cmocka_unit_test(an_open_quote_over_the_cap_costs_one_line),
        cmocka_unit_test(lines_that_all_leave_a_quote_open_take_linear_time),
        cmocka_unit_test(random_text_reads_the_same_in_chunks_of_any_size),
        cmocka_unit_test(random_fields_survive_quoting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
