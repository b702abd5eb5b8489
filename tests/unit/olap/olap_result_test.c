/* SPDX-License-Identifier: Apache-2.0 */
/* olap_result_test.c - rows and their values: exact, in every type, one chunk at a time. */
#include "olap_fixture.h"

static void rows_come_one_by_one_through_many_chunks(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_result *result = NULL;
    int64_t expected = 0;
    mr_status status;

    assert_int_equal(
        mr_olap_query(fixture->connection, "SELECT range FROM range(10000)", true, &result, NULL),
        MR_OK);
    while ((status = mr_olap_next(result, &fixture->err)) == MR_OK) {
        assert_int_equal(mr_olap_int64(result, 0), expected);
        expected++;
    }
    assert_int_equal(status, MR_NOT_FOUND);
    assert_int_equal(expected, 10000);
    assert_int_equal(mr_olap_next(result, NULL), MR_NOT_FOUND);
    mr_olap_result_free(result);
}

static void a_query_without_rows_still_has_columns(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_result *result = NULL;

    assert_int_equal(mr_olap_query(fixture->connection,
                                   "SELECT 1::DECIMAL(18,4) AS price, 'x' AS \"the name\", "
                                   "[{'a': 1, 'b c': ['x']}] AS l, MAP {'k': 1.5} AS m, "
                                   "now() AS t, '[]'::JSON AS j, [1,2]::INTEGER[2] AS a "
                                   "WHERE false",
                                   true, &result, NULL),
                     MR_OK);
    assert_int_equal(mr_olap_column_count(result), 7);
    assert_string_equal(mr_olap_column_name(result, 1), "the name");
    assert_string_equal(mr_olap_column_type(result, 0), "DECIMAL(18,4)");
    assert_string_equal(mr_olap_column_type(result, 1), "VARCHAR");
    assert_string_equal(mr_olap_column_type(result, 2),
                        "STRUCT(\"a\" INTEGER, \"b c\" VARCHAR[])[]");
    assert_string_equal(mr_olap_column_type(result, 3), "MAP(VARCHAR, DECIMAL(2,1))");
    assert_string_equal(mr_olap_column_type(result, 4), "TIMESTAMP WITH TIME ZONE");
    assert_string_equal(mr_olap_column_type(result, 5), "JSON");
    assert_string_equal(mr_olap_column_type(result, 6), "INTEGER[2]");
    assert_int_equal(mr_olap_next(result, NULL), MR_NOT_FOUND);
    mr_olap_result_free(result);
}

static void nulls_are_told_from_values(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_result *result = fixture_first(
        fixture, "SELECT * FROM (VALUES (1, NULL, ''), (NULL, 'x', NULL)) AS t(a, b, c)");
    mr_buffer out;

    mr_buffer_init(&out, 64);
    assert_false(mr_olap_is_null(result, 0));
    assert_true(mr_olap_is_null(result, 1));
    assert_null(mr_olap_text(result, 1).data);
    assert_false(mr_olap_is_null(result, 2));
    assert_non_null(mr_olap_text(result, 2).data);
    assert_int_equal(mr_olap_text(result, 2).bytes, 0);
    assert_true(mr_olap_write_text(result, 1, &out));
    assert_int_equal(out.bytes, 0);
    assert_int_equal(mr_olap_next(result, NULL), MR_OK);
    assert_true(mr_olap_is_null(result, 0));
    assert_false(mr_olap_is_null(result, 1));
    assert_true(mr_olap_is_null(result, 2));
    mr_buffer_free(&out);
    mr_olap_result_free(result);
}

static void short_and_long_texts_and_bytes_are_whole(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_result *result = fixture_first(
        fixture, "SELECT 'twelve bytes', 'thirteen bytes', '\\x00\\xFF'::BLOB, 'Müller'");

    assert_true(mr_text_equal(mr_olap_text(result, 0), MR_TEXT_LITERAL("twelve bytes")));
    assert_true(mr_text_equal(mr_olap_text(result, 1), MR_TEXT_LITERAL("thirteen bytes")));
    assert_true(mr_text_equal(mr_olap_text(result, 2), MR_TEXT_LITERAL("\x00\xff")));
    assert_true(mr_text_equal(mr_olap_text(result, 3), MR_TEXT_LITERAL("Müller")));
    mr_olap_result_free(result);
}

static void integers_of_every_width_are_read(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_result *result = fixture_first(
        fixture, "SELECT true, (-128)::TINYINT, (-32768)::SMALLINT, (-2147483648)::INTEGER, "
                 "(-9223372036854775808)::BIGINT, 255::UTINYINT, 65535::USMALLINT, "
                 "4294967295::UINTEGER, 9223372036854775807::UBIGINT");
    const int64_t expected[] = {1,   -128,  -32768,     INT32_MIN, INT64_MIN,
                                255, 65535, 4294967295, INT64_MAX};

    for (size_t column = 0; column < sizeof expected / sizeof expected[0]; column++) {
        assert_true(mr_olap_int64(result, column) == expected[column]);
    }
    mr_olap_result_free(result);
}

static void decimals_of_every_width_are_exact(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_result *result = fixture_first(
        fixture, "SELECT (-1.5)::DECIMAL(4,1), 12345.67::DECIMAL(9,2), "
                 "99999999999999.9999::DECIMAL(18,4), "
                 "(-9999999999999999999999999999999999.9999)::DECIMAL(38,4), 7::INTEGER, "
                 "170141183460469231731687303715884::HUGEINT");
    char text[mr_amount_text_bytes_max];
    const char *const expected[] = {"-1.5",
                                    "12345.67",
                                    "99999999999999.9999",
                                    "-9999999999999999999999999999999999.9999",
                                    "7",
                                    "170141183460469231731687303715884"};

    for (size_t column = 0; column < sizeof expected / sizeof expected[0]; column++) {
        (void)mr_amount_format(mr_olap_amount(result, column), 0, text);
        assert_string_equal(text, expected[column]);
    }
    mr_olap_result_free(result);
}

static void numbers_and_times_are_written_exactly(void **state)
{
    static const struct {
        const char *sql, *text;
    } cases[] = {
        {"SELECT 10619986.684::DECIMAL(38,4)", "10619986.6840"},
        {"SELECT (-0.05)::DECIMAL(4,2)", "-0.05"},
        {"SELECT 0::DECIMAL(9,4)", "0.0000"},
        {"SELECT 12::DECIMAL(9,0)", "12"},
        {"SELECT (-99999999999999999999999999999999999999)::DECIMAL(38,0)",
         "-99999999999999999999999999999999999999"},
        {"SELECT 0.00000000000000000000000000000000000001::DECIMAL(38,38)",
         "0.00000000000000000000000000000000000001"},
        {"SELECT 18446744073709551615::UBIGINT", "18446744073709551615"},
        {"SELECT (-170141183460469231731687303715884105728)::HUGEINT",
         "-170141183460469231731687303715884105728"},
        {"SELECT 340282366920938463463374607431768211455::UHUGEINT",
         "340282366920938463463374607431768211455"},
        {"SELECT TIMESTAMP '2011-12-09 12:50:00'", "2011-12-09 12:50:00"},
        {"SELECT TIMESTAMP '1969-12-31 23:59:59.999990'", "1969-12-31 23:59:59.99999"},
        {"SELECT TIMESTAMP '0001-01-01 00:00:00.5'", "0001-01-01 00:00:00.5"},
        {"SELECT TIMESTAMPTZ '2011-12-09 12:50:00+01'", "2011-12-09 11:50:00+00"},
        {"SELECT 'infinity'::TIMESTAMP", "infinity"},
        {"SELECT '-infinity'::TIMESTAMPTZ", "-infinity"},
        {"SELECT TIMESTAMP '12000-01-01 00:00:00'", "12000-01-01 00:00:00"},
        {"SELECT DATE '2011-12-09'", "2011-12-09"},
        {"SELECT DATE '0044-03-15 (BC)'", "0044-03-15 (BC)"},
        {"SELECT TIME '07:40:00.25'", "07:40:00.25"},
        {"SELECT INTERVAL '1 month 2 days 03:00:00'", "1 month 2 days 03:00:00"},
        {"SELECT 'ab\\x00\\xFF'::BLOB", "616200ff"},
        {"SELECT true", "true"},
        {"SELECT '123e4567-e89b-12d3-a456-426614174000'::UUID",
         "123e4567-e89b-12d3-a456-426614174000"},
        {"SELECT 'b'::ENUM('a', 'b')", "b"},
        {"SELECT '10110'::BIT", "10110"},
        {"SELECT '123456789012345678901234567890123456789012345678'::BIGNUM",
         "123456789012345678901234567890123456789012345678"},
        {"SELECT (-300)::BIGNUM", "-300"},
        {"SELECT 0.1::DOUBLE", "0.1"},
        {"SELECT 1e20::DOUBLE", "1e+20"},
        {"SELECT 'nan'::DOUBLE", "nan"},
        {"SELECT NULL", ""},
    };

    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        fixture_expect(*state, cases[index].sql, cases[index].text);
    }
}

/* The engine's own cast to VARCHAR is what ours must look like. */
static void lists_and_structs_are_written_as_the_engine_does(void **state)
{
    static const char *const values[] = {
        "[1, NULL, 3]",
        "[]::INTEGER[]",
        "['plain', '', ' lead', 'trail ', 'null', 'NULL', 'a,b', 'it''s', 'a\\b', 'a\\''b']",
        "[chr(i::INTEGER) || 'x' FOR i IN range(1, 128)]",
        "['x' || chr(i::INTEGER) FOR i IN range(1, 128)]",
        "{'a': 1, 'b c': 'x y', 'it''s': NULL, 'd': DATE '2020-01-01'}",
        "row(1, 'a', [2.50])",
        "MAP {'k': 1, 'b=c': 2}",
        "MAP {1: [TIMESTAMP '2011-12-09 12:50:00'], 2: NULL}",
        "[[1, 2], [], NULL]",
        "[{'a': ['x y', 'z,']}, {'a': NULL}]",
        "[1.10, 2.25]::DECIMAL(9,2)[2]",
        "union_value(num := 2)",
        "[union_value(text := 'a,b')]",
        "['x', 'yes']::ENUM('x', 'yes')[]",
        "[1.5::DOUBLE, 1e15::DOUBLE]",
    };
    olap_fixture *fixture = *state;
    char sql[512];
    mr_buffer ours, theirs;

    mr_buffer_init(&ours, 65536);
    mr_buffer_init(&theirs, 65536);
    for (size_t index = 0; index < sizeof values / sizeof values[0]; index++) {
        (void)snprintf(sql, sizeof sql, "SELECT %s", values[index]);
        fixture_text(fixture, sql, &ours);
        (void)snprintf(sql, sizeof sql, "SELECT (%s)::VARCHAR", values[index]);
        fixture_text(fixture, sql, &theirs);
        assert_string_equal(ours.data, theirs.data);
    }
    mr_buffer_free(&ours);
    mr_buffer_free(&theirs);
}

static void text_past_a_buffers_cap_is_refused(void **state)
{
    mr_olap_result *result = fixture_first(*state, "SELECT repeat('x', 100), [repeat('y', 100)]");
    mr_buffer out;

    mr_buffer_init(&out, 50);
    assert_false(mr_olap_write_text(result, 0, &out));
    assert_false(mr_olap_write_text(result, 1, &out));
    mr_buffer_free(&out);
    mr_olap_result_free(result);
}

static void an_error_behind_the_first_rows_is_no_end(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_result *result = NULL;
    mr_status status = mr_olap_query(
        fixture->connection,
        "SELECT CASE WHEN range = 900000 THEN error('boo') ELSE 'x' END FROM range(1000000)", true,
        &result, &fixture->err);

    while (status == MR_OK) {
        status = mr_olap_next(result, &fixture->err);
    }
    assert_int_equal(status, MR_INVALID);
    assert_non_null(strstr(fixture->err.message, "boo"));
    mr_olap_result_free(result);
}

static void another_statement_ends_a_results_rows(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_result *result = fixture_first(fixture, "SELECT range FROM range(1000000)");
    mr_status status = MR_OK;

    assert_int_equal(fixture_int64(fixture, "SELECT 42"), 42);
    while (status == MR_OK) {
        status = mr_olap_next(result, &fixture->err);
    }
    assert_int_equal(status, MR_INVALID);
    assert_non_null(strstr(fixture->err.message, "another statement"));
    mr_olap_result_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_one_by_one_through_many_chunks),
        cmocka_unit_test(a_query_without_rows_still_has_columns),
        cmocka_unit_test(nulls_are_told_from_values),
        cmocka_unit_test(short_and_long_texts_and_bytes_are_whole),
        cmocka_unit_test(integers_of_every_width_are_read),
        cmocka_unit_test(decimals_of_every_width_are_exact),
        cmocka_unit_test(numbers_and_times_are_written_exactly),
        cmocka_unit_test(lists_and_structs_are_written_as_the_engine_does),
        cmocka_unit_test(text_past_a_buffers_cap_is_refused),
        cmocka_unit_test(an_error_behind_the_first_rows_is_no_end),
        cmocka_unit_test(another_statement_ends_a_results_rows),
    };

    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
