/* SPDX-License-Identifier: Apache-2.0 */
/* olap_fixture.h - a small database and a connection for each test of the olap room. */
#ifndef MR_TESTS_OLAP_FIXTURE_H
#define MR_TESTS_OLAP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "olap/olap.h"

typedef struct olap_fixture {
    mr_olap *olap;
    mr_olap_connection *connection;
    mr_olap_connection *second;
    mr_err err;
} olap_fixture;

static inline int fixture_open(void **state)
{
    olap_fixture *fixture = mr_alloc_zero(1, sizeof *fixture);
    const mr_olap_options options = {.threads = 2, .preserve_order = true};

    assert_int_equal(mr_olap_open(&options, &fixture->olap, &fixture->err), MR_OK);
    assert_int_equal(mr_olap_connect(fixture->olap, &fixture->connection, &fixture->err), MR_OK);
    assert_int_equal(mr_olap_connect(fixture->olap, &fixture->second, &fixture->err), MR_OK);
    *state = fixture;
    return 0;
}

static inline int fixture_close(void **state)
{
    olap_fixture *fixture = *state;

    mr_olap_disconnect(fixture->second);
    mr_olap_disconnect(fixture->connection);
    mr_olap_close(fixture->olap);
    free(fixture);
    return 0;
}

static inline void fixture_run(olap_fixture *fixture, const char *sql)
{
    const mr_status status = mr_olap_run(fixture->connection, sql, &fixture->err);

    if (status != MR_OK) {
        fail_msg("%s: %s", sql, fixture->err.message);
    }
}

static inline int64_t fixture_int64(olap_fixture *fixture, const char *sql)
{
    int64_t value = 0;
    const mr_status status = mr_olap_scalar_int64(fixture->connection, sql, &value, &fixture->err);

    if (status != MR_OK) {
        fail_msg("%s: %s", sql, fixture->err.message);
    }
    return value;
}

/* A result that stands on its first row. */
static inline mr_olap_result *fixture_first(olap_fixture *fixture, const char *sql)
{
    mr_olap_result *result = NULL;
    mr_status status = mr_olap_query(fixture->connection, sql, true, &result, &fixture->err);

    if (status == MR_OK) {
        status = mr_olap_next(result, &fixture->err);
    }
    if (status != MR_OK) {
        fail_msg("%s: %s", sql, fixture->err.message);
    }
    return result;
}

/* The first column of the first row as text. */
static inline void fixture_text(olap_fixture *fixture, const char *sql, mr_buffer *out)
{
    mr_olap_result *result = fixture_first(fixture, sql);

    mr_buffer_clear(out);
    assert_true(mr_olap_write_text(result, 0, out));
    assert_true(mr_buffer_append(out, "", 1));
    mr_olap_result_free(result);
}

static inline void fixture_expect(olap_fixture *fixture, const char *sql, const char *text)
{
    mr_buffer out;

    mr_buffer_init(&out, 1 << 20);
    fixture_text(fixture, sql, &out);
    assert_string_equal(out.data, text);
    mr_buffer_free(&out);
}

#endif
