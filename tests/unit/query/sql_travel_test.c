/* SPDX-License-Identifier: Apache-2.0 */
/* sql_travel_test.c - older versions of tables are found in a query, and nothing else is touched.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "query/sql_travel.h"

static mr_status rewrite(const char *sql, mr_sql_travels *ret_travels, mr_buffer *out, mr_err *err)
{
    mr_buffer_clear(out);
    const mr_status status = mr_sql_travel_rewrite(mr_text_of(sql), ret_travels, out, err);
    assert_true(mr_buffer_append(out, "", 1));
    return status;
}

static void versions_and_instants_become_schemas(void **state)
{
    static const struct {
        const char *sql, *expected;
    } cases[] = {
        {"SELECT * FROM bronze.sales_events VERSION AS OF 12",
         "SELECT * FROM \"bronze@12\".\"sales_events\""},
        {"select s.a from bronze.sales_events for version as of '7' s where s.a=1",
         "select s.a from \"bronze@7\".\"sales_events\" s where s.a=1"},
        {"FROM \"gold\" . \"fact sales\" TIMESTAMP AS OF '2026-11-01 12:00:00' f",
         "FROM \"gold@2026-11-01 12:00:00\".\"fact sales\" f"},
        {"FROM sales_events SYSTEM_VERSION AS OF 0", "FROM \"@0\".\"sales_events\""},
        {"FROM a.b SYSTEM_TIME AS OF '2026-11-01'", "FROM \"a@2026-11-01\".\"b\""},
        {"FROM a.b/*c*/VERSION--d\nAS OF 3,a.b", "FROM \"a@3\".\"b\",a.b"},
        {"FROM a.b VERSION AS OF 1 x JOIN a.b VERSION AS OF 2 y USING (k)",
         "FROM \"a@1\".\"b\" x JOIN \"a@2\".\"b\" y USING (k)"},
    };
    mr_sql_travels *travels = mr_alloc_zero(1, sizeof *travels);
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 4096);
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        assert_int_equal(rewrite(cases[index].sql, travels, &out, NULL), MR_OK);
        assert_string_equal(out.data, cases[index].expected);
        assert_true(travels->count > 0);
    }
    assert_int_equal(travels->count, 2);
    assert_string_equal(travels->travels[1].layer, "a");
    assert_string_equal(travels->travels[1].table, "b");
    assert_string_equal(travels->travels[1].schema, "a@2");
    assert_true(travels->travels[1].by_version && travels->travels[1].version == 2);
    mr_buffer_free(&out);
    free(travels);
}

static void all_other_text_stays_as_it_is(void **state)
{
    static const char *const queries[] = {
        "",
        "  SELECT 1 -- a.b VERSION AS OF 1\n",
        "SELECT 'a.b VERSION AS OF 1', \"a.b VERSION AS OF 1\", $$a.b VERSION AS OF 1$$",
        "SELECT version AS of FROM t",
        "SELECT a.version, a.timestamp AS timestamp FROM a.b AS version",
        "/* a.b VERSION AS OF 1",
        "SELECT 'never closed",
        "VERSION AS OF 1",
        "SELECT a.b.c, x[1].y, 1.5 FROM t",
    };
    mr_sql_travels *travels = mr_alloc_zero(1, sizeof *travels);
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 4096);
    for (size_t index = 0; index < sizeof queries / sizeof queries[0]; index++) {
        assert_int_equal(rewrite(queries[index], travels, &out, NULL), MR_OK);
        assert_string_equal(out.data, queries[index]);
        assert_int_equal(travels->count, 0);
    }
    mr_buffer_free(&out);
    free(travels);
}

static void what_is_no_version_is_refused_and_shown(void **state)
{
    static const char *const wrong[] = {
        "FROM a.b VERSION AS OF",
        "FROM a.b VERSION AS OF x",
        "FROM a.b VERSION AS OF -1",
        "FROM a.b VERSION AS OF 1.5",
        "FROM a.b VERSION AS OF 99999999999999999999",
        "FROM a.b TIMESTAMP AS OF 12",
        "FROM a.b TIMESTAMP AS OF now()",
        "FROM a.b TIMESTAMP AS OF 'yesterday'",
        "FROM a.b TIMESTAMP AS OF '01/02/2026 10:00'",
        "FROM a.b TIMESTAMP AS OF '2026-02-30'",
    };
    mr_sql_travels *travels = mr_alloc_zero(1, sizeof *travels);
    mr_buffer out;
    mr_err err;

    (void)state;
    mr_buffer_init(&out, 4096);
    for (size_t index = 0; index < sizeof wrong / sizeof wrong[0]; index++) {
        assert_int_equal(rewrite(wrong[index], travels, &out, &err), MR_INVALID);
        assert_non_null(strstr(err.message, "AS OF takes"));
    }
    mr_buffer_free(&out);
    free(travels);
}

static void too_many_and_too_long_are_limits(void **state)
{
    mr_sql_travels *travels = mr_alloc_zero(1, sizeof *travels);
    mr_buffer sql, out;

    (void)state;
    mr_buffer_init(&sql, 65536);
    for (int index = 0; index <= mr_sql_travels_max; index++) {
        assert_true(mr_buffer_append_string(&sql, "a.b VERSION AS OF 1,"));
    }
    mr_buffer_init(&out, 65536);
    assert_int_equal(mr_sql_travel_rewrite(mr_buffer_text(&sql), travels, &out, NULL), MR_LIMIT);
    mr_buffer_free(&out);
    mr_buffer_init(&out, 20);
    assert_int_equal(mr_sql_travel_rewrite(MR_TEXT_LITERAL("SELECT 1 FROM a.b VERSION AS OF 1"),
                                           travels, &out, NULL),
                     MR_LIMIT);
    mr_buffer_free(&out);
    mr_buffer_free(&sql);
    free(travels);
}

static void instants_are_read_in_utc(void **state)
{
    static const struct {
        const char *text;
        int64_t epoch_ms;
    } cases[] = {
        {"1970-01-01", 0},
        {"1970-01-01 00:00:01.5", 1500},
        {"1970-01-01T00:01:00.123456Z", 60123},
        {" 2026-11-01 12:00:00 ", 1793534400000},
    };
    static const char *const wrong[] = {"", "Z", "2026-11-01 12:00:00.", "2026-11-01 12:00:00.1x",
                                        "2026-11-01 12:00:00+01:00"};
    int64_t epoch_ms = 0;

    (void)state;
    for (size_t index = 0; index < sizeof cases / sizeof cases[0]; index++) {
        assert_true(mr_sql_instant_parse(mr_text_of(cases[index].text), &epoch_ms));
        assert_true(epoch_ms == cases[index].epoch_ms);
    }
    for (size_t index = 0; index < sizeof wrong / sizeof wrong[0]; index++) {
        assert_false(mr_sql_instant_parse(mr_text_of(wrong[index]), &epoch_ms));
    }
}

static void expect_split(mr_text *rest, const char *statement, bool closed)
{
    bool was_closed;
    const mr_text found = mr_sql_split(*rest, rest, &was_closed);

    assert_int_equal(found.bytes, strlen(statement));
    assert_memory_equal(found.data, statement, found.bytes);
    assert_int_equal(was_closed, closed);
}

static void statements_end_at_semicolons_that_count(void **state)
{
    mr_text rest = MR_TEXT_LITERAL(" SELECT ';' ; -- a;b\n ;SELECT 2 /* ; */ \n; FROM \"x;\" ");

    (void)state;
    expect_split(&rest, "SELECT ';'", true);
    expect_split(&rest, "", true);
    expect_split(&rest, "SELECT 2", true);
    expect_split(&rest, "FROM \"x;\"", false);
    expect_split(&rest, "", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_and_instants_become_schemas),
        cmocka_unit_test(all_other_text_stays_as_it_is),
        cmocka_unit_test(what_is_no_version_is_refused_and_shown),
        cmocka_unit_test(too_many_and_too_long_are_limits),
        cmocka_unit_test(instants_are_read_in_utc),
        cmocka_unit_test(statements_end_at_semicolons_that_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
