/* SPDX-License-Identifier: Apache-2.0 */
/* olap_appender_test.c - rows added in bulk are the rows that are read. */
#include "olap_fixture.h"

static mr_olap_appender *open_appender(olap_fixture *fixture, const char *table)
{
    mr_olap_appender *appender = NULL;

    if (mr_olap_appender_open(fixture->connection, table, &appender, &fixture->err) != MR_OK) {
        fail_msg("%s: %s", table, fixture->err.message);
    }
    return appender;
}

static void end_row(olap_fixture *fixture, mr_olap_appender *appender)
{
    if (mr_olap_appender_end_row(appender, &fixture->err) != MR_OK) {
        fail_msg("%s", fixture->err.message);
    }
}

static void every_type_arrives_as_it_was_set(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_appender *appender;

    fixture_run(fixture,
                "CREATE OR REPLACE TABLE kinds (b BOOLEAN, i INTEGER, l BIGINT, p DECIMAL(18,4), "
                "w DECIMAL(38,4), t TIMESTAMP, tz TIMESTAMPTZ, d DATE, s VARCHAR, x BLOB, "
                "y VARCHAR, n DECIMAL(9,4), si SMALLINT)");
    appender = open_appender(fixture, "kinds");
    mr_olap_set_bool(appender, 0, true);
    mr_olap_set_int32(appender, 1, INT32_MIN);
    mr_olap_set_int64(appender, 2, INT64_MIN);
    mr_olap_set_price(appender, 3, (mr_price){-999999999999999999});
    mr_olap_set_amount(appender, 4, (mr_amount){-(__int128)999999999999999999 * 1000000000});
    mr_olap_set_timestamp(appender, 5, 1323435000000000);
    mr_olap_set_timestamp(appender, 6, 1323435000000001);
    mr_olap_set_date(appender, 7, 15317);
    mr_olap_set_text(appender, 8, MR_TEXT_LITERAL("twelve bytes"));
    mr_olap_set_text(appender, 9, MR_TEXT_LITERAL("\x00\xff and some more bytes"));
    mr_olap_set_text(appender, 10, MR_TEXT_LITERAL("more than twelve bytes: é"));
    mr_olap_set_price(appender, 11, (mr_price){25500});
    mr_olap_set_int64(appender, 12, -5);
    end_row(fixture, appender);
    assert_int_equal(mr_olap_appender_flush(appender, NULL), MR_OK);
    mr_olap_appender_close(appender);
    fixture_expect(fixture, "SELECT row(b, i, l, p, w) FROM kinds",
                   "(true, -2147483648, -9223372036854775808, -99999999999999.9999, "
                   "-99999999999999999900000.0000)");
    fixture_expect(fixture, "SELECT row(t, tz, d, n, si) FROM kinds",
                   "('2011-12-09 12:50:00', '2011-12-09 12:50:00.000001+00', 2011-12-09, "
                   "2.5500, -5)");
    fixture_expect(fixture, "SELECT s || '|' || y FROM kinds",
                   "twelve bytes|more than twelve bytes: é");
    fixture_expect(fixture, "SELECT x FROM kinds", "00ff20616e6420736f6d65206d6f7265206279746573");
}

static void what_is_not_set_is_null_in_that_row_alone(void **state)
{
    enum { rows = 5000 };
    olap_fixture *fixture = *state;
    mr_olap_appender *appender;

    fixture_run(fixture, "CREATE OR REPLACE TABLE sparse (a INTEGER, b VARCHAR, c VARCHAR)");
    appender = open_appender(fixture, "sparse");
    for (int32_t row = 0; row < rows; row++) {
        mr_olap_set_int32(appender, 0, row);
        if (row % 3 == 0) {
            mr_olap_set_text(appender, 1, MR_TEXT_LITERAL("set"));
        }
        mr_olap_set_text(appender, 2, row % 2 == 0 ? MR_TEXT_LITERAL("even") : MR_TEXT_ABSENT);
        end_row(fixture, appender);
    }
    assert_int_equal(mr_olap_appender_flush(appender, NULL), MR_OK);
    mr_olap_appender_close(appender);
    assert_int_equal(fixture_int64(fixture, "SELECT count(*) FROM sparse"), rows);
    assert_int_equal(fixture_int64(fixture, "SELECT count(*) FROM sparse WHERE (b IS NOT NULL) = "
                                            "(a % 3 = 0) AND (c IS NOT NULL) = (a % 2 = 0)"),
                     rows);
    assert_int_equal(fixture_int64(fixture, "SELECT sum(a)::BIGINT FROM sparse"),
                     (int64_t)rows * (rows - 1) / 2);
}

static void rows_are_seen_after_a_flush_and_more_can_follow(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_appender *appender;

    fixture_run(fixture, "CREATE OR REPLACE TABLE steps (a INTEGER)");
    appender = open_appender(fixture, "steps");
    for (int32_t round = 1; round <= 3; round++) {
        mr_olap_set_int32(appender, 0, round);
        end_row(fixture, appender);
        assert_int_equal(fixture_int64(fixture, "SELECT count(*) FROM steps"), round - 1);
        assert_int_equal(mr_olap_appender_flush(appender, NULL), MR_OK);
        assert_int_equal(fixture_int64(fixture, "SELECT count(*) FROM steps"), round);
    }
    assert_int_equal(mr_olap_appender_flush(appender, NULL), MR_OK);
    mr_olap_appender_close(appender);
}

static void closing_drops_what_is_not_flushed(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_appender *appender;

    fixture_run(fixture, "CREATE OR REPLACE TABLE dropped (a INTEGER)");
    appender = open_appender(fixture, "dropped");
    for (int32_t row = 0; row < 3000; row++) {
        mr_olap_set_int32(appender, 0, row);
        end_row(fixture, appender);
    }
    mr_olap_appender_close(appender);
    mr_olap_appender_close(NULL);
    assert_int_equal(fixture_int64(fixture, "SELECT count(*) FROM dropped"), 0);
}

static void a_transaction_takes_added_rows_back(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_appender *appender;

    fixture_run(fixture, "CREATE OR REPLACE TEMP TABLE undone (a INTEGER); BEGIN");
    appender = open_appender(fixture, "undone");
    mr_olap_set_int32(appender, 0, 1);
    end_row(fixture, appender);
    assert_int_equal(mr_olap_appender_flush(appender, NULL), MR_OK);
    mr_olap_appender_close(appender);
    assert_int_equal(fixture_int64(fixture, "SELECT count(*) FROM undone"), 1);
    fixture_run(fixture, "ROLLBACK");
    assert_int_equal(fixture_int64(fixture, "SELECT count(*) FROM undone"), 0);
}

static void a_value_that_does_not_fit_costs_its_row_alone(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_appender *appender;

    fixture_run(fixture, "CREATE OR REPLACE TABLE narrow (p DECIMAL(9,4), s SMALLINT, t VARCHAR)");
    appender = open_appender(fixture, "narrow");
    mr_olap_set_price(appender, 0, (mr_price){1000000000});
    assert_int_equal(mr_olap_appender_end_row(appender, &fixture->err), MR_INVALID);
    assert_non_null(strstr(fixture->err.message, "column 1"));
    mr_olap_set_int64(appender, 1, 32768);
    assert_int_equal(mr_olap_appender_end_row(appender, &fixture->err), MR_INVALID);
    assert_non_null(strstr(fixture->err.message, "column 2"));
    mr_olap_set_text(appender, 2, MR_TEXT_LITERAL("\xff"));
    assert_int_equal(mr_olap_appender_end_row(appender, &fixture->err), MR_INVALID);
    assert_non_null(strstr(fixture->err.message, "UTF-8"));
    mr_olap_set_price(appender, 0, (mr_price){999999999});
    end_row(fixture, appender);
    assert_int_equal(mr_olap_appender_flush(appender, NULL), MR_OK);
    mr_olap_appender_close(appender);
    fixture_expect(fixture, "SELECT row(count(*), any_value(p), any_value(s)) FROM narrow",
                   "(1, 99999.9999, NULL)");
}

static void a_broken_constraint_is_told_and_ends_the_appender(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_appender *appender;

    fixture_run(fixture, "CREATE OR REPLACE TABLE strict (a INTEGER NOT NULL)");
    appender = open_appender(fixture, "strict");
    end_row(fixture, appender);
    assert_int_equal(mr_olap_appender_flush(appender, &fixture->err), MR_INVALID);
    assert_non_null(strstr(fixture->err.message, "NOT NULL"));
    mr_olap_set_int32(appender, 0, 1);
    assert_int_equal(mr_olap_appender_end_row(appender, NULL), MR_INVALID);
    assert_int_equal(mr_olap_appender_flush(appender, NULL), MR_INVALID);
    mr_olap_appender_close(appender);
    assert_int_equal(fixture_int64(fixture, "SELECT count(*) FROM strict"), 0);
}

static void a_table_that_is_not_there_is_named(void **state)
{
    olap_fixture *fixture = *state;
    mr_olap_appender *appender = NULL;

    assert_int_equal(
        mr_olap_appender_open(fixture->connection, "nowhere", &appender, &fixture->err),
        MR_INVALID);
    assert_non_null(strstr(fixture->err.message, "nowhere"));
    assert_null(appender);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_arrives_as_it_was_set),
        cmocka_unit_test(what_is_not_set_is_null_in_that_row_alone),
        cmocka_unit_test(rows_are_seen_after_a_flush_and_more_can_follow),
        cmocka_unit_test(closing_drops_what_is_not_flushed),
        cmocka_unit_test(a_transaction_takes_added_rows_back),
        cmocka_unit_test(a_value_that_does_not_fit_costs_its_row_alone),
        cmocka_unit_test(a_broken_constraint_is_told_and_ends_the_appender),
        cmocka_unit_test(a_table_that_is_not_there_is_named),
    };

    return cmocka_run_group_tests(tests, fixture_open, fixture_close);
}
