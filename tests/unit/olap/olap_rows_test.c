/* SPDX-License-Identifier: Apache-2.0 */
/* olap_rows_test.c - rows in our own memory, as statements see them. */
#include "olap_fixture.h"

#include "olap/olap_rows.h"

enum { column_name, column_mark, column_count, column_offset, column_price, column_instant };

static const mr_olap_rows_column columns[] = {
    [column_name] = {"name", MR_OLAP_ROWS_TEXT},
    [column_mark] = {"mark", MR_OLAP_ROWS_BLOB},
    [column_count] = {"pieces", MR_OLAP_ROWS_INT32},
    [column_offset] = {"place", MR_OLAP_ROWS_INT64},
    [column_price] = {"price", MR_OLAP_ROWS_PRICE},
    [column_instant] = {"t", MR_OLAP_ROWS_INSTANT},
};

static mr_olap_rows *make_rows(olap_fixture *fixture)
{
    mr_olap_rows *rows = mr_olap_rows_create(columns, sizeof columns / sizeof columns[0]);
    const mr_status status = mr_olap_rows_show(rows, fixture->connection, "ours", &fixture->err);

    if (status != MR_OK) {
        fail_msg("%s", fixture->err.message);
    }
    return rows;
}

static void add_numbered(mr_olap_rows *rows, int first, int end)
{
    char name[64];

    for (int i = first; i < end; i++) {
        const int bytes =
            snprintf(name, sizeof name, i % 2 == 0 ? "n%d" : "a name of some length %d", i);
        mr_olap_rows_put_text(rows, column_name, (mr_text){name, (size_t)bytes});
        if (i % 3 != 0) {
            mr_olap_rows_put_int32(rows, column_count, i);
        }
        mr_olap_rows_put_int64(rows, column_offset, i);
        mr_olap_rows_end_row(rows);
    }
}

static void test_values_of_every_type_are_read_as_they_were_put(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_rows *rows = make_rows(fixture);
    static const char blob[] = "\0\xff\x01 and more than twelve";

    mr_olap_rows_put_text(rows, column_name, MR_TEXT_LITERAL("twelve bytes"));
    mr_olap_rows_put_text(rows, column_mark, (mr_text){blob, sizeof blob});
    mr_olap_rows_put_int32(rows, column_count, INT32_MIN);
    mr_olap_rows_put_int64(rows, column_offset, INT64_MAX);
    mr_olap_rows_put_price(rows, column_price, (mr_price){-999999999999999999});
    mr_olap_rows_put_instant(rows, column_instant, -1);
    mr_olap_rows_end_row(rows);
    mr_olap_rows_put_text(rows, column_name, MR_TEXT_LITERAL(""));
    mr_olap_rows_put_text(rows, column_mark, MR_TEXT_ABSENT);
    mr_olap_rows_end_row(rows);
    mr_olap_rows_end_row(rows); /* nothing but NULL */
    assert_int_equal(mr_olap_rows_count(rows), 3);
    assert_int_equal(
        fixture_int64(fixture, "SELECT count(*) FROM ours() WHERE name = 'twelve bytes' AND "
                               "octet_length(mark) = 25 AND mark[1:3] = '\\x00\\xff\\x01'::BLOB "
                               "AND pieces = -2147483648 AND place = 9223372036854775807 AND price "
                               "= -99999999999999.9999 AND epoch_us(t) = -1"),
        1);
    assert_int_equal(fixture_int64(fixture,
                                   "SELECT count(*) FROM ours() WHERE name = '' AND "
                                   "coalesce(mark::VARCHAR, pieces::VARCHAR, place::VARCHAR, "
                                   "price::VARCHAR, t::VARCHAR) IS NULL"),
                     1);
    assert_int_equal(fixture_int64(fixture, "SELECT count(*) FROM ours() WHERE name IS NULL"), 1);
    mr_olap_rows_destroy(rows);
}

static void test_many_rows_keep_their_values_and_their_nulls(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_rows *rows = make_rows(fixture);
    const int count = 300001; /* several threads read them */

    add_numbered(rows, 0, count);
    assert_int_equal(
        fixture_int64(fixture,
                      "SELECT count(*) FROM ours() WHERE (place % 3 = 0) = (pieces IS NULL) "
                      "AND coalesce(pieces = place, true) AND name = CASE WHEN place % 2 = 0 "
                      "THEN 'n' ELSE 'a name of some length ' END || place::VARCHAR"),
        count);
    assert_int_equal(fixture_int64(fixture, "SELECT count(DISTINCT place) FROM ours()"), count);
    mr_olap_rows_destroy(rows);
}

static void test_cleared_rows_begin_anew_in_the_same_memory(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_rows *rows = make_rows(fixture);

    assert_int_equal(fixture_int64(fixture, "SELECT count(*) FROM ours()"), 0);
    add_numbered(rows, 0, 5000);
    const size_t bytes = mr_olap_rows_bytes(rows);
    assert_true(bytes > 5000 * 44);
    for (int round = 0; round < 3; round++) {
        mr_olap_rows_clear(rows);
        assert_int_equal(mr_olap_rows_bytes(rows), 0);
        assert_int_equal(fixture_int64(fixture, "SELECT count(*) FROM ours()"), 0);
        add_numbered(rows, 5000, 10000);
        assert_int_equal(mr_olap_rows_bytes(rows), bytes);
        assert_int_equal(fixture_int64(fixture, "SELECT min(place) FROM ours()"), 5000);
        assert_int_equal(fixture_int64(fixture, "SELECT count(pieces) FROM ours()"), 3333);
    }
    mr_olap_rows_trim(rows);
    assert_int_equal(mr_olap_rows_count(rows), 0);
    add_numbered(rows, 0, 10);
    assert_int_equal(fixture_int64(fixture, "SELECT count(*) FROM ours()"), 10);
    mr_olap_rows_destroy(rows);
}

static void test_the_largest_texts_fill_a_chunk_each(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_rows *rows = make_rows(fixture);
    char *large = mr_alloc(mr_olap_rows_text_bytes_max);

    memset(large, 'x', mr_olap_rows_text_bytes_max);
    for (int i = 0; i < 3; i++) {
        mr_olap_rows_put_text(rows, column_name, (mr_text){large, mr_olap_rows_text_bytes_max});
        mr_olap_rows_end_row(rows);
    }
    assert_int_equal(fixture_int64(fixture, "SELECT sum(length(name))::BIGINT FROM ours()"),
                     3 * mr_olap_rows_text_bytes_max);
    free(large);
    mr_olap_rows_destroy(rows);
}

int main(void)
{
#define ROWS_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_open, fixture_close)
    const struct CMUnitTest tests[] = {
        ROWS_TEST(test_values_of_every_type_are_read_as_they_were_put),
        ROWS_TEST(test_many_rows_keep_their_values_and_their_nulls),
        ROWS_TEST(test_cleared_rows_begin_anew_in_the_same_memory),
        ROWS_TEST(test_the_largest_texts_fill_a_chunk_each),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
